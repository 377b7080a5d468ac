"""A comparison as a table for people: provenance first below it, doubts carried over, what is incomparable last."""

from collections.abc import Iterator, Sequence
from typing import Final

from mbench.core.numbers.comparisons import MIN_CHANGE
from mbench.core.results import WarningCode
from mbench.report.compare.accuracy_texts import (
    Kind,
    accuracy_text,
    change_header,
    change_methods,
    compared_kinds,
    kind_of,
    refused_accuracies,
)
from mbench.report.compare.cells import By
from mbench.report.compare.comparison import ComparedCell, ComparedSide, Comparison, OnlyOne
from mbench.report.compare.differences import Difference, meant_to_differ
from mbench.report.render.number_format import (
    ABSENT,
    BELOW_CLOCK,
    MILLION,
    count_of,
    milliseconds,
    significant,
)
from mbench.report.render.text_table import Cell, Column, Style, TableValues, right_column
from mbench.report.results.feet.footnotes import NOT_NOTED

MOST_NAMED: Final = 5
_MANY: Final = 10
"""Cells: of more, one in twenty that shows a difference by chance is likely to be among them."""

_MOST_OF_A_KIND: Final = 3
"""Changes of one kind that a foot line names: fifty variants have fifty new artifacts."""


def comparison_table(comparison: Comparison, *, brief: bool = False) -> TableValues:
    """Return the table of a comparison: a row a cell, in the comparison's order.

    Args:
        comparison: any.
        brief: whether doubts are only named, for a terminal whose foot is cut.
    """
    devices = len({cell.device for cell in comparison.cells}) > 1
    delegates = len({(cell.delegate, cell.threads) for cell in comparison.cells}) > 1
    kinds = compared_kinds(comparison.cells)
    sized = any(cell.old.size_bytes != cell.new.size_bytes for cell in comparison.cells)
    noded = any(cell.old.delegate_nodes != cell.new.delegate_nodes for cell in comparison.cells)
    lines, marks = _doubts(comparison.cells)
    columns = [
        Column(header="Variant"),
        *([Column(header="Device")] if devices else []),
        *([Column(header="Delegate")] if delegates else []),
        right_column("Old (ms)"),
        right_column("New (ms)"),
        right_column("New / old"),
        Column(header="Verdict"),
        *(right_column(change_header(found), spare=1) for found in kinds.values()),
        *([right_column("File (MB)", spare=4)] if sized else []),
        *([right_column("Delegated nodes", spare=3)] if noded else []),
        right_column("Runs", spare=5),
        *([Column(header="Notes", spare=2)] if any(marks) else []),
    ]
    rows = tuple(
        (
            Cell(cell.variant),
            *([Cell(_device(cell))] if devices else []),
            *([Cell(f"{cell.delegate} ×{cell.threads}")] if delegates else []),
            Cell(side_latency(cell.old)),
            Cell(side_latency(cell.new)),
            Cell(_ratio(cell.ratio, cell.ratio_ci)),
            _verdict(cell),
            *(_accuracy(cell, kind) for kind in kinds),
            *([Cell(_change(_megabytes(cell.old), _megabytes(cell.new)))] if sized else []),
            *([Cell(_change(cell.old.delegate_nodes or "?", cell.new.delegate_nodes or "?"))] if noded else []),
            Cell(_change(str(len(cell.old.samples_us)), str(len(cell.new.samples_us)))),
            *([Cell(mark)] if any(marks) else []),
        )
        for cell, mark in zip(comparison.cells, marks, strict=True)
    )
    return TableValues(
        title=f"{comparison.old} → {comparison.new}",
        columns=tuple(columns),
        rows=rows,
        foot=tuple(_foot(comparison, _named_doubts(comparison.cells) if brief else ())) + (() if brief else lines),
    )


def _foot(comparison: Comparison, doubts: Sequence[str]) -> Iterator[str]:
    """Yield what stands below the table, what must not be missed first."""
    if not comparison.cells:
        yield "No cell is on both sides."
    yield from _differs(comparison)
    yield from _refused(comparison.cells)
    yield from doubts
    yield from _mean(comparison)
    for label, cells in ((comparison.old, comparison.only_old), (comparison.new, comparison.only_new)):
        if cells:
            yield f"Only in {label}: {_some([_only(one) for one in cells])}."
    if phones := [cell for cell in comparison.cells if cell.other_phone]:
        named = _some([f"{cell.old.device} → {cell.new.device}" for cell in phones])
        yield f"Another phone of the same model: {named}; phones of one model differ by some percent."
    if comparison.repeated:
        yield f"{count_of(comparison.repeated, 'earlier result')} of the same cells left out: the last one counts."
    if any(cell.ratio is not None for cell in comparison.cells):
        yield method_line(comparison)
    yield from change_methods(comparison.cells)


def _differs(comparison: Comparison) -> Iterator[str]:
    meant = meant_to_differ(comparison.by)
    kinds: dict[str, list[Difference]] = {}
    for each in comparison.differs:
        if each.what not in meant:
            kinds.setdefault(each.what, []).append(each)
    texts = [f"{what} {_changes(found)}" for what, found in kinds.items()]
    if texts:
        yield f"Differs: {'; '.join(texts)}."
    elif comparison.cells:
        yield "Nothing else differs in the provenance."


def _refused(cells: Sequence[ComparedCell]) -> Iterator[str]:
    """Yield why cells have no ratio or no change of accuracy, each reason once with the cells that it is of."""
    names: dict[str, list[str]] = {}
    for cell in cells:
        if cell.reason is not None:
            names.setdefault(cell.reason, []).append(cell.variant)
    for reason, variants in names.items():
        yield f"Incomparable: {_some(list(dict.fromkeys(variants)), most=3)}: {reason}."
    for reason, variants in refused_accuracies(cells).items():
        yield f"Accuracy not compared: {_some(variants, most=3)}: {reason}."


