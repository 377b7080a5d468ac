"""What a night counts for or against a phone, on the host that keeps the phone's record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mbench.core.ends import NO_NUMBER, code_of
from mbench.core.error_classes import ENVIRONMENT, QUARANTINE, TRANSPORT, ErrorClass
from mbench.core.results import JobResult
from mbench.devices.health.check import failed, words
from mbench.devices.health.checks import check_phone
from mbench.devices.health.readings import PhoneReadings
from mbench.workflows.farm.phone_records import PhoneRecords


class Counts(StrEnum):
    """What of a night counts."""

    GOOD = "good"
    FAILED = "failed"
    CHECK = "check"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a night was for one phone; a plain value that travels to the host that keeps its record.

    Attributes:
        counts: `check`: of a phone that measured nothing on purpose its check counts.
        error_class: of what failed.
        message: likewise, in words.
    """

    counts: Counts
    error_class: str = ""
    message: str = ""


def outcome_of(results: Sequence[JobResult], *, excused: bool) -> Outcome:
    """Return what a night was for a phone.

    Args:
        results: of its cells; none: it had nothing to measure.
        excused: whether what it failed by was its host's fault.
    """
    if not results or any(result.error_class == QUARANTINE for result in results):
        return Outcome(counts=Counts.CHECK)
    missing = [result for result in results if code_of(result) == NO_NUMBER]
    lab = next((result for result in missing if result.error_class in {TRANSPORT, ENVIRONMENT}), None)
    if lab is not None and not excused:
        return Outcome(counts=Counts.FAILED, error_class=str(lab.error_class), message=lab.message or "")
    return Outcome(counts=Counts.NOTHING if missing else Counts.GOOD)


def count(
    records: PhoneRecords, serial: str, outcome: Outcome, seen: PhoneReadings | None, *, at: datetime, night: str
) -> None:
    """Count a night for a phone, or against it.

    One that was left out was checked all the same, and comes back by good checks; the check of one that is merely held
    counts for nothing.

    Args:
        records: of its host.
        serial: of the phone.
        outcome: of the night.
        seen: what was read of it at the end.
        at: aware.
        night: name of its session.

    Raises:
        StoreError: the record cannot be read or written.
    """
    if outcome.counts is Counts.FAILED:
        records.note_failure(serial, ErrorClass(outcome.error_class), outcome.message, at, night=night)
    elif outcome.counts is Counts.GOOD:
        records.note_good(serial, at, night=night)
    elif outcome.counts is Counts.CHECK and seen is not None and records.get(serial).quarantined:
        if bad := failed(check_phone(seen, None)):
            records.note_failure(serial, ENVIRONMENT, words(bad[0]), at, night=night)
        else:
            records.note_good(serial, at, night=night)
