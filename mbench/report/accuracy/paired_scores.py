"""Scores of several files on the same examples, compared example by example.

No file is called better than another because of two percentages: only where McNemar's test says so, or of a user's
metric of values Student's paired test, after Holm's correction over all pairs that are looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from mbench.core.builds.own_variants import OwnVariant, parse_any_variant
from mbench.core.builds.variants import Quantization, Variant
from mbench.core.flips import Flips, flips_between
from mbench.core.means import compare_values
from mbench.core.numbers.bounds import Count, Share
from mbench.core.proportions import PairedDifference, compare_scores, holm_adjusted
from mbench.core.scores import Score
from mbench.core.workloads import Document
from mbench.report.accuracy.scored import Scored

FileKey = tuple[str, str, str]
"""Hash of a file, place and delegate that it was scored by."""

LEVEL: Final = 0.05

MOST_COMPARED: Final = 100
"""Files: of more, nearly 5000 pairs leave no difference standing but the plainest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Better:
    """A pair of which the first is more often right than the second."""

    first: Scored
    second: Scored
    p: float
    """Holm's, over all pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All pairs of files that were scored on the same examples in the same way.

    Attributes:
        better: pairs that differ, the surest first.
        best: the one that is better than each other one, None where there is none.
    """

    scored: tuple[Scored, ...]
    pairs: int
    better: tuple[Better, ...]
    best: Scored | None


class Against(Document):
    """How a file's answers compare with another's to the same examples.

    Attributes:
        name: of the other file: the float32 one of its network, or of two files the first.
        drop: the other's share of right answers minus this one's, -1 to 1, with Newcombe's 95 % interval; of a user's
            metric of values, the other's mean minus this one's, in its unit, with Student's.
        compared: examples to which at least one of the two gives a class; None where first answers are not kept, and
            so likewise what follows.
        same_answer: share of `compared` with the same first answer, with Wilson's 95 % interval.
        right_to_wrong: examples that the other has right and this one wrong; `wrong_to_right` likewise.
        wrong_to_wrong: examples that both have wrong, by different answers.
    """

    name: str
    sha256: str
    drop: float
    drop_ci: tuple[float, float]
    compared: Count | None
    same_answer: Share | None
    same_answer_ci: tuple[float, float] | None
    right_to_wrong: Count | None
    wrong_to_right: Count | None
    wrong_to_wrong: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """What a quantization costs: fp32's share of right answers minus this file's."""

    variant: Variant | OwnVariant
    scored: Scored
    difference: PairedDifference
    flips: Flips | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drops:
    """The quantized files of one network against its float32 file."""

    base: Scored
    variant: Variant | OwnVariant
    drops: tuple[Drop, ...]


def alike(scored: Sequence[Scored]) -> tuple[tuple[Scored, ...], ...]:
    """Return the scores in groups whose hits may be compared: same examples, same place, hits kept."""
    groups: list[list[Scored]] = []
    for each in scored:
        if each.score.hits is None and each.score.values is None:
            continue
        for group in groups:
            first = group[0].score
            one_kind = (first.hits is None) == (each.score.hits is None)
            if one_kind and first.place == each.score.place and first.comparable(each.score):
                group.append(each)
                break
        else:
            groups.append([each])
    return tuple(tuple(group) for group in groups)


def compare_all(scored: Sequence[Scored]) -> Comparison | None:
    """Return what is better than what; None for fewer than two files, or more than 100.

    Args:
        scored: one group of `alike`.
    """
    if not 2 <= len(scored) <= MOST_COMPARED:
        return None
    pairs = [
        (first, second, *found)
        for first, second in combinations(scored, 2)
        if (found := _gain(first.score, second.score)) is not None
    ]
    adjusted = holm_adjusted([p for *_, p in pairs])
    better = [
        Better(first=first, second=second, p=p) if gain > 0 else Better(first=second, second=first, p=p)
        for (first, second, gain, _), p in zip(pairs, adjusted, strict=True)
        if p < LEVEL
    ]
    won = [sum(each.first is candidate for each in better) for candidate in scored]
    best = next((each for each, wins in zip(scored, won, strict=True) if wins == len(scored) - 1), None)
    return Comparison(
        scored=tuple(scored), pairs=len(pairs), better=tuple(sorted(better, key=lambda each: each.p)), best=best
    )


def _gain(first: Score, second: Score) -> tuple[float, float] | None:
    """Return how much better the first is, and the p-value of no difference; None where they cannot be compared."""
    if (shares := compare_scores(first, second)) is not None:
        return shares.difference, shares.p
    values = compare_values(first, second)
    return None if values is None else (values.gain, values.p)


