"""Whether a Keras file describes the network that mbench builds: layer by layer, by what each computes.

Different descriptions of one computation are equal here: a layer's activation and one behind it, explicit zeros in
front of a convolution and "same" padding of that side, a reshaped single pixel, whatever only a training has. What is
compared otherwise is every setting, so that a layer of which nothing is known fits nothing but itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from mbench.models.weights.keras_layers import MODELS, SavedLayer, SavedNetwork

Sides = tuple[int, int]
Padding = tuple[tuple[int, int], tuple[int, int]]

UNPADDED: Final[Padding] = ((0, 0), (0, 0))

OF_TRAINING: Final = frozenset(
    {
        "ActivityRegularization",
        "AlphaDropout",
        "Dropout",
        "GaussianDropout",
        "GaussianNoise",
        "RandomBrightness",
        "RandomContrast",
        "RandomFlip",
        "RandomRotation",
        "RandomTranslation",
        "RandomZoom",
        "SpatialDropout2D",
    }
)
"""Layers that an inference passes through unchanged."""

_FUNCTIONS: Final = {"swish": "silu", "hard_swish": "hard_silu"}

_BY_ELEMENT: Final = frozenset(
    {"Activation", "Add", "BatchNormalization", "Concatenate", "Multiply", "ReLU", "Rescaling"}
)

_IDLE: Final = frozenset(
    {
        "batch_input_shape",
        "batch_shape",
        "dtype",
        "momentum",
        "name",
        "renorm",
        "renorm_clipping",
        "renorm_momentum",
        "seed",
        "synchronized",
        "trainable",
        "virtual_batch_size",
    }
)
_IDLE_ENDS: Final = ("_initializer", "_regularizer", "_constraint")

_FLOATS: Final = ("float", "bfloat", "mixed_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One step of an inference.

    Attributes:
        layer: whose it is, by the file's name.
        inputs: positions of the operations that it takes, with call and output.
    """

    layer: str
    kind: str
    settings: Mapping[str, Any]
    inputs: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Tensor:
    producer: int
    sides: Sides | None
    padding: Padding = UNPADDED


def misfit(theirs: SavedNetwork, ours: SavedNetwork, *, sides: Sides) -> str | None:
    """Return the first difference between a file's network and mbench's, half a sentence; None: they are one.

    Args:
        theirs: as the file describes it.
        ours: as Keras describes what mbench builds.
        sides: height and width of what both shall be given.

    Raises:
        ValueError: the file's description does not make sense.
    """
    mine = operations(ours, sides=sides)
    return next(_differences(operations(theirs, sides=sides), mine), None)


def operations(network: SavedNetwork, *, sides: Sides) -> list[Operation]:
    """Return the steps of an inference in the file's order.

    Raises:
        ValueError: a layer is called on one that does not stand before it, or its settings make no sense.
    """
    walk = _Walk(sides)
    for layer in network.layers:
        try:
            walk.add(layer)
        except (TypeError, KeyError, IndexError, AttributeError, ZeroDivisionError, OverflowError) as error:
            raise ValueError(
                f"its layer {layer.name} is not described as Keras does ({type(error).__name__})"
            ) from error
    ends = tuple((walk.at(name).producer, call, output) for name, call, output in network.outputs)
    return [*walk.found, Operation(layer="the end", kind="Output", settings={}, inputs=ends)]


