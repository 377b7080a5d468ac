"""Leases: one session per physical phone, by its own serial, on this host and across hosts.

Two things have to be had, in this order: the host's lock, which the system frees when its holder dies, and the file on
the phone, which other hosts see and which runs out when its holder is silent for too long.
"""

import logging
import math
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from mbench.core.errors import DeviceInUse, TransportError
from mbench.core.ports import Clock, Transport
from mbench.devices.host.facts import machine_name
from mbench.devices.lease.on_host import HostLock
from mbench.devices.lease.on_phone import PhoneLease, Seen
from mbench.devices.lease.records import Holder, LeaseRecord, parse_record

_LOG = logging.getLogger(__name__)

_TRIES: Final = 5
_RENEW_SHARE: Final = 1 / 3
"""A lease is renewed when this share of its limit is over, so that two lost chances do not lose it."""


class LeaseHeld(DeviceInUse):
    """Somebody else uses the phone.

    Attributes:
        serial: the phone.
        holder: who has it, in words; None where that one has not said.
    """

    def __init__(self, message: str, *, serial: str, holder: str | None) -> None:
        super().__init__(message)
        self.serial = serial
        self.holder = holder


class LeaseLost(TransportError):
    """Another session has taken the phone while this one was silent for longer than its limit."""


class Lease:
    """A phone that is ours for now; `lease` makes them."""

    def __init__(
        self, serial: str, *, on_host: HostLock, on_phone: PhoneLease, clock: Clock, record: LeaseRecord
    ) -> None:
        self.serial = serial
        self._on_host, self._on_phone, self._clock = on_host, on_phone, clock
        self._record = record
        self._renewed_at = clock.monotonic()

    def renew(self) -> None:
        """Give a sign of life, where a third of the limit is over since the last: call it between runs.

        Raises:
            LeaseLost: somebody else has the phone; what runs on it must end.
            TransportError: the phone does not answer.
        """
        if self._clock.monotonic() - self._renewed_at < self._record.limit_s * _RENEW_SHARE:
            return
        for _ in range(_TRIES):
            seen = self._on_phone.look()
            self._refuse_taken(seen.record)
            record = self._record.beaten(seen.now)
            if self._on_phone.replace(seen, record):
                self._record, self._renewed_at = record, self._clock.monotonic()
                self._on_host.write(_by_host_clock(record, self._clock))
                return
        raise TransportError(
            f"{self.serial}: its lease {self._on_phone.path} changes all the time; who else writes it?"
        )

    @property
    def path(self) -> str:
        """The file on the phone, which whoever reads the phone's state may read along for `heard`."""
        return self._on_phone.path

    def heard(self, data: bytes) -> None:
        """Take note of what lies on the phone in our lease's place; one that was wiped off is written again.

        Raises:
            LeaseLost: somebody else has the phone; what runs on it must end.
            TransportError: the phone does not answer.
        """
        record = parse_record(data)
        self._refuse_taken(record)
        if record is None:
            self._renewed_at = -math.inf
            self.renew()

    def _refuse_taken(self, record: LeaseRecord | None) -> None:
        if record is not None and record.token != self._record.token:
            raise LeaseLost(
                f"{self.serial}: its lease was taken by {record.words()}, because this session was silent for more "
                f"than {self._record.limit_s} s, or its file was removed; end one of the two."
            )

    def give_back(self) -> None:
        """Remove the lease from the phone; one that cannot be reached is freed by the next contact from this host."""
        try:
            if not self._on_phone.remove(self._record) and self._on_phone.look().record is not None:
                _LOG.warning("%s: its lease was not ours any more when it was given back", self.serial)
        except TransportError as error:
            _LOG.warning("%s: its lease stays on it until the next contact: %s", self.serial, error)


@contextmanager
def lease(
    transport: Transport,
    serial: str,
    *,
    folder: Path,
    holder: Holder,
    limit_s: float,
    clock: Clock,
    device_folder: str | None = None,
) -> Iterator[Lease]:
    """Hold a phone for the block.

    Args:
        transport: a way to the phone.
        serial: the phone's own serial (`ro.serialno`), whatever the address.
        folder: where this host's locks are: the same for all who share the host.
        holder: who asks, usually `this_process(session)`.
        limit_s: seconds of silence after which other hosts may take it; longer than the longest run.
        clock: time of this host.
        device_folder: where the file lies on the phone: the same for all users; by default `transport.root`.

    Raises:
        LeaseHeld: somebody else has it.
        TransportError: the phone does not answer, or a lease cannot be written.
    """
    on_host = HostLock(folder, serial)
    on_phone = PhoneLease(transport, device_folder or transport.root, clock)
    with on_host.held() as free:
        if not free:
            raise _held(serial, on_host.holder(), clock.now())
        taken = _taken(serial, on_host, on_phone, holder=holder, limit_s=max(1, math.ceil(limit_s)), clock=clock)
        try:
            yield taken
        finally:
            taken.give_back()


