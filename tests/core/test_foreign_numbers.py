"""Numbers and lists of cores as nobody honest writes them: each is refused, none raises or fills the memory."""

import pytest

from mbench.core.builds.sweeps import expand, parse_sweep
from mbench.core.builds.variants import parse_variant
from mbench.core.errors import UsageError
from mbench.core.numbers.numerals import integer, real, whole
from mbench.core.processes.core_lists import MOST_CORES, core_number, parse_cores

MANY = "9" * 5000
"""More digits than Python converts (4300)."""


@pytest.mark.parametrize("text", [MANY, "9" * 19, "", "-1", "+1", " 1", "1_0", "٣", "²", "1.0", "1\n"])
def test_what_is_not_a_64_bit_whole_number_is_none(text):
    assert whole(text) is None


def test_a_whole_number_is_read():
    assert (whole("0"), whole("9" * 18)) == (0, 10**18 - 1)


@pytest.mark.parametrize(
    ("text", "number"), [("-12", -12), ("12", 12), ("--1", None), ("-", None), (f"-{MANY}", None), ("-٣", None)]
)
def test_an_integer_has_one_minus_sign_or_none(text, number):
    assert integer(text) == number


@pytest.mark.parametrize("text", [MANY, "1e400", "nan", "inf", "1e9999"])
def test_what_is_not_finite_is_no_real_number(text):
    assert real(text) is None


@pytest.mark.parametrize(
    ("text", "cores"), [("0-3,6", (0, 1, 2, 3, 6)), ("7", (7,)), ("2,0", (2, 0)), ("3-1", ()), ("8191", (8191,))]
)
def test_cores_are_read_in_the_order_of_the_list(text, cores):
    assert parse_cores(text) == cores


@pytest.mark.parametrize(
    "text", ["0-99999999999", f"0-{MANY}", MANY, "8192", "", "0-", "-3", "0--3", "0,,1", "a", "٠-٣", "0-8191,0-8191"]
)
def test_what_no_machine_has_for_cores_is_no_list(text):
    assert parse_cores(text) is None


def test_a_core_has_a_number_below_linux_greatest():
    assert (core_number(str(MOST_CORES - 1)), core_number(str(MOST_CORES))) == (MOST_CORES - 1, None)


@pytest.mark.parametrize(
    "name",
    [f"mobilenet_v1_1.00_{MANY}_int8", f"mobilenet_v1_1.00_224_dogs{MANY}_int8", f"mobilenet_v1_1.{MANY}_224_int8"],
)
def test_a_variant_of_endless_digits_is_no_name(name):
    with pytest.raises(UsageError, match="no variant name"):
        parse_variant(name)


@pytest.mark.parametrize("axis", ["threads", "resolution"])
def test_a_sweep_over_endless_digits_is_refused(axis):
    with pytest.raises(UsageError, match="not a positive whole number"):
        list(expand([parse_sweep(f"{axis}={MANY}")]))
