import math

import pytest

from mbench.core.scores import Metric
from mbench.report.render.number_format import (
    KIB_PER_MIB,
    MILLION,
    count_of,
    legend,
    milliseconds,
    milliseconds_within,
    percent_of,
    points,
    share_decimals,
    significant,
    span,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "?"),
        (0, "0"),
        (568_740_352, "569"),
        (1_234_567_890, "1235"),
        (41_000_000, "41.0"),
        (4_231_976, "4.23"),
        (470_072, "0.470"),
        (900, "0.000900"),
    ],
)
def test_counts_have_three_digits_and_keep_those_before_the_point(value, text):
    assert significant(value, scale=1e6) == text


@pytest.mark.parametrize(
    ("median", "interval", "text"),
    [
        (None, None, "?"),
        (11_420, (11_310, 11_600), "11.42 [11.31, 11.60]"),
        (11_420, (11_000, 15_600), "11.4 [11.0, 15.6]"),
        (114_200, (90_000, 156_000), "114 [90, 156]"),
        (11_420, (11_419, 11_421), "11.420 [11.419, 11.421]"),
        (11_420, (11_420, 11_420), "11.420 [11.420, 11.420]"),
        (12.5, (12, 13), "0.013 [0.012, 0.013]"),
        (11_420.5, None, "11.4"),
        (450, (400, 150_000), "0.45 [0.40, 150.00]"),
        (10_000, (9_500, 25_000), "10.0 [9.5, 25.0]"),
        (12_345_000, (12_300_000, 12_400_000), "12345 [12300, 12400]"),
        (9.4, None, "0.009"),
        (0, None, "0.000"),
        (0, (0, 9), "0.000 [0.000, 0.009]"),
        (420, None, "0.420"),
        (1_234_567, None, "1235"),
    ],
)
def test_latencies_show_no_digit_that_their_interval_does_not_bear(median, interval, text):
    assert milliseconds(median, interval) == text


def test_units_are_those_of_their_names():
    assert (KIB_PER_MIB, MILLION) == (1024, 10**6)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1.00"),
        (-1, "-1.00"),
        (9.994, "9.99"),
        (10, "10.0"),
        (99.94, "99.9"),
        (100, "100"),
        (999.4, "999"),
        (1000, "1000"),
        (0.1, "0.100"),
        (0.099, "0.0990"),
        (-12.34, "-12.3"),
        (1e-7, "0.000000100"),
        (1.24e-8, "0.000000012"),
        (math.inf, "inf"),
        (0.0, "0"),
    ],
)
def test_three_digits_are_shown_and_nine_decimals_at_most(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(("scale", "text"), [(1, "2048"), (1024, "2.00"), (2048, "1.00"), (0.5, "4096")])
def test_a_number_is_divided_by_its_scale(scale, text):
    assert significant(2048, scale=scale) == text
    assert significant(None, scale=scale) == "?"


def test_a_scale_is_said_by_name():
    with pytest.raises(TypeError, match="positional"):
        significant(1, 2)


@pytest.mark.parametrize(
    ("median", "interval", "text"),
    [
        (1_000, None, "1.00"),
        (999, None, "0.999"),
        (9_994, None, "9.99"),
        (10_000, None, "10.0"),
        (100_000, None, "100"),
        (12, None, "0.012"),
        (5_000, (4_910, 5_009), "5.000 [4.910, 5.009]"),
        (5_000, (4_900, 5_010), "5.00 [4.90, 5.01]"),
        (5_000, (4_500, 5_499), "5.00 [4.50, 5.50]"),
        (5_000, (4_500, 5_500), "5.0 [4.5, 5.5]"),
        (50_000, (45_000, 54_999), "50.0 [45.0, 55.0]"),
        (50_000, (45_000, 55_000), "50 [45, 55]"),
        (50_000, (9_000, 55_000), "50.0 [9.0, 55.0]"),
        (50_000, (10_000, 55_000), "50 [10, 55]"),
    ],
)
def test_two_digits_of_the_width_or_of_the_lower_end_are_shown(median, interval, text):
    assert milliseconds(median, interval) == text


@pytest.mark.parametrize(
    ("examples", "decimals"),
    [(1, 0), (2, 0), (10, 0), (100, 0), (101, 1), (360, 1), (1_000, 1), (1_001, 2), (10_000, 2), (50_000, 2)],
)
def test_a_share_has_the_decimals_that_its_examples_bear(examples, decimals):
    assert share_decimals(examples) == decimals


def metric(value, low, high, examples):
    return Metric(name="top1", value=value, low=low, high=high, examples=examples)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (metric(0.98333, 0.96412, 0.99234, 360), "98.3 [96.4, 99.2]"),
        (metric(0.98333, 0.96412, 0.99234, 50_000), "98.33 [96.41, 99.23]"),
        (metric(0.5, 0.25, 0.75, 100), "50 [25, 75]"),
        (metric(1.0, 0.0, 1.0, 101), "100.0 [0.0, 100.0]"),
        (metric(0.98333, None, 0.99, 360), "98.3"),
        (metric(0.98333, 0.96, None, 360), "98.3"),
        (metric(0.98333, None, None, 1_001), "98.33"),
    ],
)
def test_a_share_is_a_percentage(given, text):
    assert percent_of(given) == text


@pytest.mark.parametrize(
    ("examples", "text"), [(100, "0 [-1, 1]"), (360, "0.3 [-0.6, 1.2]"), (50_000, "0.31 [-0.58, 1.24]")]
)
def test_a_difference_is_in_percentage_points(examples, text):
    assert points(0.0031, -0.0058, 0.0124, examples) == text


def test_no_minus_stands_in_front_of_a_zero():
    assert points(-0.0004, -0.0003, 0.0, 360) == "0.0 [0.0, 0.0]"
    assert points(-0.0006, -0.0014, 0.0, 360) == "-0.1 [-0.1, 0.0]"


@pytest.mark.parametrize(("number", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1_000, "1000 runs")])
def test_one_is_not_several(number, text):
    assert count_of(number, "run") == text


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([5], "5"),
        ([5, 5], "5"),
        ([8, 5, 6], "5 to 8"),
        ([900, 900], "900"),
        ([900, 901], "900 to 901"),
        ([0, 1], "0 to 1"),
    ],
)
def test_a_span_has_two_ends_where_they_differ(numbers, text):
    assert span(numbers) == text


@pytest.mark.parametrize(
    ("texts", "lines"),
    [
        (["1", "a?"], ()),
        (["?", "1", "?"], ("In the table, ? is not known.",)),
        (["–"], ("In the table, – does not exist.",)),
        (["–", "?"], ("In the table, ? is not known; – does not exist.",)),
    ],
)
def test_marks_that_are_used_are_explained(texts, lines):
    assert legend(texts) == lines


@pytest.mark.parametrize(
    ("value_us", "interval_us", "text"),
    [
        (11_420, (11_310, 11_600), "11.42 ±0.18"),
        (11_420, (11_200, 11_500), "11.42 ±0.22"),
        (40_444, (40_404, 40_504), "40.44 ±0.06"),
        (40_000, (39_996, 40_001), "40.00 ±0.01"),
        (120_000, (110_000, 130_000), "120 ±10"),
        (120_000, (119_990, 120_010), "120.0 ±0.1"),
        (65, (64, 66), "0.065 ±0.001"),
        (65, (65, 65), "0.065 ±0.000"),
        (0, (0, 1), "0.000 ±0.001"),
    ],
)
def test_a_distance_to_an_interval_is_rounded_up(value_us, interval_us, text):
    assert milliseconds_within(value_us, interval_us) == text
