"""Learning curves of what mbench trained: loss and accuracy by epoch, and the values as a table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from mbench.core.workloads import LearningCurve, TrainingFacts
from mbench.report.pages.charts import Chart
from mbench.report.pages.drawing import Name, Panel, Point, Scale, Series, joined, scale_over
from mbench.report.pages.templates import Markup, cell_attributes, table_cell
from mbench.report.render.number_format import SHORT_SHA, UNKNOWN, count_of
from mbench.report.results.feet.footnotes import first_few
from mbench.report.results.feet.origin_lines import training_text
from mbench.report.results.rows.row import Row

MOST_DRAWN: Final = 24
"""Trainings with pictures; a sweep over widths and resolutions has 16."""

MOST_ROWS: Final = 4
"""Rows that are named beside a curve, of those whose files have its weights."""

_WIDTH, _HEIGHT = 270, 170

_WIDEST: Final = 1e12
"""Of the largest loss over the smallest, where the axis is logarithmic: what lies further apart is no training's."""

_NAMES: Final = ("trained on", "validation split")
"""What a value is of: the colour and the mark of its points."""

_ABOVE, _BELOW = 9, 18
"""Pixels between a point and the foot of its name."""


class CurveRow(NamedTuple):
    """A row of the page whose file has the weights of a training."""

    number: int
    label: str