class _Walk:
    """Goes through layers, and knows where each one's output comes from and how large it is."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._tensors: dict[str, _Tensor] = {}
        self.found: list[Operation] = []

    def at(self, name: str) -> _Tensor:
        if name not in self._tensors:
            raise ValueError(f"its layer {name} is called for before it is there")
        return self._tensors[name]

    def add(self, layer: SavedLayer) -> None:
        kind, settings = layer.kind, layer.settings
        if kind in MODELS:
            raise ValueError(f"its layer {layer.name} is a whole model ({kind}), and those are not looked into")
        if kind == "InputLayer":
            self._put(layer, "InputLayer", _input(settings), self._sides)
            return
        taken = self.at(layer.sources[0][0])
        if kind in OF_TRAINING or _is_linear(layer):
            self._tensors[layer.name] = taken
        elif kind == "ZeroPadding2D" and len(layer.sources) == 1:
            self._tensors[layer.name] = _Tensor(taken.producer, taken.sides, _add(taken.padding, _zeros(settings)))
        elif kind in ("Flatten", "Reshape") and taken.sides == (1, 1) and _keeps_order(layer):
            self._tensors[layer.name] = taken
        elif kind in ("Conv2D", "DepthwiseConv2D"):
            self._convolution(layer, taken)
        else:
            self._flush(layer)
            self._put(layer, *_simple(layer), self._after(layer, taken))
        self._activation(layer)

    def _put(self, layer: SavedLayer, kind: str, settings: Mapping[str, Any], sides: Sides | None) -> None:
        inputs = tuple((self.at(name).producer, call, output) for name, call, output in layer.sources)
        self.found.append(Operation(layer=layer.name, kind=kind, settings=settings, inputs=inputs))
        self._tensors[layer.name] = _Tensor(len(self.found) - 1, sides)

    def _convolution(self, layer: SavedLayer, taken: _Tensor) -> None:
        settings = {key: value for key, value in meant_settings(layer.settings).items() if key != "activation"}
        kernel, strides = _pair(settings["kernel_size"]), _pair(settings["strides"])
        dilation = _pair(settings.get("dilation_rate", 1))
        settings = {"groups": 1} | settings | {"kernel_size": kernel, "strides": strides, "dilation_rate": dilation}
        after = None
        if taken.sides is not None:
            reach = tuple((side - 1) * step + 1 for side, step in zip(kernel, dilation, strict=True))
            padding = taken.padding
            if settings["padding"] == "same":
                full = tuple(side + sum(pad) for side, pad in zip(taken.sides, padding, strict=True))
                padding = _add(padding, _same(full, reach, strides))
            settings["padding"] = padding
            after = tuple(
                (side + sum(pad) - width) // stride + 1
                for side, pad, width, stride in zip(taken.sides, padding, reach, strides, strict=True)
            )
        else:
            self._flush(layer)
        self._put(layer, layer.kind, settings, after)  # type: ignore[arg-type]  # of two

    def _flush(self, layer: SavedLayer) -> None:
        """Let zeros around what a layer takes be an operation of their own."""
        for name, _, _ in layer.sources:
            taken = self.at(name)
            if taken.padding != UNPADDED:
                sides = None
                if taken.sides is not None:
                    sides = (taken.sides[0] + sum(taken.padding[0]), taken.sides[1] + sum(taken.padding[1]))
                inputs = ((taken.producer, 0, 0),)
                settings = {"padding": taken.padding}
                self.found.append(Operation(layer=name, kind="ZeroPadding2D", settings=settings, inputs=inputs))
                self._tensors[name] = _Tensor(len(self.found) - 1, sides)

    def _after(self, layer: SavedLayer, taken: _Tensor) -> Sides | None:
        kind, sides = layer.kind, self.at(layer.sources[0][0]).sides
        if kind == "GlobalAveragePooling2D":
            return (1, 1)
        if kind in ("MaxPooling2D", "AveragePooling2D") and sides is not None:
            pool = _pair(layer.settings["pool_size"])
            strides = _pair(layer.settings.get("strides") or pool)
            same = layer.settings.get("padding") == "same"
            after = [
                -(-side // step) if same else (side - width) // step + 1
                for side, width, step in zip(sides, pool, strides, strict=True)
            ]
            return after[0], after[1]
        return sides if kind in _BY_ELEMENT or kind == "Softmax" else None

    def _activation(self, layer: SavedLayer) -> None:
        """Put what a layer's own activation does behind it."""
        if layer.kind in ("Activation", "InputLayer") or (said := layer.settings.get("activation")) is None:
            return
        settings = _function(said)
        if settings["function"] != "linear":
            taken = self.at(layer.name)
            inputs = ((taken.producer, 0, 0),)
            self.found.append(Operation(layer=layer.name, kind="Activation", settings=settings, inputs=inputs))
            self._tensors[layer.name] = _Tensor(len(self.found) - 1, taken.sides)


def _simple(layer: SavedLayer) -> tuple[str, dict[str, Any]]:
    """Return kind and settings of a layer that is one operation."""
    settings = meant_settings(layer.settings)
    match layer.kind:
        case "Activation":
            return "Activation", _function(settings["activation"])
        case "ReLU":
            bound, slope = settings.get("max_value"), float(settings.get("negative_slope") or 0)
            return "Activation", _relu(bound, slope, float(settings.get("threshold") or 0))
        case "Softmax" if settings.get("axis", -1) in (-1, [-1]):
            return "Activation", {"function": "softmax"}
        case "GlobalAveragePooling2D":
            return layer.kind, {}
        case "BatchNormalization" | "Concatenate":
            axis = settings.get("axis", -1)
            last = axis in (-1, 3, [3], [-1])  # of four axes
            return layer.kind, {**settings, "axis": -1 if last else axis}
        case "MaxPooling2D" | "AveragePooling2D":
            pool = _pair(settings["pool_size"])
            return layer.kind, {**settings, "pool_size": pool, "strides": _pair(settings.get("strides") or pool)}
        case _:
            return layer.kind, {key: value for key, value in settings.items() if key != "activation"}


