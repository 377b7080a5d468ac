"""Provenance: which results may stand in one table, and what keeps the others apart.

After psf/pyperf (`pyperf/_bench.py`, `_CHECKED_METADATA`): what was not measured alike is not compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from mbench.core.results import JobResult, MeasuringRules
from mbench.core.workloads import RunSettings
from mbench.report.number_format import UNKNOWN, count_of

SHORT_SHA: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparable:
    """All that must be equal for two latencies to be comparable, without the workload.

    Attributes:
        build: of the device's system.
        cpus: cores that runs were pinned to, None where they were not.
        companions: SHA-256 by name of the libraries beside the binary.
        clocks: how the device's were set for the session.
        mbench: the part of its version that a change of method would change: `1` of 1.4.2, `0.3` of 0.3.1.
        session: None where sessions may be mixed.
    """

    device: str
    emulated: bool
    build: str | None
    tool: str
    binary: str
    companions: tuple[tuple[str, str], ...]
    cpus: tuple[int, ...] | None
    clocks: str
    settings: RunSettings
    mbench: str
    session: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparableResults:
    """Results of one provenance; `heading` says what keeps them apart from the others, None where there are none."""

    key: Comparable
    heading: str | None
    results: tuple[JobResult, ...]


def comparable(result: JobResult, *, by_session: bool = False) -> Comparable:
    """Return what a result can be compared under."""
    return Comparable(
        device=result.device.serial,
        emulated=result.device.emulated,
        build=result.device.build,
        tool=result.binary.tool,
        binary=result.binary.sha256,
        companions=tuple(sorted(result.binary.companions.items())),
        cpus=result.rules.cpus,
        clocks=format_clocks(result.rules),
        settings=result.workload.settings,
        mbench=_method_version(result.provenance.mbench),
        session=result.session if by_session else None,
    )


def group_by_provenance(results: Iterable[JobResult], *, by_session: bool = False) -> tuple[ComparableResults, ...]:
    """Return the results apart by provenance, groups and members in order of appearance."""
    groups: dict[Comparable, list[JobResult]] = {}
    for result in results:
        groups.setdefault(comparable(result, by_session=by_session), []).append(result)
    return tuple(
        ComparableResults(key=key, heading=_heading(key, [*groups]), results=tuple(members))
        for key, members in groups.items()
    )


def differing(keys: Sequence[Comparable]) -> tuple[str, ...]:
    """Return the names of what is not the same in all of them."""
    return tuple(each.name for each in fields(Comparable) if len({getattr(key, each.name) for key in keys}) > 1)


def format_cpus(cpus: tuple[int, ...] | None) -> str:
    """Return what a table says of the cores that runs were pinned to."""
    if cpus is None:
        return "not pinned"
    return f"pinned to core{'s' if len(cpus) > 1 else ''} {', '.join(map(str, cpus))}"


def format_clocks(rules: MeasuringRules) -> str:
    """Return how a phone's clocks were set for a session; empty where they were left alone."""
    governor = f"governor {rules.governor}" if rules.governor else ""
    return ", ".join(filter(None, ("fixed performance" if rules.fixed_performance else "", governor)))


def format_companions(companions: Mapping[str, str]) -> str:
    """Return the libraries beside a binary; empty where there are none."""
    listed = ", ".join(f"{name} {sha256[:SHORT_SHA]}" for name, sha256 in sorted(companions.items()))
    return f"with {listed}" if listed else ""


def format_settings(settings: RunSettings) -> str:
    """Return when one run's two phases end."""
    return (
        f"warm-up ≥ {count_of(settings.warmup_runs, 'inference')} and ≥ {settings.warmup_min_secs:g} s, "
        f"measured ≥ {settings.num_runs} and ≥ {settings.min_secs:g} s, at most {settings.max_secs:g} s each"
    )


def _heading(key: Comparable, keys: Sequence[Comparable]) -> str | None:
    if len(keys) == 1:
        return None
    said = {
        "device": key.device,
        "emulated": "emulated" if key.emulated else "not emulated",
        "build": f"build {key.build or UNKNOWN}",
        "tool": key.tool,
        "binary": f"binary {key.binary[:SHORT_SHA]}",
        "companions": format_companions(dict(key.companions)) or "no libraries beside it",
        "cpus": format_cpus(key.cpus),
        "clocks": key.clocks or "clocks as they were",
        "settings": format_settings(key.settings),
        "mbench": f"mbench {key.mbench}",
        "session": f"session {key.session}",
    }
    return "; ".join([key.device, *(said[name] for name in differing(keys) if name != "device")])


def _method_version(version: str) -> str:
    major, _, rest = version.partition(".")
    return f"0.{rest.partition('.')[0]}" if major == "0" else major
