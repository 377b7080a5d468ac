import math
import struct

import pytest

from mbench.core.workloads import OutputFacts
from mbench.runner.output_agreement import EQUAL_DB, compare_raw_outputs

FLOATS = (OutputFacts(dtype="float32", elements=4, zero_point=None),)
BYTES = (OutputFacts(dtype="int8", elements=4, zero_point=-128),)


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def test_equal_outputs_agree_wholly():
    assert compare_raw_outputs(floats(1, 2, 3, 4), floats(1, 2, 3, 4), FLOATS) == EQUAL_DB


def test_a_tenth_of_the_signal_as_noise_is_20_db():
    assert compare_raw_outputs(floats(10, 0, 0, 0), floats(10, 1, 0, 0), FLOATS) == pytest.approx(20)


def test_quantized_values_count_from_their_zero_point():
    reference = struct.pack("<4b", -118, -128, -128, -128)
    other = struct.pack("<4b", -117, -128, -128, -128)
    assert compare_raw_outputs(reference, other, BYTES) == pytest.approx(20)


def test_infinity_is_as_wrong_as_can_be():
    assert compare_raw_outputs(floats(1, 2, 3, 4), floats(1, 2, 3, float("inf")), FLOATS) == -EQUAL_DB


@pytest.mark.parametrize(
    ("reference", "other", "outputs"),
    [
        (floats(1, 2, 3, 4), floats(1, 2, 3), FLOATS),
        (floats(1, 2, 3), floats(1, 2, 4), FLOATS),
        (floats(0, 0, 0, 0), floats(0, 0, 0, 1), FLOATS),
        (b"text", b"tent", (OutputFacts(dtype="string", elements=1, zero_point=None),)),
    ],
    ids=["other is short", "reference is short", "no signal", "no numbers"],
)
def test_what_cannot_be_compared_is_unknown(reference, other, outputs):
    assert compare_raw_outputs(reference, other, outputs) is None


def facts(dtype: str, elements: int = 1, zero_point: int | None = None) -> OutputFacts:
    return OutputFacts(dtype=dtype, elements=elements, zero_point=zero_point)


@pytest.mark.parametrize(
    ("dtype", "code"),
    [("float32", "f"), ("float16", "e"), ("int8", "b"), ("uint8", "B"), ("int16", "h"), ("int32", "i"), ("int64", "q")],
)
def test_every_type_is_read_from_its_little_endian_bytes(dtype, code):
    reference, other = struct.pack(f"<2{code}", 100, 0), struct.pack(f"<2{code}", 100, 1)
    assert compare_raw_outputs(reference, other, (facts(dtype, 2),)) == pytest.approx(40)
    for outputs in ((facts(dtype, 1),), (facts(dtype, 3),)):
        assert compare_raw_outputs(reference, other, outputs) is None


@pytest.mark.parametrize(("noise", "decibels"), [(1, 20), (10, 0), (100, -20), (0.1, 40), (-1, 20)])
def test_ten_times_the_noise_is_20_db_less(noise, decibels):
    outputs = (facts("float32", 2),)
    assert compare_raw_outputs(floats(6, 8), floats(6, 8 + noise), outputs) == pytest.approx(decibels, abs=1e-4)


def test_all_outputs_count_together_each_from_its_own_zero_point():
    outputs = (facts("int8", 2, 10), facts("float32"), facts("int16", 1, -3))
    reference = struct.pack("<2bfh", 13, 10, 4.0, -3)
    other = struct.pack("<2bfh", 14, 10, 4.0, -5)
    assert compare_raw_outputs(reference, other, outputs) == pytest.approx(10 * math.log10(25 / 5))
    assert compare_raw_outputs(reference, other, outputs[:2]) is None
    assert compare_raw_outputs(reference, other, (*outputs[:2], facts("string"))) is None


def test_a_zero_point_of_0_is_as_none():
    reference, other = struct.pack("<b", 10), struct.pack("<b", 11)
    found = [compare_raw_outputs(reference, other, (facts("int8", 1, zero),)) for zero in (None, 0, 9)]
    assert found == [pytest.approx(20), pytest.approx(20), pytest.approx(0)]


@pytest.mark.parametrize(("value", "decibels"), [(10**7, 140), (3 * 10**7, 149.54), (4 * 10**7, 150), (10**9, 150)])
def test_150_db_is_the_most(value, decibels):
    reference, other = struct.pack("<q", value), struct.pack("<q", value + 1)
    assert compare_raw_outputs(reference, other, (facts("int64"),)) == pytest.approx(decibels, abs=0.01)


def test_bytes_that_differ_in_no_value_are_equal():
    assert compare_raw_outputs(floats(1, 0), floats(1, -0.0), (facts("float32", 2),)) == 150


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_a_value_without_a_distance_is_minus_150_db(wrong):
    assert compare_raw_outputs(floats(1), floats(wrong), (facts("float32"),)) == -150


def test_equal_bytes_need_no_numbers():
    for again in (b"text", bytes(bytearray(b"text"))):
        assert compare_raw_outputs(b"text", again, (facts("string"),)) == 150
    assert compare_raw_outputs(b"", b"", ()) == 150
    assert compare_raw_outputs(b"", b"x", ()) is None
    assert compare_raw_outputs(b"x", b"", ()) is None


def test_many_values_are_compared_as_one_is():
    reference, other = bytes([10] * 1000), bytes([11] * 1000)
    assert compare_raw_outputs(reference, other, (facts("uint8", 1000),)) == pytest.approx(20)


def test_bytes_left_over_are_not_compared():
    outputs = (facts("int8"),)
    assert compare_raw_outputs(b"\x02", b"\x03", outputs) is not None
    for reference, other in ((b"\x02\x01", b"\x03\x01"), (b"\x02", b"\x03\x01"), (b"\x02\x01", b"\x03")):
        assert compare_raw_outputs(reference, other, outputs) is None
