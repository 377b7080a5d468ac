"""Models of users, saved by Keras and tensorflow themselves in the process that has both."""

from pathlib import Path
from typing import Any

LAYERS = """
import keras

class Gate(keras.layers.Layer):
    def call(self, x):
        return x * keras.ops.sigmoid(x)

class Spectrum(keras.layers.Layer):
    def call(self, x):
        import tensorflow as tf
        return tf.math.real(tf.signal.fft2d(tf.cast(x[..., 0], tf.complex64)))

OBJECTS = {"Gate": Gate, "Spectrum": Spectrum}
"""


def save_models(folder: Path) -> None:
    """Write networks of several kinds as `.keras` files, and two SavedModels."""
    import sys

    import keras
    import tensorflow as tf

    (folder / "own_layers.py").write_text(LAYERS)
    sys.path.append(str(folder))
    import own_layers

    layers = keras.layers
    keras.utils.set_random_seed(0)
    left, right = keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")
    shared = keras.Sequential([layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D()])
    gap = layers.Subtract()([shared(left), shared(right)])
    siamese = keras.Model([left, right], {"gap": gap, "all": layers.Dense(2)(gap)})
    siamese.save(folder / "siamese.keras")
    siamese.export(folder / "siamese_saved", verbose=False)
    for name, layer in (
        ("lambda", layers.Lambda(lambda x: x * x, name="square", output_shape=(8, 8, 1))),
        ("function", layers.Lambda(_square, name="square", output_shape=(8, 8, 1))),
        ("gate", own_layers.Gate(name="gate")),
        ("spectrum", own_layers.Spectrum(name="spectrum")),
    ):
        network = _on_top(layer, (8, 8, 1))
        network.save(folder / f"{name}.keras")
        if name == "spectrum":
            network.export(folder / "spectrum_saved", verbose=False)
    image = keras.Input((None, None, 3), name="image")
    keras.Model(image, layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(image))).save(folder / "open.keras")
    signal = keras.Input((6, 3), name="signal")
    keras.Model(signal, layers.Dense(2)(layers.LSTM(4)(signal))).save(folder / "loops.keras")
    tf.saved_model.save(tf.Module(), str(folder / "bare"))


def _on_top(layer: Any, shape: tuple[int, ...]) -> Any:
    import keras

    entry = keras.Input(shape)
    return keras.Model(entry, keras.layers.Dense(3)(keras.layers.Flatten()(layer(entry))))


def _square(x: Any) -> Any:
    return x * x
