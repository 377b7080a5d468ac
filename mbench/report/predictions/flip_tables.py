"""Which examples flip between two files: tables of each pair, and the examples by name with both answers."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

from mbench.core.builds.own_variants import OwnVariant, parse_any_variant
from mbench.core.builds.variants import Quantization, Variant
from mbench.core.errors import UsageError
from mbench.core.flips import Flips, change_of
from mbench.core.proportions import PairedCounts, PairedDifference, holm_adjusted, paired_difference
from mbench.core.scores import Metric
from mbench.report.predictions.predicted import Answered, PredictedFile
from mbench.report.render.number_format import ABSENT, count_of, percent_of, points
from mbench.report.render.text_table import Cell, Column, TableValues, right_column

MOST_SHOWN: Final = 50
"""Examples of one pair in a table; all are counted, and JSON has all of them."""

_CHANGES: Final = {
    "right_to_wrong": "right to wrong",
    "wrong_to_right": "wrong to right",
    "wrong_to_wrong": "wrong to another wrong",
}
"""As tables call the counts of `Flips`, in the order in which examples are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlippedExample:
    """An example that two files answer differently; `change` is a name of `_CHANGES`."""

    change: str
    first: Answered
    second: Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class FlippedPair:
    """Two files that answered the same examples.

    Attributes:
        difference: the first's share of right answers minus the second's.
        p: McNemar's, by Holm over all pairs that are shown.
        flips: None where neither gives a class to any example.
        examples: those with different answers, by their change.
    """

    first: PredictedFile
    second: PredictedFile
    difference: PairedDifference
    p: float
    flips: Flips | None
    examples: tuple[FlippedExample, ...]


def flipped_pairs(files: Sequence[PredictedFile]) -> tuple[FlippedPair, ...]:
    """Return how the answers of files to the same examples differ.

    Compared are any two variants of one network at one place, the float32 one first, and one file at two places. Files
    of the user's own are compared with the first of them, and so are all where there is nothing else to compare.

    Raises:
        UsageError: no two of them answered the same examples.
    """
    pairs = [pair for group in _same_examples(files) for pair in _pairs(group)]
    if not pairs:
        raise UsageError("there are no two files here that answered the same examples in the same order.")
    differences = [_difference(first, second) for first, second in pairs]
    adjusted = holm_adjusted([each.p for each in differences])
    return tuple(
        _flipped(first, second, difference, p)
        for (first, second), difference, p in zip(pairs, differences, adjusted, strict=True)
    )


def flip_tables(pairs: Sequence[FlippedPair]) -> tuple[TableValues, ...]:
    """Return a table with a row for each pair, and for each pair with differing answers one of its examples."""
    return (_summary(pairs), *(_examples(pair) for pair in pairs if pair.examples))


def flips_json(pairs: Sequence[FlippedPair]) -> list[dict[str, Any]]:
    """Return the same as values of JSON, with all examples."""
    return [_pair_json(pair) for pair in pairs]


def file_json(file: PredictedFile) -> dict[str, Any]:
    """Return what a file is called, and where it answered."""
    return {
        "name": file.name,
        "sha256": file.sha256,
        "place": file.place,
        "delegate": file.delegate or None,
        "device": file.device or None,
    }


def answer_json(answered: Answered) -> dict[str, Any]:
    """Return the first answer to an example; what is not there, or is no finite number, is null."""
    finite = answered.score is not None and math.isfinite(answered.score)
    return {
        "class": None if answered.answer < 0 else answered.answer,
        "name": answered.answer_name or None,
        "score": answered.score if finite else None,
    }


def answer_text(answered: Answered) -> str:
    """Return what a table calls the first answer: its class by name, or by number."""
    if answered.answer < 0:
        return ABSENT if answered.score is None else "none of the classes"
    return answered.answer_name or str(answered.answer)


def score_text(score: float | None) -> str:
    """Return a score with four digits."""
    return ABSENT if score is None else f"{score:.4g}"


def _same_examples(files: Sequence[PredictedFile]) -> list[list[PredictedFile]]:
    groups: dict[tuple[tuple[str, int], ...], list[PredictedFile]] = {}
    for file in files:
        groups.setdefault(tuple((each.name, each.truth) for each in file.answers), []).append(file)
    return list(groups.values())


def _pairs(group: Sequence[PredictedFile]) -> Iterator[tuple[PredictedFile, PredictedFile]]:
    networks: dict[object, list[PredictedFile]] = {}
    own: list[PredictedFile] = []
    for file in group:
        variant = _variant(file)
        if variant is None:
            own.append(file)
        else:
            networks.setdefault(replace(variant, quantization=Quantization.FP32), []).append(file)
    found = [
        (first, second)
        for members in networks.values()
        for first, second in combinations(sorted(members, key=_not_float), 2)
        if first.sha256 == second.sha256 or _where(first) == _where(second)
    ]
    found += [(own[0], other) for other in own[1:]]
    yield from found or [(group[0], other) for other in group[1:]]


