"""The table of a night's page: a row a planned cell, with its number or why it has none, and what was found of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mbench.core.nights.cells import Cell, PointState
from mbench.core.nights.verdicts import Finding, FindingClass, Standing
from mbench.report.exports.cell_rows import CellRow
from mbench.report.pages.templates import Markup, cell_attributes, joined, table_cell
from mbench.report.render.number_format import ABSENT, KIB_PER_MIB, MILLION, milliseconds, significant
from mbench.report.render.text_table import cell_text
from mbench.report.verdicts.figures import change

Found = Mapping[Cell, Sequence[Finding]]


class Facet(NamedTuple):
    """What rows can be filtered by: its name in the page's address, its label, and the values there are."""

    name: str
    label: str
    choices: tuple[str, ...]


class CellLine(NamedTuple):
    """A cell, and what was found of it in words."""

    row: CellRow
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NightColumn:
    """A column: its name in the page's address and in copied CSV, and of one of numbers the exact value and bounds."""

    name: str
    header: str
    text: Callable[[CellLine], str]
    value: Callable[[CellLine], tuple[float | None, float | None, float | None]] | None = None
    shown: bool = True
    interval: bool = False


class NightRow(NamedTuple):
    """A row: its number on the page, the numbers of what it can be filtered by, and its cells."""

    number: int
    facets: str
    bad: bool
    first_attributes: Markup
    first: str
    others: Markup


def night_columns() -> tuple[NightColumn, ...]:
    """Return the columns."""
    return (
        NightColumn(name="workload", header="Workload", text=lambda one: one.row.cell.workload),
        NightColumn(name="delegate", header="Delegate", text=lambda one: one.row.cell.delegate),
        NightColumn(
            name="threads",
            header="Threads",
            text=lambda one: ABSENT if one.row.cell.threads is None else str(one.row.cell.threads),
            value=lambda one: (one.row.cell.threads, None, None),
        ),
        NightColumn(name="device", header="Device", text=lambda one: one.row.cell.serial),
        NightColumn(name="model", header="Model", text=lambda one: one.row.model),
        NightColumn(
            name="latency_median_us",
            header="Latency (ms)",
            text=_latency,
            value=lambda one: (one.row.latency_us, one.row.low_us, one.row.high_us),
            interval=True,
        ),
        NightColumn(name="found", header="Verdict", text=lambda one: one.found),
        NightColumn(name="state", header="State", text=_state),
        NightColumn(
            name="runs", header="Runs", text=lambda one: str(one.row.runs), value=lambda one: (one.row.runs, None, None)
        ),
        NightColumn(
            name="peak_memory_kib",
            header="Memory (MiB)",
            text=lambda one: _known(one.row.peak_memory_kib, KIB_PER_MIB),
            value=lambda one: (one.row.peak_memory_kib, None, None),
            shown=False,
        ),
        NightColumn(
            name="size_bytes",
            header="Size (MB)",
            text=lambda one: _known(one.row.size_bytes, MILLION),
            value=lambda one: (one.row.size_bytes, None, None),
            shown=False,
        ),
        NightColumn(
            name="top1",
            header="Top-1 (%)",
            text=lambda one: ABSENT if one.row.top1 is None else f"{100 * one.row.top1:.1f}",
            value=lambda one: (one.row.top1, None, None),
            shown=False,
        ),
    )


def facets_of(rows: Sequence[CellRow], found: Found) -> tuple[Facet, ...]:
    """Return what rows can be filtered by."""
    named = {"status": "Verdict", "device": "Device", "delegate": "Delegate", "model": "Model"}
    values = [*zip(*(_facet_values(row, found) for row in rows), strict=True)] or [()] * len(named)
    return tuple(
        Facet(name, label, tuple(sorted(set(different))))
        for (name, label), different in zip(named.items(), values, strict=True)
    )


def night_rows(
    rows: Sequence[CellRow], columns: Sequence[NightColumn], facets: Sequence[Facet], found: Found
) -> list[NightRow]:
    """Return the rows of cells in their order."""
    places = [{choice: place for place, choice in enumerate(facet.choices)} for facet in facets]
    lines = []
    for number, row in enumerate(rows):
        line = CellLine(row, _found(row, found))
        attributes = [_attributes(line, column) for column in columns]
        texts = [column.text(line) for column in columns]
        cells = [table_cell(about, text, False) for about, text in zip(attributes[1:], texts[1:], strict=True)]
        values = _facet_values(row, found)
        lines.append(
            NightRow(
                number=number,
                facets=" ".join(str(where[value]) for where, value in zip(places, values, strict=True)),
                bad=any(finding.alarm for finding in found.get(row.cell, ())) or row.state is not PointState.NUMBER,
                first_attributes=attributes[0],
                first=cell_text(texts[0]),
                others=joined(cells),
            )
        )
    return lines


_UNMEASURED = frozenset({FindingClass.LAB, FindingClass.MISSING})


def _facet_values(row: CellRow, found: Found) -> tuple[str, ...]:
    findings = found.get(row.cell, ())
    return _verdict(row, findings), row.cell.serial, row.cell.delegate, row.model


def _verdict(row: CellRow, findings: Sequence[Finding]) -> str:
    """Return what a cell is filtered by: the worst that was found of it, in a word."""
    if any(finding.alarm for finding in findings):
        return "regression"
    if row.state is PointState.FAILED:
        return "failed"
    if row.state is not PointState.NUMBER:
        return "without a number"
    for standing, word in ((Standing.SUSPECT, "suspect"), (Standing.PHONE_CHANGED, "phone changed")):
        if any(finding.standing is standing and finding.accepted is None for finding in findings):
            return word
    if any(finding.accepted is not None for finding in findings):
        return "accepted"
    return "improved" if any(finding.kind is FindingClass.IMPROVED for finding in findings) else "as before"


def _found(row: CellRow, found: Found) -> str:
    """Return what was found of a cell, in words."""
    words = []
    for finding in found.get(row.cell, ()):
        if finding.kind in _UNMEASURED or finding.kind is FindingClass.FAILED:
            continue  # its state says it
        said = "accepted" if finding.accepted is not None else str(finding.standing).replace("_", " ")
        words.append(f"{finding.kind} {change(finding)} {said}")
    return "; ".join(words)


def _attributes(line: CellLine, column: NightColumn) -> Markup:
    exact, low, high = (None, None, None) if column.value is None else column.value(line)
    return cell_attributes(exact, low, high, "n" if column.value else "", not column.shown)


def _latency(line: CellLine) -> str:
    row = line.row
    if row.latency_us is None:
        return ABSENT
    bounds = None if row.low_us is None or row.high_us is None else (row.low_us, row.high_us)
    return milliseconds(row.latency_us, bounds)


def _state(line: CellLine) -> str:
    row = line.row
    if row.state is PointState.NUMBER:
        return "measured"
    return ": ".join(filter(None, (row.state.name.lower(), row.error_class, row.message)))


def _known(value: float | None, scale: float) -> str:
    return ABSENT if value is None else significant(value, scale=scale)
