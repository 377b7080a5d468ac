"""Farm files: what a project measures every night, on which phones and in which hours, as TOML."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from mbench.core.builds.variants import parse_variant
from mbench.core.errors import UsageError
from mbench.core.nights.nights import FARM_NAME
from mbench.core.numbers.bounds import WORD, Place, Seed, Setting, Word
from mbench.core.own_tables import OwnKeys
from mbench.core.plain_text import ended
from mbench.core.scored_tables import Scored
from mbench.core.suggestions import did_you_mean
from mbench.core.toml_tables import Table, Text, Value
from mbench.files.texts import parse_toml, read_text
from mbench.files.toml_lines import line_of
from mbench.workflows.nightly.gate_tables import Gate, Outputs
from mbench.workflows.nightly.windows import WEEKDAYS

HOST: Final = "host"


_VARIABLE: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,79}$"


class Group(Table):
    """Devices that measure the same: attached phones of a profile, or one device.

    Attributes:
        profile: of phones; `count` of them, or `every` one that is attached or was there in the last night.
        device: one serial, or `host`.
        delegates: that are tried on them; none: what [[measure]] says.
        spread: `every`: each device measures each cell; `share`: each cell is measured by one of them, always the same.
        move: with `share`, whether a cell whose phone is out goes to another one, which begins a new series.
    """

    profile: Text | None = None
    device: Text | None = None
    count: Annotated[int, Field(ge=1, le=1000)] | None = None
    every: bool = False
    delegates: Annotated[list[Text], Field(min_length=1)] | None = None
    spread: Literal["every", "share"] = "every"
    move: bool = False

    @model_validator(mode="after")
    def _means_devices(self) -> Self:
        if (self.profile is None) == (self.device is None):
            raise ValueError("a group has a profile or a device")
        if self.profile == HOST:
            raise ValueError('this host is no phone: device = "host"')
        if self.device is not None and "#" in self.device:
            raise ValueError("a serial has no '#'")
        if self.device is not None and (self.count or self.every):
            raise ValueError("count and every are of a profile's phones; a device is one")
        if self.profile is not None and (self.count is None) == (not self.every):
            raise ValueError("say count = N, or every = true")
        if self.spread == "share" and self.profile is None:
            raise ValueError('spread = "share" is of a profile\'s phones; a device is one')
        if self.move and self.spread != "share":
            raise ValueError('move is of spread = "share"')
        return self


class OwnFile(Table):
    """A user's own model: where it lies, and the name under which its history goes on whatever its content."""

    file: Text
    as_: Annotated[Word, Field(alias="as")]

    @field_validator("as_")
    @classmethod
    def _no_variant(cls, said: str) -> str:
        try:
            parse_variant(said)
        except UsageError:
            return said
        raise ValueError(f"{said} is a variant's own name; call a file of yours otherwise")


