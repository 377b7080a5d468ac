"""What a history's page packs for its script: all points of all series, in columns, each text once."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from mbench.core.nights.series import PointState
from mbench.core.nights.summaries import AcceptedLevel, Change, SeriesSummary, Stretch, SummaryPoint
from mbench.core.plain_text import LONGEST_CELL, cut, one_line

STRETCH_FIELDS: Final = ("artifact_sha256", "binary_sha256", "tool", "tools", "os", "build")
"""Of what was measured, in the order in which each stretch has them."""

_LONGEST: Final = 300
"""Characters of a text of others, such as why a night has no number; `--format json` has them whole."""


class Texts:
    """Texts by number, each once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str | None) -> int | None:
        """Return the number of a text; None of None."""
        return None if text is None else self._numbers.setdefault(cut(one_line(text), _LONGEST), len(self._numbers))

    @property
    def all(self) -> list[str]:
        """All texts in the order of their numbers."""
        return [*self._numbers]


def history_data(found: Sequence[SeriesSummary], nights: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return points, changes, stretches and accepted levels of series, in the order in which the page has them.

    Args:
        found: the series.
        nights: name and local date of each night, oldest first; all points are of one of them.
    """
    places = {name: place for place, (name, _) in enumerate(nights)}
    texts = Texts()
    labels: list[int | None] = [None] * len(nights)
    for one in found:
        for point in one.points:
            if point.label is not None:
                labels[places[point.night]] = texts.number(point.label)
    rows = [_row(one, places, texts) for one in found]
    return {
        "states": [state.name.lower() for state in PointState],
        "stretch_fields": STRETCH_FIELDS,
        "nights": [[cut(one_line(name), LONGEST_CELL), day] for name, day in nights],
        "labels": labels,
        "rows": rows,
        "texts": texts.all,
    }


def _row(one: SeriesSummary, places: dict[str, int], texts: Texts) -> dict[str, Any]:
    """Return what is known of one series; columns of all of its points, or one value where they are all alike."""
    points = one.points
    nights = [places[point.night] for point in points]
    return {
        "n": _steps(nights),
        "s": _alike([int(point.state) for point in points]),
        "v": [_short(point.latency_us) for point in points],
        "h": _alike([_short(point.half_width_us) for point in points]),
        "r": _alike([point.runs for point in points]),
        "w": _reasons(points, texts),
        "c": [_change(change, places, texts) for change in one.changes],
        "m": [_stretch(stretch, places, texts) for stretch in one.stretches],
        "a": [_accepted(level, texts) for level in one.accepted],
    }


def _steps(nights: Sequence[int]) -> list[int]:
    """Return the first night and how far each following one is; from the one night to the next, ones alone."""
    if not nights:
        return []
    steps = [after - before for before, after in pairwise(nights)]
    return [nights[0], *steps] if any(step != 1 for step in steps) else [nights[0]]


def _alike(values: list[Any]) -> Any:
    """Return the one value that all have, else the values."""
    return values[0] if values and all(value == values[0] for value in values) else values


def _short(value: float | None) -> float | int | None:
    """Return a number as the shortest text of JSON has it."""
    return int(value) if value is not None and float(value).is_integer() else value


def _reasons(points: Sequence[SummaryPoint], texts: Texts) -> list[list[int | None]]:
    """Return the place of each point that says why it has no number, with the number of that text."""
    return [[place, texts.number(point.why)] for place, point in enumerate(points) if point.why is not None]


def _change(change: Change, places: dict[str, int], texts: Texts) -> list[Any]:
    words = [texts.number(word) for word in change.words]
    return [places[change.night], change.before_us, change.after_us, change.share, int(change.epoch), words]


def _stretch(stretch: Stretch, places: dict[str, int], texts: Texts) -> list[Any]:
    return [places[stretch.night], *(texts.number(getattr(stretch, name)) for name in STRETCH_FIELDS)]


def _accepted(level: AcceptedLevel, texts: Texts) -> list[Any]:
    return [str(level.day), level.level_us, level.ratio, texts.number(level.because), texts.number(level.who)]
