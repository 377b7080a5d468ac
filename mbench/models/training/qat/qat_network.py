"""The network that quantization-aware training trains: folded kernels, and the rounding of the file in its graph.

What litert-quantizer will do to weights and activations is done here in the same arithmetic, so that the built file
answers as this network does. Only biases, which the file holds in 32 bits, are not rounded. Everything here works on
Keras tensors; keras is imported by the functions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.models.networks.layers import Layer, LayerKind
from mbench.models.tflite.learned_ranges import INPUT, POOL, LearnedRanges
from mbench.models.training.qat.qat_folding import Folded

STEPS: Final = 255
"""Steps between the ends of an int8 range."""

LOWEST: Final = -128

INPUT_RANGE: Final = (-128 / 127, 1.0)
"""[-1, 1], and one step below, which makes the step 1/127 and zero a whole number of steps.

With [-1, 1] itself the step is 2/255, the distance of two pixel levels, and every level (x − 127.5) / 127.5 lies
exactly between two steps: which way it goes is then left to the last bit of a float, and levels fall together in pairs.
"""

RELU6_TOP: Final = 6.0

LEAST_TOP: Final = 0.05
"""No range is trained to nothing."""

WEIGHT_BITS: Final = 8

LOOKED_AT_ONCE: Final = 32
"""Pictures: at 224 px and α = 1 the largest layer's output takes 3 MB for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QatNetwork:
    """Variables of one network.

    Attributes:
        layers: in order of execution.
        weights: `layer/kernel` and `layer/bias`, as Keras variables.
        lows: lower ends that are trained, by layer: of the logits alone; the others are 0.
        highs: upper ends by `pool` and layer.
        weight_bits: by layer, where fewer than 8.
    """

    layers: tuple[Layer, ...]
    weights: Mapping[str, Any]
    lows: Mapping[str, Any]
    highs: Mapping[str, Any]
    weight_bits: Mapping[str, int]

    @property
    def variables(self) -> list[Any]:
        """Return all that is trained."""
        return [*self.weights.values(), *self.lows.values(), *self.highs.values()]

    def logits(self, pictures: Any) -> Any:
        """Return (n, classes) logits of (n, r, r, 3) float pictures in [-1, 1], all of it rounded as in the file."""
        return forward(self.layers, self.weights, pictures, kernel_form=self._rounded_kernel, seen=self._rounded)

    def bound_ranges(self) -> None:
        """Put ranges back where they make sense after an update: around zero, and those behind a ReLU6 below 6."""
        from keras import ops

        classifier = self.layers[-1].name
        for name, high in self.highs.items():
            high.assign(ops.clip(high, LEAST_TOP, np.inf if name == classifier else RELU6_TOP))
        for low in self.lows.values():
            low.assign(ops.minimum(low, -LEAST_TOP))

    def folded(self) -> Folded:
        """Return kernels, rounded to their steps, and biases as arrays."""
        arrays = {name: np.asarray(weight) for name, weight in self.weights.items()}
        for layer in self.layers:
            arrays[f"{layer.name}/kernel"] = np.asarray(
                self._rounded_kernel(layer, self.weights[f"{layer.name}/kernel"])
            )
        return arrays

    def learned(self) -> LearnedRanges:
        """Return the ranges as they are now."""
        lows = {name: float(np.asarray(low)) for name, low in self.lows.items()}
        highs = {name: float(np.asarray(high)) for name, high in self.highs.items()}
        ranges = {name: (lows.get(name, 0.0), high) for name, high in highs.items()}
        return LearnedRanges(ranges={INPUT: INPUT_RANGE, **ranges}, weight_bits=dict(self.weight_bits))

    def _rounded_kernel(self, layer: Layer, kernel: Any) -> Any:
        return round_kernel(layer, kernel, self.weight_bits.get(layer.name, WEIGHT_BITS))

    def _rounded(self, name: str, values: Any) -> Any:
        if name == INPUT:
            return round_to_range(values, *INPUT_RANGE)
        return round_to_range(values, self.lows.get(name, 0.0), self.highs[name])


