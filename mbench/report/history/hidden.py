"""Summaries under names that last in place of serials, for what is published."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache

from mbench.core.nights.summaries import SeriesSummary, SummaryPoint
from mbench.report.results.hidden_serials import with_texts


def summaries_without_serials(found: Iterable[SeriesSummary], hidden: Callable[[str], str]) -> list[SeriesSummary]:
    """Return summaries in whose texts each serial is replaced: names of nights and cells, labels and reasons.

    Args:
        found: summaries.
        hidden: replaces the serials of a text.
    """
    kept = lru_cache(maxsize=65_536)(hidden)
    return [
        replace(
            one,
            cell=with_texts(one.cell, kept),
            points=tuple(_point(point, kept) for point in one.points),
            changes=with_texts(one.changes, kept),
            stretches=with_texts(one.stretches, kept),
            accepted=with_texts(one.accepted, kept),
        )
        for one in found
    ]


def _point(point: SummaryPoint, hidden: Callable[[str], str]) -> SummaryPoint:
    """Return a point; a year of a thousand series has 365,000 of them, in whose texts hardly ever is a serial."""
    texts = (point.night, point.label or "", point.why or "")
    changed = tuple(map(hidden, texts))
    if changed == texts:
        return point
    night, label, why = changed
    return replace(point, night=night, label=label or None, why=why or None)
