"""How often the interval that is shown holds the true median, for the rules that decide how many runs there are.

A job that ends when its interval is narrow ends early where it happens to look narrow, so that such intervals hold the
true median less often than those of a fixed number of runs. The figures are simulated with the very functions that
measure and report (`tests/core/test_coverage.py` does so again): the least over normal runs of many spreads, and over
runs that lie in two groups of equal weight, whose median is the middle between them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mbench.core.results import MeasuringRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of intervals under one rule, the share that holds the true median, in percent.

    Attributes:
        min_runs, max_runs: of the rule: a job ends between them when its interval is narrow.
        alike: of runs that lie together.
        in_groups: of runs that lie in two groups.
    """

    min_runs: int
    max_runs: int
    alike: int
    in_groups: int


SIMULATED: Final = (
    Coverage(min_runs=3, max_runs=3, alike=75, in_groups=75),
    Coverage(min_runs=4, max_runs=4, alike=87, in_groups=87),
    Coverage(min_runs=5, max_runs=5, alike=93, in_groups=93),
    Coverage(min_runs=5, max_runs=10, alike=88, in_groups=83),
    Coverage(min_runs=5, max_runs=20, alike=86, in_groups=77),
    Coverage(min_runs=3, max_runs=10, alike=74, in_groups=68),
)
"""From the narrowest rule to the widest: a rule has the figures of the first that it lies within."""


def coverage_of(min_runs: int, max_runs: int) -> Coverage | None:
    """Return the figures that hold for a rule, those of a wider one if need be; None where none was simulated."""
    within = (each for each in SIMULATED if each.min_runs <= min_runs and max_runs <= each.max_runs)
    return next(within, None)


def coverage_text(rules: Iterable[MeasuringRules]) -> str:
    """Return how often intervals hold the true median, for all the rules that a table's rows were measured by."""
    low, high = _widest(rules)
    runs = f"{low} runs" if low == high else f"{low} to {high} runs, ended when it is narrow,"
    found = coverage_of(low, high)
    if found is None:
        return f"how often an interval of {runs} holds the true median was not simulated, and is less than 95 %"
    return (
        f"an interval of {runs} holds the true median in {found.alike} % or more of cases (simulated), and in "
        f"{found.in_groups} % where runs lie in two groups"
    )


def coverage_in_short(rules: Iterable[MeasuringRules]) -> str:
    """Return the same in brackets, to stand after what an interval is; nothing where none was simulated."""
    found = coverage_of(*_widest(rules))
    if found is None:
        return ""
    return f" (holds in {found.alike} % of cases; in {found.in_groups} % with two groups of runs)"


def _widest(rules: Iterable[MeasuringRules]) -> tuple[int, int]:
    """Return the fewest and the most runs that any of the rules allows."""
    ranges = [(each.min_runs, each.max_runs) for each in rules]
    return min(low for low, _ in ranges), max(high for _, high in ranges)
