"""Scores of several files on the same examples, compared example by example.

No file is called better than another because of two percentages: only where McNemar's test says so, after Holm's
correction over all pairs that are looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from mbench.core.errors import UsageError
from mbench.core.proportions import PairedDifference, compare_scores, holm_adjusted
from mbench.core.variants import Quantization, Variant, parse_variant
from mbench.report.results.scored import Scored

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """What a quantization costs: fp32's share of right answers minus this file's."""

    variant: Variant
    scored: Scored
    difference: PairedDifference


@dataclass(frozen=True, slots=True, kw_only=True)
class Drops:
    """The quantized files of one network against its float32 file."""

    base: Scored
    variant: Variant
    drops: tuple[Drop, ...]


def alike(scored: Sequence[Scored]) -> tuple[tuple[Scored, ...], ...]:
    """Return the scores in groups whose hits may be compared: same examples, same place, hits kept."""
    groups: list[list[Scored]] = []
    for each in scored:
        if each.score.hits is None:
            continue
        for group in groups:
            first = group[0].score
            if first.place == each.score.place and first.comparable(each.score):
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
        (first, second, difference)
        for first, second in combinations(scored, 2)
        if (difference := compare_scores(first.score, second.score)) is not None
    ]
    adjusted = holm_adjusted([difference.p for _, _, difference in pairs])
    better = [
        Better(first=first, second=second, p=p)
        if difference.difference > 0
        else Better(first=second, second=first, p=p)
        for (first, second, difference), p in zip(pairs, adjusted, strict=True)
        if p < LEVEL
    ]
    won = [sum(each.first is candidate for each in better) for candidate in scored]
    best = next((each for each, wins in zip(scored, won, strict=True) if wins == len(scored) - 1), None)
    return Comparison(
        scored=tuple(scored), pairs=len(pairs), better=tuple(sorted(better, key=lambda each: each.p)), best=best
    )


def drops_against_float(scored: Sequence[Scored]) -> tuple[Drops, ...]:
    """Return for each network with a float32 file what its other quantizations cost.

    A network is architecture, size and head; where one of them has two different float32 files (of two sessions, say)
    nobody knows which is meant, and it is left out.

    Args:
        scored: one group of `alike`.
    """
    networks: dict[tuple[object, ...], list[tuple[Variant, Scored]]] = {}
    for each in scored:
        if (variant := _variant(each.name)) is not None:
            key = (variant.architecture, variant.size, variant.head, each.score.delegate)
            networks.setdefault(key, []).append((variant, each))
    found = []
    for members in networks.values():
        floats = [member for member in members if member[0].quantization is Quantization.FP32]
        others = [member for member in members if member[0].quantization is not Quantization.FP32]
        if len(floats) == 1 and others:
            variant, base = floats[0]
            found.append(Drops(base=base, variant=variant, drops=tuple(_drops(base, others))))
    return tuple(found)


def _drops(base: Scored, others: Sequence[tuple[Variant, Scored]]) -> list[Drop]:
    return [
        Drop(variant=variant, scored=scored, difference=difference)
        for variant, scored in others
        if (difference := compare_scores(base.score, scored.score)) is not None
    ]


def _variant(name: str) -> Variant | None:
    try:
        return parse_variant(name)
    except UsageError:
        return None
