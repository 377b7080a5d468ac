"""The file of accepted changes: TOML that people review, merge and edit, and that mbench only adds to.

[[accepted]]
workload = "detector"        # or a pattern: "mobilenet_v1_*"
delegate = "gpu"             # left out: any; likewise threads
threads = 4
device = "9A1BFFAZ"          # or model = "Pixel 4", or both
class = "latency"
level = 14310.0              # the worst that is accepted, in unit; for a model's devices: ratio = 1.102
unit = "µs"
night = "20261129-210004-farm-main-1a2b"
night_date = 2026-11-29
because = "the new head is worth it"
who = "Ada"
date = 2026-11-30
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mbench.core.errors import UsageError
from mbench.core.nights.acceptances import ACCEPTABLE, RELATIVE_TOLERANCE, AcceptedChange
from mbench.core.nights.verdicts import FindingClass
from mbench.core.numbers.limits import LARGEST
from mbench.core.plain_text import ended
from mbench.core.suggestions import did_you_mean
from mbench.files.texts import parse_toml, read_text
from mbench.files.toml_lines import line_of

HEAD: Final = """\
# Changes that are meant: up to their level mbench reports them no more. mbench accept adds to it; edit it freely.
"""

_MARKER: Final = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?= |$)", re.MULTILINE)
"""Lines that git leaves where two branches changed the same (git-merge(1), "How conflicts are presented")."""

UNITS: Final = ("µs", "bytes", "KiB", "%", "nodes")

LONGEST_TEXT: Final = 500

Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]
Level = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]


def _acceptable(kind: FindingClass) -> FindingClass:
    if kind not in ACCEPTABLE:
        raise ValueError(f"{kind} cannot be accepted; what can is {', '.join(ACCEPTABLE)}")
    return kind


class Entry(BaseModel):
    """One `[[accepted]]` table."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    workload: Text
    delegate: Text | None = None
    threads: Annotated[int, Field(ge=1, le=10_000)] | None = None
    device: Text | None = None
    model: Text | None = None
    class_: Annotated[FindingClass, Field(alias="class"), AfterValidator(_acceptable)]
    level: Level | None = None
    unit: Text | None = None
    ratio: Annotated[float, Field(gt=0, le=LARGEST)] | None = None
    error_class: Text | None = None
    night: Text
    night_date: date
    because: Text
    who: Text
    date_: Annotated[date, Field(alias="date")]

    @field_validator("level")
    @classmethod
    def _not_below_zero(cls, level: float | None, info: ValidationInfo) -> float | None:
        if level is not None and level < 0 and info.data.get("class_") is not FindingClass.ACCURACY:
            raise ValueError("a level is not below 0, but for a metric of yours")
        return level

    @model_validator(mode="after")
    def _means_a_change(self) -> Self:
        if self.device is None and self.model is None:
            raise ValueError("say whose cells they are: device, or model")
        if self.class_ is FindingClass.FAILED:
            if self.level is not None or self.ratio is not None:
                raise ValueError("a failure has no level")
            return self
        if (self.level is None) == (self.ratio is None):
            raise ValueError("say level, or ratio")
        if self.ratio is not None and self.class_ not in RELATIVE_TOLERANCE:
            raise ValueError(f"{self.class_} is accepted by its level, not by a ratio")
        own = self.class_ is FindingClass.ACCURACY and self.unit not in (None, *UNITS)  # of a user's metric
        if self.level is not None and self.unit not in UNITS and not own:
            raise ValueError(f"the unit of a level is one of {', '.join(UNITS)}")
        if self.level is not None and self.level < 0 and not own:
            raise ValueError(f"a level in {self.unit} is not below 0")
        return self


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    accepted: list[Entry] = Field(default_factory=list)


def read_accepted(path: Path) -> tuple[AcceptedChange, ...]:
    """Return the entries of a file; none where there is no file.

    Raises:
        UsageError: it cannot be read, or an entry is not as it should be; with the line.
    """
    return parse_accepted(read_accept_text(path), source=str(path))


