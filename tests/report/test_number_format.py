import pytest

from mbench.report.number_format import milliseconds, significant


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
