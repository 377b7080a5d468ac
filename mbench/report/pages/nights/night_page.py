"""The page of a judged night: the verdict first, findings with their evidence, phones, and every planned cell."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mbench.core.nights.cells import Cell, PointState
from mbench.core.nights.summaries import SeriesSummary
from mbench.core.nights.verdict_changes import VerdictChanges
from mbench.core.nights.verdicts import Acceptance, Finding, FindingClass, NightVerdict
from mbench.core.results import FORMAT_VERSION
from mbench.report.exports.cell_rows import CellRow
from mbench.report.pages.nights.night_pictures import (
    HIGH,
    RUNS_WIDE,
    WIDE,
    RerunPicture,
    Spark,
    rerun_picture,
    spark_of,
)
from mbench.report.pages.nights.night_table import facets_of, night_columns, night_rows
from mbench.report.pages.templates import render_page
from mbench.report.verdicts.commands import HERE, CommandPlace, workload_of
from mbench.report.verdicts.figures import change, levels
from mbench.report.verdicts.groups import by_workload
from mbench.report.verdicts.pieces import Command, Line, Name, Piece, plain_piece
from mbench.report.verdicts.sections import Block, Section, in_sections
from mbench.report.verdicts.sentences import summary

FIRST_ROWS: Final = 200
"""Rows that the page with its script shows at first; without it, all."""

FIRST_CELLS: Final = 6
"""Cells of a finding that are shown; the others are folded."""

_MISSING: Final = (PointState.LAB, PointState.MISSING)

_GOOD: Final = frozenset({"Recovered", "Improved"})
_BAD: Final = frozenset({"New regressions", "Still bad", "Failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneLine:
    """One phone of a night.

    Attributes:
        host: that lent it; None: the one that drove the night.
        measured, failed, missing: cells.
        why: reasons why cells have no number, each once.
        before, after: readings in words, such as `battery 98 %`; empty where nothing was read.
        checks: what was not well, or changed in the night, each with its state and what to do about it.
        health: what is said where nothing was wrong; empty where nobody looked.
    """

    serial: str
    model: str
    host: str | None = None
    measured: int = 0
    failed: int = 0
    missing: int = 0
    why: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    checks: tuple[tuple[str, str, str], ...] = ()
    health: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightPage:
    """What a page shows.

    Attributes:
        facts: of the night: names with texts.
        rows: of all planned cells.
        past: of cells with findings, up to tonight.
        command: that makes the page again.
        place: where the verdict's commands are typed.
    """

    title: str
    verdict: NightVerdict
    changes: VerdictChanges | None
    facts: Sequence[tuple[str, str]]
    rows: Sequence[CellRow]
    phones: Sequence[PhoneLine]
    command: str
    place: CommandPlace = HERE
    past: Mapping[Cell, SeriesSummary] = field(default_factory=dict)


class _Part(NamedTuple):
    """A piece of a line: `text`, `name`, `code`."""

    kind: str
    text: str


class _CellEvidence(NamedTuple):
    """A cell of a finding: where it stands in the table of cells, its figures, and its pictures."""

    row: int | None
    name: str
    serial: str
    model: str
    figures: str
    spark: Spark | None
    rerun: RerunPicture | None


class _Block(NamedTuple):
    line: list[_Part]
    below: list[list[_Part]]
    cells: list[_CellEvidence]


class _Section(NamedTuple):
    title: str
    kind: str
    id: str
    blocks: list[_Block]


def night_page(asked: NightPage) -> bytes:
    """Return the page of a night; equal nights give equal bytes."""
    verdict = asked.verdict
    whole = in_sections(verdict, asked.changes, asked.place)
    places = {row.cell: number for number, row in enumerate(asked.rows)}
    found: dict[Cell, list[Finding]] = {}
    for finding in verdict.findings:
        found.setdefault(finding.cell, []).append(finding)
    columns, facets = night_columns(), facets_of(asked.rows, found)
    rows = night_rows(asked.rows, columns, facets, found)
    accepted = by_workload(each for each in verdict.findings if each.accepted is not None)
    return render_page(
        "night.html",
        {
            "title": asked.title,
            "command": asked.command,
            "format_version": FORMAT_VERSION,
            "kind": _kind(verdict),
            "first": _parts(whole.first),
            "counts": _parts(whole.counts),
            "sections": [_section(each, asked, places) for each in whole.sections],
            "accepted": [(_parts(summary(group)), _meant(group.worst.accepted)) for group in accepted],
            "near": [_parts(line) for line in whole.folded],
            "facts": asked.facts,
            "phones": asked.phones,
            "columns": columns,
            "facets": facets,
            "parts": [part for part in (rows[:FIRST_ROWS], rows[FIRST_ROWS:]) if part],
            "count": len(rows),
            "first_cells": FIRST_CELLS,
            "wide": WIDE,
            "high": HIGH,
            "runs_wide": RUNS_WIDE,
            "packed": "",
        },
        scripts=("night.js",),
        styles=("night.css",),
    )


def _kind(verdict: NightVerdict) -> str:
    """Return how the verdict is to be looked at: `failed`, `doubt`, `ok`."""
    open_ones = [finding for finding in verdict.findings if finding.accepted is None]
    if verdict.alarms or any(finding.kind is FindingClass.FAILED for finding in open_ones):
        return "failed"
    return "doubt" if any(finding.kind is not FindingClass.IMPROVED for finding in open_ones) else "ok"


def _section(section: Section, asked: NightPage, places: Mapping[Cell, int]) -> _Section:
    title = section.title
    kind = "ok" if title in _GOOD else "failed" if title in _BAD else "doubt" if title != "Notes" else ""
    blocks = [_block(block, asked, places) for block in section.blocks]
    return _Section(title, kind, title.lower().replace(" ", "-").replace(",", ""), blocks)


def _block(block: Block, asked: NightPage, places: Mapping[Cell, int]) -> _Block:
    cells = [_evidence(finding, asked, places) for finding in block.findings]
    return _Block(_parts(block.line), [_parts(line) for line in block.below], cells)


def _evidence(finding: Finding, asked: NightPage, places: Mapping[Cell, int]) -> _CellEvidence:
    past = asked.past.get(finding.cell)
    known = levels(finding)
    figures = change(finding) if known and finding.unit == "nodes" else f"{change(finding)}, {known}" if known else ""
    return _CellEvidence(
        row=places.get(finding.cell),
        name=workload_of(finding.cell),
        serial=finding.cell.serial,
        model=finding.model,
        figures=figures,
        spark=None if past is None else spark_of(past, finding.since, finding.kind),
        rerun=rerun_picture(finding.rerun),
    )


def _meant(accepted: Acceptance | None) -> str:
    return "" if accepted is None else f"accepted on {accepted.on} by {accepted.who}: {accepted.because}"


def _parts(line: Line) -> list[_Part]:
    return [_Part(_kind_of(piece), plain_piece(piece)) for piece in line]


def _kind_of(piece: Piece) -> str:
    if isinstance(piece, Command):
        return "code"
    return "name" if isinstance(piece, Name) else "text"


def phone_lines(rows: Iterable[CellRow]) -> Iterator[PhoneLine]:
    """Yield the phones of a night by its cells alone, those with the most cells without a number first."""
    by_serial: dict[str, list[CellRow]] = {}
    for row in rows:
        by_serial.setdefault(row.cell.serial, []).append(row)
    lines = []
    for serial, own in by_serial.items():
        states = Counter(row.state for row in own)
        reasons = (row.message or row.error_class for row in own if row.state in _MISSING)
        line = PhoneLine(
            serial=serial,
            model=own[0].model,
            measured=states[PointState.NUMBER],
            failed=states[PointState.FAILED],
            missing=sum(states[state] for state in _MISSING),
            why=tuple(dict.fromkeys(reason for reason in reasons if reason is not None)),
        )
        lines.append(line)
    yield from sorted(lines, key=lambda line: (-line.missing, -line.failed, line.serial))