class Measure(OwnKeys):
    """Some workloads, on some groups of devices.

    Attributes:
        suite: by name, or a file.
        variants: by name.
        models: the user's own files, measured as they are, or quantized where a quantization is asked for.
        threads: comma list; none: the profile's.
        groups: names of groups; none: all.
    """

    suite: Text | None = None
    variants: list[Text] = Field(default_factory=list)
    models: list[OwnFile] = Field(default_factory=list)
    threads: Text | None = None
    delegates: Annotated[list[Text], Field(min_length=1)] | None = None
    groups: Annotated[list[Word], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _means_workloads(self) -> Self:
        own = bool(self.keras or self.saved_models or self.torch)
        things = [bool(self.variants or self.models) or own, self.suite is not None]
        if own and (self.variants or self.models):
            raise ValueError("put keras, saved_models and torch into a [[measure]] of their own")
        swept = [self.sweep, self.arch, self.alpha, self.resolution, self.quantization]
        if sum(things) == 2:
            raise ValueError("a suite stands alone; put variants and models into a [[measure]] of their own")
        if any(things) and any((self.arch, self.alpha, self.resolution)):
            raise ValueError("arch, alpha and resolution are of a sweep; leave them out beside names")
        if not any(things) and not any(swept):
            raise ValueError("say what: variants, models, suite or sweep")
        quantized = bool(self.models) and not self.variants and self.quantizes
        if self.of_own is not None and not (own or quantized or self.builder):
            raise ValueError(f"{self.of_own} is for your own networks, where mbench builds them")
        return self


class Window(Table):
    """How long a night may last: until a local time of day, or for some hours."""

    until: time | None = None
    hours: Annotated[float, Field(gt=0, le=7 * 24)] | None = None
    zone: Text | None = None

    @field_validator("until", mode="before")
    @classmethod
    def _time(cls, said: object) -> object:
        if isinstance(said, str):
            if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", said):
                raise ValueError('until is a time of day such as "06:00"')
            return time.fromisoformat(said)
        return said

    @field_validator("hours", mode="before")
    @classmethod
    def _hours(cls, said: object) -> object:
        return float(said) if isinstance(said, int) and not isinstance(said, bool) else said

    @field_validator("zone")
    @classmethod
    def _known(cls, said: str | None) -> str | None:
        if said is not None:
            try:
                ZoneInfo(said)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError(f"unknown time zone {said!r}; one is Europe/Berlin") from None
        return said

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if (self.until is None) == (self.hours is None):
            raise ValueError('say until = "06:00", or hours = 7')
        return self

    def zone_info(self) -> ZoneInfo | None:
        """Return its time zone; None: this host's own."""
        return ZoneInfo(self.zone) if self.zone else None


class Settings(Table):
    """How each cell is measured, as the options of `mbench run`; what is not said is each profile's."""

    quick: bool = False
    runs: Place | None = None
    max_runs: Place | None = None
    target_interval: float | None = Field(default=None, gt=0)
    num_runs: int | None = Field(default=None, ge=1)
    min_secs: Setting | None = None
    max_secs: Setting | None = None
    warmup_secs: Setting | None = None
    memory_runs: Place | None = None
    cpus: Text | None = None
    fixed_performance: bool = False
    governor: Text | None = None
    seed: Seed = 0

    @field_validator("target_interval", "min_secs", "max_secs", "warmup_secs", mode="before")
    @classmethod
    def _number(cls, said: object) -> object:
        return float(said) if isinstance(said, int) and not isinstance(said, bool) else said


class FarmScored(Scored):
    """What files are scored on, and where the weights of mbench's own networks come from, as `--weights` takes it."""

    weights: Text | None = None


class Program(Table):
    """Which benchmark program phones run; none said: as the library has it, of lent phones that of their hosts."""

    binary: Text | None = None
    flavour: Literal["tflite", "litert"] | None = None


class Hosts(Table):
    """Where the phones of many hosts are lent (`mbench farm`); without it they are this host's.

    Attributes:
        scheduler: its address.
        tls: folder of the driver's certificate; needed beyond loopback.
        store: URL or folder that all hosts share; none: `MBENCH_STORE` says it.
    """

    scheduler: Text
    tls: Text | None = None
    store: Text | None = None


class After(Table):
    """A command of the user's, run when a night has ended; its own environment is added to mbench's."""

    command: Annotated[list[Text], Field(min_length=1)]
    environment: dict[Annotated[str, StringConstraints(pattern=_VARIABLE)], Value] = Field(default_factory=dict)
    timeout_s: Annotated[int, Field(ge=1, le=86_400)] = 600


class Keep(Table):
    """What is kept of earlier nights, by how many nights ago they were; documents are kept for ever.

    Attributes:
        raw_nights: raw evidence of runs; `raw_nights_failed` where a cell failed or is missing.
        folder_nights: folders of their own; older nights are packed by month.
    """

    raw_nights: Annotated[int, Field(ge=1, le=100_000)] = 30
    raw_nights_failed: Annotated[int, Field(ge=1, le=100_000)] = 90
    folder_nights: Annotated[int, Field(ge=10, le=100_000)] = 90


class Farm(Table):
    """A farm file.

    Attributes:
        due: on which weekdays a night is due; what never began then is reported by the next one.
        results: folder of sessions.
        retry_minutes: how long phones that failed or are away are tried again without any progress.
        renamed: new names of workloads by their old ones, under which earlier nights kept them: one history.
        priority: of several farm files that name one phone the one of the highest has it first when it comes free.
        phones: groups by name.
    """

    project: Annotated[str, StringConstraints(pattern=WORD)]
    branch: Annotated[str, StringConstraints(pattern=WORD)] = "main"
    due: Annotated[list[Literal[WEEKDAYS]], Field(min_length=1)] = Field(  # type: ignore[valid-type]
        default_factory=lambda: list(WEEKDAYS)
    )
    results: Text = "results"
    retry_minutes: Annotated[int, Field(ge=0, le=24 * 60)] = 30
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    window: Window
    phones: Annotated[dict[Word, Group], Field(min_length=1)]
    measure: Annotated[list[Measure], Field(min_length=1)]
    settings: Settings = Settings()
    accuracy: FarmScored | None = None
    program: Program = Program()
    hosts: Hosts | None = None
    after: After | None = None
    keep: Keep = Keep()
    gate: Gate = Gate()
    outputs: Outputs = Outputs()
    renamed: dict[Word, Word] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for number, one in enumerate(self.measure):
            for group in one.groups or ():
                if group not in self.phones:
                    raise ValueError(
                        f"measure {number + 1}: unknown group {group!r}.{did_you_mean(group, list(self.phones))}"
                    )
        if twice := next((old for old, new in self.renamed.items() if new in self.renamed), None):
            raise ValueError(f"renamed: {twice} became {self.renamed[twice]}, which was renamed too: say the last name")
        used = {group for one in self.measure for group in one.groups or self.phones}
        if idle := [group for group in self.phones if group not in used]:
            raise ValueError(f"no [[measure]] is for phones.{idle[0]}")
        names = [own.as_ for one in self.measure for own in one.models]
        files = [own.file for one in self.measure for own in one.models]
        for name, file in dict.fromkeys(zip(names, files, strict=True)):
            if any(other == name and path != file for other, path in zip(names, files, strict=True)):
                raise ValueError(f"two files are called {name!r}; a name that lasts is one file's")
        if self.hosts is not None and any(group.device == HOST for group in self.phones.values()):
            raise ValueError('device = "host" is this host, which [hosts] do not lend')
        devices = [group.device for group in self.phones.values() if group.device is not None]
        if twice := next((each for each in devices if devices.count(each) > 1), None):
            raise ValueError(f"device {twice} is in two groups")
        profiles = [group.profile for group in self.phones.values() if group.profile is not None]
        if twice := next((each for each in profiles if profiles.count(each) > 1), None):
            raise ValueError(f"profile {twice} is in two groups")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmFile:
    """A farm file as it was read.

    Attributes:
        name: without `.toml`: of its nights.
        text: all of it.
    """

    path: Path
    text: str
    name: str
    sha256: str
    farm: Farm

    @property
    def results(self) -> Path:
        """Folder of sessions."""
        return self.resolved(self.farm.results)

    def at(self, *place: str | int) -> str:
        """Return where something stands in the file, as its errors say it: `farm.toml:12: measure.1.variants.1`."""
        return f"{self.path}:{line_of(self.text, place)}: {_shown(place)}"

    def resolved(self, said: str) -> Path:
        """Return a path of the file, which is relative to it.

        Raises:
            UsageError: it begins with the home of a user who has none.
        """
        try:
            return self.path.parent / Path(said).expanduser()
        except RuntimeError as error:
            raise UsageError(f"{self.path}: {said}: nobody's home is known as {Path(said).parts[0]}.") from error


def read_farm_file(path: Path) -> FarmFile:
    """Return a farm file.

    Raises:
        UsageError: it cannot be read, or something in it is not as it should be; with the line.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"could not read {path}: {getattr(error, 'strerror', None) or error}.") from error
    name = path.name.removesuffix(".toml")
    if not re.fullmatch(FARM_NAME, name):
        raise UsageError(
            f"{path}: nights are called after their farm file: give it a name of letters, digits, '.', '_' and '-', "
            "of at most 40 characters."
        )
    farm = parse_farm(text, source=str(path))
    return FarmFile(path=path, text=text, name=name, sha256=hashlib.sha256(text.encode()).hexdigest(), farm=farm)


def parse_farm(text: str, *, source: str) -> Farm:
    """Return what a farm file's text says.

    Raises:
        UsageError: with the line where the first thing is wrong.
    """
    try:
        return Farm.model_validate(parse_toml(text))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = tuple(first["loc"])
        line = line_of(text, place)
        where = _shown(place)
        raise UsageError(f"{source}:{line}: {where}: {ended(_said(first['type'], first['msg'], place))}") from error
    except ValueError as error:
        said = str(error)
        if found := re.search(r"line (\d+)", said):
            raise UsageError(f"{source}:{found[1]}: {said}.") from error
        raise UsageError(f"{source}: {said}.") from error


def _shown(place: tuple[str | int, ...]) -> str:
    """Return a place as people count: `measure.1.models.2.file`."""
    parts = (str(part + 1) if isinstance(part, int) else part for part in place if part != "[key]")
    return ".".join(parts) or "the file"


def _said(kind: str, message: str, place: tuple[str | int, ...]) -> str:
    """Return what is wrong, and what is right there."""
    if kind == "extra_forbidden":
        names = _names_at(place[:-1])
        return f"unknown key.{did_you_mean(str(place[-1]), names)}"
    if kind == "missing":
        return "is missing"
    return message.removeprefix("Value error, ").rstrip(".")


def _names_at(place: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the table at a place may have."""
    tables: Mapping[str, type[Table]] = {
        "window": Window,
        "settings": Settings,
        "accuracy": FarmScored,
        "program": Program,
        "hosts": Hosts,
        "after": After,
        "keep": Keep,
        "gate": Gate,
        "outputs": Outputs,
        "phones": Group,
        "measure": Measure,
    }
    model: type[Table] = tables.get(str(place[0]), Farm) if place else Farm
    if "models" in place:
        model = OwnFile
    return [field.alias or name for name, field in model.model_fields.items()]


def zone_name(window: Window, at: datetime) -> str:
    """Return what a window's time zone is called."""
    return window.zone or at.astimezone().tzname() or "local"


def local_date(window: Window, at: datetime) -> date:
    """Return the local date of a moment."""
    return at.astimezone(window.zone_info()).date()
