"""Sizes: what is said of a growth, and which night it is of."""

import numpy as np
import pytest
from gate_series import series, tonight

from mbench.gate.size import judge_size


def size(*values: int):
    return judge_size(tonight(series(np.full(len(values), 100.0), size_bytes=values)))


def test_it_says_how_many_bytes_and_by_which_rule():
    (one,) = size(4_000_000, 4_000_000, 4_100_000)
    assert one.because == "4100000 bytes, 4000000 before: +2.5%, at least 1% and 4096 bytes"
    assert (one.before, one.now, one.since, one.nights) == (4_000_000, 4_100_000, "n2", 1)


@pytest.mark.parametrize(
    ("sizes", "since"),
    [
        ((4_000_000, 4_100_000, 4_500_000), "n2"),
        ((4_000_000, 4_100_000, 4_100_000, 4_500_000), "n3"),
        ((4_000_000, 4_100_000, 4_141_000), "n2"),
        ((4_000_000, 4_100_000, 4_140_999), "n1"),
        ((100_000, 110_000, 114_096), "n2"),
        ((100_000, 110_000, 114_095), "n1"),
        ((4_000_000, 4_500_000, 4_300_000), "n1"),
        ((4_000_000, 4_100_000, 4_120_000, 4_161_100), "n1"),
        ((4_000_000, 4_100_000, 4_120_000, 4_161_200), "n3"),
    ],
)
def test_what_grows_by_a_further_hundredth_is_of_that_night(sizes, since):
    (one,) = size(*sizes)
    assert (one.since, one.before, one.now) == (since, sizes[0], sizes[-1])


def test_a_file_of_twice_the_size_and_more_is_said_so():
    (one,) = size(4_000_000, 9_000_000)
    assert one.because.startswith("9000000 bytes, 4000000 before: +125.0%,")


def test_what_stays_as_it_was_is_no_growth():
    assert not size(4_000_000)
    assert not size(4_000_000, 4_000_000, 4_000_000)


def test_an_unknown_size_is_no_past_and_one_byte_is():
    assert not size(-1, 4_000_000)
    assert not size(0, 4_000_000)
    (one,) = size(1, 4_097)
    assert (one.before, one.now) == (1, 4_097)


def test_what_shrank_is_the_level_from_then_on():
    (one,) = size(4_000_000, 3_000_000, 3_000_000, 3_100_000)
    assert (one.since, one.before) == ("n3", 3_000_000)
    assert not size(4_000_000, 4_100_000, 4_039_999)
    (one,) = size(4_000_000, 4_100_000, 4_000_000, 4_050_000)
    assert (one.since, one.before) == ("n3", 4_000_000)
