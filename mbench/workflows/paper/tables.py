"""The paper's tables with what is counted and measured beside: `mbench suite report`, and what a suite's run prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from mbench.core.builds.own_variants import is_of_mbench
from mbench.core.ports import Progress
from mbench.core.results import JobResult
from mbench.paper.comparing import Mark, Verdict, compare
from mbench.paper.counting import MULT_ADDS_WORDS, PARAMETER_WORDS, Counts, Rule, together
from mbench.paper.references import PAPER_ACCURACIES, Series, find_series
from mbench.paper.suites import Suite, network_of
from mbench.paper.tables import Printed, Row, Table, paper_table
from mbench.report.paper.measured_columns import (
    Measured,
    Parts,
    doubt_lines,
    latency_columns,
    latency_definition,
    rate_columns,
    score_columns,
    source_lines,
)
from mbench.report.paper.paper_table import (
    Exact,
    Origin,
    Sheet,
    SheetCell,
    SheetColumn,
    columns_of,
    counted_cell,
    printed_cell,
    sheet_table,
    text_column,
    unknown_column,
)
from mbench.report.render.number_format import ABSENT, MILLION, UNKNOWN
from mbench.report.render.text_table import TableValues
from mbench.report.results.hidden_serials import without_serials
from mbench.store.stored_sessions import StoredSessions
from mbench.workflows.paper.count_networks import Counted, count_networks
from mbench.workflows.paper.layer_tables import distance_sheet, layer_sheet, share_sheet
from mbench.workflows.paper.suites import find_suite, suite_results

SCALES: Final = {"M": MILLION, "B": 1000 * MILLION}


UNFOLDED_LINE: Final = (
    f"Params: {PARAMETER_WORDS[Rule.UNFOLDED]}, as the paper counts them; tables of results count "
    "the biases that batch norm leaves in a file, too."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A suite with all that its tables are made of.

    Attributes:
        references: whether what others published stands beside.
    """

    name: str
    suite: Suite
    counted: Counted
    results: tuple[JobResult, ...]
    references: bool = False

    @property
    def table(self) -> Table | None:
        """The paper's table that it reproduces; None where it is none."""
        return None if self.suite.table is None else paper_table(self.suite.table)

    @property
    def networks(self) -> tuple[str, ...]:
        """What it runs, each once, whatever the quantization."""
        return tuple(dict.fromkeys(network_of(variant) for variant in self.suite.parsed))


def suite_shown(
    name: str,
    results: Sequence[JobResult],
    *,
    build: bool = True,
    references: bool = False,
    progress: Progress,
) -> Shown:
    """Return a suite with its networks counted.

    Args:
        name: of the suite.
        results: of sessions that may have run it; what else they ran does not matter.
        build: whether files are built that neither these sessions nor the cache have.
        references: whether what others published is to stand beside.
        progress: gets news of what is built.

    Raises:
        UsageError: there is no such suite.
        DiskError: the cache cannot be used.
    """
    suite = find_suite(name)
    shown = Shown(name=name, suite=suite, counted=Counted(), results=tuple(results), references=references)
    networks = dict.fromkeys([*shown.networks, *(shown.table.networks if shown.table is not None else ())])
    counted = count_networks(tuple(networks), results, build=build, progress=progress)
    return Shown(name=name, suite=suite, counted=counted, results=tuple(results), references=references)


def stored(
    name: str,
    sessions: Sequence[str],
    *,
    root: Path,
    everything: bool,
    build: bool,
    references: bool,
    progress: Progress,
    hide_serials: bool = False,
) -> Shown:
    """Return a suite with what sessions measured of it; without names the last one that ran it.

    Raises:
        UsageError: there is no such suite.
        StoreError: no such session, or one that cannot be read.
        DiskError: the cache cannot be used.
    """
    find_suite(name)
    results = suite_results(name, sessions, root=root, stored=StoredSessions(), everything=everything)
    results = without_serials(results) if hide_serials else results
    return suite_shown(name, results, build=build, references=references, progress=progress)


def suite_tables(shown: Shown) -> tuple[TableValues, ...]:
    """Return the tables of a suite."""
    return tuple(map(sheet_table, suite_sheets(shown)))


