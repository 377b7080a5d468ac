"""A branch's night judged by another branch's past: its points stand behind that one's and enter no archive."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace

import numpy as np

from mbench.core.cells import Cell
from mbench.core.series import Series
from mbench.gate.tonight import up_to
from mbench.history.past import Past


def judged_against(past: Past, own: Iterable[Series], night: int) -> tuple[int, Iterator[Series]]:
    """Return the index of the night behind another branch's nights, and series that end with it.

    A cell that the other branch never had is left out: nothing can be said of it.

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
            point = tonight.get(_anywhere(before.cell))
            if point is not None:
                yield behind(before, point, index)


def behind(before: Series, point: Series, index: int) -> Series:
    """Return a series with the last point of another one of the same cell behind it, as the night of an index."""
    columns = {
        field.name: np.concatenate([getattr(before, field.name), getattr(point, field.name)[-1:]])
        for field in fields(Series)[2:]
    }
    columns["night"][-1] = index
    return Series(cell=point.cell, model=point.model, **columns)


def _anywhere(cell: Cell) -> Cell:
    return replace(cell, branch="")
