"""How often shown intervals hold the true median: simulated as a session measures, and compared with what is stated."""

import math
import random
from collections.abc import Callable
from functools import partial

import pytest

from mbench.core.coverage import SIMULATED, Coverage, coverage_in_short, coverage_of, coverage_text
from mbench.core.numbers.statistics import bootstrap_interval, for_coarse_clock
from mbench.core.results import MeasuringRules
from mbench.core.schedule import measured_enough

JOBS = 1500
"""Of each simulation: the standard error of a share is one hundredth at most."""

BELOW, ABOVE = 0.015, 0.035
"""How far the least simulated share may lie below and above what is stated."""

SPREADS = (0.02, 0.03, 0.04)
"""Relative deviations of runs for which a target of 2 % is neither met at once nor never."""

GAPS = (0.1, 0.2, 0.5)
"""Between the groups, as a share of the lower one."""


def rules(coverage: Coverage) -> MeasuringRules:
    return MeasuringRules(
        min_runs=coverage.min_runs,
        max_runs=coverage.max_runs,
        target_interval=0.02,
        memory_runs=0,
        profile_ops=False,
        seed=0,
    )


def share(draw: Callable[[], float], truth: float, measured_by: MeasuringRules) -> float:
    """Return the share of jobs whose interval holds the true median, each measured until it is enough."""
    held = 0
    for _ in range(JOBS):
        samples: list[float] = []
        while not measured_enough(samples, measured_by):
            samples.append(draw())
        interval = bootstrap_interval(samples, seed=0)
        assert interval is not None
        shown = for_coarse_clock(interval)
        held += shown.low <= truth <= shown.high
    return held / JOBS


def normal(source: random.Random, middle_us: float, spread: float) -> float:
    return middle_us * source.gauss(1, spread)


def grouped(source: random.Random, low_us: float, gap: float) -> float:
    return source.choice((1, 1 + gap)) * normal(source, low_us, 0.003)


def cut(source: random.Random, middle_us: float, spread: float) -> float:
    return float(math.floor(normal(source, middle_us, spread)))


@pytest.mark.parametrize("stated", SIMULATED, ids=lambda each: f"{each.min_runs}-{each.max_runs}")
def test_intervals_of_normal_runs_hold_the_true_median_as_often_as_is_stated(stated):
    source = random.Random(1)
    found = min(share(partial(normal, source, 1e6, spread), 1e6, rules(stated)) for spread in SPREADS)
    assert stated.alike / 100 - BELOW <= found <= stated.alike / 100 + ABOVE


@pytest.mark.parametrize("stated", SIMULATED, ids=lambda each: f"{each.min_runs}-{each.max_runs}")
def test_intervals_of_runs_in_two_groups_hold_the_true_median_as_often_as_is_stated(stated):
    source = random.Random(2)
    found = min(share(partial(grouped, source, 1e6, gap), 1e6 * (1 + gap / 2), rules(stated)) for gap in GAPS)
    assert stated.in_groups / 100 - BELOW <= found <= stated.in_groups / 100 + ABOVE


@pytest.mark.parametrize("truth_us", [9.3, 9.97, 10.05, 21.7, 43.2, 65.95, 120.4])
def test_intervals_of_whole_microseconds_hold_the_true_median_as_often_as_others(truth_us):
    source, stated = random.Random(3), coverage_of(5, 8)
    for spread in (0.002, 0.01, 0.02):
        found = share(partial(cut, source, truth_us, spread), truth_us, rules(stated))
        assert found >= stated.alike / 100


@pytest.mark.parametrize(
    ("low", "high", "has"),
    [
        (3, 3, (3, 3)),
        (4, 4, (4, 4)),
        (5, 5, (5, 5)),
        (5, 6, (5, 10)),
        (5, 8, (5, 10)),
        (8, 8, (5, 10)),
        (5, 10, (5, 10)),
        (10, 10, (5, 10)),
        (5, 11, (5, 20)),
        (20, 20, (5, 20)),
        (3, 4, (3, 10)),
        (4, 10, (3, 10)),
        (3, 11, None),
        (5, 21, None),
        (2, 2, None),
        (1, 5, None),
    ],
)
def test_a_rule_has_the_figures_of_the_first_that_it_lies_within(low, high, has):
    found = coverage_of(low, high)
    assert (None if found is None else (found.min_runs, found.max_runs)) == has


def ruled(low, high):
    return rules(Coverage(min_runs=low, max_runs=high, alike=0, in_groups=0))


def test_the_sentence_is_about_the_widest_of_the_rules():
    assert coverage_text([ruled(5, 8)]) == (
        "an interval of 5 to 8 runs, ended when it is narrow, holds the true median in 88 % or more of cases "
        "(simulated), and in 83 % where runs lie in two groups"
    )
    assert coverage_text([ruled(3, 3)]).startswith("an interval of 3 runs holds the true median in 75 % or more")
    assert coverage_text([ruled(5, 8), ruled(3, 3)]).startswith("an interval of 3 to 8 runs, ended")
    assert coverage_text([ruled(5, 90)]) == (
        "how often an interval of 5 to 90 runs, ended when it is narrow, holds the true median was not simulated, and "
        "is less than 95 %"
    )


def test_in_short_it_stands_in_brackets():
    said = " (holds in 88 % of cases; in 83 % with two groups of runs)"
    assert coverage_in_short([ruled(5, 10), ruled(5, 5)]) == said
    assert coverage_in_short([ruled(1, 1)]) == ""
