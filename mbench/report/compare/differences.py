"""What differs between the two sides of a cell besides its latency, and what makes a ratio of them meaningless."""

from collections.abc import Iterator, Sequence
from typing import Final

from mbench.core.results import JobResult, Pass, Status
from mbench.core.workloads import Document
from mbench.report.compare.cells import By, CellPair
from mbench.report.render.number_format import SHORT_SHA, UNKNOWN
from mbench.report.results.conditions.provenance import Comparable, comparable, format_cpus, format_settings

WHATS: Final = (
    *("artifact", "binary", "runtime", "device", "model", "OS", "OS build", "emulating host", "delegate", "threads"),
    *("pinning", "clocks", "governors", "power", "rules of measuring", "mbench"),
)
"""What may differ, the most telling first."""


class Difference(Document):
    """One thing that is not the same on both sides.

    Attributes:
        what: one of `artifact`, `binary`, `OS build`, …
        old, new: as text; hashes have 12 digits.
        cells: in how many it is so.
    """

    what: str
    old: str
    new: str
    cells: int


def refusal(pair: CellPair) -> str | None:
    """Return why no ratio of a cell's two sides means anything; None where one does."""
    for label, result in (("old", pair.old), ("new", pair.new)):
        if result.status is not Status.OK:
            why = f": {result.error_class}" if result.error_class else ""
            return f"the {label} one has no number ({result.status}{why})"
    old, new = comparable(pair.old), comparable(pair.new)
    if old.tool != new.tool:
        return f"another program: {old.tool}, {new.tool}"
    if old.invented != new.invented:
        return f"{_invented(old)} latencies against {_invented(new)} ones"
    if old.emulated != new.emulated:
        return f"{_emulated(old)} against {_emulated(new)}"
    if old.settings != new.settings:
        return f"other run settings: {format_settings(old.settings)}; {format_settings(new.settings)}"
    if old.inputs != new.inputs:
        return f"other inputs: {_inputs(old)}; {_inputs(new)}"
    return None


def differences(pairs: Sequence[CellPair]) -> tuple[Difference, ...]:
    """Return what differs in any of the cells, the most telling first, each change once."""
    counted: dict[tuple[str, str, str], int] = {}
    for pair in pairs:
        for what, old, new in _differing(pair):
            counted[what, old, new] = counted.get((what, old, new), 0) + 1
    ordered = sorted(counted, key=lambda each: WHATS.index(each[0]))
    return tuple(Difference(what=what, old=old, new=new, cells=counted[what, old, new]) for what, old, new in ordered)


def same_model(pair: CellPair) -> bool:
    """Whether another phone of the same model stands on the other side."""
    old, new = pair.old.device, pair.new.device
    return old.serial != new.serial and old.model is not None and old.model == new.model


def meant_to_differ(by: By) -> frozenset[str]:
    """Return what the two sides were chosen by."""
    return {
        By.DEVICE: frozenset({"device"}),
        By.DELEGATE: frozenset({"delegate"}),
        By.THREADS: frozenset({"threads"}),
        By.BINARY: frozenset({"binary"}),
        By.BUILD: frozenset({"OS build"}),
    }.get(by, frozenset())


def _differing(pair: CellPair) -> Iterator[tuple[str, str, str]]:
    sides = [dict(_said(result)) for result in (pair.old, pair.new)]
    for what in WHATS:
        old, new = (side[what] for side in sides)
        if old != new:
            yield what, old, new


def _said(result: JobResult) -> Iterator[tuple[str, str]]:
    key, device = comparable(result), result.device
    yield "artifact", _short(result.workload.artifact.sha256)
    yield "binary", f"{key.tool} {_short(key.binary)}"
    yield "runtime", key.runtime or UNKNOWN
    yield "device", device.serial
    yield "model", device.model or UNKNOWN
    yield "OS", device.os or UNKNOWN
    yield "OS build", device.build or UNKNOWN
    yield "emulating host", key.emulated_by or UNKNOWN
    yield "delegate", str(result.workload.delegate)
    yield "threads", str(result.workload.threads)
    yield "pinning", format_cpus(key.cpus)
    yield "clocks", key.clocks or "as they were"
    yield "governors", _seen(result, "governors")
    yield "power", _seen(result, "power")
    yield "rules of measuring", f"{result.rules.min_runs} to {result.rules.max_runs} runs"
    yield "mbench", result.provenance.mbench


def _seen(result: JobResult, name: str) -> str:
    """Return what conditions after latency runs say of something, each value once."""
    after = [run.conditions_after for run in result.runs if run.purpose is Pass.LATENCY and run.conditions_after]
    values = [getattr(state, name) for state in after]
    flat = {each for value in values if value is not None for each in ([value] if isinstance(value, str) else value)}
    return ", ".join(sorted(flat)) or UNKNOWN


def _short(sha256: str | None) -> str:
    return UNKNOWN if sha256 is None else sha256[:SHORT_SHA]


def _invented(key: Comparable) -> str:
    return "synthetic" if key.invented else "measured"


def _emulated(key: Comparable) -> str:
    return "an emulated phone" if key.emulated else "a real device"


def _inputs(key: Comparable) -> str:
    return ", ".join(map(str, key.inputs)) or "the file's own"
