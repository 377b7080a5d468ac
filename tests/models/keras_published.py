"""What Keras itself saves and computes: run in the process that has tensorflow."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mbench.core.builds.variants import Head, Size

SIZE = Size(alpha=0.25, resolution=96)
HEAD = Head(name="ten", classes=10)


def save_keras_mobilenet(folder: Path) -> None:
    """Write `keras.applications.MobileNet` with random weights in all of Keras' formats, and one answer of it.

    `published.h5` has the layout of the files at Keras' published address: weights only, by layer name.
    """
    import h5py
    import keras
    from keras.src.legacy.saving import legacy_h5_format

    network = keras.applications.MobileNet((96, 96, 3), alpha=SIZE.alpha, weights=None, classes=HEAD.classes)
    source = np.random.default_rng(0)
    for variable in network.weights:
        variable.assign(source.uniform(0.1, 0.9, variable.shape))
    network.save_weights(folder / "saved.weights.h5")
    network.save(folder / "saved.keras")
    with h5py.File(folder / "published.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    pictures = source.uniform(-1, 1, (2, 96, 96, 3)).astype(np.float32)
    np.savez(folder / "answer.npz", inputs=pictures, outputs=network(pictures, training=False))


def answer_with(path: Path, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return what our network makes of the pictures with the weights of a file."""
    from mbench.models.networks.mobilenet_v1 import build, layers
    from mbench.models.weights.weights import describe_file, load_weights, set_weights

    network = build(SIZE, HEAD)
    set_weights(network, load_weights(describe_file(path), layers(SIZE.alpha, HEAD.classes)))
    return np.asarray(network(pictures, training=False))


def count_parameters(alpha: float) -> int:
    """Return Keras' own count of our network's parameters, batch normalization included."""
    import keras

    from mbench.models.networks.mobilenet_v1 import build

    with keras.StatelessScope(initialize_variables=False):  # shapes are enough
        return int(build(Size(alpha=alpha, resolution=224), Head()).count_params())
