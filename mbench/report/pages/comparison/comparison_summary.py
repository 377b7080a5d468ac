"""What a comparison's page says first: what got slower or faster, beyond doubt or not, and what differs besides."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from mbench.report.compare.accuracy_texts import (
    NO_DIFFERENCE,
    change_with_interval,
    compared_kinds,
    kind_of,
    metric_text,
    refused_accuracies,
    unit_of_change,
)
from mbench.report.compare.compared_accuracy import ComparedAccuracy
from mbench.report.compare.comparison import ComparedCell, Comparison, OnlyOne
from mbench.report.compare.differences import Difference, meant_to_differ
from mbench.report.compare.table import doubts_of_cell
from mbench.report.pages.comparison.change_text import change_text
from mbench.report.render.number_format import count_of

MOST_OF_A_KIND: Final = 3
"""Changes of one kind that are listed: fifty variants have fifty new files."""

_MOST_NAMED: Final = 8


class Line(NamedTuple):
    """A line of the verdict: its look, its word, and its text."""

    kind: str
    word: str
    text: str


class Refused(NamedTuple):
    """Why cells are not comparable, with those that it is of."""

    reason: str
    cells: int
    named: str


class Differing(NamedTuple):
    """One thing that is not the same; `meant`: the two sides were chosen by it."""

    what: str
    old: str
    new: str
    cells: int
    meant: bool


class Side(NamedTuple):
    """Cells that one side alone has."""

    label: str
    names: tuple[str, ...]


def comparison_lines(comparison: Comparison) -> tuple[Line, ...]:
    """Return what is to be known first."""
    if not comparison.cells:
        return (Line("note", "nothing", "No cell is on both sides, so nothing can be compared."),)
    return (
        *_changed(comparison, "slower", "failed"),
        *_changed(comparison, "faster", "fastest"),
        *_unchanged(comparison),
        *_accuracies(comparison),
        *_mean(comparison),
        *_doubts(comparison.cells),
    )


def refusals(cells: Sequence[ComparedCell]) -> tuple[Refused, ...]:
    """Return each reason why cells have no ratio, the most frequent first."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        if cell.reason is not None:
            found.setdefault(cell.reason, []).append(cell_label(cell))
    ordered = sorted(found.items(), key=lambda each: -len(each[1]))
    return tuple(Refused(reason, len(names), _some(names)) for reason, names in ordered)


def differing(comparison: Comparison) -> tuple[tuple[Differing, ...], tuple[str, ...]]:
    """Return what differs in provenance, and a line for each kind of which not all is listed."""
    meant = meant_to_differ(comparison.by)
    kinds: dict[str, list[Difference]] = {}
    for each in comparison.differs:
        kinds.setdefault(each.what, []).append(each)
    shown = [
        Differing(each.what, each.old, each.new, each.cells, what in meant)
        for what, found in kinds.items()
        for each in found[:MOST_OF_A_KIND]
    ]
    more = [
        f"{what}: {len(found) - MOST_OF_A_KIND} more; each cell's own stands behind its name."
        for what, found in kinds.items()
        if len(found) > MOST_OF_A_KIND
    ]
    return tuple(shown), tuple(more)


def alone(comparison: Comparison) -> tuple[Side, ...]:
    """Return what one side alone has; nothing of a side that has nothing."""
    sides = ((comparison.old, comparison.only_old), (comparison.new, comparison.only_new))
    return tuple(Side(label, tuple(map(_only, cells))) for label, cells in sides if cells)


def cell_label(cell: ComparedCell) -> str:
    """Return what a cell is called by itself."""
    return f"{cell.variant} {cell.delegate} ×{cell.threads} on {cell.device}"


def _changed(comparison: Comparison, verdict: str, kind: str) -> Iterator[Line]:
    found = [cell for cell in comparison.cells if cell.verdict == verdict and cell.ratio is not None]
    if not found:
        return
    most = max(found, key=lambda cell: abs((cell.ratio or 1) - 1))
    text = f"{len(found)} of {count_of(len(comparison.cells), 'cell')}, most of all {cell_label(most)}: "
    yield Line(kind, verdict, f"{text}{change_text(most.ratio or 1, most.ratio_ci)} %.")


