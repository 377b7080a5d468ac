"""Batch normalization is folded by arithmetic that every processor does alike."""

from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest

from mbench.models.tflite.conversion import freeze, trace

pytestmark = pytest.mark.tensorflow

VARIANCES = np.linspace(0.03, 1.0, 64, dtype=np.float32)
EPSILON = 1e-3


def roots_of_a_batch_norm() -> tuple[list[str], Any]:
    """Return the frozen graph's operators, and what multiplies a picture of ones; runs in the worker."""
    import keras
    import tensorflow as tf

    layer = keras.layers.BatchNormalization(epsilon=EPSILON)
    model = keras.Sequential([keras.layers.Input((1, 1, len(VARIANCES)), batch_size=1), layer])
    ones, zeros = np.ones_like(VARIANCES), np.zeros_like(VARIANCES)
    layer.set_weights([ones, zeros, zeros, VARIANCES])
    frozen = freeze(trace(model, (1, 1, 1, len(VARIANCES))))
    answer = frozen(tf.constant(ones.reshape(1, 1, 1, -1)))
    return [node.op for node in frozen.graph.as_graph_def().node], np.ravel(answer)


def test_the_root_of_a_variance_is_rounded_once_whatever_the_processor(tensorflow_worker: ProcessPoolExecutor) -> None:
    operators, factors = tensorflow_worker.submit(roots_of_a_batch_norm).result()

    exact = (1.0 / np.sqrt((VARIANCES + np.float32(EPSILON)).astype(np.float64))).astype(np.float32)
    assert "Rsqrt" not in operators
    assert factors.tolist() == exact.tolist()
