"""A user's metric of values: what a night's mean and the pairs of examples must show to be a finding."""

from dataclasses import replace

import numpy as np
import pytest
from gate_series import NIGHTS, series, tonight

from mbench.core.choices import MetricBetter
from mbench.core.means import ComparedMeans, MeanDifference
from mbench.core.nights.series import Cell
from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.core.numbers.statistics import Interval
from mbench.core.scores import OwnMetric
from mbench.gate.judge import judge
from mbench.gate.values import ValuesVerdict, judge_values, unit_of

PSNR = OwnMetric(name="psnr", source="m.py", sha256="f" * 64, unit="dB")
ERROR = OwnMetric(name="error", source="m.py", sha256="f" * 64, better=MetricBetter.LOWER)


class Pairs:
    """What the values of each example say, whatever nights are asked about; which ones were is kept."""

    def __init__(
        self, p: float = 1e-6, difference: float = -1.0, metric: OwnMetric = PSNR, *, kept: bool = True
    ) -> None:
        self.asked: list[int] = []
        self.kept = kept
        change = MeanDifference(
            examples=40,
            difference=difference,
            interval=Interval(low=difference - 0.25, high=difference + 0.25),
            p=p,
            better=metric.better,
        )
        self.found = ComparedMeans(metric=metric, before=31.0, now=31.0 + difference, change=change)

    def __call__(self, _cell: Cell, night: int) -> ComparedMeans | None:
        self.asked.append(night)
        return self.found if self.kept else None


def made(merit, **columns):
    whole = {"examples": 40, "dataset": 1} | columns
    return series(np.full(len(merit), 100.0), merit=merit, **whole)


def values(merit, pairs: Pairs | None = None, **columns) -> ValuesVerdict:
    return judge_values(replace(tonight(made(merit, **columns)), compared=pairs or Pairs()))


def test_a_mean_that_is_half_a_percent_worse_is_looked_at() -> None:
    assert values([100.0] * 6 + [99.5]).findings
    assert values([100.0] * 6 + [99.51]) == ValuesVerdict()
    assert values([-100.0] * 6 + [-100.5]).findings
    assert values([-100.0] * 6 + [-100.49]) == ValuesVerdict()


def test_a_mean_that_rose_or_stays_is_not_asked_about() -> None:
    pairs = Pairs()
    assert values([100.0] * 6 + [120.0], pairs) == ValuesVerdict()
    assert values([100.0] * 7, pairs) == ValuesVerdict()
    assert pairs.asked == []


def test_chance_must_be_below_one_in_a_thousand_on_the_worse_side() -> None:
    fallen = [100.0] * 6 + [90.0]
    assert values(fallen, Pairs(p=0.0019)).findings
    assert values(fallen, Pairs(p=0.002)) == ValuesVerdict()


@pytest.mark.parametrize(("difference", "metric"), [(0.0, PSNR), (1.0, PSNR), (-1.0, ERROR)])
def test_pairs_that_are_no_worse_are_no_finding_whatever_the_means_say(difference: float, metric: OwnMetric) -> None:
    assert values([100.0] * 6 + [90.0], Pairs(difference=difference, metric=metric)) == ValuesVerdict()


def test_it_says_since_when_and_from_what_to_what_in_the_metrics_unit() -> None:
    (one,) = values([100.0, 100.0, 99.8, 90.0, 90.1, 89.9]).findings
    assert (one.kind, one.standing, one.alarm) == (FindingClass.ACCURACY, Standing.CERTAIN, True)
    assert (one.before, one.now, one.unit, one.own_metric) == (31.0, 30.0, "psnr (dB)", True)
    assert (one.since, one.nights) == ("n3", 3)
    assert one.because == (
        "psnr 30 dB, 31 before: -1 [-1.25, -0.75] on the same 40 examples, higher is better, at least 0.47 and "
        "p = 1e-06"
    )


def test_of_a_metric_that_is_better_lower_what_rose_is_a_finding() -> None:
    (one,) = values([-1.0] * 6 + [-1.2], Pairs(difference=0.2, metric=ERROR)).findings
    assert (one.before, one.now, one.unit) == (31.0, 31.2, "error")
    assert "+0.2 [-0.05, +0.45] on the same 40 examples, lower is better" in one.because


