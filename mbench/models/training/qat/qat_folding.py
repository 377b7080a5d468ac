"""Batch normalization folded into the convolution in front of it, and folded weights written as unfolded ones.

Statistics are frozen: what the float training left is folded once, and kernel and bias are what is trained from then
on. So the graph that is trained multiplies by the very kernels that the file will hold; statistics that went on moving
would change each kernel's step from batch to batch (Krishnamoorthi, arXiv 1806.08342, section 3.2.2, freezes them for
the last part of a training for that reason).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from mbench.core.errors import UsageError
from mbench.models.networks.chains import BATCH_NORM_EPSILON
from mbench.models.networks.layers import BATCH_NORM, Layer, LayerKind
from mbench.models.weights.weights import WeightValues

Array = npt.NDArray[np.float32]

Folded = dict[str, Array]
"""`layer/kernel` as Keras shapes it and `layer/bias`, (filters,), of every layer."""

CONVOLUTIONS: Final = frozenset({LayerKind.CONV, LayerKind.DEPTHWISE})


def check_chain(layers: Sequence[Layer]) -> None:
    """Refuse networks that are not convolutions with batch normalization and ReLU6, one classifier behind them.

    Raises:
        UsageError: another kind of layer, or in another order.
    """
    kinds = [layer.kind for layer in layers]
    if len(kinds) < 2 or kinds[-1] is not LayerKind.CLASSIFIER or not CONVOLUTIONS.issuperset(kinds[:-1]):
        raise UsageError(
            "quantization-aware training takes a chain of convolutions with a classifier at its end, as MobileNet V1 "
            "is; train this network in float and build it with calibration examples."
        )


def fold(layers: Sequence[Layer], values: WeightValues, *, epsilon: float = BATCH_NORM_EPSILON) -> Folded:
    """Return kernels and biases that compute what convolution and batch normalization do at inference.

    kernel × γ / √(σ² + ε) per output channel, bias β − μ × γ / √(σ² + ε) (Jacob et al., arXiv 1712.05877, section
    3.2, equation 14).

    Args:
        layers: a chain, see `check_chain`.
        values: with batch normalization.
        epsilon: of the batch normalization.
    """
    folded: Folded = {}
    for layer in layers:
        kernel = values[f"{layer.name}/kernel"]
        if layer.kind is LayerKind.CLASSIFIER:
            folded[f"{layer.name}/kernel"], folded[f"{layer.name}/bias"] = kernel, values[f"{layer.name}/bias"]
            continue
        gamma, beta, mean, variance = (values[f"{layer.name}_bn/{weight}"].astype(np.float64) for weight in BATCH_NORM)
        gain = gamma / np.sqrt(variance + epsilon)
        bias = beta - mean * gain
        along_filters = gain[:, None] if layer.kind is LayerKind.DEPTHWISE else gain  # third in a depthwise kernel
        folded[f"{layer.name}/kernel"] = (kernel * along_filters).astype(np.float32)
        folded[f"{layer.name}/bias"] = bias.astype(np.float32)
    return folded


def unfold(layers: Sequence[Layer], folded: WeightValues, *, epsilon: float = BATCH_NORM_EPSILON) -> WeightValues:
    """Return folded weights with a batch normalization that only adds the bias: any build takes them as they are.

    γ is 1 and σ² is 1 − ε, whose sum with ε is exactly 1 in float32, so the converter folds the kernels back to the
    bit.
    """
    values: dict[str, Array] = {}
    for layer in layers:
        kernel, bias = folded[f"{layer.name}/kernel"], folded[f"{layer.name}/bias"]
        values[f"{layer.name}/kernel"] = kernel
        if layer.kind is LayerKind.CLASSIFIER:
            values[f"{layer.name}/bias"] = bias
            continue
        values[f"{layer.name}_bn/gamma"] = np.ones_like(bias)
        values[f"{layer.name}_bn/beta"] = bias
        values[f"{layer.name}_bn/moving_mean"] = np.zeros_like(bias)
        values[f"{layer.name}_bn/moving_variance"] = np.full_like(bias, 1.0 - epsilon)
    return values
