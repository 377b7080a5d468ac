"""From levels to what an input tensor stores."""

from dataclasses import dataclass

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from mbench.accuracy.pictures.input_scaling import PixelScaling, input_encoder, stored_levels
from mbench.accuracy.pictures.recipes import RECIPES, find_recipe, recipe_names

SYMMETRIC = find_recipe("plain").scaling
PICTURES = np.random.default_rng(0).integers(0, 256, (2, 9, 9, 3), dtype=np.uint8)


@dataclass(frozen=True)
class Stored:
    dtype: str
    scale: float | None = None
    zero_point: int | None = None


INT8 = Stored("int8", 1 / 127.5, -1)


def stored_inputs(pictures: np.ndarray, scaling: PixelScaling, tensor: Stored) -> np.ndarray:
    return input_encoder(scaling, tensor)(pictures)


def real(stored: np.ndarray, tensor: Stored) -> np.ndarray:
    return tensor.scale * (stored.astype(np.float64) - tensor.zero_point)


def test_float_inputs_are_the_real_values():
    stored = stored_inputs(PICTURES, SYMMETRIC, Stored("float32"))
    assert stored.dtype == np.float32
    np.testing.assert_allclose(stored, PICTURES / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("recipe", RECIPES, ids=recipe_names())
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
def test_quantized_inputs_are_within_half_a_step_of_the_real_values(recipe, dtype):
    limits = np.iinfo(dtype)
    lowest, highest = (recipe.scaling.real_values(np.full((1, 3), level, np.uint8)) for level in (0, 255))
    span = float(np.abs(np.stack((lowest, highest))).max())
    middle = 128 if dtype == "uint8" else 0
    tensor = Stored(dtype, span / (limits.max - middle), middle)
    stored = stored_inputs(PICTURES, recipe.scaling, tensor)
    assert stored.dtype == dtype
    wanted = stored_inputs(PICTURES, recipe.scaling, Stored("float32"))
    np.testing.assert_allclose(real(stored, tensor), wanted, rtol=0, atol=tensor.scale * 0.5001)


def test_values_beyond_the_type_are_cut_to_its_range():
    stored = stored_inputs(PICTURES, PixelScaling(divisor=1.0, mean=(0.0, 0.0, 0.0)), Stored("int8", 0.5, 0))
    assert stored.max() == 127
    assert stored.min() >= 0


def test_bgr_recipes_change_the_order_of_channels_in_every_type():
    for tensor in (Stored("float32"), Stored("int8", 1.2, 3)):
        bgr = stored_inputs(PICTURES, find_recipe("caffe").scaling, tensor)
        turned = PixelScaling(divisor=1.0, mean=(103.939, 116.779, 123.68))
        assert (bgr == stored_inputs(PICTURES[..., ::-1], turned, tensor)).all()


def test_uint8_networks_for_minus_one_to_one_get_nearly_the_levels_themselves():
    levels = stored_levels(SYMMETRIC, Stored("uint8", 0.0078125, 128))
    assert np.abs(levels.astype(int) - np.arange(256)[:, np.newaxis]).max() <= 1


def test_levels_that_are_stored_as_they_are_cost_no_copy():
    scaling = PixelScaling(divisor=255.0, mean=(0.0, 0.0, 0.0))
    stored = stored_inputs(PICTURES, scaling, Stored("uint8", 1 / 255, 0))
    assert np.shares_memory(stored, PICTURES)


def test_a_tensor_without_a_scale_is_refused():
    with pytest.raises(ValueError, match="does not say what it stores"):
        stored_inputs(PICTURES, SYMMETRIC, Stored("int8"))


def test_rounding_is_that_of_the_runtimes_own_quantize():
    from picture_sets import quantize_file

    for scale, zero_point in ((1 / 127.5, -1), (2 / 255, 0), (0.0078125, 3), (0.031, -7)):
        interpreter = Interpreter(model_content=quantize_file(scale=scale, zero_point=zero_point, values=256 * 3))
        interpreter.allocate_tensors()
        values = SYMMETRIC.real_values(np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1))
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values.reshape(1, -1))
        interpreter.invoke()
        output = interpreter.get_output_details()[0]
        tensor = Stored("int8", float(output["quantization"][0]), zero_point)
        theirs = interpreter.get_tensor(output["index"]).reshape(256, 3)
        # XNNPACK multiplies by the reciprocal, so that a value that lies on a half may fall to either side.
        differing = stored_levels(SYMMETRIC, tensor) != theirs
        steps = values[differing] / tensor.scale
        assert (np.abs(np.abs(steps - np.trunc(steps)) - 0.5) < 1e-4).all()
