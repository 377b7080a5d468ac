"""Turns on this host: one session at a time is timed on it, since two would slow each other on the same cores."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mbench.core.errors import DeviceInUse
from mbench.core.plain_text import whole_seconds
from mbench.core.ports import Clock, Progress
from mbench.devices.lease.on_host import HostLock
from mbench.devices.lease.records import Holder, LeaseRecord

_POLL_S: Final = 0.5

_UNLIMITED_S: Final = 1
"""A lock that the system frees when its holder dies needs no heartbeat; the record only names the holder."""


@contextmanager
def host_turn(folder: Path, *, holder: Holder, limit_s: float, clock: Clock, progress: Progress) -> Iterator[None]:
    """Hold this host for the block, once whoever has it is done; the system frees it when this process dies.

    Args:
        folder: of the lock: the same for all who take turns.
        holder: this process.
        limit_s: longest to wait.
        clock: time.
        progress: reports who is waited for.

    Raises:
        NoDevice: somebody else still has it.
        TransportError: the folder cannot be written.
    """
    lock = HostLock(folder, holder.host, what="this host's lock")
    begun, shown_s, waiting = clock.monotonic(), 0, False
    try:
        while True:
            with lock.held() as free:
                if free:
                    if waiting:
                        progress.finish()
                        waiting = False
                    lock.write(_record(holder, clock))
                    yield
                    return
            owner, spent_s = _owner(lock), clock.monotonic() - begun
            if spent_s >= limit_s:
                raise DeviceInUse(
                    f"{holder.host}: in use by {owner}, still after {whole_seconds(spent_s)}. Two runs at once would "
                    "slow each other: start this one again when that one has ended."
                )
            if not waiting:
                progress.start(f"waiting for this host (in use by {owner})", round(limit_s), unit="s")
                waiting = True
            progress.step(f"in use by {owner}; {whole_seconds(limit_s - spent_s)} left", round(spent_s) - shown_s)
            shown_s = round(spent_s)
            clock.sleep(min(_POLL_S, limit_s - spent_s))
    finally:
        if waiting:
            progress.finish()


def _owner(lock: HostLock) -> str:
    record = lock.holder()
    return "another process of this host" if record is None else record.words()


def _record(holder: Holder, clock: Clock) -> LeaseRecord:
    now = clock.now()
    return LeaseRecord(
        host=holder.host,
        user=holder.user,
        pid=holder.pid,
        session=holder.session,
        kernel=holder.kernel,
        started_s=holder.started_s,
        token=secrets.token_hex(16),
        beat=secrets.token_hex(8),
        since=now,
        heartbeat_s=int(now.timestamp()),
        limit_s=_UNLIMITED_S,
    )
