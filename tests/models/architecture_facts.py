"""What networks of the registry are like: run in the process that has tensorflow."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from mbench.core.builds.variants import Head, Size, Variant
from mbench.models.networks.architectures import find_architecture
from mbench.models.tflite.calibration import synthetic_inputs
from mbench.models.tflite.keras_counts import count_folded, count_mult_adds
from mbench.models.tflite.stand_ins import stand_ins_of
from mbench.models.weights.graph_weights import graph_weights
from mbench.models.weights.weights import describe_file, load_into


def count(variant: Variant) -> tuple[int, int]:
    """Return multiply-adds, and weights and biases with batch normalization folded, as counted from the Keras model."""
    import keras

    with keras.StatelessScope(initialize_variables=False):  # shapes are enough: millions of weights need no values
        model = find_architecture(variant.architecture).build(variant.size, variant.head)
        return count_mult_adds(model), count_folded(model)


def spread_over_inputs(architecture: str, size: Size) -> dict[str, float]:
    """Return the standard deviation over eight inputs of each layer's output, the mean over its elements."""
    import keras

    found = find_architecture(architecture)
    model = _build(architecture, size, found.head)
    variables = {f"{layer.name}/{weight.name}": weight for layer in model.layers for weight in layer.weights}
    for name, values in graph_weights(model, 0):
        variables.pop(name).assign(values)
    assert not variables
    inputs = synthetic_inputs(8, found.input_shape(size), seed=1)
    watched = [layer.output for layer in model.layers]
    answers = keras.Model(model.input, watched)(inputs, training=False)
    return {layer.name: float(np.std(each, axis=0).mean()) for layer, each in zip(model.layers, answers, strict=True)}


def weights_digest(architecture: str, size: Size, seed: int) -> str:
    """Return the SHA-256 of all seeded weights in order."""
    digest = hashlib.sha256()
    for name, values in graph_weights(_build(architecture, size, find_architecture(architecture).head), seed):
        digest.update(name.encode() + values.tobytes())
    return digest.hexdigest()


def stood_in(architecture: str, size: Size) -> list[str]:
    """Return the layers whose kernels the converter does not see."""
    model = _build(architecture, size, find_architecture(architecture).head)
    return [each.layer for each in stand_ins_of(model)]


def layers_of_keras(architecture: str, reference: str, size: Size) -> tuple[list[Any], list[Any]]:
    """Return name and weight shapes of each layer with weights, of our network and of that of keras.applications."""
    import keras

    with keras.StatelessScope(initialize_variables=False):
        theirs = getattr(keras.applications, reference)(input_shape=(size.resolution, size.resolution, 3), weights=None)
        ours = find_architecture(architecture).build(size, Head())
        return _weighty(ours), _weighty(theirs)


def answers_with_saved_weights(architecture: str, reference: str, size: Size, path: Path) -> tuple[Any, Any]:
    """Save a network of keras.applications; return the answers of ours with that file, and its own."""
    import h5py
    import keras
    from keras.src.legacy.saving import legacy_h5_format

    options = {} if architecture == "inception_v3" else {"alpha": size.alpha}
    options |= {"include_preprocessing": False} if "v3_" in architecture else {}
    theirs = getattr(keras.applications, reference)(
        input_shape=(size.resolution, size.resolution, 3), weights=None, classes=10, **options
    )
    if path.suffix == ".keras":
        theirs.save(path)
    elif path.name.endswith(".weights.h5"):
        theirs.save_weights(path)
    else:  # the layout of the files at Keras' published address
        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
    pictures = synthetic_inputs(2, (1, size.resolution, size.resolution, 3), seed=1)
    wanted = np.asarray(theirs(pictures, training=False))
    ours = _build(architecture, size, Head(name="ten", classes=10))
    load_into(ours, describe_file(path))
    return np.asarray(ours(pictures, training=False)), wanted


def load_weights_of(architecture: str, size: Size, path: Path) -> None:
    """Load a file into a network of ours, if it fits."""
    load_into(_build(architecture, size, Head()), describe_file(path))


def _weighty(model: Any) -> list[Any]:
    return [(layer.name, [tuple(each.shape) for each in layer.weights]) for layer in model.layers if layer.weights]


def _build(architecture: str, size: Size, head: Head) -> Any:
    import keras

    keras.backend.clear_session()  # layers that Keras names itself are numbered from the start
    return find_architecture(architecture).build(size, head)
