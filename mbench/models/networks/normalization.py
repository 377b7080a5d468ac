"""Local response normalization, which Keras has no layer for: x / (bias + α · Σ x²)^β over neighbouring channels."""

from functools import cache
from typing import Any, Final

NEIGHBOURS: Final = 5
"""Channels that are summed over, the one in the middle included."""

ALPHA, BETA, BIAS = 1e-4, 0.75, 1.0
"""As trained in Caffe, which divides α by the number of neighbours (BVLC/caffe `src/caffe/layers/lrn_layer.cpp` and
`models/bvlc_alexnet/train_val.prototxt`). Krizhevsky et al. print a bias of 2."""


def local_response_normalization(name: str) -> Any:
    """Return a Keras layer; it becomes the operator LOCAL_RESPONSE_NORMALIZATION, which runs in float alone."""
    return _layer_class()(name=name)


@cache
def _layer_class() -> Any:
    """Return the class, made when Keras is there to derive it from."""
    import keras
    import tensorflow as tf

    class LocalResponseNormalization(keras.layers.Layer):  # type: ignore[misc]  # keras has no types
        def call(self, x: Any) -> Any:
            return tf.nn.local_response_normalization(
                x, depth_radius=NEIGHBOURS // 2, bias=BIAS, alpha=ALPHA / NEIGHBOURS, beta=BETA
            )

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    return LocalResponseNormalization
