"""Device profiles: what is declared about a model of phone, or about this host, in `device_profiles/*.toml`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from mbench.core.errors import UsageError
from mbench.core.numbers.bounds import Amount, Core, Count, Place, Setting
from mbench.core.numbers.limits import MOST_THREADS
from mbench.core.suggestions import did_you_mean
from mbench.core.workloads import Document, RunSettings
from mbench.devices.limits import Limits
from mbench.files.texts import parse_toml, read_text

_PACKAGE = Path(__file__).resolve().parents[2]
SHIPPED = next(
    (folder for folder in (_PACKAGE / "device_profiles", _PACKAGE.parent / "device_profiles") if folder.is_dir()),
    _PACKAGE / "device_profiles",
)
"""Inside the wheel, or beside the package in a checkout."""

_PHONE_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "settings": {"warmup_runs": 5, "warmup_min_secs": 1.0, "num_runs": 50, "min_secs": 2.0, "max_secs": 60.0},
    "limits": {"thermal_status_max": 0, "battery_percent_min": 25, "busy_share": 0.10},
}
"""What an ADB profile that says nothing else gets.

Warm-up by time, because clocks need about a second to rise. Thermal status 0 is Android's NONE, the only one without
throttling (android.os.PowerManager). Below some 20 % of charge Android begins to save power.
"""

PHONE_LIMITS: Final = Limits.model_validate(_PHONE_DEFAULTS["limits"])
"""Of a phone that no profile is known of."""

DelegateText = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*([^A-Za-z0-9_\s]\S*)?$")]
"""A delegate as users type it: a name, and its parameters after it. What it means is known to the runner."""


class Rules(Document):
    """When a job on this device has been measured enough."""

    min_runs: Place = Field(default=5, ge=1)
    max_runs: Place = Field(default=10, ge=1)
    target_interval: Amount = Field(default=0.02, gt=0)


class Timeouts(Document):
    """How long this device is waited for.

    Attributes:
        start_s: seconds that a run may take to load and prepare its model before it counts as hanging; None: by its
            delegate.
        ready_s: for the device to become fit for measuring: to cool down, to charge, to be left alone.
        return_s: for a device that was lost.
    """

    start_s: Setting | None = Field(default=None, gt=0)
    ready_s: Setting = 600.0
    return_s: Setting = 120.0


class Recognition(Document):
    """How a phone is recognized as this model: values of its properties, compared without regard to case.

    `model` (ro.product.model) and `device` (ro.product.device) name it; `board` (ro.product.board), `soc`
    (ro.soc.model) and `platform` (ro.board.platform) tell apart phones that bear one name in different hardware.
    """

    model: tuple[str, ...] = ()
    device: tuple[str, ...] = ()
    board: tuple[str, ...] = ()
    soc: tuple[str, ...] = ()
    platform: tuple[str, ...] = ()


class Cluster(Document):
    """Cores of one kind. `max_khz` is the highest value of cpuinfo_max_freq; None where no source gives it exactly."""

    name: str
    cores: tuple[Core, ...] = Field(min_length=1)
    max_khz: Count | None = Field(default=None, gt=0)


class Affinity(Document):
    """Cores to pin to, best first: `one` for a single thread, `several` (the first n of it) for n threads."""

    one: tuple[Core, ...] = Field(min_length=1)
    several: tuple[Core, ...] = Field(min_length=1)


class Profile(Document):
    """One device profile.

    Attributes:
        match: how the phone is recognised; empty for the host and for fallbacks.
        fallback: whether it stands in for every phone of its ABI that no other profile matches.
        soc: the system on chip's name, for people.
        clusters: in the kernel's order. What the phone's own cpufreq says wins over it.
        abi: the phone's preferred one, in Android's words: `arm64-v8a`.
        android: the Android version that the phone was launched with.
        affinity: default cores; None leaves them to what is read off the device.
        delegates: worth trying.
        quirks: what is known to go wrong on it, in sentences.
        sources: where each declared fact comes from, by the field's name.
        unverified: fields for which no source was found: `android`, or one list of a table: `match.soc`. What is
            unverified stops no job when the phone says otherwise.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    transport: Literal["host", "adb"]
    match: Recognition = Recognition()
    fallback: bool = False
    soc: str | None = None
    clusters: tuple[Cluster, ...] = ()
    abi: str | None = None
    android: int | None = Field(default=None, ge=4)
    affinity: Affinity | None = None
    delegates: tuple[DelegateText, ...] = Field(min_length=1)
    threads: int = Field(ge=1, le=MOST_THREADS)
    settings: RunSettings = RunSettings()
    rules: Rules = Rules()
    limits: Limits = Limits()
    patience: Timeouts = Timeouts()
    quirks: tuple[str, ...] = ()
    sources: dict[str, str]
    unverified: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _with_phone_defaults(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("transport") != "adb":
            return data
        filled = dict(data)
        for table, defaults in _PHONE_DEFAULTS.items():
            said = data.get(table, {})
            filled[table] = {**defaults, **said} if isinstance(said, dict) else said
        return filled

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        cores = self.cores
        if len(set(cores)) != len(cores):
            raise ValueError("clusters: a core stands in two of them, or twice in one")
        pinned = () if self.affinity is None else (*self.affinity.one, *self.affinity.several)
        if cores and (strangers := sorted(set(pinned) - set(cores))):
            raise ValueError(f"affinity: core {strangers[0]} is in no cluster")
        if self.transport == "adb" and self.fallback and self.abi is None:
            raise ValueError("abi: a fallback stands for the phones of one ABI, so it must name it")
        if self.transport == "adb" and not self.fallback and self.match == Recognition():
            raise ValueError("match: a phone's profile says how the phone is recognised, or is a fallback")
        if unknown := [name for name in self.unverified if name.split(".")[0] not in type(self).model_fields]:
            raise ValueError(f"unverified: {unknown[0]!r} is no field of a profile")
        return self

    @property
    def cores(self) -> tuple[int, ...]:
        """All declared cores; empty where none are."""
        return tuple(core for cluster in self.clusters for core in cluster.cores)

    @property
    def declared_khz(self) -> dict[int, int]:
        """The highest clock of each core whose clock has a source."""
        if {"clusters", "clusters.max_khz"} & set(self.unverified):
            return {}
        clocks = ((cluster.cores, cluster.max_khz) for cluster in self.clusters)
        return {core: khz for cores, khz in clocks if khz is not None for core in cores}


def load_profile(name: str, *, user_folder: Path | None = None) -> Profile:
    """Return the profile of that name, the user's own before the shipped one.

    Raises:
        UsageError: no such profile, or a file that is none, with the field at fault.
    """
    known = profile_files(user_folder=user_folder)
    if name not in known:
        raise UsageError(f"unknown device {name!r}.{did_you_mean(name, sorted(known))}")
    return _read_profile(known[name])


def load_profiles(*, user_folder: Path | None = None) -> tuple[Profile, ...]:
    """Return every profile, the user's own instead of a shipped one of the same name.

    Raises:
        UsageError: a file that is no profile.
    """
    files = profile_files(user_folder=user_folder)
    return tuple(map(_read_profile, files.values()))


def profile_files(*, user_folder: Path | None = None) -> dict[str, Path]:
    """Return the profiles' files by name."""
    known: dict[str, Path] = {}
    for path in _all_files(user_folder):
        known.setdefault(path.stem, path)
    return known


def _read_profile(path: Path) -> Profile:
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"could not read {path}: {getattr(error, 'strerror', None) or error}.") from error
    return parse_profile(text, source=str(path))


def parse_profile(text: str, *, source: str) -> Profile:
    """Return the profile that a TOML text holds.

    Raises:
        UsageError: not TOML, or a field that is missing, unknown or wrong.
    """
    try:
        return Profile.model_validate(parse_toml(text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{source}: {where}: {what}." if where else f"{source}: {what}.") from error
    except ValueError as error:
        raise UsageError(f"{source}: {error}.") from error


def _all_files(user_folder: Path | None) -> Iterator[Path]:
    for folder in (user_folder, SHIPPED):
        if folder is not None and folder.is_dir():
            yield from sorted(folder.glob("*.toml"))