def _where(file: PredictedFile) -> tuple[str, str, str]:
    return file.place, file.delegate, file.device


def _not_float(file: PredictedFile) -> bool:
    variant = _variant(file)
    return variant is None or variant.quantization is not Quantization.FP32


def _variant(file: PredictedFile) -> Variant | OwnVariant | None:
    return parse_any_variant(file.name)


def _difference(first: PredictedFile, second: PredictedFile) -> PairedDifference:
    counts = Counter((one.right, other.right) for one, other in zip(first.answers, second.answers, strict=True))
    return paired_difference(
        PairedCounts(
            both=counts[True, True],
            first_only=counts[True, False],
            second_only=counts[False, True],
            neither=counts[False, False],
        )
    )


def _flipped(first: PredictedFile, second: PredictedFile, difference: PairedDifference, p: float) -> FlippedPair:
    counts: Counter[str] = Counter()
    examples = []
    for one, other in zip(first.answers, second.answers, strict=True):
        change = change_of(one.answer, other.answer, right=one.right, other_right=other.right)
        if change is not None:
            counts[change] += 1
        if change in _CHANGES:
            examples.append(FlippedExample(change=change, first=one, second=other))
    order = [*_CHANGES]
    return FlippedPair(
        first=first,
        second=second,
        difference=difference,
        p=p,
        flips=Flips(same=counts["same"], **{change: counts[change] for change in _CHANGES}) if counts else None,
        examples=tuple(sorted(examples, key=lambda each: order.index(each.change))),
    )


def _summary(pairs: Sequence[FlippedPair]) -> TableValues:
    columns = (
        Column(header="First file"),
        Column(header="Second file"),
        right_column("Examples"),
        right_column("Same first answer (%)"),
        *(right_column(text.capitalize()) for text in _CHANGES.values()),
        right_column("Drop of top-1 (points)"),
        right_column("p"),
    )
    return TableValues(
        title="First answers of two files to the same examples",
        columns=columns,
        rows=tuple(map(_summary_row, pairs)),
        foot=(
            (
                "Examples to which neither file gives a class are left out of same answers and flips. 95 % intervals: "
                "by Wilson; of the drop, which is the first file's top-1 minus the second's, by Newcombe's method 10. "
                f"p: McNemar's exact test, Holm's correction over {count_of(len(pairs), 'pair')}."
            ),
        ),
    )


def _summary_row(pair: FlippedPair) -> tuple[Cell, ...]:
    difference, flips = pair.difference, pair.flips
    drop = points(difference.difference, difference.interval.low, difference.interval.high, difference.counts.examples)
    counted = [ABSENT] * (1 + len(_CHANGES))
    if flips is not None:
        low, high = flips.interval.low, flips.interval.high
        same = Metric(name="same_answer", value=flips.agreement, low=low, high=high, examples=flips.examples)
        counted = [percent_of(same), *(str(getattr(flips, change)) for change in _CHANGES)]
    texts = [pair.first.label, pair.second.label, str(difference.counts.examples), *counted, drop, f"{pair.p:.2g}"]
    return tuple(map(Cell, texts))


def _examples(pair: FlippedPair) -> TableValues:
    rows = []
    for each in pair.examples[:MOST_SHOWN]:
        first, second = each.first, each.second
        texts = (
            *(first.name, first.truth_name or str(first.truth)),
            *(answer_text(first), score_text(first.score), answer_text(second), score_text(second.score)),
            _CHANGES[each.change],
        )
        rows.append(tuple(map(Cell, texts)))
    left = len(pair.examples) - MOST_SHOWN
    return TableValues(
        title=f"{pair.first.label} to {pair.second.label}: examples with another first answer",
        columns=(
            Column(header="Example"),
            Column(header="Right class"),
            Column(header="First answers"),
            right_column("Score"),
            Column(header="Second answers"),
            right_column("Score"),
            Column(header="Flip"),
        ),
        rows=tuple(rows),
        foot=(f"{left} more; --format json has all of them.",) if left > 0 else (),
    )


def _pair_json(pair: FlippedPair) -> dict[str, Any]:
    difference, flips = pair.difference, pair.flips
    return {
        "first": file_json(pair.first),
        "second": file_json(pair.second),
        "examples": difference.counts.examples,
        "drop": difference.difference,
        "drop_ci": [difference.interval.low, difference.interval.high],
        "p": pair.p,
        "compared": None if flips is None else flips.examples,
        "same_answer": None if flips is None else flips.agreement,
        "same_answer_ci": None if flips is None else [flips.interval.low, flips.interval.high],
        **{change: None if flips is None else getattr(flips, change) for change in _CHANGES},
        "flips": [
            {
                "example": each.first.name,
                "truth": each.first.truth,
                "truth_name": each.first.truth_name or None,
                "change": each.change,
                "first": answer_json(each.first),
                "second": answer_json(each.second),
            }
            for each in pair.examples
        ],
    }