def drops_against_float(scored: Sequence[Scored]) -> tuple[Drops, ...]:
    """Return for each network with a float32 file what its other quantizations cost.

    A network is architecture, size and head; where one of them has two different float32 files (of two sessions, say)
    nobody knows which is meant, and it is left out.

    Args:
        scored: one group of `alike`.
    """
    return tuple(
        Drops(base=base, variant=variant, drops=tuple(_drops(base, others)))
        for variant, base, others in float_networks(scored)
        if base.score.hits is not None
    )


def float_networks(
    scored: Sequence[Scored],
) -> Iterator[tuple[Variant | OwnVariant, Scored, list[tuple[Variant | OwnVariant, Scored]]]]:
    """Yield each network that has a float32 file and others: the float32 variant, its score, and the others.

    Args:
        scored: one group of `alike`.
    """
    networks: dict[tuple[object, ...], list[tuple[Variant | OwnVariant, Scored]]] = {}
    for each in scored:
        if (variant := _variant(each.name)) is not None:
            key = (_network_of(variant), each.score.delegate)
            networks.setdefault(key, []).append((variant, each))
    for members in networks.values():
        floats = [member for member in members if member[0].quantization is Quantization.FP32]
        others = [member for member in members if member[0].quantization is not Quantization.FP32]
        if len(floats) == 1 and others:
            yield (*floats[0], others)


def _network_of(variant: Variant | OwnVariant) -> Variant | OwnVariant:
    if isinstance(variant, OwnVariant):
        return variant.network_variant
    return replace(variant, quantization=Quantization.FP32)


def quantized_as(variant: Variant | OwnVariant) -> str:
    """Return how a network is quantized: `int8`, `keep-float=auto_int8`."""
    return variant.quantized_as if isinstance(variant, OwnVariant) else str(variant.quantization)


def each_against(scored: Sequence[Scored]) -> dict[FileKey, Against]:
    """Return what each file is compared with: the float32 file of its network, or of two files the first.

    Args:
        scored: any; files that were scored otherwise are not compared.
    """
    found = {}
    for group in alike(scored):
        pairs = [(base, other) for _, base, others in float_networks(group) for _, other in others]
        if not pairs and len(group) == 2:
            pairs = [(group[0], group[1])]
        for base, other in pairs:
            if (against := against_base(base, other)) is not None:
                found[file_key(other.score)] = against
    return found


def file_key(score: Score) -> FileKey:
    """Return what distinguishes a scored file from others: its hash, and where and by what it was scored."""
    return score.artifact_sha256, score.place, score.delegate


def against_base(base: Scored, other: Scored) -> Against | None:
    """Return how a file's answers compare with those of another one; None where they were asked otherwise."""
    if base.score.values is not None:
        return _values_against(base, other)
    difference, flips = compare_scores(base.score, other.score), flips_between(base.score, other.score)
    if difference is None:
        return None
    return Against(
        name=base.label,
        sha256=base.score.artifact_sha256,
        drop=difference.difference,
        drop_ci=(difference.interval.low, difference.interval.high),
        compared=None if flips is None else flips.examples,
        same_answer=None if flips is None else flips.agreement,
        same_answer_ci=None if flips is None else (flips.interval.low, flips.interval.high),
        right_to_wrong=None if flips is None else flips.right_to_wrong,
        wrong_to_right=None if flips is None else flips.wrong_to_right,
        wrong_to_wrong=None if flips is None else flips.wrong_to_wrong,
    )


def _values_against(base: Scored, other: Scored) -> Against | None:
    difference = compare_values(base.score, other.score)
    if difference is None or difference.interval is None:
        return None
    return Against(
        name=base.label,
        sha256=base.score.artifact_sha256,
        drop=difference.difference,
        drop_ci=(difference.interval.low, difference.interval.high),
        compared=None,
        same_answer=None,
        same_answer_ci=None,
        right_to_wrong=None,
        wrong_to_right=None,
        wrong_to_wrong=None,
    )


def _drops(base: Scored, others: Sequence[tuple[Variant | OwnVariant, Scored]]) -> list[Drop]:
    return [
        Drop(variant=variant, scored=scored, difference=difference, flips=flips_between(base.score, scored.score))
        for variant, scored in others
        if (difference := compare_scores(base.score, scored.score)) is not None
    ]


def _variant(name: str) -> Variant | OwnVariant | None:
    return parse_any_variant(name)
