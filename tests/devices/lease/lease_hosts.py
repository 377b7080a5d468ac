"""Hosts that ask for one phone's lease; the phone is a folder of this host with a time of its own."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mbench.core.ports import CommandResult
from mbench.devices.host.transport import HostTransport
from mbench.devices.lease.lease import Lease, lease, who_holds
from mbench.devices.lease.records import Holder

SERIAL = "8B3X1234"
ELSEWHERE = Holder(host="lab-2", user="ada", pid=4711, session="nightly", kernel="another boot/1", started_s=1.0)


class Clock:
    """The real clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class PhoneWithItsOwnTime(HostTransport):
    """A phone whose `date` says another time than this host's."""

    def __init__(self, root: Path, tools: Path) -> None:
        super().__init__(root)
        self._tools = tools
        tools.mkdir(exist_ok=True)
        self.set_time(int(time.time()))

    def set_time(self, seconds: int) -> None:
        (self._tools / "date").write_text(f"#!/bin/sh\necho {seconds}\n")
        (self._tools / "date").chmod(0o755)

    def run(
        self,
        argv: Sequence[str],
        *,
        deadline_s: float,
        environment: Mapping[str, str] | None = None,
        cpus: Sequence[int] | None = None,
        limit_bytes: int = 1 << 20,
    ) -> CommandResult:
        path = {"PATH": f"{self._tools}:{os.environ['PATH']}"}
        return super().run(argv, deadline_s=deadline_s, environment=path, cpus=cpus, limit_bytes=limit_bytes)


class Host:
    """One host's folder of locks, and who asks there."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        self.folder, self.holder, self.clock = folder, holder, Clock()

    @contextmanager
    def takes(self, phone: HostTransport, *, limit_s: float = 600) -> Iterator[Lease]:
        with lease(phone, SERIAL, folder=self.folder, holder=self.holder, limit_s=limit_s, clock=self.clock) as taken:
            yield taken

    def sees(self, phone: HostTransport | None) -> str | None:
        return who_holds(phone, SERIAL, folder=self.folder, clock=self.clock)


def lease_file(phone: HostTransport) -> Path:
    return Path(phone.root) / "lease.json"


def abandoned(host: Host, phone: HostTransport, *, limit_s: float = 600) -> None:
    """Leave on the phone what a killed holder leaves: its record."""
    with host.takes(phone, limit_s=limit_s):
        data = lease_file(phone).read_bytes()
    lease_file(phone).write_bytes(data)
