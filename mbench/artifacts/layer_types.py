"""Layer types as in the paper's Table 2: 1×1 and 3×3 convolutions, depthwise ones, fully connected layers."""

from collections.abc import Sequence
from typing import Final

from mbench.artifacts.graph import Operator, Shape, Subgraph, Tensor

FULLY_CONNECTED: Final = "fully connected"

_POOLING: Final = frozenset({"MEAN", "SUM", "REDUCE_MAX", "AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"})

_FORMING_SCORES: Final = frozenset({"RESHAPE", "SQUEEZE", "SOFTMAX", "LOGISTIC", "QUANTIZE", "DEQUANTIZE"})

_KERNEL_DIMENSIONS: Final = {
    "CONV_2D": slice(1, 3),
    "DEPTHWISE_CONV_2D": slice(1, 3),
    "TRANSPOSE_CONV": slice(1, 3),
    "CONV_3D": slice(0, 3),
    "CONV_3D_TRANSPOSE": slice(0, 3),
}


def kernel_of(operator: Operator, tensors: Sequence[Tensor]) -> Shape | None:
    """Return the kernel's (height, width), with the depth in front in 3-D; None for what is no convolution."""
    where = _KERNEL_DIMENSIONS.get(operator.name)
    if where is None or len(operator.inputs) < 2 or operator.inputs[1] < 0:
        return None
    filters = tensors[operator.inputs[1]].shape
    return filters[where] if len(filters) == (5 if "3D" in operator.name else 4) else None


def layer_type(operator: Operator, tensors: Sequence[Tensor], pooled: frozenset[int]) -> str:
    """Return the layer's type in the paper's words, or the operator's own name where the paper has none.

    A 1×1 convolution over a map that pooling has brought to 1×1 *is* a fully connected layer and is called one: that
    is how converters write the paper's classifier. Where the map is 1×1 before it is pooled (a network for 32 px), the
    converter drops the pooling, and the convolution counts after which only the scores are formed. Others (the last
    blocks of such a network) stay 1×1 convolutions.
    """
    kernel = kernel_of(operator, tensors)
    if operator.name == "FULLY_CONNECTED":
        return FULLY_CONNECTED
    if kernel is None:
        return operator.label
    if operator.name == "CONV_2D" and kernel == (1, 1) and operator.inputs[0] in pooled:
        return FULLY_CONNECTED
    size = "×".join(str(side) for side in kernel)
    if operator.name == "DEPTHWISE_CONV_2D":
        return f"depthwise {size}"
    return f"transposed {size} convolution" if "TRANSPOSE" in operator.name else f"{size} convolution"


def pooled_tensors(subgraph: Subgraph) -> frozenset[int]:
    """Return the tensors with no spatial extent left: pooled, computed from such ones, or what a classifier takes."""
    pooled: set[int] = set()
    for operator in subgraph.operators:
        if operator.name in _POOLING or not pooled.isdisjoint(operator.inputs):
            pooled |= {index for index in operator.outputs if index >= 0 and _no_extent(subgraph.tensors[index].shape)}
    return frozenset(pooled | _classified(subgraph))


def _classified(subgraph: Subgraph) -> set[int]:
    """Return the input of the convolution that ends a network, if that has no spatial extent."""
    for operator in reversed(subgraph.operators):
        if operator.name == "CONV_2D":
            return {index for index in operator.inputs[:1] if index >= 0 and _no_extent(subgraph.tensors[index].shape)}
        if operator.name not in _FORMING_SCORES:
            break
    return set()


def _no_extent(shape: Shape) -> bool:
    """Whether a (batch, height, width, channels) map is 1×1, or the extent is already squeezed away."""
    return len(shape) <= 2 or (len(shape) == 4 and shape[1:3] == (1, 1))
