"""Nights: what one night on a farm was to measure, and how it ended, as documents beside the plan of its session."""

from datetime import date as CalendarDate  # noqa: N812 (a document has a field `date`)
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from mbench.core.numbers.bounds import Count, JobName, Moment, Seconds, SessionName, Sha256, Word
from mbench.core.results import FORMAT_VERSION
from mbench.core.workloads import Document

FARM_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,39}$"
"""Of farm files, less `.toml`: of a lock, and a part of sessions' names."""

FarmName = Annotated[str, StringConstraints(pattern=FARM_NAME)]


class Night(Document):
    """One night of a farm file, written once, before the first phone is measured.

    Attributes:
        farm: the farm file's name without `.toml`.
        date: local date on which it began, in its time zone.
        zone: name of that time zone.
        until: when its window ends.
        farm_sha256: of the farm file as it was read.
        phones: serials of each group of the farm file, those included that could not be used.
        names: the names that last, of users' own files, by job.
        expected_s: how long each job was expected to take, by earlier nights; of others nothing was known.
        left_out: jobs that the window was not expected to hold.
        missed: dates on which a night was due since the last one and none began.
    """

    format_version: Literal[3] = FORMAT_VERSION
    kind: Literal["night"] = "night"
    session: SessionName
    farm: FarmName
    project: Word
    branch: Word
    date: CalendarDate
    zone: str
    begun_at: Moment
    until: Moment
    farm_sha256: Sha256
    phones: dict[Word, tuple[str, ...]]
    names: dict[JobName, Word] = Field(default_factory=dict)
    expected_s: dict[JobName, Seconds] = Field(default_factory=dict)
    left_out: tuple[JobName, ...] = ()
    missed: tuple[CalendarDate, ...] = ()


class Ending(StrEnum):
    """How a night ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    CANCELLED = "cancelled"


class NightEnd(Document):
    """How a night ended, written once: after it nothing of the night is measured any more.

    Attributes:
        end: `complete` where every planned cell has a number or a failure of its own.
        planned: cells; each of them has its document.
        measured: those with a number.
        failed: those with a failure of their own.
        missing: those without a number for the phone's, the cable's, the host's or the window's sake.
    """

    format_version: Literal[3] = FORMAT_VERSION
    kind: Literal["night_end"] = "night_end"
    session: SessionName
    ended_at: Moment
    end: Ending
    planned: Count
    measured: Count
    failed: Count
    missing: Count
