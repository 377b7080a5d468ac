"""Series become summaries: levels, noise and changes, without a verdict."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.core.nights.series import Cell, PointState, Series
from mbench.core.nights.summaries import Change, SeriesSummary, SummaryPoint
from mbench.gate.course import follow
from mbench.gate.latency import LIMITS
from mbench.gate.steps import LEAST_POINTS, find_steps
from mbench.history.past import Past, PastCell

CONSISTENT: Final = 1.4826
"""Makes the median distance of normal values their standard deviation."""

LEAST_FOR_NOISE: Final = 3

LEAST_NIGHTS: Final = 2
"""Of a level that is shown although ranks cannot know of it yet."""

_EPOCH: Final = date(1970, 1, 1)

_STATES: Final = tuple(PointState)
"""By their numbers, which begin at 0."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A change before it has words: indices of the points with a number before and after it."""

    before: int
    after: int
    epoch: bool
    certain: bool = True


def summaries(past: Past, wanted: Callable[[PastCell], bool], *, since: int = 0) -> list[SeriesSummary]:
    """Return the summaries of cells in order.

    Raises:
        StoreError: the archive cannot be read.
    """
    names = {night.index: night.name for night in past.nights}
    made: list[tuple[SeriesSummary, list[tuple[int, int]]]] = []
    for batch in past.batches(wanted, since=since):
        made += [_summary(series, names) for series in batch]
    asked = [(one.cell, before, after) for one, places in made for before, after in places]
    words = iter(past.changed(asked)) if asked else iter(())
    said = [
        replace(one, changes=tuple(replace(change, words=next(words)) for change in one.changes)) for one, _ in made
    ]
    return sorted(said, key=lambda one: (one.cell.workload, one.cell.delegate, one.cell.threads or 0, one.cell.serial))


def with_levels(found: Iterable[SeriesSummary], others: Iterable[SeriesSummary]) -> list[SeriesSummary]:
    """Return summaries with the levels of the same cells of another branch."""
    levels: Mapping[Cell, float | None] = {_anywhere(other.cell): other.level_us for other in others}
    return [replace(one, against_us=levels.get(_anywhere(one.cell))) for one in found]


def _anywhere(cell: Cell) -> Cell:
    """Return the cell as it is in any branch."""
    return replace(cell, branch="")


def _summary(series: Series, names: Mapping[int, str]) -> tuple[SeriesSummary, list[tuple[int, int]]]:
    """Return the summary of a series, its changes without words, and the nights before and after each of them."""
    measured = np.flatnonzero(
        (series.state == PointState.NUMBER) & np.isfinite(series.latency_us) & (series.latency_us > 0)
    )
    values = series.latency_us[measured]
    found = _changes(values, series.epoch[measured])
    starts = [0, *(each.after for each in found), len(values)]
    levels = [_level(values[start:end]) for start, end in pairwise(starts)]
    changes = tuple(
        Change(
            night=names[int(series.night[measured[each.after]])],
            day=_day(int(series.day[measured[each.after]])),
            before_us=levels[number],
            after_us=levels[number + 1],
            epoch=each.epoch,
            certain=each.certain,
        )
        for number, each in enumerate(found)
    )
    last = values[starts[-2] :]
    summary = SeriesSummary(
        cell=series.cell,
        model=series.model,
        level_us=levels[-1],
        noise=_noise(last),
        points=tuple(_points(series, names)),
        changes=changes,
    )
    nights = series.night[measured]
    return summary, [(int(nights[each.before]), int(nights[each.after])) for each in found]


def _changes(values: NDArray[np.float64], epochs: NDArray[np.int64]) -> list[_Found]:
    """Return where epochs begin, and within each where the level changes, in order."""
    beginnings = [int(place) for place in np.flatnonzero(epochs[1:] != epochs[:-1]) + 1]
    found = [_Found(place - 1, place, True) for place in beginnings]
    for start, end in zip([0, *beginnings], [*beginnings, len(values)], strict=True):
        places = [start + step.at for step in find_steps(values[start:end])]
        found += [_Found(place - 1, place, False) for place in places]
    if (recent := _recent(values, epochs)) is not None and all(each.after < recent for each in found):
        found.append(_Found(recent - 1, recent, False, certain=False))
    return sorted(found, key=lambda each: each.after)


def _recent(values: NDArray[np.float64], epochs: NDArray[np.int64]) -> int | None:
    """Return where the latest level began that nights are too few of for ranks, and that single nights show.

    By what makes a suspect, or an improvement, and from the second night on: one night is a hot or a lucky one.
    """
    if not len(values):
        return None
    course = follow(values, epochs, LIMITS, {})
    begun = max((one.since for one in (course.worse, course.better) if one is not None), default=0)
    others = np.flatnonzero(epochs[:begun] != epochs[begun])
    past = begun - (int(others[-1]) + 1 if others.size else 0)
    return begun if LEAST_NIGHTS <= len(values) - begun < LEAST_POINTS and past >= LIMITS.nights else None


def _level(values: NDArray[np.float64]) -> float | None:
    return float(np.median(values)) if len(values) else None


def _noise(values: NDArray[np.float64]) -> float | None:
    if len(values) < LEAST_FOR_NOISE or not (level := float(np.median(values))):
        return None
    return CONSISTENT * float(np.median(np.abs(values / level - 1)))


def _points(series: Series, names: Mapping[int, str]) -> Iterator[SummaryPoint]:
    """Yield points; of plain values, since numpy's scalars take ten times as long to compare with an enumeration."""
    known = np.isfinite(series.latency_us) & (series.state == int(PointState.NUMBER))
    bounded = known & np.isfinite(series.half_width_us)
    counted = (series.delegated >= 0) & (series.nodes >= 0)
    columns = zip(
        series.night.tolist(),
        series.day.tolist(),
        series.state.tolist(),
        known.tolist(),
        series.latency_us.tolist(),
        bounded.tolist(),
        series.half_width_us.tolist(),
        series.runs.tolist(),
        counted.tolist(),
        series.delegated.tolist(),
        series.nodes.tolist(),
        strict=True,
    )
    for night, day, state, has_number, latency, has_interval, half, runs, has_nodes, delegated, nodes in columns:
        yield SummaryPoint(
            night=names[night],
            day=_day(day),
            state=_STATES[state],
            latency_us=latency if has_number else None,
            half_width_us=half if has_interval else None,
            runs=runs if has_number and runs > 0 else None,
            delegated=delegated if has_nodes else None,
            nodes=nodes if has_nodes else None,
        )


@lru_cache(maxsize=4096)
def _day(day: int) -> date:
    return _EPOCH + timedelta(days=day)
