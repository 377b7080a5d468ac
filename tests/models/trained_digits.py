"""A MobileNet V1 that has learned digits in a few seconds, for tests of what is done to trained weights."""

from pathlib import Path
from typing import Any

import numpy as np

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.mobilenet_v1 import build, layers
from mbench.models.tflite.quiet import quiet
from mbench.models.training.qat import qat
from mbench.models.training.qat.qat import QatWeights

DATA = Path(__file__).parents[2] / "mbench" / "accuracy" / "datasets" / "data" / "digits.npz"
SIZE = Size(alpha=0.25, resolution=32)
HEAD = Head(name="digits", classes=10)
EPOCHS, BATCH, RATE = 5, 32, 0.002


def digits(split: str) -> tuple[Any, Any]:
    """Return (n, 32, 32, 3) uint8 pictures, each level of the 8×8 original four pixels wide, and (n,) int32 labels."""
    with np.load(DATA) as data:
        pictures, labels = data[f"{split}_pictures"], data[f"{split}_labels"]
    wide = pictures.repeat(4, axis=1).repeat(4, axis=2)
    return np.repeat(wide[..., None], 3, axis=-1), labels.astype(np.int32)


def train_digits() -> dict[str, Any]:
    """Return weights by `layer/weight` of a network that knows nine digits in ten."""
    with quiet():
        import keras
        import tensorflow as tf

        keras.utils.set_random_seed(0)
        model = build(SIZE, HEAD)
        draw = keras.initializers.GlorotUniform(seed=0)
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = 0.9
            elif layer.weights:
                layer.weights[0].assign(draw(layer.weights[0].shape))
        pictures, labels = digits("train")
        inputs, logits = pictures.astype(np.float32) / 127.5 - 1.0, keras.Model(model.input, model.layers[-2].output)
        rate = keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * (len(labels) // BATCH))
        optimizer = keras.optimizers.RMSprop(rate, rho=0.9, momentum=0.9, epsilon=1e-3)
        optimizer.build(model.trainable_variables)

        @tf.function(jit_compile=False)
        def step(batch: Any, truth: Any) -> None:
            with tf.GradientTape() as tape:
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits(batch, training=True))
                loss = tf.reduce_mean(losses)
            optimizer.apply(tape.gradient(loss, [variable.value for variable in model.trainable_variables]))

        order = np.random.Generator(np.random.PCG64(0))
        for _ in range(EPOCHS):
            shuffled = order.permutation(len(labels))
            for start in range(0, len(labels) - BATCH + 1, BATCH):
                chosen = shuffled[start : start + BATCH]
                step(tf.constant(inputs[chosen]), tf.constant(labels[chosen]))
        return {f"{layer.name}/{weight.name}": weight.numpy() for layer in model.layers for weight in layer.weights}


def fine_tune_digits(weights: dict[str, Any], bits: int, epochs: int) -> tuple[QatWeights, Any, list[dict[str, Any]]]:
    """Return weights trained on with rounding, the training graph's logits of the test split, and epochs' reports."""
    reports: list[dict[str, Any]] = []
    chain = layers(SIZE.alpha, HEAD.classes)
    with quiet():
        trained = qat.fine_tune(
            chain,
            weights,
            *digits("train"),
            settings=qat.QatSettings(epochs=epochs, pointwise_bits=bits),
            on_epoch=lambda **facts: reports.append(facts),
        )
        return trained, qat.answer(chain, trained, digits("test")[0]), reports
