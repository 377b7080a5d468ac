"""Builders of users' networks, run: a model, the same for the same seed, or a note that it is not."""

import hashlib
from typing import Any, Final

from mbench.core.builds.own_recipes import OwnNetwork
from mbench.core.errors import ArtifactError
from mbench.core.processes.user_code import call_python, load_python
from mbench.files.python_source import refuse_changed
from mbench.models.own.arguments import builder_arguments
from mbench.models.own.keras_model import own_model
from mbench.models.own.traced import OwnModel
from mbench.models.weights.weights import load_into

_CHECKED: Final[set[tuple[str, str]]] = set()
"""Builders that this process has called twice: once tells, and a second call of each variant would take as long."""


def build_network(network: OwnNetwork, *, timeout_s: float) -> tuple[OwnModel, tuple[str, ...]]:
    """Return what a user's builder builds, and what should be known of it.

    Raises:
        ArtifactError: it raised, hung, or gave something else than a Keras model; or its weights file does not fit.
    """
    named = network.builder
    if named is None:
        raise ArtifactError("there is no builder.")
    refuse_changed(named)
    builder = load_python(named, timeout_s=timeout_s)
    notes: tuple[str, ...] = ()
    if (named.sha256, named.name) not in _CHECKED:
        first = _digests(_made(builder, network, timeout_s))
        second = _digests(model := _made(builder, network, timeout_s))
        differing = [what for what, digest in first.items() if second[what] != digest]
        if differing:
            notes = (f"its builder is not deterministic: two calls with one seed differ in {' and '.join(differing)}",)
        _CHECKED.add((named.sha256, named.name))
    else:
        model = _made(builder, network, timeout_s)
    taken = own_model(model, "Keras model")
    if network.weights is not None:
        load_into(model, network.weights)
    return taken, notes


def _made(builder: Any, network: OwnNetwork, timeout_s: float) -> Any:
    """Return what one call gives, begun from the seed and from Keras' first names."""
    import keras

    def call() -> Any:
        keras.backend.clear_session()
        keras.utils.set_random_seed(network.seed)
        return builder(**builder_arguments(builder, network.arguments, what=str(network.builder)))

    model = call_python(call, what=str(network.builder), timeout_s=timeout_s)
    if not isinstance(model, keras.Model):
        raise ArtifactError(f"{network.builder} returned {type(model).__name__}, not a keras.Model.")
    return model


def _digests(model: Any) -> dict[str, str]:
    """Return a hash of a model's layers, and one of its weights."""
    layers = "\n".join(f"{type(each).__name__} {each.name} {each.get_config()!r}" for each in model.layers)
    weights = hashlib.sha256()
    for variable in model.weights:
        weights.update(f"{variable.path} {variable.shape} {variable.dtype}\n".encode())
        weights.update(variable.numpy().tobytes())
    return {"its layers": hashlib.sha256(layers.encode()).hexdigest(), "its weights": weights.hexdigest()}
