"""A compared accuracy as text: the head of its column, its number with its word, and how it came about."""

from collections.abc import Iterator, Sequence

from mbench.core.choices import MetricBetter
from mbench.report.accuracy.scored import TOP1, metric_label
from mbench.report.compare.compared_accuracy import ComparedAccuracy
from mbench.report.compare.comparison import ComparedCell
from mbench.report.render.number_format import change_number, points

NO_DIFFERENCE = "no difference shown"

Kind = tuple[str, str, str | None, MetricBetter]
"""What may stand in one column: metric, kind, unit, direction."""


def kind_of(found: ComparedAccuracy) -> Kind:
    """Return which column an accuracy stands in."""
    return found.metric, found.kind, found.unit, found.better


def compared_kinds(cells: Sequence[ComparedCell]) -> dict[Kind, ComparedAccuracy]:
    """Return the columns of some cells, each with the first accuracy in it."""
    found: dict[Kind, ComparedAccuracy] = {}
    for cell in cells:
        if cell.accuracy is not None:
            found.setdefault(kind_of(cell.accuracy), cell.accuracy)
    return found


def metric_text(found: ComparedAccuracy) -> str:
    """Return what lines call a metric within a sentence: `top-1`, or a user's function."""
    return "top-1" if found.metric == TOP1 else found.metric


def change_header(found: ComparedAccuracy) -> str:
    """Return the head of a column: `Top-1 change (points)`, `psnr change (dB, higher is better)`."""
    if found.kind == "share":
        return f"{metric_label(found.metric)} change (points)"
    unit = "" if found.unit is None else f"{found.unit}, "
    return f"{found.metric} change ({unit}{found.better} is better)"


def unit_of_change(found: ComparedAccuracy) -> str:
    """Return what a change is stated in: `points`, the values' unit, or nothing where they have none."""
    return "points" if found.kind == "share" else found.unit or ""


def change_with_interval(found: ComparedAccuracy) -> str:
    """Return `-8.3 [-11.5, -5.5]` in points, or `-0.31 [-0.40, -0.22]` in the metric's unit."""
    if found.kind == "share":
        return points(found.change, *found.change_ci, found.examples)
    return change_number(found.change, found.change_ci)


def accuracy_text(found: ComparedAccuracy) -> str:
    """Return a change with its word where a difference is shown: `-8.3 [-11.5, -5.5] worse`."""
    word = "" if found.verdict == NO_DIFFERENCE else f" {found.verdict}"
    return f"{change_with_interval(found)}{word}"


def change_methods(cells: Sequence[ComparedCell]) -> Iterator[str]:
    """Yield how each kind of change came about."""
    for found in compared_kinds(cells).values():
        if found.kind == "share":
            yield (
                f"{metric_label(found.metric)} change: on the same examples, with Newcombe's interval; marked where "
                "McNemar's exact test, after Holm's correction over the files compared, finds a difference at the 5 % "
                "level."
            )
        else:
            yield (
                f"{found.metric} change: of the mean over the same examples, with Student's interval; marked where his "
                "paired test, after Holm's correction over the files compared, finds a difference at the 5 % level; "
                f"{found.better} is better."
            )


def refused_accuracies(cells: Sequence[ComparedCell]) -> dict[str, list[str]]:
    """Return why accuracies are not compared, each reason once with the variants that it is of."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        if cell.accuracy_reason is not None and cell.variant not in found.setdefault(cell.accuracy_reason, []):
            found[cell.accuracy_reason].append(cell.variant)
    return found
