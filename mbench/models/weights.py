"""Weights by name: read from the user's file or drawn from a seed, checked against the network, and set.

Files are read as plain HDF5, without building the model that wrote them, so no code that a `.keras` file may carry
is ever run, and a misfit is named by layer.
"""

import hashlib
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mbench.core.errors import UsageError
from mbench.core.recipes import Weights, WeightsKind
from mbench.models.layers import Layer, LayerKind, weight_shapes
from mbench.models.seeded_weights import seeded_weights

WeightValues = Mapping[str, npt.NDArray[np.float32]]
"""Weights by `layer/weight`, such as `conv1_bn/gamma`."""

BESIDES = ("ranges/", "bits/")
"""Beginnings of what a trained `.npz` holds besides weights: see `mbench/models/training/qat_ranges.py`."""

KERAS_CLASSES = {LayerKind.CONV: "conv2d", LayerKind.DEPTHWISE: "depthwise_conv2d", LayerKind.CLASSIFIER: "conv2d"}
"""Names of Keras 3 for layers in a `.weights.h5`: the class, counted from the second on (`conv2d_1`)."""


def describe_seeded(seed: int) -> Weights:
    """Return the identity of seeded weights."""
    return Weights(kind=WeightsKind.SEEDED, seed=seed)


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
    if weights.source is None:
        raise UsageError(f"{weights.kind} weights are known by hash only; name their file.")
    path = Path(weights.source)
    data = _read_bytes(path)
    if hashlib.sha256(data).hexdigest() != weights.sha256:
        raise UsageError(f"weights {path} changed since the build was planned; start it again.")
    return read_weights(path.name, data, layers)


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
    if name.endswith(".npz"):
        return _read_arrays(name, data, layers)
    import h5py

    try:
        if zipfile.is_zipfile(io.BytesIO(data)):
            data = zipfile.ZipFile(io.BytesIO(data)).read("model.weights.h5")
        with h5py.File(io.BytesIO(data)) as file:
            found = dict(_saved_layers(file, layers))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(f"weights {name} are no .keras, .weights.h5 or .h5 file of Keras: {error}.") from error
    return dict(_fit(name, found, layers))


def _read_arrays(name: str, data: bytes, layers: Sequence[Layer]) -> WeightValues:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = dict(archive)
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise UsageError(f"weights {name} are no .npz file of arrays: {error}.") from error
    found = {
        layer: [arrays[f"{layer}/{weight}"] for weight in shapes if f"{layer}/{weight}" in arrays]
        for layer, shapes in weight_shapes(layers)
    }
    besides = {key: array.astype(np.float32) for key, array in arrays.items() if key.startswith(BESIDES)}
    return {**dict(_fit(name, found, layers)), **besides}


def _saved_layers(file: Any, layers: Sequence[Layer]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each layer's name and its weights in Keras' order, from either of Keras' two HDF5 layouts."""
    if "layers" in file:
        yield from _keras3_layers(file["layers"], layers)
        return
    group = file.get("model_weights", file)
    for layer in group.attrs["layer_names"]:
        layer_name = layer.decode() if isinstance(layer, bytes) else str(layer)
        yield layer_name, [np.asarray(group[layer_name][weight]) for weight in group[layer_name].attrs["weight_names"]]


def _keras3_layers(group: Any, layers: Sequence[Layer]) -> Iterator[tuple[str, list[Any]]]:
    """Yield layers of the layout that names them by class and order, such as `layers/conv2d_1/vars/0`."""
    counted: Counter[str] = Counter()
    kinds = {layer.name: KERAS_CLASSES[layer.kind] for layer in layers}
    for name, _ in weight_shapes(layers):
        kind = kinds.get(name, "batch_normalization")
        saved = f"{kind}_{counted[kind]}" if counted[kind] else kind
        counted[kind] += 1
        if saved in group:
            variables = group[saved]["vars"]
            yield name, [np.asarray(variables[str(index)]) for index in range(len(variables))]


def _fit(file: str, found: Mapping[str, Sequence[Any]], layers: Sequence[Layer]) -> Iterator[tuple[str, Any]]:
    """Yield the weights by name, each of the shape that the network wants."""
    for layer, shapes in weight_shapes(layers):
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
