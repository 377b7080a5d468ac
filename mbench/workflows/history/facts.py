"""What was measured behind the points of summaries, and which of their levels are meant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mbench.core.nights.acceptances import AcceptedChange
from mbench.core.nights.series import PointState
from mbench.core.nights.summaries import AcceptedLevel, SeriesSummary, Stretch, SummaryPoint
from mbench.core.nights.verdicts import FindingClass
from mbench.history.measured import CellMeasured, labels_of, measured_of
from mbench.history.past import Past


def with_facts(past: Past, found: Sequence[SeriesSummary], *, since: int) -> list[SeriesSummary]:
    """Return summaries whose points have labels and reasons, with what was measured.

    Args:
        past: that they are of.
        found: the summaries.
        since: index of the first night that they show.

    Raises:
        StoreError: the archive cannot be read.
    """
    cells = {each.cell: each for each in past.cells}
    measured = measured_of(past.archive.segments, [cells[one.cell] for one in found], past.nights, since=since)
    labels = {past.nights[index].name: label for index, label in labels_of(past.archive.segments, past.nights).items()}
    return [_with_facts(past, one, said, labels) for one, said in zip(found, measured, strict=True)]


def with_accepted(found: Iterable[SeriesSummary], entries: Sequence[AcceptedChange]) -> list[SeriesSummary]:
    """Return summaries with the latencies that are meant."""
    return [replace(one, accepted=tuple(_accepted(one, entries))) for one in found]


def _with_facts(past: Past, one: SeriesSummary, said: CellMeasured, labels: Mapping[str, str]) -> SeriesSummary:
    reasons = {past.nights[index].name: list(texts) for index, texts in said.reasons.items()}
    stretches = tuple(
        Stretch(
            night=past.nights[index].name,
            day=past.nights[index].day,
            artifact_sha256=values[0],
            binary_sha256=values[1],
            tool=values[2],
            tools=values[3],
            os=values[4],
            build=values[5],
        )
        for index, values in said.things.items()
    )
    points = tuple(_point(point, reasons, labels) for point in one.points)
    return replace(one, points=points, stretches=stretches)


def _point(point: SummaryPoint, reasons: Mapping[str, list[str | None]], labels: Mapping[str, str]) -> SummaryPoint:
    left = reasons.get(point.night)
    why = left.pop(0) if left and point.state is not PointState.NUMBER else None
    label = labels.get(point.night)
    return point if why is None and label is None else replace(point, label=label, why=why)


def _accepted(one: SeriesSummary, entries: Sequence[AcceptedChange]) -> Iterator[AcceptedLevel]:
    for entry in entries:
        if entry.kind is FindingClass.LATENCY and entry.covers(one.cell, one.model):
            yield AcceptedLevel(
                day=entry.night_date,
                level_us=entry.level,
                ratio=entry.ratio,
                because=entry.because,
                who=entry.who,
            )
