"""Weights by name: read from the user's file or drawn from a seed, checked against the network, and set.

Files are read as plain HDF5, without building the model that wrote them, so no code that a `.keras` file may carry
is ever run, and a misfit is named by layer.
"""

import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mbench.core.errors import UsageError
from mbench.core.recipes import Weights, WeightsKind
from mbench.models.graph_weights import graph_weights
from mbench.models.layers import Layer, LayerKind, weight_shapes
from mbench.models.seeded_weights import seeded_weights

WeightValues = Mapping[str, npt.NDArray[np.float32]]
"""Weights by `layer/weight`, such as `conv1_bn/gamma`."""

BESIDES = ("ranges/", "bits/")
"""Beginnings of what a trained `.npz` holds besides weights: see `mbench/models/training/qat_ranges.py`."""

KERAS_CLASSES = {LayerKind.CONV: "conv2d", LayerKind.DEPTHWISE: "depthwise_conv2d", LayerKind.CLASSIFIER: "conv2d"}
"""Names of Keras 3 for layers in a `.weights.h5`: the class, counted from the second on (`conv2d_1`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLayer:
    """A layer of a network, as a file may hold it.

    Attributes:
        saved_class: what Keras 3 calls its class in a `.weights.h5`.
        shapes: of each weight, in Keras' own order; none where it has no weights.
    """

    name: str
    saved_class: str
    shapes: Mapping[str, tuple[int, ...]]


def describe_file(path: Path) -> Weights:
    """Return the identity of a user's weights file.

    Raises:
        UsageError: it cannot be read.
    """
    return Weights(kind=WeightsKind.FILE, sha256=hashlib.sha256(_read_bytes(path)).hexdigest(), source=str(path))


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
    return read_weights(*_described_file(weights), layers)


def load_into(model: Any, weights: Weights) -> None:
    """Set all weights of a functional Keras model to the values that an identity stands for.

    Raises:
        UsageError: the file cannot be read, changed since it was described, or does not fit.
    """
    if weights.kind is not WeightsKind.SEEDED:
        set_weights(model, _read(*_described_file(weights), _wanted_by_model(model)))
        return
    variables = {f"{layer.name}/{weight.name}": weight for layer in model.layers for weight in layer.weights}
    for name, values in graph_weights(model, weights.seed):
        variables[name].assign(values)


def _described_file(weights: Weights) -> tuple[str, bytes]:
    """Return the name and the bytes of the file that was described."""
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
        if zipfile.is_zipfile(io.BytesIO(data)):
            data = zipfile.ZipFile(io.BytesIO(data)).read("model.weights.h5")
        with h5py.File(io.BytesIO(data)) as file:
            found = dict(_saved_layers(file, wanted))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(f"weights {name} are no .keras, .weights.h5 or .h5 file of Keras: {error}.") from error
    return dict(_fit(name, found, wanted))


def _read_arrays(name: str, data: bytes, wanted: Sequence[WantedLayer]) -> WeightValues:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = dict(archive)
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise UsageError(f"weights {name} are no .npz file of arrays: {error}.") from error
    found = {
        layer.name: [arrays[key] for weight in layer.shapes if (key := f"{layer.name}/{weight}") in arrays]
        for layer in wanted
    }
    besides = {key: array.astype(np.float32) for key, array in arrays.items() if key.startswith(BESIDES)}
    return {**dict(_fit(name, found, wanted)), **besides}


def _saved_layers(file: Any, wanted: Sequence[WantedLayer]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each layer's name and its weights in Keras' order, from either of Keras' two HDF5 layouts."""
    if "layers" in file:
        yield from _keras3_layers(file["layers"], wanted)
        return
    group = file.get("model_weights", file)
    saved = [layer.decode() if isinstance(layer, bytes) else str(layer) for layer in group.attrs["layer_names"]]
    weighty = [name for name in saved if len(group[name].attrs["weight_names"])]
    for name, known in zip(weighty, _known_as(weighty, wanted), strict=True):
        yield known, [np.asarray(group[name][weight]) for weight in group[name].attrs["weight_names"]]


def _known_as(saved: Sequence[str], wanted: Sequence[WantedLayer]) -> Sequence[str]:
    """Return what saved layers are called here: names that Keras counts (`conv2d_17`) go by their order alone.

    So does Keras when it reads such a file (keras `src/legacy/saving/legacy_h5_format.py`).
    """
    names = [layer.name for layer in wanted if layer.shapes]
    return names if len(names) == len(saved) and set(names) != set(saved) else saved


def _keras3_layers(group: Any, wanted: Sequence[WantedLayer]) -> Iterator[tuple[str, list[Any]]]:
    """Yield layers of the layout that names them by class and order, such as `layers/conv2d_1/vars/0`."""
    counted: Counter[str] = Counter()
    for layer in wanted:
        kind = layer.saved_class
        saved = f"{kind}_{counted[kind]}" if counted[kind] else kind
        counted[kind] += 1
        if layer.shapes and saved in group:
            variables = group[saved]["vars"]
            yield layer.name, [np.asarray(variables[str(index)]) for index in range(len(variables))]


def _fit(file: str, found: Mapping[str, Sequence[Any]], wanted: Sequence[WantedLayer]) -> Iterator[tuple[str, Any]]:
    """Yield the weights by name, each of the shape that the network wants."""
    for layer, shapes in ((each.name, each.shapes) for each in wanted):
        values = found.get(layer, [])
        if len(values) != len(shapes):
            raise UsageError(
                f"weights {file} do not fit: layer {layer} wants {len(shapes)} weights ({', '.join(shapes)}), "
                f"the file has {len(values) or 'none'}. Check the architecture."
            )
        for (weight, shape), value in zip(shapes.items(), values, strict=True):
            if value.shape != shape:
                raise UsageError(
                    f"weights {file} do not fit: {layer}/{weight} is {_shape(shape)} in the network and "
                    f"{_shape(value.shape)} in the file. Check alpha and the number of classes."
                )
            if not np.isfinite(value).all():
                raise UsageError(f"weights {file} are damaged: {layer}/{weight} holds numbers that are not finite.")
            yield f"{layer}/{weight}", value.astype(np.float32)


def set_weights(model: Any, values: WeightValues) -> None:
    """Set all weights of a Keras model, layer by layer by name."""
    for layer in model.layers:
        for variable in layer.weights:
            variable.assign(values[f"{layer.name}/{variable.name}"])


def _shape(shape: Sequence[int]) -> str:
    return "×".join(str(side) for side in shape)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"weights {path} cannot be read: {error.strerror}.") from error