def suite_sheets(shown: Shown) -> tuple[Sheet, ...]:
    """Return the same with where each number comes from."""
    table = shown.table
    sheets: list[Sheet] = []
    if table is not None and table.layers:
        sheets.append(layer_sheet(table, shown.counted))
    if table is not None and table.shares:
        sheets.append(share_sheet(table, shown.counted, shown.results, rates="rate" in shown.suite.columns))
    if table is not None and table.distances:
        sheets.append(distance_sheet(table, shown.results))
    if shown.suite.variants and (table is None or table.rows or table.layers):
        sheets.append(_network_sheet(shown))
    return tuple(sheets)


def own_results(shown: Shown) -> tuple[JobResult, ...]:
    """Return what was measured of a suite's own networks: what is none of mbench's."""
    return tuple(one for one in shown.results if not is_of_mbench(one.workload.name)) if shown.suite.own else ()


def table_title(table: Table) -> str:
    """Return what a table is called here."""
    return f"Table {table.number}: {table.title}"


def _network_sheet(shown: Shown) -> Sheet:
    """Return a row per network: printed, counted, measured."""
    table, suite = shown.table, shown.suite
    rows = table.rows if table is not None else ()
    names = [row.name for row in rows] or list(shown.networks)
    parts = [row.networks for row in rows] or [(network,) for network in shown.networks]
    measured = Measured(shown.results, parts)
    title = suite.title if table is None else table_title(table)
    if table is not None and (table.layers or table.distances):
        title = f"{title}: {'its networks' if table.distances else 'the whole network'}"
    counted = _counts(shown, rows, parts) if {"mult_adds", "parameters"} & {*suite.columns} or table else []
    return Sheet(
        title=title,
        columns=columns_of(
            [text_column("Network", names)],
            _scores(shown, measured, parts),
            counted,
            latency_columns(measured, parts) or [unknown_column("Latency (ms)", len(names))],
            rate_columns(measured, parts) if "rate" in suite.columns else [],
            _published(shown, parts),
        ),
        notes=(*doubt_lines(measured), *_notes(table)),
        foot=(
            *([] if rows or not counted else [UNFOLDED_LINE]),
            *_missing_lines(shown.counted, parts),
            *source_lines(measured),
            *latency_definition(measured),
            *_not_run(shown, measured),
            *([f"Printed: {table.source}."] if table else []),
            *_published_lines(shown),
        ),
    )


def _notes(table: Table | None) -> tuple[str, ...]:
    """Return the notes on a table of networks; the first one of Tables 1 and 11 is on their other half."""
    if table is None:
        return ()
    return table.notes[1:] if table.layers or table.distances else table.notes


def _scores(shown: Shown, measured: Measured, parts: Sequence[Parts]) -> list[SheetColumn]:
    """Return what is printed of a figure of merit, and what was measured of it."""
    table = shown.table
    if table is None or table.score is None:
        return list(score_columns(measured, parts, "top1"))
    printed = [row.score for row in table.rows]
    columns = [_printed(f"{table.score.title}, printed", printed)]
    found = score_columns(measured, parts, table.score.metric)
    name = f"{table.score.title}, measured"
    return [*columns, *(found or [unknown_column("measured (%)", len(parts), _no_score(shown.suite), name=name)])]


def _no_score(suite: Suite) -> str:
    needs = suite.needs
    if needs is None:
        return "Not scored."
    return f"Measured accuracies need --dataset {needs.dataset} and --weights {needs.weights}."


def _counts(shown: Shown, rows: Sequence[Row], parts: Sequence[Parts]) -> list[SheetColumn]:
    table = shown.table
    if table is None or not rows:
        return _plain_counts(shown.counted, parts)
    mult_adds = [_compared(row.mult_adds, table, row, shown.counted, "mult_adds") for row in rows]
    parameters = [_compared(row.parameters, table, row, shown.counted, "parameters") for row in rows]
    return [
        _printed(f"Mult-adds ({table.unit}), printed", [row.mult_adds for row in rows]),
        _counted(f"Mult-adds ({table.unit})", mult_adds),
        _printed("Params (M), printed", [row.parameters for row in rows]),
        _counted("Params (M)", parameters),
    ]


def _plain_counts(counted: Counted, parts: Sequence[Parts]) -> list[SheetColumn]:
    found = [_together(counted, each) for each in parts]
    mult_adds = [None if counts is None else counts.mult_adds for counts in found]
    weights = [None if counts is None else counts.parameters_by(Rule.UNFOLDED, batch_norm=True) for counts in found]
    return [
        SheetColumn(
            header=header, cells=tuple(_millions(number, decimals) for number in numbers), origin=Origin.COUNTED
        )
        for header, numbers, decimals in (("Mult-adds (M)", mult_adds, 2), ("Params (M)", weights, 3))
    ]


