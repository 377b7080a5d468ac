"""Tensor by tensor: a small classifier in float and around int8, run by the real runtime."""

import numpy as np
import pytest
from linear_digits import _File, linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.layer_errors import layer_errors
from mbench.core.errors import UnsupportedModel

UNIT = SCALINGS["unit"]


def examples(count: int = 4, shape: tuple[int, ...] = (1, 8, 8, 3)) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [{"input": rng.uniform(0, 1, shape).astype(np.float32)} for _ in range(count)]


def name_of_input(data: bytes) -> str:
    graph = read_model(data).main
    return graph.tensors[graph.inputs[0]].name


def given(data: bytes, count: int = 4) -> list[dict[str, np.ndarray]]:
    return [{name_of_input(data): each["input"]} for each in examples(count)]


def test_a_file_against_itself_has_no_error():
    data = linear_digits(UNIT)
    found = layer_errors(data, data, given(data))
    assert found.examples == 4
    assert {layer.snr_db for layer in found.layers} == {150.0}
    assert {(layer.rmse, layer.max_error) for layer in found.layers} == {(0.0, 0.0)}
    assert found.unmatched == ()


def test_errors_are_those_of_the_real_values_by_hand():
    float_file = linear_digits(UNIT)
    stored = linear_digits(UNIT, dtype="uint8", quantization=(1 / 255, 0))
    inputs = given(float_file)
    found = layer_errors(float_file, stored, inputs)

    entry = found.layers[0]
    values = np.concatenate([each[name_of_input(float_file)] for each in inputs]).astype(np.float64)
    error = np.round(values * 255) / 255 - values
    assert (entry.op, entry.operator, entry.dtype, entry.lost_db) == ("INPUT", None, "uint8", None)
    assert entry.snr_db == pytest.approx(10 * np.log10((values**2).sum() / (error**2).sum()), abs=1e-3)
    assert entry.rmse == pytest.approx(np.sqrt((error**2).mean()), rel=1e-3)
    assert entry.rmse_per_step == pytest.approx(entry.rmse * 255, rel=1e-3)
    assert entry.rmse_per_step == pytest.approx(0.29, abs=0.02)  # rounding alone
    assert entry.max_error == pytest.approx(np.abs(error).max(), rel=1e-3)
    assert (entry.low, entry.high) == pytest.approx((values.min(), values.max()))


def test_what_an_operator_loses_is_its_own_part():
    float_file = linear_digits(UNIT)
    found = layer_errors(float_file, linear_digits(UNIT, dtype="uint8", quantization=(1 / 255, 0)), given(float_file))
    entry, first, *_ = found.layers
    assert entry.snr_db is not None
    assert first.snr_db is not None
    assert (first.operator, first.lost_db) == (0, pytest.approx(entry.snr_db - first.snr_db))


def test_files_of_other_inputs_are_refused():
    float_file = linear_digits(UNIT)
    with pytest.raises(UnsupportedModel, match="take different inputs"):
        layer_errors(float_file, linear_digits(UNIT, gray=True), given(float_file))


def test_what_exact_inputs_lose_is_not_known():
    float_file = linear_digits(UNIT)
    found = layer_errors(float_file, linear_digits(UNIT, int8_body=True), given(float_file))
    entry, *others = found.layers
    assert entry.snr_db == 150.0
    assert all(layer.lost_db is None or layer.lost_db < 100 for layer in others)


def test_a_float_file_that_holds_nan_is_named_with_where_it_begins():
    file = _File()
    entry = file.tensor("x", (1, 4))
    first = file.dense(entry, np.eye(4), np.zeros(4), None, name="well")
    broken = file.dense(first, np.eye(4), np.full(4, np.nan), None, name="broken")
    data = file.packed(entry, [file.dense(broken, np.eye(4), np.zeros(4), None, name="behind")], None, signed=False)
    with pytest.raises(UnsupportedModel, match=r"holds NaN on these examples, first in 'broken' \(FULLY_CONNECTED.*\)"):
        layer_errors(data, data, [{"x": np.ones((1, 4), np.float32)}])
