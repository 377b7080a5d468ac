"""Lease records: who holds a phone, as one small JSON document on the phone and one on the host.

{"host": "lab-2", "user": "ada", "pid": 4711, "session": "20261122-120000-pixel4-alpha", "token": "5f…", "beat": "c0…",
 "since": "2026-11-22T12:00:00Z", "heartbeat_s": 1795348800, "limit_s": 600, …}
"""

import getpass
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import psutil
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from mbench.devices.host.facts import machine_name

_LONGEST_S: Final = 30 * 86_400
_LATEST: Final = datetime(3000, 1, 1, tzinfo=UTC)
"""Clocks that stand later are none: neither can such a time be shown everywhere, nor a lease's end be added to it."""
LATEST_S: Final = int(_LATEST.timestamp())
_LARGEST_PID: Final = (1 << 31) - 1

_START_TOLERANCE_S: Final = 2.0
"""psutil derives a start time from the boot time, which the system may correct meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who asks for a lease.

    Attributes:
        session: what for, in words that the user knows.
        kernel: text that is equal only where process numbers mean the same processes; None where nobody can tell.
        started_s: when the process began, as psutil says it.
    """

    host: str
    user: str
    pid: int
    session: str
    kernel: str | None = None
    started_s: float | None = None


def this_process(session: str) -> Holder:
    """Return this process as a holder."""
    return Holder(
        host=machine_name(),
        user=_user(),
        pid=os.getpid(),
        session=session,
        kernel=_kernel(),
        started_s=psutil.Process().create_time(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneTime:
    """What time it is on a phone.

    Attributes:
        now_s: its wall clock, seconds since 1970, which may jump.
        uptime_s: seconds since its system was started; None where it does not show them.
        boot_id: random text that changes with every start; None where it does not show it.
    """

    now_s: int
    uptime_s: int | None = None
    boot_id: str | None = None


class LeaseRecord(BaseModel):
    """One lease.

    What newer versions may add is passed over, because both must keep away from each other's phones.

    Attributes:
        token: random, the same from the beginning of the lease to its end.
        beat: random, another with each writing: who replaces a record names the one that it has read.
        domain: random text kept beside the holder's host locks; equal where the same locks decide.
        since: by the holder's clock, for people only.
        heartbeat_s: last sign of life, seconds since 1970 by the phone's own clock; on the host, by the host's.
        uptime_s: seconds that the phone was up at the last sign of life; None where it does not show them.
        boot_id: of the start that they are counted from.
        limit_s: seconds of silence after which others may take the phone.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str
    user: str
    pid: int = Field(ge=0, le=_LARGEST_PID)
    session: str
    kernel: str | None = None
    started_s: float | None = None
    domain: str | None = None
    token: str
    beat: str
    since: AwareDatetime = Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=_LATEST)
    heartbeat_s: int = Field(ge=0, le=LATEST_S)
    uptime_s: int | None = Field(default=None, ge=0, le=LATEST_S)
    boot_id: str | None = Field(default=None, max_length=64)
    limit_s: int = Field(ge=1, le=_LONGEST_S)

    def beaten(self, now: PhoneTime) -> Self:
        """Return the record of the next sign of life."""
        known = {"heartbeat_s": now.now_s, "uptime_s": now.uptime_s, "boot_id": now.boot_id}
        return self.model_copy(update={"beat": secrets.token_hex(8), **known})

    def silent_s(self, now: PhoneTime) -> int:
        """Return the seconds since the last sign of life.

        By the phone's uptime, which does not jump; after a restart since that. Where the phone does not show it, or an
        older mbench wrote the record, by its wall clock: a heartbeat far ahead is of one that was set back since.
        """
        if None in (self.uptime_s, self.boot_id, now.uptime_s, now.boot_id):
            return abs(now.now_s - self.heartbeat_s)
        assert self.uptime_s is not None
        assert now.uptime_s is not None
        return abs(now.uptime_s - self.uptime_s) if self.boot_id == now.boot_id else now.uptime_s

    def expired(self, now: PhoneTime) -> bool:
        """Whether the holder has been silent too long."""
        return self.silent_s(now) > self.limit_s

    def holder_is_dead(self) -> bool:
        """Whether the holder was a process of this very system and is gone; False where that is unknown."""
        if self.kernel is None or self.kernel != _kernel():
            return False
        try:
            started_s = psutil.Process(self.pid).create_time()
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False
        return self.started_s is not None and abs(started_s - self.started_s) > _START_TOLERANCE_S

    def words(self) -> str:
        """Say who holds it, since when."""
        return (
            f"{self.user} on {self.host} (session {self.session}, process {self.pid}) "
            f"since {self.since.astimezone():%Y-%m-%d %H:%M %Z}"
        )


def parse_record(data: bytes) -> LeaseRecord | None:
    """Return a record, None where the bytes are none."""
    try:
        return LeaseRecord.model_validate_json(data)
    except ValidationError:
        return None


def format_record(record: LeaseRecord) -> bytes:
    """Return the bytes of a record."""
    return record.model_dump_json().encode() + b"\n"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without a name
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "somebody"


def _kernel() -> str | None:
    """Return this boot and this namespace of process numbers (Linux: proc(5), pid_namespaces(7)), None elsewhere."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    return None