def _counted(what: str, cells: Sequence[SheetCell]) -> SheetColumn:
    return SheetColumn(header="counted", cells=tuple(cells), name=f"{what}, counted", origin=Origin.COUNTED)


def _compared(cell: Printed, table: Table, row: Row, counted: Counted, what: str) -> SheetCell:
    """Return the counted cell beside a printed one."""
    counts = _together(counted, row.networks)
    rule = table.rules.mult_adds if what == "mult_adds" else table.rules.parameters
    scale = SCALES[table.unit] if what == "mult_adds" else MILLION
    words = MULT_ADDS_WORDS if what == "mult_adds" else PARAMETER_WORDS

    def number(of: Counts | None, by: Rule) -> int | None:
        if of is None:
            return None
        return of.mult_adds_by(by) if what == "mult_adds" else of.parameters_by(by, batch_norm=row.batch_norm)

    verdict = compare(
        cell,
        rule,
        scale=scale,
        count=lambda by: number(counts, by),
        count_of=lambda network: number(counted.counts(network), rule),
    )
    if verdict is None:
        return SheetCell(UNKNOWN)
    return counted_cell(
        verdict.value,
        verdict.plain,
        verdict.mark,
        printed=cell.printed,
        rule="its own" if verdict.of is not None else words[rule],
        otherwise=_otherwise(verdict, words),
    )


def _otherwise(verdict: Verdict, words: dict[Rule, str]) -> str:
    if verdict.mark is not Mark.OTHERWISE:
        return ""
    return f"the count of {verdict.of}" if verdict.of is not None else f"counted {words[verdict.rule]}"


def _together(counted: Counted, parts: Parts) -> Counts | None:
    found = [counted.counts(name) for name in parts]
    known = [counts for counts in found if counts is not None]
    return together(known) if len(known) == len(found) else None


def _printed(header: str, cells: Sequence[Printed | None]) -> SheetColumn:
    return SheetColumn(
        header=header,
        cells=tuple(SheetCell(ABSENT) if cell is None else printed_cell(cell.printed, cell.note) for cell in cells),
        origin=Origin.PRINTED,
    )


def _published(shown: Shown, parts: Sequence[Parts]) -> list[SheetColumn]:
    """Return what others published, in columns that say so; none unless it was asked for."""
    return [
        SheetColumn(
            header=f"Published ({series.unit}): {series.title}",
            cells=tuple(_value(series, each) for each in parts),
            spare=4,
            origin=Origin.PRINTED if series.id == PAPER_ACCURACIES else Origin.PUBLISHED,
        )
        for series in _series(shown)
    ]


def _published_lines(shown: Shown) -> list[str]:
    return [f"Published, {series.title}: {series.source}; not measured here." for series in _series(shown)]


def _series(shown: Shown) -> list[Series]:
    shows = shown.references or shown.suite.figure is not None  # what is drawn stands in the table
    return [find_series(name) for name in shown.suite.references] if shows else []


def _value(series: Series, parts: Parts) -> SheetCell:
    """Return what is published of a row's network; `–` where nothing is."""
    value = series.values.get(parts[0]) if len(parts) == 1 else None
    if value is None:
        return SheetCell(ABSENT)
    return SheetCell(f"{value:.1f}" if series.unit == "%" else f"{value:g}", exact=Exact(value))


def _missing_lines(counted: Counted, parts: Sequence[Parts]) -> list[str]:
    wanted = {name for each in parts for name in each}
    reasons: dict[str, list[str]] = {}
    for name, reason in counted.missing.items():
        if name in wanted:
            reasons.setdefault(reason.rstrip("."), []).append(name)
    return [f"Not counted, {', '.join(names)}: {reason}." for reason, names in reasons.items()]


def _not_run(shown: Shown, measured: Measured) -> list[str]:
    return [] if measured.results else [f"Nothing of it was measured: mbench run --suite {shown.name} does."]


def _millions(number: int | None, decimals: int) -> SheetCell:
    if number is None:
        return SheetCell(UNKNOWN)
    value = Decimal(number) / MILLION
    return SheetCell(f"{value:.{decimals}f}", exact=Exact(float(value)))
