import math

import pytest
from scipy import stats

from mbench.core.choices import MetricBetter
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.means import compare_values, mean_interval, student_p, student_quantile
from mbench.core.scores import MOST_VALUES_KEPT, Metric, OwnMetric, Score, pack_values, unpack_values

OWN = DatasetFacts(name="arrays", task=Task.OWN, split=Split.TEST, sha256="3fa1" * 16, examples=6)


def score(numbers: list[float], **changes: object) -> Score:
    metric = OwnMetric(name="psnr", source="m.py", sha256="a" * 64, unit="dB")
    fields = {
        "artifact_sha256": "b" * 64,
        "place": "host",
        "delegate": "cpu",
        "dataset": OWN,
        "preprocessing": "as given",
        "asked": len(numbers),
        "scored": len(numbers),
        "metrics": (),
        "own_metric": metric,
        "values": pack_values(numbers),
        "seconds": 1.0,
    }
    return Score.model_validate(fields | changes)


@pytest.mark.parametrize("t", [0.0, 0.1, 1.0, 2.0, 5.0, 40.0])
@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 30, 359, 49_999])
def test_p_values_are_those_of_scipy(t, freedom):
    assert student_p(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), rel=1e-9, abs=1e-200)


@pytest.mark.parametrize("freedom", [1, 2, 5, 30, 359, 49_999])
def test_quantiles_are_those_of_scipy(freedom):
    assert student_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


def test_a_mean_s_interval_is_student_s():
    values = [31.0, 30.5, 33.0, 29.0]
    found = mean_interval(values)
    expected = stats.t.interval(0.95, 3, loc=sum(values) / 4, scale=stats.sem(values))
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected)


def test_one_value_has_no_interval_and_two_have_one():
    assert mean_interval([1.0]) is None
    assert mean_interval([1.0, 2.0]) is not None


def test_two_files_values_are_compared_in_pairs():
    first, second = [31.0, 30.5, 33.0, 29.0, 28.0, 30.0], [30.5, 30.0, 32.75, 28.0, 28.25, 29.5]
    found = compare_values(score(first), score(second))
    assert found is not None
    assert found.difference == pytest.approx(sum(first) / 6 - sum(second) / 6)
    assert found.p == pytest.approx(max(stats.ttest_rel(first, second).pvalue, 2**-5))
    assert found.gain == found.difference


def test_lower_values_gain_where_lower_is_better():
    lower = OwnMetric(name="rmse", source="m.py", sha256="a" * 64, better=MetricBetter.LOWER)
    found = compare_values(score([1.0, 2.0], own_metric=lower), score([2.0, 3.0], own_metric=lower))
    assert found is not None
    assert (found.difference, found.gain) == (-1.0, 1.0)


@pytest.mark.parametrize(("count", "p"), [(1, 1.0), (5, 2**-4), (6, 2**-5)])
def test_differences_all_alike_count_for_no_more_than_their_signs(count, p):
    found = compare_values(score([2.0] * count), score([1.0] * count))
    assert found is not None
    assert found.p == p


def test_equal_values_show_no_difference():
    found = compare_values(score([2.0, 3.0]), score([2.0, 3.0]))
    assert found is not None
    assert (found.difference, found.p) == (0.0, 1.0)


def test_scores_by_another_function_or_without_values_are_not_compared():
    other = OwnMetric(name="psnr", source="m.py", sha256="c" * 64, unit="dB")
    assert compare_values(score([1.0]), score([1.0], own_metric=other)) is None
    assert compare_values(score([1.0]), score([1.0], values=None)) is None


def test_values_survive_being_packed_and_no_more_of_them_are_kept_than_fit():
    assert unpack_values(pack_values([1.5, -2.25]) or "") == [1.5, -2.25]
    assert pack_values([0.0] * MOST_VALUES_KEPT) is not None
    assert pack_values([0.0] * (MOST_VALUES_KEPT + 1)) is None
    assert not math.isfinite(unpack_values(pack_values([1e300]) or "AACAfw==")[0])


def test_values_of_another_number_of_examples_are_no_score():
    with pytest.raises(ValueError, match="these are not the values of 3 examples"):
        score([1.0, 2.0], asked=3)


@pytest.mark.parametrize("value", [-0.01, 1.01])
def test_a_share_lies_in_0_to_1_and_a_value_anywhere(value):
    with pytest.raises(ValueError, match="is not a share"):
        Metric(name="top1", value=value, examples=1)
    assert Metric(name="psnr", value=value, examples=1, kind="value").value == value
