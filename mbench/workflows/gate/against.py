"""A branch's night judged by another branch's past: its points stand behind that one's and enter no archive."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace

import numpy as np

from mbench.core.nights.cells import Cell
from mbench.core.nights.series import Series
from mbench.core.nights.verdicts import UNMEASURED, NightVerdict
from mbench.gate.tonight import up_to
from mbench.history.past import Past
from mbench.report.render.number_format import count_of


def judged_against(past: Past, own: Iterable[Series], night: int) -> tuple[int, Iterator[Series]]:
    """Return the index of the night behind another branch's nights, and series that end with it.

    A cell that the other branch never had stands alone: no past says anything of its number.

    Args:
        past: of the other branch.
        own: series of the night's own branch.
        night: its index there.
    """
    index = len(past.nights)
    tonight = {_anywhere(cut.cell): cut for each in own if (cut := up_to(each, night)) is not None}
    return index, _joined(past, tonight, index)


def _joined(past: Past, tonight: dict[Cell, Series], index: int) -> Iterator[Series]:
    for batch in past.batches():
        for before in batch:
            point = tonight.pop(_anywhere(before.cell), None)
            if point is not None:
                yield behind(before, point, index)
    for point in tonight.values():
        nothing = {field.name: getattr(point, field.name)[:0] for field in fields(Series)[2:]}
        yield behind(Series(cell=point.cell, model=point.model, **nothing), point, index)


def behind(before: Series, point: Series, index: int) -> Series:
    """Return a series with the last point of another one of the same cell behind it, as the night of an index."""
    columns = {
        field.name: np.concatenate([getattr(before, field.name), getattr(point, field.name)[-1:]])
        for field in fields(Series)[2:]
    }
    columns["night"][-1] = index
    return Series(cell=point.cell, model=point.model, **columns)


def without_others(verdict: NightVerdict, branch: str) -> NightVerdict:
    """Return a verdict without what began before its night: the other branch has it, too, and brought it.

    Args:
        verdict: of a night that was judged by another branch's past.
        branch: the other one.
    """
    own = tuple(one for one in verdict.findings if one.since == verdict.night or one.kind in UNMEASURED)
    others = len(verdict.findings) - len(own)
    if not others:
        return verdict
    alike = {one.cell for one in verdict.findings} - {one.cell for one in own}
    note = (
        f"{count_of(others, 'finding')} of nights before left out: {branch} has the same, and this branch brought none"
    )
    return replace(verdict, findings=own, unchanged=verdict.unchanged + len(alike), notes=(*verdict.notes, note))


def _anywhere(cell: Cell) -> Cell:
    return replace(cell, branch="")
