"""The network that a user's Keras file describes: held against mbench's, and built again to compare answers with.

Nothing of the file is run: layers are made by Keras' own classes, by name, out of numbers and words.
"""

import io
from collections.abc import Mapping
from typing import Any, Final

from mbench.core.builds.recipes import Weights, WeightsKind
from mbench.core.errors import UsageError
from mbench.files.archives import Archive, is_archive
from mbench.files.regular import MIB
from mbench.models.weights.keras_layers import SavedLayer, SavedNetwork, parse_network
from mbench.models.weights.network_fit import OF_TRAINING, function_name, meant_settings, misfit
from mbench.models.weights.weight_groups import bounded_cpu, longest_text
from mbench.models.weights.weights import CONVERTED, DAMAGE, HDF5, TAKEN, described_file, first_line, load_into

MEMBER: Final = "config.json"
ATTRIBUTE: Final = "model_config"

MOST_BYTES: Final = 16 * MIB
"""Of a description; that of Inception V3 has 0.2 MB."""

_ADVICE: Final = {
    "filters": "Check alpha and the number of classes",
    "units": "Check the number of classes",
    "padding": "Choose the --resolution that it was made for",
}
"""By the setting that differs."""


def check_network(weights: Weights, model: Any, *, architecture: str) -> SavedNetwork | None:
    """Return the network that the user's file describes, which is that of a Keras model; None: it describes none.

    Args:
        weights: those of a file.
        model: what mbench builds, to be given these weights.
        architecture: its name.

    Raises:
        UsageError: the file describes another network, and in what; or it cannot be read.
    """
    if weights.kind is not WeightsKind.FILE:
        return None
    name, data = described_file(weights)
    try:
        text = _description(data)
        if text is None:
            return None
        theirs = parse_network(text)
        sides = tuple(model.input_shape[1:3])
        reason = misfit(theirs, parse_network(model.to_json()), sides=(sides[0], sides[1]))
    except DAMAGE as error:
        raise UsageError(
            f"weights {name} cannot be taken: {first_line(error)}. {TAKEN} that is whole, or {CONVERTED}."
        ) from error
    if reason is not None:
        raise UsageError(f"weights {name} are of another network than {architecture} here: {reason}. {_advice(reason)}")
    return theirs


def _advice(reason: str) -> str:
    first = next((advice for setting, advice in _ADVICE.items() if f" has {setting} " in reason), "Check --arch")
    return f"{first}, or {CONVERTED}."


def _description(data: bytes) -> bytes | str | None:
    if data.startswith(HDF5):
        return _attribute(data)
    if not is_archive(data):
        return None
    archive = Archive(data)
    return archive.read(MEMBER, limit_bytes=MOST_BYTES) if MEMBER in archive.names else None


def _attribute(data: bytes) -> bytes | str | None:
    """Return the text in which Keras 2, and Keras 3 in its place, keeps the description."""
    import h5py

    if ATTRIBUTE.encode() not in data:
        return None
    with bounded_cpu(data), h5py.File(io.BytesIO(data)) as file:
        if ATTRIBUTE not in file.attrs:
            return None
        held = file.attrs.get_id(ATTRIBUTE)
        length = held.dtype.itemsize if held.dtype.kind == "S" else longest_text(data)
        if held.shape != () or held.dtype.kind not in "SO" or length > MOST_BYTES:
            raise ValueError(f"{ATTRIBUTE} is not a text of at most {MOST_BYTES} bytes")
        text = file.attrs[ATTRIBUTE]
        return text if isinstance(text, str) else bytes(text)


def rebuild(network: SavedNetwork, weights: Weights, shape: tuple[int, ...]) -> Any | None:
    """Return the network of a user's file as a Keras model with the file's weights; None where Keras has no such class.

    It must have been compared with one of mbench's before, so that it has no other kinds of layers.

    Args:
        network: as the file describes it.
        weights: the file.
        shape: of one input, without the batch.

    Raises:
        UsageError: its weights do not fit the network that the file itself describes.
    """
    import keras

    tensors: dict[str, Any] = {}
    for layer in network.layers:
        taken = [tensors[name] for name, _, _ in layer.sources]
        if any((call, output) != (0, 0) for _, call, output in layer.sources):
            return None
        if layer.kind == "InputLayer":
            tensors[layer.name] = keras.Input(shape, name="input")
        elif layer.kind in OF_TRAINING:
            (tensors[layer.name],) = taken
        else:
            made = _made(layer)
            if made is None:
                return None
            tensors[layer.name] = made(taken[0] if len(taken) == 1 else taken)
    inputs = next(tensors[layer.name] for layer in network.layers if layer.kind == "InputLayer")
    outputs = [tensors[name] for name, _, _ in network.outputs]
    if len(outputs) != 1:
        return None
    model = keras.Model(inputs, outputs[0])
    load_into(model, weights)
    return model


def _made(layer: SavedLayer) -> Any | None:
    import keras

    known = getattr(keras.layers, layer.kind, None)
    settings = meant_settings(layer.settings)
    if known is None or "calls" in settings or not all(map(_is_plain, settings.values())):
        return None
    return known(name=layer.name, **{key: _value(key, value) for key, value in settings.items()})


def _is_plain(value: Any) -> bool:
    """Whether it is numbers and words, or a function's name: nothing that Keras would look for in a module."""
    return not isinstance(value, Mapping) or value.get("class_name") == "function"


def _value(key: str, value: Any) -> Any:
    if key == "activation":
        return function_name(value)
    return tuple(value) if isinstance(value, list) and key != "axis" else value
