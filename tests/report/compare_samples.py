"""Sides for the tests of comparisons."""

from collections.abc import Sequence

from mbench.core.results import JobResult
from mbench.report.compare.cells import By, CellPair, Matched, Side, match_cells
from mbench.report.compare.comparison import Comparison, compare


def side(label: str, results: Sequence[JobResult], **names) -> Side:
    return Side(label=label, results=tuple(results), **names)


def compared(old: Sequence[JobResult], new: Sequence[JobResult], by: By = By.SESSION) -> Comparison:
    sides = side("session old", old), side("session new", new)
    return compare(*sides, match_cells(*sides, by=by), by=by)


def in_turn(old: JobResult, new: JobResult, blocks: Sequence[tuple[float, float]]) -> Comparison:
    pair = CellPair(name=new.workload.name, old=old, new=new, blocks=tuple(blocks))
    found = Matched(pairs=(pair,), only_old=(), only_new=())
    return compare(side("file old.tflite", [old]), side("session new", [new]), found, by=By.SESSION)


def pairs_of(found: Matched) -> list[tuple[str, str, str]]:
    return [(pair.name, pair.old.device.serial, pair.new.device.serial) for pair in found.pairs]
