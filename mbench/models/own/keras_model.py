"""Keras models of users: as a `.keras` file, or as a model that is there."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mbench.core.builds.own_recipes import OwnNetwork, PythonName
from mbench.core.errors import ArtifactError
from mbench.core.processes.user_code import call_python, load_python
from mbench.files.archives import Archive, is_archive
from mbench.files.python_source import refuse_changed
from mbench.files.regular import GIB, MIB, read_regular
from mbench.models.own.input_arrays import OwnInput
from mbench.models.own.traced import OwnModel, end_name
from mbench.models.weights.keras_layers import parse_network
from mbench.models.weights.weight_groups import check_contained

CONFIG: Final = "config.json"
WEIGHTS: Final = "model.weights.h5"

MOST_CONFIG_BYTES: Final = 16 * MIB
MOST_TIMES: Final = 16
SPARE_BYTES: Final = 256 * MIB
"""What a `.keras` file may unpack to: Keras packs nothing, others may."""

_OF_KERAS: Final = frozenset({"keras", "builtins"})

_HALF: Final = frozenset({"float16", "bfloat16"})
"""Types of 16 bits, in which TFLite stores weights and computes nothing."""


def open_keras(network: OwnNetwork, data: bytes, folder: Path, *, timeout_s: float) -> OwnModel:
    """Return the model in a `.keras` file, with its weights.

    Args:
        network: with the code of its own layers, if it has some.
        data: the file.
        folder: for a copy, which is what Keras reads: the file itself may change meanwhile.
        timeout_s: for code of the user's.

    Raises:
        ArtifactError: not such a file, too large, code that nobody allowed, or Keras refuses it.
    """
    name = Path(network.source).name
    try:
        config = _checked(data)
    except (ValueError, KeyError, OSError, RecursionError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{name} is no whole .keras file: {_first_line(error)}.") from error
    _refuse_code(config, network, name)
    copy = folder / "model.keras"
    copy.write_bytes(data)
    known = {} if network.custom_objects is None else custom_objects(network.custom_objects, timeout_s=timeout_s)

    def load() -> Any:
        import keras

        return keras.models.load_model(copy, custom_objects=known, compile=False, safe_mode=not network.allow_lambda)

    try:
        return own_model(call_python(load, what=f"loading {name}", timeout_s=timeout_s), "Keras model")
    finally:
        copy.unlink(missing_ok=True)


def input_side(path: Path) -> int | None:
    """Return the side of a `.keras` file's only input, where that is a picture; None of others, and of what is no file.

    Nothing of the file is run.
    """
    try:
        archive = Archive(read_regular(path, limit_bytes=4 * GIB))
        network = parse_network(archive.read(CONFIG, limit_bytes=MOST_CONFIG_BYTES))
    except (OSError, ValueError, KeyError, RecursionError):
        return None  # whoever builds it says what is wrong with it
    return network.side if sum(each.kind == "InputLayer" for each in network.layers) == 1 else None


def custom_objects(named: PythonName, *, timeout_s: float) -> dict[str, Any]:
    """Return a user's own layers and functions by the names that a file has for them.

    Raises:
        ArtifactError: the user's file fails, or gives something else.
    """
    refuse_changed(named)
    found = load_python(named, timeout_s=timeout_s)
    if isinstance(found, Mapping):
        return {str(name): each for name, each in found.items()}
    members = list(found) if isinstance(found, (list, tuple)) else [found]
    if not all(hasattr(each, "__name__") for each in members):
        raise ArtifactError(f"--custom-objects {named} is neither a mapping, a class or function, nor a list of those.")
    return {each.__name__: each for each in members}


def own_model(model: Any, against: str) -> OwnModel:
    """Return a Keras model as one that can be converted.

    Raises:
        ArtifactError: it is not a Keras model, keeps state or computes in 16 bits, or nobody has called it yet, so that
            its inputs are not known.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise ArtifactError(f"it gave {type(model).__name__}, not a keras.Model.")
    try:
        tensors = list(model.inputs or ())
    except (AttributeError, ValueError):
        tensors = []
    if not tensors:
        raise ArtifactError(
            "its inputs are not known: it was never called. Make it of keras.Input, or save it after a call."
        )
    _refuse_unfit_layers(model)
    inputs = tuple(_inputs(tensors))

    def call(given: Mapping[str, Any]) -> Any:
        values = [given[each.name] for each in inputs]
        structure = getattr(model, "_inputs_struct", None)
        packed = values[0] if structure is None else keras.tree.pack_sequence_as(structure, values)
        return model(packed, training=False)

    return OwnModel(inputs=inputs, call=call, against=against)


