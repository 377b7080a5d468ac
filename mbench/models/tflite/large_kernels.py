"""Kernels of more than 32 MiB, which litert-quantizer 0.11.0 cannot quantize by output channel.

It goes through them in pieces of a two-dimensional view, and spreads the scales, (channels, 1, 1, 1), over that view's
shape, which numpy refuses (google-ai-edge/ai-edge-quantizer
`ai_edge_quantizer/algorithms/uniform_quantize/uniform_quantize_tensor.py`, `uniform_quantize`). A MobileNet of full
convolutions has one such kernel, VGG-16's fully connected layers as convolutions have two. Given the view with one row
a channel from the beginning, it does the same arithmetic to each number.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any


@contextmanager
def large_kernels_by_rows() -> Iterator[None]:
    """Let the quantizer take kernels of any size meanwhile; no other thread may quantize."""
    from litert_quantizer.algorithms.uniform_quantize import uniform_quantize_tensor

    original = uniform_quantize_tensor.uniform_quantize

    def uniform_quantize(tensor_data: Any, quantization_params: Any, is_blockwise_quant: bool = False) -> Any:
        if is_blockwise_quant or tensor_data.ndim < 3 or quantization_params.quantized_dimension != 0:
            return original(tensor_data, quantization_params, is_blockwise_quant)
        by_rows = replace(
            quantization_params,
            scale=quantization_params.scale.reshape(-1, 1),
            zero_point=quantization_params.zero_point.reshape(-1, 1),
        )
        return original(tensor_data.reshape(len(tensor_data), -1), by_rows).reshape(tensor_data.shape)

    uniform_quantize_tensor.uniform_quantize = uniform_quantize
    try:
        yield
    finally:
        uniform_quantize_tensor.uniform_quantize = original
