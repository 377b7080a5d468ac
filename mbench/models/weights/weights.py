"""Weights by name: read from the user's file or drawn from a seed, checked against the network, and set.

Files are read as plain HDF5, without building the model that wrote them, so no code that a `.keras` file may carry
is ever run, and a misfit is named by layer.
"""

import hashlib
import io
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.builds.recipes import Weights, WeightsKind
from mbench.core.errors import UsageError
from mbench.files.archives import Archive, is_archive
from mbench.files.regular import GIB, MIB, read_regular
from mbench.models.networks.layers import Layer, LayerKind, weight_shapes
from mbench.models.weights.graph_weights import graph_weights
from mbench.models.weights.seeded_weights import seeded_weights
from mbench.models.weights.weight_arrays import StoredArray, StoredArrays
from mbench.models.weights.weight_groups import WantedLayer, bounded_cpu, longest_text, saved_layers

WeightValues = Mapping[str, npt.NDArray[np.float32]]
"""Weights by `layer/weight`, such as `conv1_bn/gamma`."""

BESIDES = ("ranges/", "bits/")
"""Beginnings of what a trained `.npz` holds besides weights: see `mbench/models/tflite/learned_ranges.py`."""

MOST_BYTES: Final = 2 * GIB
"""Of a weights file; VGG-16 with the moments of its optimizer has 1.7 GB."""

MOST_TIMES: Final = 8
SPARE_BYTES: Final = 64 * MIB
"""What a `.keras` file may unpack to, in float32 weights of the network: Keras keeps up to two moments of each, and
float64 takes twice as much."""

TAKEN: Final = "Name a .keras, .h5, .weights.h5 or .npz file"
CONVERTED: Final = "convert the model yourself and name the .tflite file"

_TFLITE: Final = b"TFL3"
"""Behind the first four bytes of a model's file."""

HDF5: Final = b"\x89HDF\r\n\x1a\n"
_MEMBER: Final = "model.weights.h5"
DAMAGE: Final = (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, OverflowError)
"""What h5py raises of files that are damaged, and our own readers of what they refuse."""

KERAS_CLASSES = {LayerKind.CONV: "conv2d", LayerKind.DEPTHWISE: "depthwise_conv2d", LayerKind.CLASSIFIER: "conv2d"}
"""Names of Keras 3 for layers in a `.weights.h5`: the class, counted from the second on (`conv2d_1`)."""


def describe_file(path: Path) -> Weights:
    """Return the identity of a user's weights file.

    Raises:
        UsageError: it cannot be read, or is a model that is built already.
    """
    data = _read_bytes(path)
    if data[4:8] == _TFLITE:
        raise UsageError(
            f"weights {path} are a .tflite file, which is built already: mbench run --model {shlex.quote(str(path))} "
            "measures it."
        )
    return Weights(kind=WeightsKind.FILE, sha256=hashlib.sha256(data).hexdigest(), source=str(path))


def describe_trained(path: Path) -> Weights:
    """Return the identity of weights that mbench trained.

    Raises:
        UsageError: the file cannot be read.
    """
    return Weights(kind=WeightsKind.TRAINED, sha256=hashlib.sha256(_read_bytes(path)).hexdigest(), source=str(path))


def load_weights(weights: Weights, layers: Sequence[Layer]) -> WeightValues:
    """Return the values that an identity stands for, fitting the layers.

    Raises:
        UsageError: the file cannot be read, changed since it was described, or does not fit.
    """
    if weights.kind is WeightsKind.SEEDED:
        return seeded_weights(layers, weights.seed)
    return read_weights(*described_file(weights), layers)


def load_into(model: Any, weights: Weights) -> None:
    """Set all weights of a functional Keras model to the values that an identity stands for.

    Raises:
        UsageError: the file cannot be read, changed since it was described, or does not fit.
    """
    if weights.kind is not WeightsKind.SEEDED:
        set_weights(model, _read(*described_file(weights), _wanted_by_model(model)))
        return
    variables = {f"{layer.name}/{weight.name}": weight for layer in model.layers for weight in layer.weights}
    for name, values in graph_weights(model, weights.seed):
        variables[name].assign(values)


def described_file(weights: Weights) -> tuple[str, bytes]:
    """Return the name and the bytes of the file that was described.

    Raises:
        UsageError: it cannot be read, or changed since.
    """
    if weights.source is None:
        raise UsageError(f"{weights.kind} weights are known by hash only; name their file.")
    path = Path(weights.source)
    data = _read_bytes(path)
    if hashlib.sha256(data).hexdigest() != weights.sha256:
        raise UsageError(f"weights {path} changed since the build was planned; start it again.")
    return path.name, data


def read_weights(name: str, data: bytes, layers: Sequence[Layer]) -> WeightValues:
    """Return the weights in a `.keras`, `.weights.h5` or `.h5` file, or in a `.npz` of `layer/weight` arrays.

    What a quantization-aware training put besides the weights into a `.npz` comes along.

    Args:
        name: of the file, for messages.
        data: its bytes.
        layers: the network that they must fit.

    Raises:
        UsageError: not such a file, or its first layer or shape that does not fit.
    """
    return _read(name, data, _wanted_by_chain(layers))


