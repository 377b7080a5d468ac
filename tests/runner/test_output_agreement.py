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
