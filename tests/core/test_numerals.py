"""What a number is, to the last digit of it."""

import pytest

from mbench.core.numbers.numerals import integer, printed, real, whole


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("7", 7), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_a_whole_number_has_up_to_18_digits(text: str, value: int) -> None:
    assert whole(text) == value


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("-" + "9" * 18, 1 - 10**18)])
def test_an_integer_may_have_a_minus_sign(text: str, value: int) -> None:
    assert integer(text) == value


@pytest.mark.parametrize("text", ["", "-", "--1", "+1", "-1.0", "1-", "- 1", "-" + "1" * 19])
def test_what_is_not_an_integer_is_none(text: str) -> None:
    assert integer(text) is None


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1e3", " 1", "1 ", "1\n", "٣", "nan", "1" * 19])
def test_what_is_not_a_whole_number_is_none(text: str) -> None:
    assert whole(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("63742", 63_742.0),
        ("66336.8", 66_336.8),
        ("1.07242e+06", 1_072_420.0),
        ("1e-3", 0.001),
        ("5.", 5.0),
        (".5", 0.5),
        ("-0.5", -0.5),
        ("+2E2", 200.0),
        ("0", 0.0),
        ("1e18", 1e18),
        ("1e-999", 0.0),
        ("9" * 18, 1e18),
        ("0." + "5" * 30, 5 / 9),
        ("." + "5" * 30, 5 / 9),
    ],
)
def test_a_real_number_is_what_a_stream_prints(text: str, value: float) -> None:
    assert real(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "-",
        "e5",
        "1e",
        "1e+",
        "1e1000",
        "1.01e18",
        "9" * 30,
        "1e999",
        "-1e999",
        "nan",
        "inf",
        "1,5",
        "1 ",
        "--1",
        "1.2.3",
        "9" * 61,
        "1." + "5" * 31,
        "." + "5" * 31,
        "0x1p3",
    ],
)
def test_what_is_not_a_finite_number_is_none(text: str) -> None:
    assert real(text) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (123_456.4, 123_456.0),
        (123_456.6, 123_457.0),
        (1_234_564.0, 1_234_560.0),
        (1_234_566.0, 1_234_570.0),
        (66_336.84, 66_336.8),
        (66_336.86, 66_336.9),
        (0.123_456_4, 0.123_456),
        (0.123_456_6, 0.123_457),
        (99_999.96, 100_000.0),
        (7.0, 7.0),
        (0.0, 0.0),
    ],
)
def test_six_digits_are_printed(value: float, shown: float) -> None:
    assert printed(value) == shown
