"""Provenance: which results may stand in one table, and what keeps the others apart.

After psf/pyperf (`pyperf/_bench.py`, `_CHECKED_METADATA`): what was not measured alike is not compared.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Final

from mbench.core.results import JobResult, MeasuringRules
from mbench.core.workloads import InputTensor, RunSettings
from mbench.report.render.number_format import SHORT_SHA, UNKNOWN, count_of

_IMPLIED_BY: Final = {
    **dict.fromkeys(("profile", "model", "soc", "cores", "os", "abi", "emulated_by", "build"), "device"),
    "runtime": "binary",
}
"""Facts that a heading leaves out where another one, which it names, implies them: another phone has another build."""

MOST_IN_HEADING: Final = 3
"""Serials in the heading of a table; of more devices it says how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparable:
    """All that must be equal for two latencies to be comparable, without the workload.

    A serial alone does not identify a machine: a host's is its name, which containers and virtual machines share. All
    that a table's foot says of the device and the binary is in here, because it is said once for all rows.

    Attributes:
        invented: whether latencies are synthetic. The name stays, since `fingerprint` is made of it.
        emulated_by: of an emulated phone: the host that emulates it, whose timings they are; None of others.
        build: of the device's system.
        runtime: version inside the binary, None where it does not say.
        cpus: cores that runs were pinned to, None where they were not.
        companions: SHA-256 by name of the libraries beside the binary.
        clocks: how the device's were set for the session.
        mbench: the part of its version that a change of method would change: `1` of 1.4.2, `0.3` of 0.3.1.
        session: None where sessions may be mixed.
    """

    device: str
    profile: str
    model: str | None
    soc: str | None
    cores: int | None
    os: str | None
    abi: str | None
    emulated: bool
    invented: bool
    emulated_by: str | None
    build: str | None
    tool: str
    runtime: str | None
    binary: str
    companions: tuple[tuple[str, str], ...]
    cpus: tuple[int, ...] | None
    clocks: str
    settings: RunSettings
    inputs: tuple[InputTensor, ...]
    mbench: str
    session: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparableResults:
    """Results of one provenance; `heading` says what keeps them apart from the others, None where there are none."""

    key: Comparable
    heading: str | None
    results: tuple[JobResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableResults:
    """Results that share a table.

    Attributes:
        keys: one for each device, in order of appearance.
        heading: what keeps them apart from the other tables; None where there are none.
    """

    keys: tuple[Comparable, ...]
    heading: str | None
    results: tuple[JobResult, ...]


def comparable(result: JobResult, *, by_session: bool = False) -> Comparable:
    """Return what a result can be compared under."""
    device = result.device
    return Comparable(
        device=device.serial,
        profile=device.profile,
        model=device.model,
        soc=device.soc,
        cores=device.cores,
        os=device.os,
        abi=device.abi,
        emulated=device.emulated,
        invented=device.invented,
        emulated_by=result.provenance.host if device.emulated else None,
        build=device.build,
        tool=result.binary.tool,
        runtime=result.binary.runtime,
        binary=result.binary.sha256,
        companions=tuple(sorted(result.binary.companions.items())),
        cpus=result.rules.cpus,
        clocks=format_clocks(result.rules),
        settings=result.workload.settings,
        inputs=result.workload.inputs,
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


def group_by_table(results: Iterable[JobResult], *, by_session: bool = False) -> tuple[TableResults, ...]:
    """Return the results apart by table, tables and members in order of appearance.

    A table holds each device once: one whose system changed between two sessions stands in two tables.
    """
    members: dict[Comparable, list[tuple[int, JobResult]]] = {}
    for place, result in enumerate(results):
        members.setdefault(comparable(result, by_session=by_session), []).append((place, result))
    tables: list[list[Comparable]] = []
    alike: dict[Comparable, list[list[Comparable]]] = {}
    for key in members:
        candidates = alike.setdefault(_without_device(key), [])
        table = next((each for each in candidates if all(may_share_table(key, other) for other in each)), None)
        if table is None:
            table = []
            candidates.append(table)
            tables.append(table)
        table.append(key)
    return tuple(
        TableResults(keys=tuple(table), heading=heading, results=_in_order(members[key] for key in table))
        for table, heading in zip(tables, _table_headings(tables), strict=True)
    )


def may_share_table(first: Comparable, second: Comparable) -> bool:
    """Return whether rows of two provenances may share a table: equal ones, or those of two devices measured alike.

    Two models have their fast cores under other numbers; phones of one model are pinned to the same ones.
    """
    if first == second:
        return True
    one_model = (first.model or first.profile) == (second.model or second.profile)
    return (
        first.device != second.device
        and (first.cpus == second.cpus or not one_model)
        and _without_device(first) == _without_device(second)
    )


@lru_cache(maxsize=256)
def fingerprint(key: Comparable) -> str:
    """Return 12 hexadecimal digits that are equal where two results may be compared; kept nowhere."""
    return hashlib.sha256(repr(key).encode()).hexdigest()[:SHORT_SHA]


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


@lru_cache(maxsize=256)
def _without_device(key: Comparable) -> Comparable:
    """Return the provenance without which device it is, what system is on it, and which of its cores were used."""
    cpus = None if key.cpus is None else ()
    return replace(
        key, device="", profile="", model=None, soc=None, cores=None, os=None, abi=None, build=None, cpus=cpus
    )


def _in_order(placed: Iterable[list[tuple[int, JobResult]]]) -> tuple[JobResult, ...]:
    return tuple(result for _, result in sorted(chain.from_iterable(placed), key=itemgetter(0)))


def _table_headings(tables: Sequence[Sequence[Comparable]]) -> list[str | None]:
    """Return each table's devices, and the facts that all of its devices have and those of another table have not."""
    if len(tables) == 1:
        return [None]
    keys = [key for table in tables for key in table]
    within = {name for table in tables for name in differing(table)}
    headings: list[str | None] = []
    taken: Counter[str] = Counter()
    for table in tables:
        serials = [key.device for key in table]
        devices = ", ".join(serials) if len(serials) <= MOST_IN_HEADING else f"{len(serials)} devices"
        heading = "; ".join((devices, *_facts_apart(table[0], keys, without=within, always={"emulated_by"})))
        taken[heading] += 1
        headings.append(heading if taken[heading] == 1 else f"{heading} ({taken[heading]})")
    return headings


def _heading(key: Comparable, keys: Sequence[Comparable]) -> str | None:
    return None if len(keys) == 1 else "; ".join((key.device, *_facts_apart(key, keys)))


def _facts_apart(
    key: Comparable, keys: Sequence[Comparable], *, without: Collection[str] = (), always: Collection[str] = ()
) -> Iterator[str]:
    emulated = f"emulated by {key.emulated_by}" if key.emulated else "not emulated"
    said = {
        "device": key.device,
        "profile": f"profile {key.profile}",
        "model": f"model {key.model or UNKNOWN}",
        "soc": f"SoC {key.soc or UNKNOWN}",
        "cores": f"{UNKNOWN if key.cores is None else key.cores} cores",
        "os": key.os or f"OS {UNKNOWN}",
        "abi": f"ABI {key.abi or UNKNOWN}",
        "emulated": emulated,
        "invented": "synthetic latencies" if key.invented else "measured latencies",
        "emulated_by": emulated if len({each.emulated for each in keys}) == 1 else "",
        "build": f"build {key.build or UNKNOWN}",
        "tool": key.tool,
        "runtime": f"runtime {key.runtime or UNKNOWN}",
        "binary": f"binary {key.binary[:SHORT_SHA]}",
        "companions": format_companions(dict(key.companions)) or "no libraries beside it",
        "cpus": format_cpus(key.cpus),
        "clocks": key.clocks or "clocks as they were",
        "settings": format_settings(key.settings),
        "mbench": f"mbench {key.mbench}",
        "session": f"session {key.session}",
    }
    names = [name for name in differing(keys) if name != "device" and name not in without]
    return filter(None, (said[name] for name in names if name in always or _separates(name, keys)))


def _separates(name: str, keys: Sequence[Comparable]) -> bool:
    """Return whether a fact separates groups that no other fact separates."""
    if name not in _IMPLIED_BY:
        return True
    values: dict[object, set[object]] = {}
    for key in keys:
        values.setdefault(getattr(key, _IMPLIED_BY[name]), set()).add(getattr(key, name))
    return any(len(seen) > 1 for seen in values.values())


def _method_version(version: str) -> str:
    major, _, rest = version.partition(".")
    return f"0.{rest.partition('.')[0]}" if major == "0" else major
