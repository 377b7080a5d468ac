"""`mbench farm hold` and `release`: people keep a phone out of nights, and let it in again."""

from datetime import datetime

from mbench.core.errors import UsageError
from mbench.core.nights.local_times import parse_local
from mbench.core.ports import utc_now
from mbench.devices.health.credit import unusable
from mbench.devices.lease.records import this_process
from mbench.workflows.farm.phone_records import PhoneRecords
from mbench.workflows.home import home


def hold_phone(serial: str, until: str, *, reason: str | None = None, now: datetime | None = None) -> str:
    """Keep a phone out of nights until a local time, and return a line that says so.

    Args:
        serial: of the phone, which need not be attached.
        until: `18:00`, the next one, or `2026-12-01T06:00`.
        reason: why, for those who find it held.
        now: the time; None: this host's.

    Raises:
        StoreError: its record cannot be read or written.
        UsageError: no such time, or one that is over.
    """
    at = now or utc_now()
    try:
        ends_at = parse_local(until, at)
    except ValueError as error:
        raise UsageError(f"--until: {error}.") from error
    if ends_at <= at:
        raise UsageError(f"--until {until}: that is over; it is {at.astimezone():%Y-%m-%d %H:%M %Z}.")
    holder = this_process("hold")
    by = f"{holder.user} on {holder.host}"
    record = PhoneRecords(home()).hold(serial, until=ends_at, by=by, reason=reason)
    return f"{serial}: {unusable(record, at)}"


def release_phone(serial: str, *, now: datetime | None = None) -> str:
    """End a phone's hold and its quarantine, and return a line that says which there was.

    Args:
        serial: of the phone.
        now: the time; None: this host's.

    Raises:
        StoreError: its record cannot be read or written.
    """
    records = PhoneRecords(home())
    before = records.get(serial)
    at = now or utc_now()
    if not before.quarantined and not before.held(at):
        if not before.failures:
            return f"{serial}: it was neither held nor quarantined."
        records.release(serial)
        return f"{serial}: it was neither held nor quarantined; {len(before.failures)} failed nights are forgotten."
    records.release(serial)
    ended = [word for word, was in (("held", before.held(at)), ("quarantined", before.quarantined)) if was]
    return f"{serial}: {' and '.join(ended)} no longer; nights take it again."