@pytest.mark.parametrize(
    ("merit", "night"),
    [
        ([100.0] * 6 + [90.0], 5),
        ([100.0, 100.0, 99.9, 90.0, 90.0, 90.0], 2),
        ([100.0] * 6 + [95.0, 95.0, 90.0, 90.0], 5),
        ([100.0, 90.0], 0),
    ],
)
def test_tonights_examples_are_paired_with_those_of_the_last_night_that_was_well(merit, night: int) -> None:
    pairs = Pairs()
    assert values(merit, pairs).findings
    assert pairs.asked == [night]


def test_what_is_as_before_again_is_over() -> None:
    assert values([100.0] * 6 + [90.0, 90.0, 100.0, 100.0]) == ValuesVerdict()


def test_other_examples_metrics_and_recipes_are_no_past() -> None:
    fallen = [100.0] * 6 + [90.0]
    assert values(fallen, dataset=[1] * 6 + [2]) == ValuesVerdict()
    assert values(fallen, examples=[50] * 6 + [40]) == ValuesVerdict()
    assert values([100.0, 100.0, 50.0, 90.0], dataset=[1, 1, 2, 1]).findings


@pytest.mark.parametrize("unknown", [np.nan, np.inf])
def test_a_night_without_values_is_passed_over(unknown: float) -> None:
    assert values([100.0] * 6 + [unknown]) == ValuesVerdict()
    assert values([100.0, unknown, 90.0]).findings
    assert values([90.0]) == ValuesVerdict()


def test_a_mean_that_was_always_zero_has_its_largest_one_for_a_measure() -> None:
    assert values([0.0] * 7) == ValuesVerdict()
    assert values([0.0] * 6 + [-0.3]).findings


def test_an_update_of_the_os_does_not_hide_it() -> None:
    assert values([100.0] * 6 + [90.0], epoch=[0] * 6 + [1]).findings


def test_where_the_values_of_each_example_are_gone_that_is_said() -> None:
    found = values([100.0] * 6 + [90.0], Pairs(kept=False))
    assert found.findings == ()
    assert found.unjudged == (
        "mobilenet cpu ×4 on SERIAL: the mean of its metric's values got worse by 10, and is not judged: the values "
        "of each example cannot be read, or are not kept"
    )


def test_a_unit_holds_the_metrics_name_so_that_it_is_no_other_classs() -> None:
    assert unit_of(Pairs().found) == "psnr (dB)"
    assert unit_of(Pairs(metric=PSNR.model_copy(update={"unit": "%"})).found) == "psnr (%)"
    assert unit_of(Pairs(metric=ERROR).found) == "error"


def test_a_night_is_judged_by_values_as_by_all_else() -> None:
    of = [made([100.0] * 6 + [90.0])]
    asked = {"project": "p", "branch": "main", "night": 6, "nights": NIGHTS}
    judged = judge(of, compared=Pairs(), **asked)
    assert [(one.kind, one.alarm) for one in judged.findings] == [(FindingClass.ACCURACY, True)]
    unread = judge(of, compared=Pairs(kept=False), **asked)
    assert (unread.findings, ["is not judged" in note for note in unread.notes if "metric" in note]) == ((), [True])
    assert judge(of, **asked).findings == ()


@pytest.mark.parametrize(("metric", "sign"), [(PSNR, 1.0), (ERROR, -1.0)])
def test_what_changed_most_is_first_whichever_way_is_worse(metric: OwnMetric, sign: float) -> None:
    cells = {name: replace(made([100.0]).cell, workload=name) for name in ("little", "much")}
    worse = {cells["little"]: 1.0, cells["much"]: 20.0}
    of = [replace(made([100.0 * sign] * 6 + [100.0 * sign - by]), cell=cell) for cell, by in worse.items()]
    judged = judge(
        of,
        project="p",
        branch="main",
        night=6,
        nights=NIGHTS,
        compared=lambda cell, _night: Pairs(difference=-sign * worse[cell], metric=metric).found,
    )
    assert [one.cell.workload for one in judged.findings] == ["much", "little"]