def _changes(found: Sequence[Difference]) -> str:
    if len(found) > _MOST_OF_A_KIND:
        return f"in {len(found)} ways"
    return ", ".join(f"{each.old} → {each.new}" for each in found)


def _mean(comparison: Comparison) -> Iterator[str]:
    mean = comparison.geometric_mean
    if mean is None or mean.cells < 2:
        return
    ratio = _ratio(mean.ratio, mean.ratio_ci)
    others = len(comparison.cells) - mean.cells + len(comparison.only_old) + len(comparison.only_new)
    without = f"; {count_of(others, 'other')} not in it" if others else ""
    yield f"Geometric mean of new / old: {ratio} over the {mean.cells} cells that both sides have{without}."


def method_line(comparison: Comparison) -> str:
    """Return how ratios and intervals came about, and what they do not hold."""
    least = f"Less than {100 * MIN_CHANGE:g} % is not called a difference."
    if comparison.paired:
        return (
            "New / old: Hodges-Lehmann estimate over the blocks in which both were timed, with the 95 % interval of "
            f"Wilcoxon's signed-rank test, from 6 blocks on. {least}"
        )
    cells = sum(cell.ratio_ci is not None for cell in comparison.cells)
    chance = f" Of {cells} unchanged cells about {round(cells / 20)} would have an interval without 1." * (
        cells > _MANY
    )
    apart = "" if comparison.by in (By.DELEGATE, By.THREADS, By.DEVICE) else _APART
    return f"New / old: ratio of medians over runs, with its 95 % bootstrap interval. {least}{chance}{apart}"


_APART: Final = (
    " The interval holds the scatter of runs, not what changed between two sessions (warmth, updates); mbench run "
    "--against times old and new in turn."
)


def _doubts(cells: Sequence[ComparedCell]) -> tuple[tuple[str, ...], list[str]]:
    """Return a line for each kind of doubt and each reason, numbered, and for each cell the numbers of its own."""
    messages: dict[str, list[str]] = {}
    sides: dict[str, dict[str, None]] = {}
    marks = []
    for cell in cells:
        own = list(doubts_of_cell(cell))
        for kind, label, message in own:
            sides.setdefault(kind, {}).setdefault(label)
            if message not in messages.setdefault(kind, []):
                messages[kind].append(message)
        numbers = {kind: number for number, kind in enumerate(messages, start=1)}
        marks.append(", ".join(map(str, sorted({numbers[kind] for kind, _, _ in own}))))
    lines = tuple(
        f"({number}) {kind} ({' and '.join(sides[kind])}): {'; '.join(texts[:2])}{_more(texts, 2)}."
        for number, (kind, texts) in enumerate(messages.items(), start=1)
    )
    return lines, marks


def _named_doubts(cells: Sequence[ComparedCell]) -> tuple[str, ...]:
    """Return a line with the kinds of all doubts, and the sides that they are of; none where there are none."""
    sides: dict[str, dict[str, None]] = {}
    for kind, label, _ in (each for cell in cells for each in doubts_of_cell(cell)):
        sides.setdefault(kind, {}).setdefault(label)
    named = [f"{kind} ({' and '.join(labels)})" for kind, labels in sides.items()]
    return (f"Doubts: {', '.join(named)}.",) if named else ()


def doubts_of_cell(cell: ComparedCell) -> Iterator[tuple[str, str, str]]:
    """Yield the kind, the side and the message of each doubt about a cell."""
    for label, side in (("old", cell.old), ("new", cell.new)):
        for warning in side.warnings:
            if warning.code not in NOT_NOTED:
                yield warning.code.replace("_", " "), label, warning.message


def _verdict(cell: ComparedCell) -> Cell:
    style = {"slower": Style.BAD, "faster": Style.STRONG}.get(cell.verdict, Style.PLAIN)
    few = cell.ratio is not None and cell.ratio_ci is None
    return Cell(f"{cell.verdict} (too few runs)" if few else cell.verdict, style)


def _accuracy(cell: ComparedCell, kind: Kind) -> Cell:
    found = cell.accuracy
    if found is None or kind_of(found) != kind:
        return Cell(ABSENT)
    style = {"worse": Style.BAD, "better": Style.STRONG}.get(found.verdict, Style.PLAIN)
    return Cell(accuracy_text(found), style)


def side_latency(side: ComparedSide) -> str:
    """Return a side's median in milliseconds, or that there is none, or less than the clock shows."""
    if any(warning.code is WarningCode.BELOW_CLOCK for warning in side.warnings):
        return BELOW_CLOCK
    return ABSENT if side.median_us is None else milliseconds(side.median_us)


def _ratio(ratio: float | None, interval: tuple[float, float] | None) -> str:
    """Return `1.043 [1.031, 1.052]`."""
    if ratio is None:
        return ABSENT
    if interval is None:
        return f"{ratio:.3f}"
    return f"{ratio:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"


def _device(cell: ComparedCell) -> str:
    return _change(cell.old.device, cell.new.device)


def _megabytes(side: ComparedSide) -> str:
    return significant(side.size_bytes, scale=MILLION)


def _change(old: str, new: str) -> str:
    return new if old == new else f"{old} → {new}"


def _only(one: OnlyOne) -> str:
    return f"{one.variant} {one.delegate} ×{one.threads} on {one.device}"


def _some(texts: Sequence[str], *, most: int = MOST_NAMED) -> str:
    return ", ".join(texts[:most]) + _more(texts, most)


def _more(texts: Sequence[str], most: int) -> str:
    return f" and {len(texts) - most} more" if len(texts) > most else ""