def _unchanged(comparison: Comparison) -> Iterator[Line]:
    counted = Counter(cell.verdict for cell in comparison.cells)
    if counted["no difference shown"]:
        count = counted["no difference shown"]
        text = f"{count} of {count_of(len(comparison.cells), 'cell')}: less than 1 %, or within the noise of the runs."
        yield Line("ok" if count == len(comparison.cells) else "note", "no difference shown", text)
    for each in refusals(comparison.cells):
        yield Line("doubt", "incomparable", f"{count_of(each.cells, 'cell')}: {each.reason}. {each.named}.")


def _accuracies(comparison: Comparison) -> Iterator[Line]:
    scored = {
        (cell.variant, cell.accuracy.against.sha256): cell for cell in comparison.cells if cell.accuracy is not None
    }
    for kind, first in compared_kinds(comparison.cells).items():
        found = [
            (cell.variant, cell.accuracy)
            for cell in scored.values()
            if cell.accuracy is not None and kind_of(cell.accuracy) == kind
        ]
        yield from _of_metric(found, first)
    for reason, variants in refused_accuracies(comparison.cells).items():
        yield Line("doubt", "accuracy not compared", f"{_some(variants)}: {reason}.")


def _of_metric(found: Sequence[tuple[str, ComparedAccuracy]], like: ComparedAccuracy) -> Iterator[Line]:
    """Yield what became of one metric in files, by name."""
    unit = unit_of_change(like)
    within = f", in {unit}" if unit else ""
    for verdict, kind in (("worse", "failed"), ("better", "fastest")):
        named = [f"{variant} {change_with_interval(each)}" for variant, each in found if each.verdict == verdict]
        if named:
            said = f"{len(named)} of {count_of(len(found), 'file')} in {metric_text(like)}{within}: {_some(named)}."
            yield Line(kind, f"{verdict} accuracy", said)
    if found and all(each.verdict == NO_DIFFERENCE for _, each in found):
        said = f"No difference of {metric_text(like)} is shown in {count_of(len(found), 'file')}."
        yield Line("ok", "accuracy", said)


def _mean(comparison: Comparison) -> Iterator[Line]:
    mean = comparison.geometric_mean
    if mean is None or mean.cells < 2:
        return
    others = len(comparison.cells) - mean.cells + len(comparison.only_old) + len(comparison.only_new)
    without = f"; {count_of(others, 'other')} not in it" if others else ""
    text = f"{change_text(mean.ratio, mean.ratio_ci)} % over the {mean.cells} cells that both sides have{without}."
    yield Line("note", "geometric mean", text)


def _doubts(cells: Sequence[ComparedCell]) -> Iterator[Line]:
    kinds: Counter[str] = Counter()
    sides: dict[str, set[str]] = {}
    for cell in cells:
        found = [(kind, label) for kind, label, _ in doubts_of_cell(cell)]
        kinds.update([*dict.fromkeys(kind for kind, _ in found)])  # in an order that equal results have always
        for kind, label in found:
            sides.setdefault(kind, set()).add(label)
    if kinds:
        named = ", ".join(
            f"{kind} ({' and '.join(sorted(sides[kind], reverse=True))}) in {count_of(count, 'cell')}"
            for kind, count in kinds.most_common()
        )
        yield Line("doubt", "doubts", f"{named}.")


def _only(one: OnlyOne) -> str:
    return f"{one.variant} {one.delegate} ×{one.threads} on {one.device}: {one.status}"


def _some(texts: Sequence[str], most: int = _MOST_NAMED) -> str:
    distinct = [*dict.fromkeys(texts)]
    more = f" and {len(distinct) - most} more" if len(distinct) > most else ""
    return ", ".join(distinct[:most]) + more
