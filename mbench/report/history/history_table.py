"""Summaries of series as a table, as CSV and as JSON."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from mbench.core.nights.series import PointState
from mbench.core.nights.summaries import Change, SeriesSummary, Stretch
from mbench.report.history.spark_line import NO_NUMBER, spark_line
from mbench.report.render.number_format import ABSENT, count_of, milliseconds
from mbench.report.render.text_table import Align, Cell, Column, Style, TableValues, right_column
from mbench.report.results.delimited import csv_text

SPARK: Final = 24
"""Characters of a spark line."""

RECENT: Final = "recent, not yet certain"
"""Of a change that single nights show, and that ranks have too few nights to know."""

CSV_NAMES: Final = (
    *("project", "branch", "workload", "delegate", "threads", "device", "model"),
    *("level_us", "noise", "nights", "nights_without_number", "last_state", "last_night"),
    *("changed_on", "changed_in", "change", "new_epoch", "what_changed", "against_us", "certain"),
)


def history_table(found: Sequence[SeriesSummary], *, against: str | None, foot: Iterable[str] = ()) -> TableValues:
    """Return a table of a line for each series.

    Args:
        found: in the order of lines.
        against: another branch whose levels stand beside; None: none does.
        foot: lines below.
    """
    columns = [
        Column(header="workload"),
        Column(header="delegate"),
        right_column("threads", spare=6),
        Column(header="device"),
        Column(header="model", spare=7),
        right_column("ms now"),
        right_column("noise ± %", spare=3),
        *([] if against is None else [right_column(f"of {against} %")]),
        right_column("nights", spare=5),
        Column(header="past", align=Align.LEFT, spare=4),
        Column(header="last change", spare=1),
        Column(header="what changed", spare=2),
    ]
    rows = tuple(tuple(_cells(one, against=against is not None)) for one in found)
    without = sum(one.without for one in found)
    said = [] if not without else [f"{NO_NUMBER} {count_of(without, 'planned night')} without a number."]
    return TableValues(columns=tuple(columns), rows=rows, foot=(*foot, *said))


def history_csv(found: Sequence[SeriesSummary]) -> str:
    """Return a line for each series; unknown is an empty field."""
    return csv_text([CSV_NAMES, *(_csv_line(one) for one in found)])


def history_json(found: Sequence[SeriesSummary]) -> str:
    """Return the series with all their points, changes and what was measured; unknown is null. Ends with a newline."""
    return json.dumps([_object(one) for one in found], indent=1) + "\n"


def _cells(one: SeriesSummary, *, against: bool) -> Iterable[Cell]:
    cell, last = one.cell, one.changes[-1] if one.changes else None
    slower = last is not None and (last.share or 0) > 0
    yield Cell(cell.workload)
    yield Cell(cell.delegate)
    yield Cell(ABSENT if cell.threads is None else str(cell.threads))
    yield Cell(cell.serial)
    yield Cell(one.model)
    yield Cell(milliseconds(one.level_us))
    yield Cell(ABSENT if one.noise is None else f"{100 * one.noise:.1f}")
    if against:
        yield Cell(_percent(one.level_us, one.against_us))
    yield Cell(f"{one.measured}/{len(one.points)}")
    yield Cell(spark_line([point.latency_us for point in one.points], SPARK))
    yield Cell(ABSENT if last is None else change_text(last), Style.BAD if slower else Style.PLAIN)
    yield Cell(ABSENT if last is None else ", ".join(last.words) or "nothing that is known")


def change_text(change: Change) -> str:
    """Return a change in words: its date, and by how much, or that an epoch began."""
    if change.share is None:
        return f"{change.day} new epoch"
    doubt = "" if change.certain else f", {RECENT}"
    return f"{change.day} {100 * change.share:+.1f} %{doubt}"


def _percent(now_us: float | None, other_us: float | None) -> str:
    return ABSENT if now_us is None or not other_us else f"{100 * now_us / other_us:.1f}"


def _csv_line(one: SeriesSummary) -> list[Any]:
    cell, last, end = one.cell, one.changes[-1] if one.changes else None, one.points[-1] if one.points else None
    return [
        *(cell.project, cell.branch, cell.workload, cell.delegate, cell.threads, cell.serial, one.model),
        *(one.level_us, one.noise, len(one.points), one.without),
        *((None, None) if end is None else (_state(end.state), end.night)),
        *((None,) * 5 if last is None else _csv_change(last)),
        one.against_us,
        None if last is None else int(last.certain),
    ]


def _csv_change(change: Change) -> tuple[Any, ...]:
    return str(change.day), change.night, change.share, int(change.epoch), "; ".join(change.words)


def _object(one: SeriesSummary) -> dict[str, Any]:
    cell = one.cell
    return {
        "project": cell.project,
        "branch": cell.branch,
        "workload": cell.workload,
        "delegate": cell.delegate,
        "threads": cell.threads,
        "device": cell.serial,
        "model": one.model,
        "level_us": one.level_us,
        "noise": one.noise,
        "against_us": one.against_us,
        "changes": [_change_object(change) for change in one.changes],
        "points": [
            {
                "night": point.night,
                "date": str(point.day),
                "state": _state(point.state),
                "latency_us": point.latency_us,
                "half_width_us": point.half_width_us,
                "runs": point.runs,
                "label": point.label,
                "why": point.why,
            }
            for point in one.points
        ],
        "measured": [_stretch_object(stretch) for stretch in one.stretches],
        "accepted": [
            {
                "date": str(level.day),
                "level_us": level.level_us,
                "ratio": level.ratio,
                "because": level.because,
                "who": level.who,
            }
            for level in one.accepted
        ],
    }


def _change_object(change: Change) -> dict[str, Any]:
    return {
        "night": change.night,
        "date": str(change.day),
        "before_us": change.before_us,
        "after_us": change.after_us,
        "change": change.share,
        "new_epoch": change.epoch,
        "certain": change.certain,
        "what_changed": list(change.words),
    }


def _stretch_object(stretch: Stretch) -> dict[str, Any]:
    return {
        "night": stretch.night,
        "date": str(stretch.day),
        "artifact_sha256": stretch.artifact_sha256,
        "binary_sha256": stretch.binary_sha256,
        "tool": stretch.tool,
        "tools": stretch.tools,
        "os": stretch.os,
        "build": stretch.build,
    }


def _state(state: PointState) -> str:
    return state.name.lower()
