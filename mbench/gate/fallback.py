"""`fallback`: more of a graph runs on the CPU than before, whatever the latency did. It needs no statistics.

What counts is the nodes that the delegate leaves over, not the share that it takes: a new file may have more nodes or
fewer, and the delegate may still take all of them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from mbench.core.nights.series import Counts, Series
from mbench.core.nights.verdicts import Finding, FindingClass
from mbench.gate.tonight import Tonight, known_places

MORE_LEFT: Final = 2
"""Nodes more on the CPU that a new file may have unseen: a quantize and a dequantize at its borders, which converters
add and drop. Of 14 169 recorded steps 36 move up by one or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A fallback that holds: since which point, and what was left over and delegated before the first of them."""

    since: int
    left: int
    delegated: int


def judge_fallback(tonight: Tonight) -> tuple[Finding, ...]:
    """Return that a cell's delegate leaves over more nodes than it did, since the night of the last such step.

    Nights are compared across epochs, too: an update of the OS that drops operators from the delegate is one. A
    fallback stands until the nodes that are left over are as few as before it, within `MORE_LEFT`.
    """
    series = tonight.series
    places = known_places((series.delegated >= 0) & (series.nodes >= 0))
    if places is None:
        return ()
    found = _open_fallback(series, places)
    if found is None:
        return ()
    delegated, nodes = int(series.delegated[-1]), int(series.nodes[-1])
    words = f"{nodes - delegated} of {nodes} nodes run on the CPU, {found.left} did before"
    return (
        tonight.finding(
            FindingClass.FALLBACK,
            since=found.since,
            before=float(found.delegated),
            now=float(delegated),
            unit="nodes",
            because=words,
        ),
    )


def _open_fallback(series: Series, places: Counts) -> _Open | None:
    delegated, left = series.delegated[places], (series.nodes - series.delegated)[places]
    none, some = delegated == 0, delegated > 0
    falls = (left[1:] > left[:-1] + MORE_LEFT) | (none[1:] & some[:-1] & (left[1:] > left[:-1]))
    rises = (left[1:] < left[:-1]) | (some[1:] & none[:-1])
    held: _Open | None = None
    for place in np.flatnonzero(falls | rises) + 1:
        if held is not None and left[place] <= held.left + MORE_LEFT and some[place]:
            held = None
        elif falls[place - 1]:
            before = (held.left, held.delegated) if held else (int(left[place - 1]), int(delegated[place - 1]))
            held = _Open(since=int(places[place]), left=before[0], delegated=before[1])
    return held