def who_holds(
    transport: Transport | None, serial: str, *, folder: Path, clock: Clock, device_folder: str | None = None
) -> str | None:
    """Return who uses a phone now (`ada on lab-2 (session …, process 12) since …`), None where nobody does.

    Args:
        transport: a way to the phone; None asks this host alone.
        serial: the phone's own serial.
        folder: as for `lease`.
        clock: time of this host.
        device_folder: as for `lease`.

    Raises:
        TransportError: the phone does not answer.
    """
    holder = _who_holds_here(HostLock(folder, serial))
    if holder is not None or transport is None:
        return holder
    seen = PhoneLease(transport, device_folder or transport.root, clock).look()
    return who_was_seen(seen, serial, folder=folder)


def who_was_seen(seen: Seen, serial: str, *, folder: Path) -> str | None:
    """Return who uses a phone by what lies on it, None where nobody does; like `who_holds`, without asking the phone.

    Args:
        seen: what was read of the phone.
        serial: the phone's own serial.
        folder: as for `lease`.
    """
    on_host = HostLock(folder, serial)
    if (holder := _who_holds_here(on_host)) is not None:
        return holder
    if seen.record is None or _left_behind(seen, on_host.known_domain()):
        return None
    return seen.record.words()


def _who_holds_here(on_host: HostLock) -> str | None:
    if (record := on_host.holder()) is not None:
        return record.words()
    return "another process of this host" if on_host.is_held() else None


def _taken(
    serial: str, on_host: HostLock, on_phone: PhoneLease, *, holder: Holder, limit_s: int, clock: Clock
) -> Lease:
    """Return the lease, once the phone bears our record; only for who holds the host's lock."""
    now, domain = clock.now(), on_host.domain()
    asked = LeaseRecord(
        host=holder.host,
        user=holder.user,
        pid=holder.pid,
        session=holder.session,
        kernel=holder.kernel,
        started_s=holder.started_s,
        domain=domain,
        token=secrets.token_hex(16),
        beat=secrets.token_hex(8),
        since=now,
        heartbeat_s=int(now.timestamp()),
        limit_s=limit_s,
    )
    on_host.write(asked)  # others of this host read who is at it while a slow phone is asked
    for _ in range(_TRIES):
        seen = on_phone.look()
        why = _left_behind(seen, domain)
        if seen.record is not None and why is None:
            ends_at = clock.now() + timedelta(seconds=seen.record.limit_s - seen.record.silent_s(seen.now))
            raise _refusal(serial, seen.record, ends_at)
        record = asked.model_copy(
            update={
                "beat": secrets.token_hex(8),
                "since": clock.now(),
                "heartbeat_s": seen.now.now_s,
                "uptime_s": seen.now.uptime_s,
                "boot_id": seen.now.boot_id,
            }
        )
        on_host.write(_by_host_clock(record, clock))
        if on_phone.replace(seen, record):
            if why is not None:
                _LOG.warning("%s: took over the lease of %s: %s", serial, _name(seen), why)
            return Lease(serial, on_host=on_host, on_phone=on_phone, clock=clock, record=record)
    raise TransportError(f"{serial}: its lease {on_phone.path} changes all the time; try again in a minute.")


def _left_behind(seen: Seen, domain: str | None) -> str | None:
    """Return why nobody is behind what lies on a phone whose host lock is not another's; None where somebody may be."""
    record = seen.record
    if record is None:
        return "nobody can read it" if seen.unreadable else None
    if (record.host, record.domain) == (machine_name(), domain):
        return "its holder has freed this host's lock"
    if record.holder_is_dead():
        return f"its process {record.pid} is gone"
    if record.expired(seen.now):
        return f"its holder was silent for more than {record.limit_s} s"
    return None


def _held(serial: str, record: LeaseRecord | None, now: datetime) -> LeaseHeld:
    if record is not None:
        return _refusal(serial, record, now + timedelta(seconds=record.heartbeat_s + record.limit_s - now.timestamp()))
    return LeaseHeld(
        f"{serial}: another process of this host uses it. Wait until it has ended, or choose another phone.",
        serial=serial,
        holder=None,
    )


def _refusal(serial: str, record: LeaseRecord, ends_at: datetime) -> LeaseHeld:
    return LeaseHeld(
        f"{serial}: in use by {record.words()}; free again when that session ends, or at "
        f"{ends_at.astimezone():%Y-%m-%d %H:%M %Z} if it has died. Wait, or choose another phone.",
        serial=serial,
        holder=record.words(),
    )


def _name(seen: Seen) -> str:
    return seen.record.words() if seen.record else "somebody"


def _by_host_clock(record: LeaseRecord, clock: Clock) -> LeaseRecord:
    return record.model_copy(update={"heartbeat_s": int(clock.now().timestamp())})
