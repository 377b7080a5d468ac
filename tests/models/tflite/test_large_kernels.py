"""Kernels of more than 32 MiB are quantized by output channel, as smaller ones are."""

import numpy as np
import pytest
from litert_quantizer.algorithms.uniform_quantize import uniform_quantize_tensor as quantizer
from litert_quantizer.qtyping import UniformQuantParams

from mbench.models.tflite.large_kernels import large_kernels_by_rows

LARGE, SMALL = (1024, 3, 3, 1024), (16, 3, 3, 8)


def by_channel(kernel: np.ndarray) -> UniformQuantParams:
    scale = np.abs(kernel).max(axis=(1, 2, 3), keepdims=True) / 127
    return UniformQuantParams(
        num_bits=8, quantized_dimension=0, scale=scale, zero_point=np.zeros_like(scale, np.int32), symmetric=True
    )


@pytest.mark.parametrize("shape", [LARGE, SMALL])
def test_each_output_channel_of_a_kernel_of_any_size_is_rounded_to_its_own_steps(shape: tuple[int, ...]) -> None:
    kernel = np.random.Generator(np.random.PCG64(0)).random(shape, dtype=np.float32) - np.float32(0.5)
    kernel *= np.linspace(0.1, 9, shape[0], dtype=np.float32)[:, None, None, None]
    parameters = by_channel(kernel)
    with large_kernels_by_rows():
        stored = quantizer.uniform_quantize(kernel, parameters)
    assert (stored.dtype, stored.shape) == (np.int8, shape)
    assert (stored == np.rint(kernel / parameters.scale)).all()


def test_the_quantizer_is_left_as_it_was() -> None:
    before = quantizer.uniform_quantize
    with large_kernels_by_rows():
        assert quantizer.uniform_quantize is not before
    assert quantizer.uniform_quantize is before
