"""Confusion matrices as a picture, SVG or PNG: a panel for each file; of many classes the most confused ones.

The description is Vega-Lite, which altair writes. Right answers are blue and wrong ones orange, each by its share of
the class's examples, so that rare mistakes are seen beside hundreds of right answers. Adds no facts.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mbench.core.plain_text import cut, one_line
from mbench.core.scores import NO_ANSWER
from mbench.report.charts.label_places import LETTER_WIDTH
from mbench.report.charts.pictures import as_png, as_svg
from mbench.report.predictions.class_counts import OTHER, ClassCounts, most_confused
from mbench.report.render.markdown import display_width

MOST_IN_PICTURE: Final = 60
"""Classes of a matrix in a picture: at 12 pixels each, their names stand beside each other and do not touch."""

MOST_NUMBERED: Final = 20
"""Classes whose cells are large enough for a number of six digits."""

MOST_BARS: Final = 30

_LARGE, _SMALL = 36, 12
_SIZE: Final = 9
"""Of letters in pixels, in cells and of names."""

_LONGEST: Final = 24
"""Characters of a class's name; of a longer one the middle is left out."""

_BAR_WIDTH: Final = 320
_RIGHT, _WRONG = ("#f7fbff", "#2171b5"), ("#fff5eb", "#d94801")
"""Ends of ColorBrewer's Blues and Oranges, distinguished by colour-blind readers."""

_DARK: Final = 0.7
"""Share of a scale's upper end above which a number in a cell is white."""


def confusion_svg(counted: Sequence[ClassCounts]) -> str:
    """Return the picture of one or more files as SVG."""
    return as_svg(describe_confusions(counted))


def confusion_png(counted: Sequence[ClassCounts]) -> bytes:
    """Return the same as PNG."""
    return as_png(describe_confusions(counted))


def describe_confusions(counted: Sequence[ClassCounts]) -> dict[str, Any]:
    """Return the Vega-Lite description: a panel for each file, below each other."""
    import altair

    panels = [_matrix(altair, each) if len(each.names) <= MOST_IN_PICTURE else _bars(altair, each) for each in counted]
    chart = altair.vconcat(*panels, background="white", spacing=40)
    described: dict[str, Any] = json.loads(chart.configure_view(stroke=None).to_json())
    return described


def _matrix(altair: Any, counted: ClassCounts) -> Any:
    labels = list(range(len(counted.names)))
    answers = [*labels, *([NO_ANSWER] if any(answer == NO_ANSWER for _, answer, _ in counted.counts) else [])]
    side = _LARGE if len(labels) <= MOST_NUMBERED else _SMALL
    names = {label: _short(counted.names[label]) for label in labels} | {NO_ANSWER: OTHER}
    away = max(map(_width, names.values())) + 16
    x = _scale(altair.X, altair, "answer", answers, title="Answer", away=away, orient="top")
    y = _scale(altair.Y, altair, "truth", labels, title="Right class", away=away, orient="left")
    size = {"width": side * len(answers), "height": side * len(labels)}
    cells = [*_cells(counted)]
    highest = max((cell["share"] for cell in cells if not cell["right"]), default=0.0) or 1.0
    layers = [
        _coloured(altair, [cell for cell in cells if cell["right"]], 1.0, _RIGHT, "Right", x, y),
        _coloured(altair, [cell for cell in cells if not cell["right"]], highest, _WRONG, "Wrong", x, y),
        *_names(altair, names, answers, labels, x, y),
    ]
    if len(labels) <= MOST_NUMBERED:
        layers += _numbers(altair, cells, highest, x, y)
    numbers = "; numbers: examples" if len(labels) <= MOST_NUMBERED else ""
    title = _title(altair, counted, f"colours: share of each class's examples{numbers}")
    frame = altair.ViewBackground(stroke="#cccccc")
    return altair.layer(*layers, title=title, view=frame, **size).resolve_scale(color="independent")


def _cells(counted: ClassCounts) -> Iterator[dict[str, Any]]:
    examples: dict[int, int] = {}
    for truth, _, count in counted.counts:
        examples[truth] = examples.get(truth, 0) + count
    for truth, answer, count in counted.counts:
        yield {
            "truth": truth,
            "answer": answer,
            "count": str(count),
            "share": count / examples[truth] if examples[truth] else 0.0,
            "right": truth == answer,
        }


