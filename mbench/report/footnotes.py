"""Footnotes: doubts and failures, numbered, each said once however many rows it concerns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mbench.core.results import Status, WarningCode
from mbench.report.rows import Row

NOT_NOTED = frozenset({WarningCode.LATENCY_ONLY})
"""Said in the foot lines."""


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
    messages: dict[_Kind, list[str]] = {}
    for kind, message in (note for notes in noted for note in notes):
        messages.setdefault(kind, []).append(message)
    kinds = [{kind for kind, _ in notes} for notes in noted]
    timed = [each for row, each in zip(rows, kinds, strict=True) if row.latency_median_us is not None]
    general = [kind for kind in messages if len(timed) > 1 and not kind.ending and all(kind in each for each in timed)]
    numbers = {kind: number for number, kind in enumerate((kind for kind in messages if kind not in general), start=1)}
    return Footnotes(
        lines=(
            *(f"All timed rows: {_line(kind, messages[kind])}" for kind in general),
            *(f"({number}) {_line(kind, messages[kind])}" for kind, number in numbers.items()),
        ),
        marks=tuple(", ".join(str(number) for kind, number in numbers.items() if kind in each) for each in kinds),
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


def _line(kind: _Kind, messages: Sequence[str]) -> str:
    said = "; ".join(dict.fromkeys(_bare(message) for message in messages))
    advice = f" Advice: {_bare(kind.advice)}." if kind.advice else ""
    return f"{kind.name}: {said}.{advice}"


def _bare(sentence: str) -> str:
    return sentence.strip().rstrip(".")