def _wanted_by_chain(layers: Sequence[Layer]) -> list[WantedLayer]:
    kinds = {layer.name: KERAS_CLASSES[layer.kind] for layer in layers}
    return [
        WantedLayer(name=name, saved_class=kinds.get(name, "batch_normalization"), shapes=shapes)
        for name, shapes in weight_shapes(layers)
    ]


def _wanted_by_model(model: Any) -> list[WantedLayer]:
    return [
        WantedLayer(
            name=layer.name,
            saved_class=_snake_case(type(layer).__name__),
            shapes={str(weight.name): tuple(weight.shape) for weight in layer.weights},
        )
        for layer in model.layers
    ]


def _snake_case(name: str) -> str:
    """Return a class's name as Keras writes it: `Conv2D` as `conv2d` (keras `src/utils/naming.py`)."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def _read(name: str, data: bytes, wanted: Sequence[WantedLayer]) -> WeightValues:
    if name.endswith(".npz"):
        return _read_arrays(name, data, wanted)
    import h5py

    try:
        groups = _unpacked(data, wanted)
        with bounded_cpu(groups), h5py.File(io.BytesIO(groups)) as file:
            return dict(_fit(name, dict(saved_layers(file, wanted, longest=longest_text(groups))), wanted))
    except DAMAGE as error:
        reason = first_line(error)
        raise UsageError(
            f"weights {name} are no .keras, .weights.h5 or .h5 file of Keras: {reason}. {TAKEN} that is whole, or "
            f"{CONVERTED}."
        ) from error


def _unpacked(data: bytes, wanted: Sequence[WantedLayer]) -> bytes:
    """Return the HDF5 file in a `.keras` file, or the data where they are one."""
    if data.startswith(HDF5):
        return data
    if not is_archive(data):
        raise ValueError("it is neither HDF5 nor a zip archive" if data else "it is empty")
    archive = Archive(data)
    if _MEMBER not in archive.names:
        raise ValueError(f"it holds no {_MEMBER}")
    needed = 4 * sum(prod(shape) for layer in wanted for shape in layer.shapes.values())
    return archive.read(_MEMBER, limit_bytes=MOST_TIMES * needed + SPARE_BYTES)


def _read_arrays(name: str, data: bytes, wanted: Sequence[WantedLayer]) -> WeightValues:
    try:
        arrays = StoredArrays(data)
        found = {
            layer.name: [each for weight in layer.shapes if (each := arrays.find(f"{layer.name}/{weight}")) is not None]
            for layer in wanted
        }
        besides = {key: _read_beside(key, arrays) for key in arrays.names if key.startswith(BESIDES)}
        return {**dict(_fit(name, found, wanted)), **besides}
    except DAMAGE as error:
        raise UsageError(f"weights {name} are no .npz file of arrays: {first_line(error)}. {TAKEN}.") from error


def _read_beside(key: str, arrays: StoredArrays) -> npt.NDArray[np.float32]:
    """Return the two ends of a range, or a number of bits."""
    array = arrays.find(key)
    if array is None or not array.holds_numbers or array.shape not in ((1,), (2,)):
        raise ValueError(f"{key} is neither a number nor a range")
    return array.values().astype(np.float32)


def _fit(
    file: str, found: Mapping[str, Sequence[StoredArray]], wanted: Sequence[WantedLayer]
) -> Iterator[tuple[str, Any]]:
    """Yield the weights by name, each of the shape that the network wants."""
    for layer, shapes in ((each.name, each.shapes) for each in wanted):
        values = found.get(layer, [])
        if len(values) != len(shapes):
            raise UsageError(
                f"weights {file} do not fit: layer {layer} wants {len(shapes)} weights ({', '.join(shapes)}), "
                f"the file has {len(values) or 'none'}. Check the architecture."
            )
        for (weight, shape), stored in zip(shapes.items(), values, strict=True):
            if stored.shape != shape:
                raise UsageError(
                    f"weights {file} do not fit: {layer}/{weight} is {_shape(shape)} in the network and "
                    f"{_shape(stored.shape)} in the file. Check alpha and the number of classes."
                )
            if not stored.holds_numbers:
                raise UsageError(f"weights {file} do not fit: {layer}/{weight} holds {stored.dtype.name}, not numbers.")
            with np.errstate(over="ignore"):  # a number that float32 cannot hold is not finite, which is said below
                value = stored.values().astype(np.float32)
            if not np.isfinite(value).all():
                raise UsageError(f"weights {file} are damaged: {layer}/{weight} holds numbers that are not finite.")
            yield f"{layer}/{weight}", value


def set_weights(model: Any, values: WeightValues) -> None:
    """Set all weights of a Keras model, layer by layer by name."""
    for layer in model.layers:
        for variable in layer.weights:
            variable.assign(values[f"{layer.name}/{variable.name}"])


def _shape(shape: Sequence[int]) -> str:
    return "×".join(str(side) for side in shape) or "a single number"


def first_line(error: Exception) -> str:
    """Return what an error says in its first line, without the full stop."""
    text = error.args[0] if isinstance(error, KeyError) and error.args else error  # a KeyError shows its text in quotes
    return (str(text).splitlines() or [type(error).__name__])[0].rstrip(".")


def _read_bytes(path: Path) -> bytes:
    try:
        return read_regular(path, limit_bytes=MOST_BYTES)
    except OSError as error:
        raise UsageError(f"weights {path} cannot be read: {error.strerror}. {TAKEN}.") from error
