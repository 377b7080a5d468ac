"""Device profiles: what is declared about a model of phone, or about this host, in `device_profiles/*.toml`."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean
from mbench.core.workloads import Delegate, Document, RunSettings

_PACKAGE = Path(__file__).resolve().parent.parent
SHIPPED = next(
    (folder for folder in (_PACKAGE / "device_profiles", _PACKAGE.parent / "device_profiles") if folder.is_dir()),
    _PACKAGE / "device_profiles",
)
"""Inside the wheel, or beside the package in a checkout."""


class Rules(Document):
    """When a job on this device has been measured enough."""

    min_runs: int = Field(default=5, ge=1)
    max_runs: int = Field(default=10, ge=1)
    target_interval: float = Field(default=0.02, gt=0)


class Limits(Document):
    """Conditions beyond which a measurement is doubted; None: no limit."""

    busy_share: float | None = None
    temperature_c: float | None = None


class Profile(Document):
    """One device profile; `sources` names where each declared fact comes from."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    transport: Literal["host"]
    delegates: tuple[Delegate, ...]
    threads: int = Field(ge=1)
    settings: RunSettings = RunSettings()
    rules: Rules = Rules()
    limits: Limits = Limits()
    sources: dict[str, str]


def load_profile(name: str, *, user_folder: Path | None = None) -> Profile:
    """Return the profile of that name, the user's own before the shipped one.

    Raises:
        UsageError: no such profile, or a file that is none, with the field at fault.
    """
    known: dict[str, Path] = {}
    for path in _profile_files(user_folder):
        known.setdefault(path.stem, path)
    if name not in known:
        raise UsageError(f"unknown device {name!r}.{did_you_mean(name, sorted(known))}")
    return parse_profile(known[name].read_text(encoding="utf-8"), source=str(known[name]))


def parse_profile(text: str, *, source: str) -> Profile:
    """Return the profile that a TOML text holds.

    Raises:
        UsageError: not TOML, or a field that is missing, unknown or wrong.
    """
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source}: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{source}: {where}: {first['msg']}.") from error


def _profile_files(user_folder: Path | None) -> Iterator[Path]:
    for folder in (user_folder, SHIPPED):
        if folder is not None and folder.is_dir():
            yield from sorted(folder.glob("*.toml"))