def _refuse_unfit_layers(model: Any) -> None:
    for layer in model._flatten_layers(include_self=False):  # nested ones, too, for which there is no public way
        if getattr(layer, "stateful", False) is True:
            raise ArtifactError(
                f"its layer {layer.name!r} keeps its state from one inference to the next (stateful=True), which no "
                "file can. Give the state in and out: stateful=False, return_state=True, inputs as its initial_state."
            )
        dtype = getattr(layer, "compute_dtype", None)
        if dtype in _HALF and type(layer).__name__ != "InputLayer":
            policy = getattr(getattr(layer, "dtype_policy", None), "name", dtype)
            raise ArtifactError(
                f"its layer {layer.name!r} computes in {dtype} (dtype policy {policy}), for which TFLite has no "
                "kernels. Build it under keras.config.set_dtype_policy('float32'), set the same weights, and ask for "
                "fp16."
            )


def _inputs(tensors: Sequence[Any]) -> Iterator[OwnInput]:
    taken: set[str] = set()
    for place, tensor in enumerate(tensors):
        name = end_name(str(tensor.name))
        if name in taken or name.startswith("keras_tensor"):
            name = "input" if len(tensors) == 1 else f"input_{place}"
        taken.add(name)
        shape = tuple(-1 if size is None else int(size) for size in tensor.shape)
        yield OwnInput(name=name, shape=shape, dtype=_dtype(tensor, name))


def _dtype(tensor: Any, name: str) -> str:
    dtype = str(tensor.dtype)
    if dtype in {"string", "bfloat16"}:
        raise ArtifactError(f"its input {name!r} takes {dtype}, which no benchmark can feed; give it numbers.")
    return dtype


def _checked(data: bytes) -> Any:
    """Return the description of a network, its weights looked through: nothing unpacks or leads where it should not."""
    if not is_archive(data):
        raise ValueError("it is not a zip archive; save the model as NAME.keras by Keras 3")
    archive = Archive(data)
    limit = MOST_TIMES * len(data) + SPARE_BYTES
    if (whole := sum(map(archive.size, archive.names))) > limit:
        raise ValueError(f"it unpacks to {whole} bytes, and at most {limit} are read")
    for name in (CONFIG, WEIGHTS):
        if name not in archive.names:
            raise ValueError(f"it holds no {name}")
    check_contained(archive.read(WEIGHTS, limit_bytes=limit))
    return json.loads(archive.read(CONFIG, limit_bytes=MOST_CONFIG_BYTES))


def _refuse_code(config: Any, network: OwnNetwork, file: str) -> None:
    """Refuse code that a file brings, or needs, and that nobody allowed."""
    for layer, kind, module in _layers(config):
        if kind == "__lambda__":
            if not network.allow_lambda:
                raise ArtifactError(
                    f"{file} holds code: its Lambda layer {layer!r}. --allow-lambda runs it with your rights; do so "
                    "only with files that you trust, or write the layer as a class for --custom-objects."
                )
        elif module is not None and module.partition(".")[0] not in _OF_KERAS and network.custom_objects is None:
            raise ArtifactError(
                f"{file} needs code of your own: {kind}, of its layer {layer!r}. Name it by "
                "--custom-objects FILE.py:NAME."
            )


def _layers(value: Any, layer: str = "?") -> Iterator[tuple[str, str, str | None]]:
    """Yield each class in a description: the layer that it is of, its name, and its module, if one is said."""
    if isinstance(value, Mapping):
        config = value.get("config")
        if isinstance(config, Mapping) and isinstance(config.get("name"), str):
            layer = config["name"]
        kind = value.get("class_name")
        if kind == "function" and not str(value.get("module")).startswith("keras."):
            yield layer, str(config), "a file of the user's"  # Keras writes its own functions by name alone
        elif isinstance(kind, str):
            module = value.get("module")
            custom = value.get("registered_name") if module is None else None
            yield layer, kind, str(module) if module is not None else _unknown_module(kind, custom)
        for each in value.values():
            yield from _layers(each, layer)
    elif isinstance(value, list):
        for each in value:
            yield from _layers(each, layer)


def _unknown_module(kind: str, registered: Any) -> str | None:
    """Return the package of a class that is known by its registered name alone: `mine>Layer`; None: Keras' own."""
    if kind.startswith("__") or not isinstance(registered, str):
        return None
    return registered if ">" in registered or registered == kind else None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