def read_accept_text(path: Path) -> str:
    """Return the text of a file, which is empty where there is none.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return read_text(path)
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"could not read {path}: {getattr(error, 'strerror', None) or error}.") from error


def parse_accepted(text: str, *, source: str) -> tuple[AcceptedChange, ...]:
    """Return the entries of a text.

    Raises:
        UsageError: with the line where the first thing is wrong.
    """
    if marker := _MARKER.search(text):
        line = text.count("\n", 0, marker.start()) + 1
        raise UsageError(
            f"{source}:{line}: a conflict marker of git ({marker[1]}): two branches changed the file. Keep the entries "
            "that are meant, and remove the markers."
        )
    try:
        fields = parse_toml(text)
    except ValueError as error:
        found = re.search(r"line (\d+)", str(error))
        where = f"{source}:{found[1]}" if found else source
        raise UsageError(f"{where}: {error}.") from error
    try:
        entries = _File.model_validate(fields).accepted
    except ValidationError as error:
        raise UsageError(_wrong(error, text, source)) from error
    return tuple(_change(entry, line_of(text, ("accepted", place))) for place, entry in enumerate(entries))


def format_entry(change: AcceptedChange) -> str:
    """Return an entry as a table of the file, which is what `parse_accepted` reads of it."""
    fields: Mapping[str, object] = {
        "workload": change.workload,
        "delegate": change.delegate,
        "threads": change.threads,
        "device": change.device,
        "model": change.model,
        "class": str(change.kind),
        "level": change.level,
        "unit": change.unit,
        "ratio": change.ratio,
        "error_class": change.error_class,
        "night": change.night,
        "night_date": change.night_date,
        "because": change.because,
        "who": change.who,
        "date": change.on,
    }
    lines = [f"{name} = {_toml(value)}" for name, value in fields.items() if value is not None]
    return "\n".join(("[[accepted]]", *lines)) + "\n"


def with_entries(text: str, changes: Iterable[AcceptedChange]) -> str:
    """Return the text of a file with entries added at its end; what it held stays as it is, byte for byte."""
    begun = text if text else HEAD
    ended_text = begun if begun.endswith("\n") else f"{begun}\n"
    return ended_text + "".join(f"\n{format_entry(change)}" for change in changes)


def stale_note(source: str, change: AcceptedChange) -> str:
    """Return what a verdict says of an entry that silences nothing any more: `accepted.toml:12: latency of …`."""
    where = change.device or f"all {change.model}"
    measured = " ".join(part for part in (change.workload, change.delegate) if part)
    return (
        f"{source}:{change.line}: {change.kind} of {measured} on {where} was accepted on {change.on} and is not found "
        "any more; remove the entry."
    )


def _change(entry: Entry, line: int) -> AcceptedChange:
    return AcceptedChange(
        workload=entry.workload,
        delegate=entry.delegate,
        threads=entry.threads,
        device=entry.device,
        model=entry.model,
        kind=entry.class_,
        level=entry.level,
        unit=entry.unit,
        ratio=entry.ratio,
        error_class=entry.error_class,
        night=entry.night,
        night_date=entry.night_date,
        because=entry.because,
        who=entry.who,
        on=entry.date_,
        line=line,
    )


def _wrong(error: ValidationError, text: str, source: str) -> str:
    """Return what is wrong first, and in which line: a key that is misspelt before the one that it leaves missing."""
    errors = error.errors(include_url=False, include_input=False)
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    place = tuple(first["loc"])
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    said: str = first["msg"].removeprefix("Value error, ").rstrip(".")
    if first["type"] == "extra_forbidden":
        names = [field.alias or name for name, field in Entry.model_fields.items()] if len(place) > 1 else ["accepted"]
        said = f"unknown key.{did_you_mean(str(place[-1]), names)}"
    elif first["type"] == "missing":
        said = "is missing"
    return f"{source}:{line_of(text, place)}: {where}: {ended(said)}"


def _toml(value: Any) -> str:
    """Return a value as TOML: texts as JSON has them, which is a basic string of TOML (toml.io, v1.0.0, "String")."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
