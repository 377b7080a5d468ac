"""Rows of an import: one measured cell at one moment, whatever file it came from, checked once."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from mbench.core.errors import UsageError
from mbench.core.numbers.bounds import Amount, Count, Moment, Word
from mbench.core.numbers.limits import MOST_THREADS
from mbench.core.workloads import Document

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]

UNITS_US: Final[Mapping[str, float]] = {"ns": 1e-3, "us": 1.0, "µs": 1.0, "ms": 1e3, "s": 1e6}
"""Microseconds of one."""

UNKNOWN_TEXTS: Final = frozenset({"", "-", "?", "n/a", "na", "nan", "none", "null", "unknown"})
"""What files write for a number that nobody has."""

WELL: Final = frozenset({"", "ok", "pass", "passed", "success", "succeeded", "done", "complete", "completed"})
LAB: Final = frozenset({"aborted", "canceled", "cancelled", "lab", "skipped", "timeout"})
MISSING: Final = frozenset({"missing"})

YEARS: Final = range(1970, 2200)
"""Of a measurement; another year is a damaged time."""

_SECONDS: Final = re.compile(r"\d{9,10}(\.\d+)?")


class ImportedRow(Document):
    """One cell at one moment; None is unknown.

    Attributes:
        latency_unit: in which the file had it; it is kept so that another file cannot change it unseen.
        device_model: of the device, as people call it.
        question: data set and recipe of `correct` of `examples`.
        tools: versions that were under test, in words.
        epoch: what must be equal for levels to be compared, in words.
    """

    project: Word
    branch: Word
    time: Moment
    workload: Name
    delegate: Name = "cpu"
    threads: int | None = Field(default=None, ge=1, le=MOST_THREADS)
    device: Name
    device_model: Name | None = None
    status: str = ""
    latency_us: Amount | None = None
    latency_unit: str = "us"
    half_width_us: Amount | None = None
    runs: Count | None = None
    init_us: Amount | None = None
    memory_kib: Amount | None = None
    size_bytes: Count | None = None
    correct: Count | None = None
    examples: Count | None = None
    question: Name | None = None
    delegated: Count | None = None
    nodes: Count | None = None
    partitions: Count | None = None
    tools: str | None = None
    epoch: str | None = None
    artifact_sha256: str | None = None

    @model_validator(mode="after")
    def _parts(self) -> Self:
        for part, whole in (("correct", "examples"), ("delegated", "nodes")):
            some, all_ = getattr(self, part), getattr(self, whole)
            if some is not None and all_ is not None and some > all_:
                raise ValueError(f"{part} is {some}, of {all_} {whole}")
        return self

    @property
    def cell(self) -> tuple[str, str, int | None, str]:
        """What it is of."""
        return self.workload, self.delegate, self.threads, self.device


NUMBERS: Final = (
    *("latency_us", "half_width_us", "init_us", "memory_kib", "size_bytes", "runs"),
    *("threads", "correct", "examples", "delegated", "nodes", "partitions"),
)
WHOLE: Final = frozenset(NUMBERS) - {"latency_us", "half_width_us", "init_us", "memory_kib"}


def parse_number(text: str, *, where: str) -> float | None:
    """Return a number of a file; None for what says that it is unknown.

    Raises:
        UsageError: no number, infinite, or negative.
    """
    if text.strip().casefold() in UNKNOWN_TEXTS:
        return None
    try:
        value = float(text.replace("_", "?"))  # Python's own way of writing numbers is no file's
    except ValueError:
        raise UsageError(f"{where}: {text!r} is not a number; leave what is unknown empty.") from None
    if not math.isfinite(value):
        raise UsageError(f"{where}: {text!r} is not finite; leave what is unknown empty.")
    if value < 0:
        raise UsageError(f"{where}: {text!r} is below zero; nothing of it can be.")
    return value


def parse_moment(text: str, *, where: str) -> datetime:
    """Return a time: ISO 8601, of UTC where it names no zone, or seconds since 1970.

    Raises:
        UsageError: neither.
    """
    said = text.strip()
    try:
        if _SECONDS.fullmatch(said):
            return datetime.fromtimestamp(float(said), UTC)
        moment = datetime.fromisoformat(said)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{where}: {text!r} is no time; it looks like 2026-11-30T02:00:00Z or 1796004000.") from None
    if moment.year not in YEARS:
        raise UsageError(f"{where}: {text!r} is not of the years {YEARS[0]} to {YEARS[-1]}; mend the time.")
    return moment


def checked_row(fields: Mapping[str, object], *, where: str) -> ImportedRow:
    """Return a row of fields.

    Raises:
        UsageError: one of them cannot be.
    """
    try:
        return ImportedRow.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said = ": ".join([*([".".join(map(str, first["loc"]))] if first["loc"] else []), first["msg"]])
        raise UsageError(f"{where}: {said}.") from None
