"""A phone's credit: which failures put it into quarantine, and what brings it back. Pure rules over one small record.

After failures in so many nights in a row a phone is left out, with its reason and the date. It is checked each night
all the same, and comes back by itself after so many good checks; any failure in between begins their count anew.
Whoever runs the night says what is a failure of the phone: faults of its host are none (`mbench.devices.health.host`).
"""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from mbench.core.error_classes import ErrorClass
from mbench.core.numbers.bounds import Count, Moment
from mbench.core.workloads import Document

FAILED_NIGHTS: Final = 3
"""In a row, until a phone is left out: one may be chance, and each that is measured in vain costs a night's numbers."""

GOOD_CHECKS: Final = 2
"""In a row, until a phone that was left out is taken again."""

_KEPT_FAILURES: Final = 10
_LONGEST: Final = 500
"""Characters of a message that are kept."""


class PhoneFailure(Document):
    """A night in which a phone failed.

    Attributes:
        night: its name; None where it has none, and then it is another night than any.
        failure_class: why, as in results: `transport`, `environment`.
    """

    at: Moment
    failure_class: str
    message: str
    night: str | None = None


class PhoneRecord(Document):
    """What one host keeps of one phone.

    Attributes:
        failures: of nights in a row, the latest last; a good night forgets them.
        quarantined_since: since when it is left out; None: it is not.
        reason: why it is.
        good_checks: in a row, since it was left out.
        last_night: the last one that was counted, so that no night counts twice.
        last_good_at: when a night or a check was last well.
        held_until: until when somebody keeps it out of nights; None: nobody does.
        held_by: who does.
        hold_reason: why.
    """

    format_version: Literal[1] = 1
    serial: str = Field(min_length=1)
    failures: tuple[PhoneFailure, ...] = ()
    quarantined_since: Moment | None = None
    reason: str | None = None
    good_checks: Count = 0
    last_night: str | None = None
    last_good_at: Moment | None = None
    held_until: Moment | None = None
    held_by: str | None = None
    hold_reason: str | None = None

    @property
    def quarantined(self) -> bool:
        """Whether it is left out for its failures."""
        return self.quarantined_since is not None

    def held(self, now: datetime) -> bool:
        """Whether somebody keeps it out of nights now."""
        return self.held_until is not None and now < self.held_until


def failed_night(
    record: PhoneRecord, failure_class: ErrorClass, message: str, *, at: datetime, night: str | None = None
) -> PhoneRecord:
    """Return the record after a night in which the phone failed, or in which its check did while it is left out.

    Args:
        record: the one before.
        failure_class: why.
        message: why, in words.
        at: when.
        night: its name; further failures of the same night change the words alone.
    """
    failure = PhoneFailure(at=at, failure_class=failure_class, message=message[:_LONGEST], night=night)
    again = night is not None and bool(record.failures) and record.failures[-1].night == night
    failures = (*(record.failures[:-1] if again else record.failures), failure)[-_KEPT_FAILURES:]
    after = record.model_copy(update={"failures": failures, "good_checks": 0, "last_night": night})
    if record.quarantined or len(failures) < FAILED_NIGHTS:
        return after
    reason = f"{len(failures)} failed nights in a row, at last {failure.failure_class}: {failure.message}"
    return after.model_copy(update={"quarantined_since": at, "reason": reason})


def good_night(record: PhoneRecord, *, at: datetime, night: str | None = None) -> PhoneRecord:
    """Return the record after a night in which all was well, or a good check where the phone is left out.

    Args:
        record: the one before.
        at: when.
        night: its name; a second good check in the same night does not count, nor does one after a failure in it.
    """
    if _counted(record, night):
        return record
    seen = {"last_night": night, "last_good_at": at}
    good = record.good_checks + 1
    if record.quarantined and good < GOOD_CHECKS:
        return record.model_copy(update={"good_checks": good, **seen})
    return _forgiven(record).model_copy(update=seen)


def hold(record: PhoneRecord, *, until: datetime, by: str, reason: str | None = None) -> PhoneRecord:
    """Return the record of a phone that somebody keeps out of nights until then.

    Args:
        record: the one before.
        until: when the hold ends by itself.
        by: who asks.
        reason: why.
    """
    return record.model_copy(update={"held_until": until, "held_by": by, "hold_reason": reason and reason[:_LONGEST]})


def release(record: PhoneRecord) -> PhoneRecord:
    """Return the record of a phone that is neither held nor left out any more; its failures are forgotten."""
    return _forgiven(record).model_copy(update={"held_until": None, "held_by": None, "hold_reason": None})


def unusable(record: PhoneRecord, now: datetime) -> str | None:
    """Return why a phone must not be taken now, as a clause; None where it may.

    Args:
        record: of the phone.
        now: the time; dates are said in this machine's time zone.
    """
    if record.held_until is not None and record.held(now):
        because = f": {record.hold_reason}" if record.hold_reason else ""
        return f"held until {record.held_until.astimezone():%Y-%m-%d %H:%M %Z} by {record.held_by or '?'}{because}"
    if record.quarantined_since is not None:
        return f"quarantined since {record.quarantined_since.astimezone():%Y-%m-%d} because of {record.reason}"
    return None


def _counted(record: PhoneRecord, night: str | None) -> bool:
    return night is not None and record.last_night == night


def _forgiven(record: PhoneRecord) -> PhoneRecord:
    return record.model_copy(update={"failures": (), "quarantined_since": None, "reason": None, "good_checks": 0})