class CurveLine(NamedTuple):
    """The values of an epoch: its key is that of its points; the cells stand as in the page."""

    key: str
    epoch: str
    cells: tuple[Markup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCurve:
    """One training.

    Attributes:
        note: which training it is, and what it came to.
        rows: whose files have its weights, the first of them; `more` how many others there are.
        heads: of the table of values; its first column is the epoch.
    """

    digest: str
    title: str
    note: str
    rows: tuple[CurveRow, ...]
    more: int
    chart: Chart
    heads: tuple[str, ...]
    lines: tuple[CurveLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningCurves:
    """The trainings of a page.

    Attributes:
        legend: of all pictures: a chart without any.
        said: what is not shown, and why.
    """

    shown: tuple[ShownCurve, ...]
    legend: Chart
    said: tuple[str, ...]


class _Column(NamedTuple):
    """One kind of value: its panel, its header in the table, its text, and where a curve has it."""

    panel: str
    header: str
    text: Callable[[float], str]
    of: Callable[[LearningCurve], Sequence[float | None]]


def _loss_text(value: float) -> str:
    return f"{value:.4g}"


def _percent_text(value: float) -> str:
    return f"{100 * value:.1f}"


_LOSS, _ACCURACY = "Loss (cross entropy)", "Accuracy (%)"

_COLUMNS: Final = (
    _Column(_LOSS, "Loss, trained on", _loss_text, lambda curve: curve.loss),
    _Column(_LOSS, "Loss, validation split", _loss_text, lambda curve: curve.held_out_loss),
    _Column(_ACCURACY, "Accuracy (%), trained on", _percent_text, lambda curve: curve.accuracy),
    _Column(_ACCURACY, "Accuracy (%), validation split", _percent_text, lambda curve: curve.held_out_accuracy),
)
"""Two of each panel, in the order of `_NAMES`."""


def learning_curves(rows: Sequence[Row]) -> LearningCurves | None:
    """Return the curves of the trainings that gave rows' files their weights; None where mbench trained none.

    Args:
        rows: in the order of their numbers on the page.
    """
    found: dict[tuple[object, ...], list[tuple[int, Row]]] = {}
    trainings: list[TrainingFacts] = []
    for number, row in enumerate(rows):
        weights = row.weights
        if weights is None or weights.training is None:
            continue
        key = (weights.training.digest, weights.sha256, weights.training.curve)
        if key not in found:
            trainings.append(weights.training)
        found.setdefault(key, []).append((number, row))
    if not found:
        return None
    kept = [
        (each, each.curve, members)
        for each, members in zip(trainings, found.values(), strict=True)
        if each.curve is not None
    ]
    shown = tuple(_shown(place, *each) for place, each in enumerate(kept[:MOST_DRAWN]))
    used = {series.number for one in shown for panel in one.chart.panels for series in panel.series}
    legend = tuple((number, name) for number, name in enumerate(_NAMES) if number in used)
    return LearningCurves(
        shown=shown,
        legend=Chart(legend=legend, legend_title="Examples"),
        said=tuple(_left_out([each for each in trainings if each.curve is None], len(kept))),
    )


def _left_out(without: Sequence[TrainingFacts], kept: int) -> Iterator[str]:
    if kept > MOST_DRAWN:
        yield f"Drawn are the first {MOST_DRAWN} of {kept} trainings; --format json has the curves of all."
    if without:
        named = first_few([f"training {each.digest[:SHORT_SHA]} of {each.network}" for each in without])
        yield f"Not kept in these documents: the learning curve of {named}."


def _shown(place: int, training: TrainingFacts, curve: LearningCurve, members: Sequence[tuple[int, Row]]) -> ShownCurve:
    known = [column for column in _COLUMNS if any(value is not None for value in column.of(curve))]
    few = "" if len(curve.epochs) == training.epochs else f"; {len(curve.epochs)} of its epochs are kept"
    text = training_text(training)
    return ShownCurve(
        digest=training.digest[:SHORT_SHA],
        title=f"{training.network} on {training.dataset}",
        note=f"{text[:1].upper()}{text[1:]}{few}.",
        rows=tuple(CurveRow(number, _label(row)) for number, row in members[:MOST_ROWS]),
        more=max(len(members) - MOST_ROWS, 0),
        chart=Chart(
            panels=tuple(_panel(place, title, training, curve) for title in dict.fromkeys(each.panel for each in known))
        ),
        heads=tuple(column.header for column in known),
        lines=tuple(_lines(place, training, curve, known)),
    )


def _label(row: Row) -> str:
    return f"{row.label} {row.delegate} ×{row.threads} on {row.device}"


def _key(place: int, epoch: int) -> str:
    """Return what an epoch is called in pictures and in the table of values: no number, as rows have."""
    return f"c{place}-{epoch}"


def _panel(place: int, title: str, training: TrainingFacts, curve: LearningCurve) -> Panel:
    """Return the picture of one kind of value, of which the curve has some."""
    columns = [column.of(curve) for column in _COLUMNS if column.panel == title]
    scale, factor = _scale(title, [value for column in columns for value in column if value is not None])
    across = Scale(low=1, high=max(2, curve.epochs[-1]), length=_WIDTH)
    series = []
    for number, (name, column) in enumerate(zip(_NAMES, columns, strict=True)):
        points = tuple(
            Point(x=across(epoch), y=scale(factor * value), key=_key(place, epoch))
            for epoch, value in zip(curve.epochs, column, strict=True)
            if value is not None
        )
        if points:
            series.append(Series(label=name, number=number, points=points))
    return Panel(
        title=title,
        summary=f"{title} of {training.network} over {count_of(len(curve.epochs), 'epoch')}; the table below has the "
        "values.",
        width=_WIDTH,
        height=_HEIGHT,
        x_title="Epoch",
        y_title="",
        x_ticks=tuple(tick for tick in across.ticks() if "." not in tick.text),  # there are no halves of epochs
        y_ticks=scale.ticks(),
        series=tuple(series),
        lines=tuple((each.number, joined(each.points)) for each in series if len(each.points) > 1),
        names=tuple(_kept_name(series, _key(place, training.kept_epoch))),
    )


def _scale(title: str, values: Sequence[float]) -> tuple[Scale, float]:
    """Return the axis of values and what they are multiplied by on it: shares in percent from 0 to 100, losses wide.

    On a logarithmic axis an early loss does not press all later ones to the floor.
    """
    if title == _ACCURACY:
        return Scale(low=0, high=100, length=_HEIGHT, upward=True), 100
    wide = min(values) > 0 and max(values) / min(values) < _WIDEST
    return scale_over(values, length=_HEIGHT, logarithmic=wide, upward=True), 1


def _kept_name(series: Sequence[Series], key: str) -> Iterator[Name]:
    """Yield the word beside the point of the epoch whose weights these are: on the validation split, if it is there."""
    point = next((point for each in reversed(series) for point in each.points if point.key == key), None)
    if point is not None:
        below = point.y < 2 * _ABOVE  # above, it would leave the picture
        yield Name(
            x=point.x,
            y=point.y + _BELOW if below else point.y - _ABOVE,
            text="kept",
            anchor="end" if point.x > _WIDTH / 2 else "start",
            key=key,
        )


def _lines(place: int, training: TrainingFacts, curve: LearningCurve, known: Sequence[_Column]) -> Iterator[CurveLine]:
    columns = [column.of(curve) for column in known]
    for number, epoch in enumerate(curve.epochs):
        kept = epoch == training.kept_epoch
        cells = tuple(
            table_cell(
                cell_attributes(value, None, None, "n", False),
                UNKNOWN if value is None else column.text(value),
                kept,
            )
            for column, value in zip(known, [each[number] for each in columns], strict=True)
        )
        yield CurveLine(_key(place, epoch), f"{epoch} (kept)" if kept else str(epoch), cells)
