"""The table of a history's page: a row a cell, the worst last change first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from mbench.core.nights.summaries import Change, SeriesSummary
from mbench.report.history.history_table import SPARK, change_text
from mbench.report.history.spark_line import spark_line
from mbench.report.pages.templates import Markup, cell_attributes, joined, table_cell
from mbench.report.render.number_format import ABSENT, milliseconds
from mbench.report.render.text_table import cell_text


class Course(StrEnum):
    """What became of a cell, as rows are filtered by it."""

    NO_NUMBER = "no number lately"
    SLOWER = "slower"
    FASTER = "faster"
    EPOCH = "new epoch"
    STEADY = "no change"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryColumn:
    """A column: its name in the page's address and in copied CSV, and of one of numbers the exact value."""

    name: str
    header: str
    text: Callable[[SeriesSummary], str]
    value: Callable[[SeriesSummary], float | None] | None = None
    shown: bool = True


class HistoryRow(NamedTuple):
    """A row: its number on the page, the numbers of what it can be filtered by, and its cells."""

    number: int
    facets: str
    bad: bool
    first_attributes: Markup
    first: str
    others: Markup


def worst_first(found: Sequence[SeriesSummary]) -> list[SeriesSummary]:
    """Return series by their last change, the one that made them slowest first; those without such a change last."""
    return sorted(found, key=lambda one: -(share if (share := _share(one)) is not None else float("-inf")))


def course_of(one: SeriesSummary) -> Course:
    """Return what became of a cell: whether it has a number now, else what its last change was."""
    last = _last(one)
    if one.points and one.points[-1].latency_us is None:
        return Course.NO_NUMBER
    if last is None:
        return Course.STEADY
    if last.share is None:
        return Course.EPOCH
    return Course.SLOWER if last.share > 0 else Course.FASTER


def history_columns(found: Sequence[SeriesSummary], against: str | None) -> tuple[HistoryColumn, ...]:
    """Return the columns of series."""
    beside = () if against is None else _against(against)
    return (
        HistoryColumn(name="workload", header="Workload", text=lambda one: one.cell.workload),
        HistoryColumn(name="delegate", header="Delegate", text=lambda one: one.cell.delegate),
        HistoryColumn(
            name="threads",
            header="Threads",
            text=lambda one: ABSENT if one.cell.threads is None else str(one.cell.threads),
            value=lambda one: one.cell.threads,
            shown=len({one.cell.threads for one in found}) > 1,
        ),
        HistoryColumn(name="device", header="Device", text=lambda one: one.cell.serial),
        HistoryColumn(name="model", header="Model", text=lambda one: one.model),
        HistoryColumn(
            name="level_us",
            header="ms now",
            text=lambda one: milliseconds(one.level_us),
            value=lambda one: one.level_us,
        ),
        HistoryColumn(name="noise", header="Noise ± %", text=_noise, value=lambda one: one.noise),
        *beside,
        HistoryColumn(
            name="change",
            header="Last change",
            text=lambda one: _of_last(one, change_text),
            value=lambda one: _share(one),
        ),
        HistoryColumn(
            name="past",
            header="Past",
            text=lambda one: spark_line([point.latency_us for point in one.points], SPARK),
        ),
        HistoryColumn(
            name="nights",
            header="Nights",
            text=lambda one: f"{one.measured}/{len(one.points)}",
            value=lambda one: one.measured,
        ),
        HistoryColumn(
            name="what_changed",
            header="What changed",
            text=lambda one: _of_last(one, lambda last: ", ".join(last.words) or "nothing that is known"),
        ),
        HistoryColumn(name="changed_on", header="Changed on", text=lambda one: _of_last(one, _day), shown=False),
    )


def history_rows(
    found: Sequence[SeriesSummary],
    columns: Sequence[HistoryColumn],
    facets: Callable[[SeriesSummary], Iterable[int]],
) -> list[HistoryRow]:
    """Return the rows of series in their order."""
    return [_row(number, one, columns, facets(one)) for number, one in enumerate(found)]


_BAD: Final = frozenset({Course.NO_NUMBER, Course.SLOWER})


def _row(number: int, one: SeriesSummary, columns: Sequence[HistoryColumn], facets: Iterable[int]) -> HistoryRow:
    attributes = [_attributes(one, column) for column in columns]
    texts = [column.text(one) for column in columns]
    cells = [table_cell(about, text, False) for about, text in zip(attributes[1:], texts[1:], strict=True)]
    return HistoryRow(
        number=number,
        facets=" ".join(map(str, facets)),
        bad=course_of(one) in _BAD,
        first_attributes=attributes[0],
        first=cell_text(texts[0]),
        others=joined(cells),
    )


def _attributes(one: SeriesSummary, column: HistoryColumn) -> Markup:
    value = None if column.value is None else column.value(one)
    kind = "n" if column.value else "spark" if column.name == "past" else ""
    return cell_attributes(value, None, None, kind, not column.shown)


def _against(branch: str) -> tuple[HistoryColumn, ...]:
    def ratio(one: SeriesSummary) -> float | None:
        return None if one.level_us is None or not one.against_us else one.level_us / one.against_us

    def percent(one: SeriesSummary) -> str:
        share = ratio(one)
        return ABSENT if share is None else f"{100 * share:.1f}"

    level = HistoryColumn(
        name="against_us",
        header=f"ms of {branch}",
        text=lambda one: milliseconds(one.against_us),
        value=lambda one: one.against_us,
        shown=False,
    )
    return HistoryColumn(name="of_against", header=f"of {branch} %", text=percent, value=ratio), level


def _noise(one: SeriesSummary) -> str:
    return ABSENT if one.noise is None else f"{100 * one.noise:.1f}"


def _last(one: SeriesSummary) -> Change | None:
    return one.changes[-1] if one.changes else None


def _share(one: SeriesSummary) -> float | None:
    last = _last(one)
    return None if last is None else last.share


def _of_last(one: SeriesSummary, text: Callable[[Change], str]) -> str:
    last = _last(one)
    return ABSENT if last is None else text(last)


def _day(change: Change) -> str:
    return str(change.day)
