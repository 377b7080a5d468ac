"""Footnotes: doubts and failures, numbered, each said once however many rows it concerns, which it names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mbench.core.results import Status, WarningCode
from mbench.report.results.rows import Row

NOT_NOTED = frozenset({WarningCode.LATENCY_ONLY})
"""Said in the foot lines."""

MOST_NAMED: Final = 4
"""Rows that a footnote names; the marks in the table show all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footnotes:
    """Lines, and per row the marks of those that concern it (`1, 3`; empty: none)."""

    lines: tuple[str, ...]
    marks: tuple[str, ...]


def footnotes_of(rows: Sequence[Row]) -> Footnotes:
    """Return the notes of a table's rows: why one did not end ok, and doubts with their advice.

    Doubts of one kind with one advice share a number; one that concerns every row with a latency needs none.
    """
    noted = [[*_ending(row), *_doubts(row)] for row in rows]
    labels = row_labels(rows)
    messages: dict[_Kind, dict[str, list[str]]] = {}
    for label, notes in zip(labels, noted, strict=True):
        for kind, message in notes:
            messages.setdefault(kind, {}).setdefault(_bare(message), []).append(label)
    kinds = [{kind for kind, _ in notes} for notes in noted]
    timed = [each for row, each in zip(rows, kinds, strict=True) if row.latency_median_us is not None]
    general = [kind for kind in messages if len(timed) > 1 and not kind.ending and all(kind in each for each in timed)]
    numbers = {kind: number for number, kind in enumerate((kind for kind in messages if kind not in general), start=1)}
    alone = len(rows) == 1
    return Footnotes(
        lines=(
            *(f"All timed rows: {_line(kind, messages[kind], everyone=True)}" for kind in general),
            *(f"({number}) {_line(kind, messages[kind], everyone=alone)}" for kind, number in numbers.items()),
        ),
        marks=tuple(", ".join(str(number) for kind, number in numbers.items() if kind in each) for each in kinds),
    )


def row_labels(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return what lines call each row: its variant, and delegate and threads where they differ between rows."""
    delegates = len({row.delegate for row in rows}) > 1
    threads = len({row.threads for row in rows}) > 1
    return tuple(
        f"{row.variant}{f' {row.delegate}' if delegates else ''}{f' ×{row.threads}' if threads else ''}" for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What one footnote is about: doubts share it by name and advice, endings by reason."""

    name: str
    advice: str | None = None
    ending: str | None = None


def _ending(row: Row) -> Iterator[tuple[_Kind, str]]:
    if row.status is not Status.OK:
        message = row.message or "no reason was recorded"
        name = f"{row.status}: {row.error_class}" if row.error_class else str(row.status)
        yield _Kind(name=name, ending=message), message


def _doubts(row: Row) -> Iterator[tuple[_Kind, str]]:
    for warning in row.warnings:
        if warning.code not in NOT_NOTED:
            yield _Kind(name=warning.code.replace("_", " "), advice=warning.advice), warning.message


def _line(kind: _Kind, messages: Mapping[str, Sequence[str]], *, everyone: bool) -> str:
    """Return `kind, rows: message.`, or `kind: row: message; row: another.` where rows have messages of their own."""
    advice = f" Advice: {_bare(kind.advice)}." if kind.advice else ""
    if len(messages) == 1:
        ((message, labels),) = messages.items()
        whose = "" if everyone else f", {_named(labels)}"
        return f"{kind.name}{whose}: {message}.{advice}"
    said = "; ".join(f"{_named(labels)}: {message}" for message, labels in messages.items())
    return f"{kind.name}: {said}.{advice}"


def _named(labels: Sequence[str]) -> str:
    different = [*dict.fromkeys(labels)]
    more = len(different) - MOST_NAMED
    shown = ", ".join(different[:MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def _bare(sentence: str) -> str:
    return sentence.strip().rstrip(".")
