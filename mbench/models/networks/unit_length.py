"""Vectors brought to length 1, as one operator: embeddings, and the map that SSD takes from VGG's fourth block."""

from functools import cache
from typing import Any


def unit_length(name: str) -> Any:
    """Return a Keras layer that divides each pixel's channels by their Euclidean length.

    It becomes the operator L2_NORMALIZATION; Keras' own `UnitNormalization` becomes five operators, most of which
    have no int8 form.
    """
    return _layer_class()(name=name)


@cache
def _layer_class() -> Any:
    """Return the class, made when Keras is there to derive it from."""
    import keras
    import tensorflow as tf

    class UnitLength(keras.layers.Layer):  # type: ignore[misc]  # keras has no types
        def call(self, x: Any) -> Any:
            return tf.math.l2_normalize(x, axis=-1)

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    return UnitLength