def _input(settings: Mapping[str, Any]) -> dict[str, Any]:
    shape = settings.get("batch_shape") or settings.get("batch_input_shape") or [None]
    dtype = str(settings.get("dtype", "float32"))
    return {
        "dimensions": len(shape),
        "channels": shape[-1],
        "dtype": "float" if dtype.startswith(_FLOATS) else dtype,
    }


def meant_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that decide about an inference."""
    return {
        key: value
        for key, value in settings.items()
        if key not in _IDLE
        and not key.endswith(_IDLE_ENDS)
        and value is not None
        and (key, value) != ("data_format", "channels_last")
    }


def function_name(said: Any) -> str:
    """Return a function's name of what a configuration says: the name itself, or Keras 3's description of it."""
    if isinstance(said, Mapping):
        said = said.get("registered_name") if said.get("class_name") != "function" else said.get("config")
    name = str(said)
    return _FUNCTIONS.get(name, name)


def _function(said: Any) -> dict[str, Any]:
    name = function_name(said)
    if name == "relu6":
        return _relu(6.0, 0.0, 0.0)
    return _relu(None, 0.0, 0.0) if name == "relu" else {"function": name}


def _relu(bound: Any, slope: float, threshold: float) -> dict[str, Any]:
    return {
        "function": "relu",
        "upper bound": None if bound is None else float(bound),
        "slope": slope,
        "threshold": threshold,
    }


def _is_linear(layer: SavedLayer) -> bool:
    return layer.kind == "Activation" and function_name(layer.settings.get("activation")) == "linear"


def _keeps_order(layer: SavedLayer) -> bool:
    """Whether a single pixel's channels stay one row of numbers, in whatever shape."""
    if layer.kind == "Flatten":
        return True
    return len([side for side in layer.settings["target_shape"] if side != 1]) <= 1


def _pair(said: Any) -> tuple[int, int]:
    first, second = (said, said) if isinstance(said, int) else said
    return int(first), int(second)


def _zeros(settings: Mapping[str, Any]) -> Padding:
    said = settings["padding"]
    rows, columns = (said, said) if isinstance(said, int) else said
    return _pair(rows), _pair(columns)


def _add(first: Padding, second: Padding) -> Padding:
    (a, b), (c, d) = first
    (e, f), (g, h) = second
    return (a + e, b + f), (c + g, d + h)


def _same(sides: Sequence[int], reach: Sequence[int], strides: Sequence[int]) -> Padding:
    """Return what "same" adds: as little as gives ⌈side / stride⌉ outputs, the odd one behind (TensorFlow's way)."""
    both = [
        max((-(-side // stride) - 1) * stride + width - side, 0)
        for side, width, stride in zip(sides, reach, strides, strict=True)
    ]
    return (both[0] // 2, both[0] - both[0] // 2), (both[1] // 2, both[1] - both[1] // 2)


def _differences(theirs: Sequence[Operation], ours: Sequence[Operation]) -> Iterator[str]:
    for their, our in zip_longest(theirs, ours):
        if their is None or our is None or their.kind != our.kind:
            yield f"{_named(their)} where the network has {_described(our)}"
            return
        for key in dict.fromkeys((*our.settings, *their.settings)):
            mine, its = our.settings.get(key), their.settings.get(key)
            if mine != its:
                has = f"layer {their.layer} ({_kind(their)}) has {key} {_value(its)}"
                yield f"{has} where the network has {_value(mine)}"
        if their.inputs != our.inputs:
            yield f"layer {their.layer} ({_kind(their)}) does not take what {our.layer} takes in the network"


def _named(operation: Operation | None) -> str:
    if operation is None or operation.kind == "Output":
        return "it ends"
    return f"layer {operation.layer} is {_kind(operation)}"


def _described(operation: Operation | None) -> str:
    if operation is None or operation.kind == "Output":
        return "its end"
    return f"{operation.layer}, {_kind(operation)}"


def _kind(operation: Operation) -> str:
    return str(operation.settings["function"] if operation.kind == "Activation" else operation.kind)[:80]


def _value(value: Any) -> str:
    return "none" if value is None else str(value)[:80]
