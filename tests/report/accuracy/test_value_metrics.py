"""A user's metric of values in tables, lines and comparisons."""

import random

import pytest
import sample_scores as samples

from mbench.core.choices import MetricBetter
from mbench.core.means import mean_interval
from mbench.core.scores import Metric, OwnMetric, Score, pack_values
from mbench.report.accuracy.accuracy_lines import accuracy_lines
from mbench.report.accuracy.paired_scores import alike, compare_all, each_against, file_key
from mbench.report.accuracy.scored import metric_header, once_each
from mbench.report.render.number_format import change_number, metric_number
from mbench.report.results.columns.accuracy_columns import accuracy_columns
from mbench.report.results.rows.job_rows import row_of

EXAMPLES = 40


def noise(place: int) -> float:
    return random.Random(place).uniform(-1, 1)


def value_score(
    shift: float, sha256: str, *, better: MetricBetter = MetricBetter.HIGHER, unit: str | None = "dB"
) -> Score:
    """Return a score whose values lie around 30, shifted by so much but for a hundredth of noise."""
    values = [30 + 5 * noise(place) + shift + 0.01 * noise(1000 + place) * (shift != 0) for place in range(EXAMPLES)]
    interval = mean_interval(values)
    assert interval is not None
    metric = Metric(
        name="psnr",
        value=sum(values) / EXAMPLES,
        low=interval.low,
        high=interval.high,
        interval="student",
        examples=EXAMPLES,
        kind="value",
        unit=unit,
        better=better,
    )
    plain = samples.score([True] * EXAMPLES, sha256)
    own = OwnMetric(name="psnr", source="m.py", sha256="d" * 64, unit=unit, better=better)
    fields = plain.model_dump() | {"hits": None, "metrics": (metric,), "values": pack_values(values), "own_metric": own}
    return Score.model_validate(fields)


def three(better: MetricBetter = MetricBetter.HIGHER) -> list[tuple[str, Score]]:
    return [
        ("net_fp32", value_score(0, "a" * 64, better=better)),
        ("net_int8", value_score(-2, "b" * 64, better=better)),
        ("net_keep-float=auto_int8", value_score(-0.5, "c" * 64, better=better)),
    ]


def lines(better: MetricBetter = MetricBetter.HIGHER) -> list[str]:
    return list(accuracy_lines(once_each(three(better))))


@pytest.mark.parametrize(
    ("unit", "better", "header"),
    [
        ("dB", MetricBetter.HIGHER, "psnr (dB, higher is better)"),
        (None, MetricBetter.LOWER, "psnr (lower is better)"),
    ],
)
def test_the_head_of_a_column_says_unit_and_direction(unit, better, header):
    assert metric_header(value_score(0, "a" * 64, unit=unit, better=better).metrics[0]) == header


def test_a_share_stays_a_percentage():
    assert metric_header(samples.share("top1", 3, 4)) == "Top-1 (%)"


def test_a_table_has_the_value_in_its_unit_and_no_percent():
    result = samples.scored_result("net_fp32", scores=(value_score(0, "a" * 64),))
    (column,) = accuracy_columns([row_of(result)])
    assert column.header == "psnr (dB, higher is better)"
    assert column.text(row_of(result)).startswith(("29.", "30.", "28.", "31."))


def test_what_quantization_changes_stands_below_for_each_way_of_it():
    (change,) = [line for line in lines() if line.startswith("Change of psnr")]
    assert change.startswith("Change of psnr against fp32 in dB [95 % interval by Student's t, paired over the same 40")
    assert "higher is better: net: int8 -2.00" in change
    assert ", keep-float=auto_int8 -0.50" in change


def test_the_line_on_what_is_better_follows_the_direction():
    (higher,) = [line for line in lines() if line.startswith("psnr: ")]
    (lower,) = [line for line in lines(MetricBetter.LOWER) if line.startswith("psnr: ")]
    test = "(Student's paired test on the same examples, Holm's correction over 3 pairs, 5 % level)"
    assert higher == f"psnr: net_fp32 is better than each of the others {test}."
    assert lower == f"psnr: net_int8 is better than each of the others {test}."


def test_the_foot_names_the_function_and_its_hash():
    assert "by psnr of m.py sha256 dddddddddddd" in lines()[0]
    assert "95 % intervals by Student's t over examples" in lines()[0]


def test_rows_say_how_they_differ_from_the_float_file():
    scored = once_each(three())
    against = each_against(scored)[file_key(scored[1].score)]
    assert (against.name, against.compared, against.same_answer) == ("net_fp32", None, None)
    assert against.drop == pytest.approx(2, abs=0.01)
    assert against.drop_ci[0] < against.drop < against.drop_ci[1]


def test_values_and_hits_are_never_compared():
    hits = samples.score([True] * EXAMPLES, "e" * 64, own_metric=three()[0][1].own_metric)
    scored = once_each([*three()[:1], ("net_int8", hits)])
    assert [len(group) for group in alike(scored)] == [1, 1]
    assert compare_all(scored[:1]) is None


@pytest.mark.parametrize(
    ("low", "high", "text"), [(31.2, 31.64, "31.42 [31.20, 31.64]"), (None, None, "31.4"), (31.42, 31.42, "31.4")]
)
def test_decimals_show_two_digits_of_the_interval_s_width(low, high, text):
    metric = Metric(name="psnr", value=31.42, low=low, high=high, examples=9, kind="value")
    assert metric_number(metric) == text


@pytest.mark.parametrize(
    ("difference", "interval", "text"),
    [
        (-0.312, (-0.4, -0.22), "-0.31 [-0.40, -0.22]"),
        (0.5, None, "+0.500"),
        (0.0, (0.0, 0.0), "0"),
        (0.25, (0.25, 0.25), "+0.250"),
    ],
)
def test_changes_have_a_sign(difference, interval, text):
    assert change_number(difference, interval) == text
