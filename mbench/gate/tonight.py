"""A cell's series up to the night that is judged, and the findings that are made of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.core.means import ComparedMeans
from mbench.core.nights.series import Cell, Counts, PointState, Series
from mbench.core.nights.verdicts import Finding, FindingClass, NightName, Standing

Changed = Callable[[Cell, int, int], tuple[str, ...]]
"""What changed of a cell between two nights, by index, in words."""

Compared = Callable[[Cell, int], ComparedMeans | None]
"""How the values of a cell on the night that is judged compare with those of an earlier one, by index; None where they
cannot be."""


def nothing_compared(_cell: Cell, _night: int) -> None:
    """Compare nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tonight:
    """A series that ends with the point of the night that is judged.

    Attributes:
        nights: what nights are called, by index.
        changed: tells what changed between two of them.
        alone: whether tonight's number alone is of the cell's own branch: what was worse before it is not its doing.
        compared: compares the values of each example of two nights.
    """

    series: Series
    nights: Mapping[int, NightName]
    changed: Changed
    alone: bool = False
    compared: Compared = nothing_compared

    @property
    def state(self) -> PointState:
        """Of tonight's point."""
        return PointState(int(self.series.state[-1]))

    def finding(
        self,
        kind: FindingClass,
        *,
        standing: Standing = Standing.CERTAIN,
        since: int,
        before: float | None,
        now: float | None,
        unit: str,
        because: str,
        **more: Any,
    ) -> Finding:
        """Return a finding that began at a point of the series.

        Args:
            kind: its class.
            standing: how sure it is.
            since: place of that point.
            before: level that it is compared with.
            now: tonight's.
            unit: of both.
            because: the rule and its evidence.
            more: further attributes of `Finding`.
        """
        series = self.series
        night = int(series.night[since])
        name = self.nights[night]
        measured = np.flatnonzero(series.state[:since] == PointState.NUMBER)
        changed = self.changed(series.cell, int(series.night[measured[-1]]), night) if measured.size else ()
        return Finding(
            cell=series.cell,
            model=series.model,
            kind=kind,
            standing=standing,
            before=before,
            now=now,
            unit=unit,
            since=name.id,
            since_date=name.date,
            nights=len(np.unique(series.night[since:])),  # one may have two points
            because=because,
            changed=changed,
            **more,
        )


def up_to(series: Series, night: int) -> Series | None:
    """Return a series up to a night; None where it has no point of that night: nothing was planned then."""
    end = int(np.searchsorted(series.night, night, side="right"))
    if end == 0 or series.night[end - 1] != night:
        return None
    if end == len(series):
        return series
    columns = {field.name: getattr(series, field.name)[:end] for field in fields(Series)[2:]}
    return Series(cell=series.cell, model=series.model, **columns)


def known_places(known: NDArray[np.bool_]) -> Counts | None:
    """Return the places at which something is known, where tonight's is one of them; else None."""
    return np.flatnonzero(known) if known[-1] else None
