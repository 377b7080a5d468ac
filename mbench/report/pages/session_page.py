"""The page of stored sessions: verdict and doubts, tables, pictures, and behind each number its runs."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from mbench.core.results import FORMAT_VERSION, JobResult, Status
from mbench.report.pages.accuracy_chart import accuracy_chart
from mbench.report.pages.axis_charts import axis_charts
from mbench.report.pages.charts import PlacedRow
from mbench.report.pages.delegated_share import delegated_share
from mbench.report.pages.dimensions import Dimension, in_order, place_of
from mbench.report.pages.drawing import MARKS
from mbench.report.pages.learning_curves import learning_curves
from mbench.report.pages.operator_bars import MOST_DRAWN, NOTES, Profile, profiles
from mbench.report.pages.packed import pack
from mbench.report.pages.page_table import PageCells, PageColumn, page_cells, page_columns
from mbench.report.pages.row_details import RUN_FIELDS, columns_of_runs, detail_of
from mbench.report.pages.run_chart import run_charts
from mbench.report.pages.templates import render_page
from mbench.report.pages.verdict import measured_facts, verdict_lines
from mbench.report.render.number_format import legend
from mbench.report.results.conditions.provenance import TableResults, group_by_table
from mbench.report.results.feet.foot_lines import provenance_lines
from mbench.report.results.feet.footnotes import SAID_OF_DEVICES, footnotes_of
from mbench.report.results.rows.fastest import fastest_rows
from mbench.report.results.rows.job_rows import rows_of
from mbench.report.results.rows.row import Row
from mbench.report.results.tables.result_table import about_files

FIRST_ROWS: Final = 200
"""Rows that a page with its script shows at first; without it, all."""


_LEVEL: Final = 7
"""Of deflating: of columns of numbers the highest takes nearly three times as long for 2 %."""


class Facet(NamedTuple):
    """What rows can be filtered by: its name in the page's address, its label, and the values there are."""

    name: str
    label: str
    choices: tuple[str, ...]


class _Line(NamedTuple):
    number: int
    facets: str
    bad: bool
    cells: PageCells


def session_page(results: Sequence[JobResult], *, title: str, command: str, by_session: bool = False) -> bytes:
    """Return the page of results; equal results give equal bytes.

    Args:
        results: in the order in which their rows shall stand.
        title: what is shown.
        command: that makes the same page again.
        by_session: whether rows of two sessions never share a table.
    """
    rows = rows_of(results)
    groups = group_by_table(results, by_session=by_session)
    numbers = {id(result): number for number, result in enumerate(results)}
    placed = [PlacedRow(number=number, row=row, place=place_of(row)) for number, row in enumerate(rows)]
    columns = page_columns(rows)
    facets = _facets(placed)
    profiled = profiles([*enumerate(results)])
    return render_page(
        "session.html",
        {
            "title": title,
            "command": command,
            "format_version": FORMAT_VERSION,
            "verdict": verdict_lines(results, rows, group_by_table(results) if by_session else groups),
            "measured": measured_facts(results),
            "rows": rows,
            "columns": columns,
            "facets": facets,
            "groups": [
                _group(group, [placed[numbers[id(result)]] for result in group.results], columns, facets)
                for group in groups
            ],
            "profiles": profiled,
            "profile_notes": NOTES,
            "most_profiles": MOST_DRAWN,
            "curves": learning_curves(rows),
            "marks": MARKS,
            "packed": _packed(results, rows, profiled) if results else "",
        },
    )


def _group(
    group: TableResults, placed: Sequence[PlacedRow], columns: Sequence[PageColumn], facets: Sequence[Facet]
) -> dict[str, Any]:
    """Return what the page shows of rows that may be compared with each other."""
    rows = [each.row for each in placed]
    notes = footnotes_of(rows, unsaid=SAID_OF_DEVICES)
    fastest = fastest_rows(rows)
    choices = [{choice: str(index) for index, choice in enumerate(facet.choices)} for facet in facets]
    lines = [_line(each, columns, choices, fastest=place in fastest) for place, each in enumerate(placed)]
    numbered = [(each.number, result) for each, result in zip(placed, group.results, strict=True)]
    runs, runs_said = run_charts(numbered)
    return {
        "heading": group.heading,
        "doubts": notes.serious,
        "parts": [part for part in (lines[:FIRST_ROWS], lines[FIRST_ROWS:]) if part],
        "foot": (
            *about_files(group.results, rows),
            *provenance_lines(group.results),
            *legend(text for line in lines for text in line.cells.texts),
        ),
        "accuracy": accuracy_chart(placed),
        "axes": axis_charts(placed),
        "delegated": delegated_share(placed),
        "runs": runs,
        "runs_said": runs_said,
    }


def _line(each: PlacedRow, columns: Sequence[PageColumn], choices: Sequence[dict[str, str]], *, fastest: bool) -> _Line:
    values = _facet_values(each)
    return _Line(
        number=each.number,
        facets=" ".join(known.get(value or "", "") or "-" for known, value in zip(choices, values, strict=True)),
        bad=each.row.status is not Status.OK,
        cells=page_cells(each.row, columns, fastest=fastest),
    )


def _facets(placed: Sequence[PlacedRow]) -> tuple[Facet, ...]:
    named = (("status", "Status"), ("device", "Device"), ("delegate", "Delegate"), ("quantization", "Quantization"))
    values = [*zip(*map(_facet_values, placed), strict=True)] or [()] * len(named)
    return tuple(
        Facet(name, label, in_order(different)) for (name, label), different in zip(named, values, strict=True)
    )


def _facet_values(each: PlacedRow) -> tuple[str | None, ...]:
    row = each.row
    return str(row.status), row.device, row.delegate, each.place[Dimension.QUANTIZATION]


def _packed(results: Sequence[JobResult], rows: Sequence[Row], profiled: Sequence[Profile]) -> str:
    kinds = {profile.number: [(each.kind, each.operators, each.us) for each in profile.kinds] for profile in profiled}
    details = [
        detail_of(result, row, kinds.get(number, []))
        for number, (result, row) in enumerate(zip(results, rows, strict=True))
    ]
    return pack({"run_fields": RUN_FIELDS, **columns_of_runs(details)}, level=_LEVEL)