def make_network(
    layers: Sequence[Layer], folded: Folded, learned: LearnedRanges, *, weight_bits: Mapping[str, int]
) -> QatNetwork:
    """Return variables that start at folded weights and given ranges."""
    import keras

    classifier = layers[-1].name
    return QatNetwork(
        layers=tuple(layers),
        weights={name: keras.Variable(values, name=name.replace("/", "_")) for name, values in folded.items()},
        lows={classifier: keras.Variable(np.float32(learned.ranges[classifier][0]), name="low")},
        highs={
            name: keras.Variable(np.float32(high), name=f"high_{name}")
            for name, (_, high) in learned.ranges.items()
            if name != INPUT
        },
        weight_bits=weight_bits,
    )


def forward(
    layers: Sequence[Layer],
    weights: Mapping[str, Any],
    pictures: Any,
    *,
    kernel_form: Callable[[Layer, Any], Any],
    seen: Callable[[str, Any], Any],
) -> Any:
    """Return (n, classes) logits of (n, r, r, 3) float pictures in [-1, 1].

    Args:
        layers: a chain, see `check_chain`.
        weights: `layer/kernel` and `layer/bias`.
        pictures: a batch.
        kernel_form: makes of a layer's kernel the one that is used.
        seen: makes of the values of `input`, of each layer and of `pool` those that go on.
    """
    from keras import ops

    x = seen(INPUT, pictures)
    for layer in layers:
        kernel, bias = kernel_form(layer, weights[f"{layer.name}/kernel"]), weights[f"{layer.name}/bias"]
        if layer.kind is LayerKind.CLASSIFIER:
            x = seen(POOL, ops.mean(x, axis=(1, 2), keepdims=True))
            x = seen(layer.name, ops.conv(x, kernel, padding="same") + bias)
            continue
        convolve = ops.depthwise_conv if layer.kind is LayerKind.DEPTHWISE else ops.conv
        x = seen(layer.name, ops.relu6(convolve(x, kernel, strides=layer.stride, padding="same") + bias))
    return ops.reshape(x, (-1, layers[-1].filters))


def read_float_ranges(layers: Sequence[Layer], folded: Folded, pictures: npt.NDArray[np.float32]) -> LearnedRanges:
    """Return minima and maxima of the network without any rounding: where the training of ranges starts."""
    found: dict[str, tuple[float, float]] = {}

    def note(name: str, values: Any) -> Any:
        array = np.asarray(values)
        low, high = found.get(name, (0.0, LEAST_TOP))
        found[name] = (min(low, float(array.min())), max(high, float(array.max())))
        return values

    for start in range(0, len(pictures), LOOKED_AT_ONCE):
        batch = pictures[start : start + LOOKED_AT_ONCE]
        forward(layers, folded, batch, kernel_form=lambda _, kernel: kernel, seen=note)
    return LearnedRanges(ranges={**found, INPUT: INPUT_RANGE})


def round_kernel(layer: Layer, kernel: Any, bits: int) -> Any:
    """Return a kernel rounded symmetrically per output channel; its gradient passes as if it were not rounded.

    The largest magnitude of a channel is the last step: 127, or 7 of 4 bits (litert-quantizer
    `algorithms/uniform_quantize/uniform_quantize_tensor.py`, `tensor_zp_scale_from_min_max`).
    """
    from keras import ops

    axes = (0, 1, 3) if layer.kind is LayerKind.DEPTHWISE else (0, 1, 2)
    top = 2 ** (bits - 1) - 1
    step = ops.maximum(ops.max(ops.abs(kernel), axis=axes, keepdims=True), 1e-9) / top
    rounded = ops.round(kernel / step) * step
    return kernel + ops.stop_gradient(rounded - kernel)


def round_to_range(values: Any, low: Any, high: Any) -> Any:
    """Return values rounded to the 256 levels of a range that holds zero as a level.

    Gradients pass the rounding straight through: inside the range to the values, outside to the end that they were
    clipped to (Choi et al., arXiv 1805.06085, section 3); inside, the ends get what the rounding did, divided by the
    number of steps (Esser et al., arXiv 1902.08153, equation 3).
    """
    from keras import ops

    step = (high - low) / STEPS
    zero = ops.stop_gradient(ops.round(LOWEST - low / step))
    scaled = values / step
    whole = scaled + ops.stop_gradient(ops.round(scaled) - scaled)
    return (ops.clip(whole + zero, LOWEST, LOWEST + STEPS) - zero) * step
