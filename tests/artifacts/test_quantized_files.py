"""Whether a file is quantized already."""

import pytest
from linear_digits import linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.quantized import quantized_parts

UNIT = SCALINGS["unit"]


def test_a_float_file_has_no_quantized_parts() -> None:
    assert quantized_parts(read_model(linear_digits(UNIT))) is None


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (linear_digits(UNIT, dtype="uint8", quantization=(1 / 255, 0)), "uint8 activations"),
        (linear_digits(UNIT, int8_body=True), "int8 weights and int8 activations"),
    ],
)
def test_what_is_quantized_is_named(data: bytes, parts: str) -> None:
    assert quantized_parts(read_model(data)) == parts
