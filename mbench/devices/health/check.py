"""One check as a document: what was looked at, how it ended, by which figure and limit, and what to do about it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from mbench.core.workloads import Document


class CheckName(StrEnum):
    """What is checked; the names are stable."""

    ANSWER = "answer"
    STARTED = "started"
    LOCK = "lock"
    BATTERY_LEVEL = "battery level"
    BATTERY_HEALTH = "battery health"
    BATTERY_TEMPERATURE = "battery temperature"
    CHARGING = "charging"
    STORAGE = "storage"
    THERMAL_STATUS = "thermal status"
    SKIN_TEMPERATURE = "skin temperature"
    ZONE_TEMPERATURE = "zone temperature"
    CLOCKS = "clocks"
    BATTERY_SAVER = "battery saver"
    SCREEN = "screen"
    TIME = "time"
    CONNECTION = "connection"
    LEFTOVERS = "leftovers"
    OTHER_BENCHMARK = "other benchmark"
    IN_USE = "in use"
    CHARGE_KEPT = "charge kept"
    RESTART = "restart"
    BUILD = "build"
    ADB_VERSIONS = "adb versions"
    ADB_SERVER = "adb server"


class CheckState(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Check(Document):
    """One check.

    Attributes:
        figure: what was read, with its unit; None where that is unknown.
        limit: what it is compared with.
        remedy: what to do, as a sentence; None where nothing is to be done.
    """

    name: CheckName
    state: CheckState
    figure: str | None = None
    limit: str | None = None
    remedy: str | None = None


class Judged(NamedTuple):
    """A check's end before it has its name."""

    state: CheckState
    figure: str | None = None
    limit: str | None = None
    remedy: str | None = None


UNKNOWN: Final = Judged(CheckState.UNKNOWN)


def failed(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Return the checks that make a phone unfit."""
    return tuple(check for check in checks if check.state is CheckState.FAILED)


def words(check: Check) -> str:
    """Return a check as a clause: `battery level 5 % (limit: at least 25 %)`."""
    figure = "" if check.figure is None else f" {check.figure}"
    return f"{check.name}{figure}{f' (limit: {check.limit})' if check.limit else ''}"


def named(name: CheckName, found: Judged) -> Check:
    """Return a check's end as a document."""
    return Check(name=name, state=found.state, figure=found.figure, limit=found.limit, remedy=found.remedy)


def ok(figure: str | None = None, limit: str | None = None) -> Judged:
    """Return the end of a check that is well."""
    return Judged(CheckState.OK, figure, limit)


def warning(figure: str, limit: str | None, remedy: str) -> Judged:
    """Return the end of a check whose finding is said and lets the phone measure."""
    return Judged(CheckState.WARNING, figure, limit, remedy)


def failing(figure: str, limit: str | None, remedy: str) -> Judged:
    """Return the end of a check whose finding makes the phone unfit."""
    return Judged(CheckState.FAILED, figure, limit, remedy)
