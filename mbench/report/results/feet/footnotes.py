"""Footnotes: doubts and failures, numbered, each said once however many rows it concerns, which it names."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from mbench.core.plain_text import ended, without_name
from mbench.core.results import Status, WarningCode
from mbench.report.results.rows.row import Row

NOT_NOTED: Final = frozenset({WarningCode.LATENCY_ONLY})
"""Said in the foot lines."""

SAID_OF_DEVICES: Final = NOT_NOTED | {WarningCode.INVENTED}
"""Said in the foot lines of tables that have a line about their devices."""

MOST_NAMED: Final = 4
"""Rows that a footnote names; the marks in the table show all of them."""

_Namer = Callable[[Sequence[int]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footnotes:
    """Lines, and per row the marks of those that concern it (`1, 3`; empty: none).

    Attributes:
        serious: the lines in another order, the most serious first: what did not end well.
        brief: likewise without their advice.
        kinds: the least that can be said of each, in the same order: `(1) busy`.
    """

    lines: tuple[str, ...]
    marks: tuple[str, ...]
    serious: tuple[str, ...] = ()
    brief: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def footnotes_of(
    rows: Sequence[Row], *, unsaid: Collection[WarningCode] = NOT_NOTED, most: int | None = None
) -> Footnotes:
    """Return the notes of a table's rows: why one did not end ok, and doubts with their advice.

    Doubts of one kind with one advice share a number; one that concerns every row with a latency needs none.

    Args:
        rows: of one table.
        unsaid: doubts that the table says elsewhere.
        most: messages of one kind that a line holds, with how many more there are; by default all of them, but on
            several devices the first few.
    """
    most = MOST_NAMED if most is None and _on_several(rows) else most
    noted = [[*_ending(row), *_doubts(row, unsaid)] for row in rows]
    messages: dict[_Kind, dict[str, list[int]]] = {}
    for place, notes in enumerate(noted):
        for kind, message in notes:
            messages.setdefault(kind, {}).setdefault(_bare(message), []).append(place)
    kinds = [{kind for kind, _ in notes} for notes in noted]
    timed = [each for row, each in zip(rows, kinds, strict=True) if row.latency_median_us is not None]
    general = [kind for kind in messages if len(timed) > 1 and not kind.ending and all(kind in each for each in timed)]
    numbers = {kind: number for number, kind in enumerate((kind for kind in messages if kind not in general), start=1)}
    named = _namer(rows)
    alone = len(rows) == 1

    def line(kind: _Kind, *, advised: bool) -> str:
        number = numbers.get(kind)
        begin = "All timed rows: " if number is None else f"({number}) "
        everyone = number is None or alone
        said = _line(kind.name, messages[kind], named, everyone=everyone, most=most)
        return f"{begin}{said}{_advice(kind) if advised else ''}"

    ordered = [*general, *numbers]
    advised = {kind: line(kind, advised=True) for kind in ordered}
    by_weight = sorted(ordered, key=lambda kind: kind.ending is None)
    return Footnotes(
        lines=tuple(advised.values()),
        marks=tuple(", ".join(map(str, sorted(numbers[kind] for kind in each if kind in numbers))) for each in kinds),
        serious=tuple(advised[kind] for kind in by_weight),
        brief=tuple(line(kind, advised=False) for kind in by_weight),
        kinds=tuple(
            f"({numbers[kind]}) {kind.name}" if kind in numbers else f"{kind.name} (all rows)" for kind in by_weight
        ),
    )


def row_labels(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return what lines call each row: its variant, and delegate and threads where they differ between rows."""
    delegates = len({row.delegate for row in rows}) > 1
    threads = len({row.threads for row in rows}) > 1
    return tuple(
        f"{row.label}{f' {row.delegate}' if delegates else ''}{f' ×{row.threads}' if threads else ''}" for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What one footnote is about: doubts share it by name and advice, endings by reason."""

    name: str
    advice: str | None = None
    ending: str | None = None


def _ending(row: Row) -> Iterator[tuple[_Kind, str]]:
    if row.status is not Status.OK:
        message = without_name(row.message, row.variant) if row.message else "no reason was recorded"
        name = f"{row.status}: {row.error_class}" if row.error_class else str(row.status)
        yield _Kind(name=name, ending=message), message


def _doubts(row: Row, unsaid: Collection[WarningCode]) -> Iterator[tuple[_Kind, str]]:
    for warning in row.warnings:
        if warning.code not in unsaid:
            yield _Kind(name=warning.code.replace("_", " "), advice=warning.advice), warning.message


def _line(name: str, messages: Mapping[str, Sequence[int]], named: _Namer, *, everyone: bool, most: int | None) -> str:
    """Return `kind, rows: message.`, or `kind: row: message; row: another.` where rows have messages of their own."""
    if len(messages) == 1:
        ((message, places),) = messages.items()
        whose = "" if everyone else f", {named(places)}"
        return f"{name}{whose}: {ended(message)}"
    said = [f"{named(places)}: {message}" for message, places in islice(messages.items(), most)]
    left = len(messages) - len(said)
    return f"{name}: {ended('; '.join(said) + (f'; and {left} more' if left else ''))}"


def _advice(kind: _Kind) -> str:
    return f" Advice: {ended(kind.advice)}" if kind.advice else ""


def _on_several(rows: Sequence[Row]) -> bool:
    return len({row.device for row in rows}) > 1


def _namer(rows: Sequence[Row]) -> _Namer:
    """Return what names rows by their places: each by its label, or the devices and workloads that they make up."""
    labels = row_labels(rows)
    if not _on_several(rows):
        return lambda places: first_few([labels[place] for place in places])
    on_device, of_label = Counter(row.device for row in rows), Counter(labels)

    def named(places: Sequence[int]) -> str:
        concerned = Counter(labels[place] for place in places)
        everywhere = [label for label in concerned if concerned[label] == of_label[label]]
        rest = [place for place in places if labels[place] not in everywhere]
        left = Counter(rows[place].device for place in rest)
        whole = {device for device in left if left[device] == on_device[device]}
        devices = (rows[place].device for place in rest)
        return first_few(
            [
                *(f"{label} on all devices" for label in everywhere),
                *(
                    device if device in whole else f"{device} {labels[place]}"
                    for place, device in zip(rest, devices, strict=True)
                ),
            ]
        )

    return named


def first_few(names: Sequence[str]) -> str:
    """Return the first different names, and how many more there are: `a, b, c, d and 3 more`."""
    different = [*dict.fromkeys(names)]
    more = len(different) - MOST_NAMED
    shown = ", ".join(different[:MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def _bare(sentence: str) -> str:
    return sentence.strip().rstrip(".")
