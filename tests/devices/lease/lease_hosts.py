"""Hosts that ask for one phone's lease; the phone is a folder of this host with a time of its own."""

import os
import shutil
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
    """A phone whose `date`, uptime and boot id are not this host's."""

    def __init__(self, root: Path, tools: Path) -> None:
        super().__init__(root)
        self._tools = tools
        tools.mkdir(exist_ok=True)
        self._cat = shutil.which("cat")
        self._starts = 0
        self._up: tuple[int, str] | None = (5000, "0b5c1f9e-1")
        self.set_time(int(time.time()))

    def set_time(self, seconds: int) -> None:
        """Let the wall clock jump."""
        self._seconds = seconds
        self._write()

    def pass_time(self, seconds: int) -> None:
        """Let time pass."""
        self._seconds += seconds
        if self._up is not None:
            self._up = (self._up[0] + seconds, self._up[1])
        self._write()

    def restart(self, *, up_s: int) -> None:
        self._starts += 1
        self._up = (up_s, f"77aa11c2-{self._starts}")
        self._write()

    def hide_uptime(self) -> None:
        self._up = None
        self._write()

    def _write(self) -> None:
        up, boot = ("", "") if self._up is None else (f"{self._up[0]}.25 9000.00", self._up[1])
        texts = {
            "date": f"echo {self._seconds}",
            "cat": f"case $1 in\n/proc/uptime) echo {up} ;;\n/proc/sys/kernel/random/boot_id) echo {boot} ;;\n"
            f'*) exec {self._cat} "$@" ;;\nesac',
        }
        for name, text in texts.items():
            part = self._tools / f"{name}.part"
            part.write_text(f"#!/bin/sh\n{text}\n")
            part.chmod(0o755)
            part.replace(self._tools / name)

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