def _scale(
    channel: Any, altair: Any, field: str, domain: Sequence[int], *, title: str, away: float, orient: str
) -> Any:
    axis = altair.Axis(
        labels=False, ticks=False, domain=False, orient=orient, title=title, titlePadding=away, grid=False
    )
    return channel(f"{field}:O", scale=altair.Scale(domain=list(domain), padding=0), axis=axis)


def _coloured(
    altair: Any, cells: Sequence[Mapping[str, Any]], highest: float, ends: tuple[str, str], title: str, x: Any, y: Any
) -> Any:
    colour = altair.Color(
        "share:Q",
        title=title,
        scale=altair.Scale(domain=[0, highest], range=list(ends)),
        legend=altair.Legend(format=".0%" if highest >= _COARSE else ".1%", gradientLength=90, tickCount=3),
    )
    return altair.Chart(altair.Data(values=list(cells))).mark_rect(stroke="#dddddd").encode(x=x, y=y, color=colour)


_COARSE: Final = 0.1
"""Upper end of a scale from which whole percents tell its parts apart."""


def _numbers(altair: Any, cells: Sequence[Mapping[str, Any]], highest: float, x: Any, y: Any) -> Iterator[Any]:
    """Yield the numbers in cells, dark on light ones and white on dark ones."""
    for colour, dark in (("#222222", False), ("white", True)):
        some = [cell for cell in cells if (cell["share"] > _DARK * (1.0 if cell["right"] else highest)) == dark]
        base = altair.Chart(altair.Data(values=some))
        yield base.mark_text(fontSize=_SIZE, color=colour).encode(x=x, y=y, text="count:N")


def _names(
    altair: Any, names: Mapping[int, str], answers: Sequence[int], labels: Sequence[int], x: Any, y: Any
) -> Iterator[Any]:
    """Yield the names: to the left of rows, and upright above columns."""
    rows = [{"truth": label, "name": names[label]} for label in labels]
    columns = [{"answer": label, "name": names[label]} for label in answers]
    text = {"fontSize": _SIZE, "color": "#333333", "baseline": "middle"}
    left = altair.Chart(altair.Data(values=rows)).mark_text(align="right", dx=-5, **text)
    yield left.encode(x=altair.value(0), y=y, text="name:N")
    above = altair.Chart(altair.Data(values=columns)).mark_text(align="left", angle=270, dx=5, **text)
    yield above.encode(x=x, y=altair.value(0), text="name:N")


def _bars(altair: Any, counted: ClassCounts) -> Any:
    """Return a bar for each of the classes that are most often taken for another one."""
    found = most_confused(counted, MOST_BARS)
    rows = [
        {
            "place": place,
            "name": f"{_short(counted.name(each.truth))} → {_short(counted.name(each.answer))}",
            "count": each.count,
            "of": f"{each.count} of {each.examples}",
        }
        for place, each in enumerate(found)
    ]
    what = f"the {len(found)} classes of {len(counted.names)} most often taken for another, with how often"
    title = _title(altair, counted, what if found else f"none of {len(counted.names)} classes is taken for another")
    places = [row["place"] for row in rows]
    y = altair.Y("place:O", axis=None, scale=altair.Scale(domain=places or [0], padding=0.15))
    most = max((each.count for each in found), default=1)
    x = altair.X("count:Q", axis=None, scale=altair.Scale(domain=[0, most], nice=False))
    base = altair.Chart(altair.Data(values=rows))
    text = {"fontSize": _SIZE + 1, "color": "#333333", "baseline": "middle"}
    layers = (
        base.mark_bar(color=_WRONG[1]).encode(x=x, y=y),
        base.mark_text(align="right", dx=-5, **text).encode(x=altair.value(0), y=y, text="name:N"),
        base.mark_text(align="left", dx=4, **text).encode(x=x, y=y, text="of:N"),
    )
    return altair.layer(*layers, title=title, width=_BAR_WIDTH, height=18 * max(1, len(rows)))


def _title(altair: Any, counted: ClassCounts, what: str) -> Any:
    return altair.TitleParams(
        cut(one_line(counted.label), 80),
        subtitle=[cut(one_line(counted.ground), 100), what],
        anchor="start",
        frame="bounds",
        offset=12,
    )


def _short(name: str) -> str:
    return cut(one_line(name), _LONGEST)


def _width(name: str) -> float:
    return display_width(name) * _SIZE * LETTER_WIDTH
