"""What a teacher is worth: α = 0.25 trained on labels, and on the outputs of α = 1.0 in the place of labels.

    python -m benchmarks.distillation [--quick] [--seeds 3] [--epochs 6] [--labelled 1000]

Data: `fashion` as it comes with mbench, 6000 pictures to train on and 2000 to test, 28 px in a black border to 32.
Each seed draws the same first weights and the same order of pictures for every way of training, so ways are compared
pair by pair. The teacher is trained on the labels of the same 6000 pictures, with seed 0, and its outputs are taken
once. With `--labelled` only so many pictures have labels, for the teacher too, and what it says of all 6000 is what
students follow: the paper's point (section 4.5) that a teacher needs no labels. Every training takes as many steps.
All train by RMSprop as the `small` preset of `mbench train` has it, without weight decay. Accuracy is that of the
float network.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import numpy.typing as npt

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.mobilenet_v1 import build
from mbench.models.tflite.quiet import quiet
from mbench.models.training.distillation import Distillation, check_outputs, loss
from mbench.models.training.initial_weights import draw
from mbench.models.training.qat.qat import as_levels, cross_entropy
from mbench.models.training.teachers import WeightsTeacher, teacher_outputs
from mbench.models.weights.weights import describe_file, set_weights

DATA = Path(__file__).parents[1] / "mbench" / "accuracy" / "data" / "fashion.npz"
RESOLUTION, BORDER = 32, 2
HEAD = Head(name="fashion", classes=10)
STUDENT, TEACHER = 0.25, 1.0
BATCH, RATE, BATCH_NORM_MOMENTUM = 32, 0.002, 0.9
TEMPERATURES = (1.0, 4.0)
QUICK_EXAMPLES = 2000

Array = npt.NDArray[Any]


def run(quick: bool = False, seeds: int = 3, epochs: int = 6, labelled: int | None = None) -> dict[str, Any]:
    """Return top-1 in percent of the teacher and of each student, and each way's gain over labels, pair by pair.

    Args:
        quick: on 2000 pictures, with a teacher of α = 0.5.
        seeds: students of each way.
        epochs: of every training that sees all pictures; those that see fewer take as many steps.
        labelled: how many pictures have labels; None: all.
    """
    started = time.perf_counter()
    pictures, labels = _split("train")
    alpha = TEACHER
    if quick:
        pictures, labels, alpha = pictures[:QUICK_EXAMPLES], labels[:QUICK_EXAMPLES], 0.5
    count = labelled or len(labels)
    label_epochs = epochs * len(labels) // count
    known, truth = pictures[:count], labels[:count]
    with quiet():
        teacher = Trainee(alpha, cross_entropy)
        teacher.train(known, truth, seed=0, epochs=label_epochs)
        taught = _outputs(teacher, pictures)
        student = Trainee(STUDENT, cross_entropy)
        ways: dict[str, list[float]] = {
            "labels": [student.train(known, truth, seed=seed, epochs=label_epochs).top1() for seed in range(seeds)]
        }
        for temperature in TEMPERATURES:
            student = Trainee(STUDENT, loss(Distillation.SOFTMAX, temperature))
            ways[f"teacher at temperature {temperature:g}"] = [
                student.train(pictures, taught, seed=seed, epochs=epochs).top1() for seed in range(seeds)
            ]
    return {
        "student_alpha": STUDENT,
        "teacher_alpha": alpha,
        "examples": len(pictures),
        "labelled_examples": count,
        "test_examples": len(_split("test")[1]),
        "epochs": epochs,
        "teacher_top1": teacher.top1(),
        "teacher_top1_on_training_pictures": round(100 * float(np.mean(taught.argmax(axis=1) == labels)), 2),
        "students": {way: _summary(values, ways["labels"]) for way, values in ways.items()},
        "seconds": round(time.perf_counter() - started),
        "note": f"{seeds} seeds; gains are pair by pair over the same seed's training on labels",
    }


def _summary(top1: list[float], on_labels: list[float]) -> dict[str, Any]:
    gains = [round(one - other, 2) for one, other in zip(top1, on_labels, strict=True)]
    return {
        "top1": top1,
        "mean": round(mean(top1), 2),
        "standard_deviation": round(stdev(top1), 2) if len(top1) > 1 else None,
        "gains": gains,
        "mean_gain": round(mean(gains), 2),
    }


class Trainee:
    """One network and its training graph, begun anew for each seed."""

    def __init__(self, alpha: float, follow: Callable[[Any, Any], Any]) -> None:
        import keras

        self.alpha = alpha
        self.model = build(Size(alpha=alpha, resolution=RESOLUTION), HEAD)
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = BATCH_NORM_MOMENTUM
        self._optimizer = keras.optimizers.RMSprop(RATE, rho=0.9, momentum=0.9, epsilon=1e-3)
        self._optimizer.build(self.model.trainable_variables)
        self._state = [variable.numpy() for variable in self._optimizer.variables]
        self._step = self._training_step(follow)

    def train(self, pictures: Array, truth: Array, *, seed: int, epochs: int) -> "Trainee":
        """Train from the seed's first weights, the rate falling to zero along a cosine."""
        self._begin(seed)
        order = np.random.Generator(np.random.PCG64(seed))
        steps, done = epochs * (len(pictures) // BATCH), 0
        for _ in range(epochs):
            shuffled = order.permutation(len(pictures))
            for start in range(0, len(pictures) - BATCH + 1, BATCH):
                chosen = np.sort(shuffled[start : start + BATCH])
                self._optimizer.learning_rate = RATE * 0.5 * (1 + np.cos(np.pi * done / steps))
                self._step(as_levels(pictures[chosen]), truth[chosen])
                done += 1
        return self

    def top1(self) -> float:
        """Return the share of right answers to the test pictures in percent."""
        pictures, labels = _split("test")
        answers = self.model.predict(as_levels(pictures), batch_size=250, verbose=0)
        return round(100 * float(np.mean(answers.argmax(axis=1) == labels)), 2)

    def weights(self) -> dict[str, Array]:
        """Return the weights by `layer/weight`."""
        return {
            f"{layer.name}/{weight.name}": weight.numpy() for layer in self.model.layers for weight in layer.weights
        }

    def _begin(self, seed: int) -> None:
        set_weights(self.model, draw(self.model, seed))
        for variable, blank in zip(self._optimizer.variables, self._state, strict=True):
            variable.assign(blank)

    def _training_step(self, follow: Callable[[Any, Any], Any]) -> Callable[[Array, Array], Any]:
        import keras
        import tensorflow as tf

        logits = keras.Model(self.model.input, self.model.layers[-2].output)
        variables = self.model.trainable_variables

        def step(inputs: Any, truth: Any) -> None:
            with tf.GradientTape() as tape:
                value = tf.reduce_mean(follow(truth, logits(inputs, training=True)))
            self._optimizer.apply(tape.gradient(value, [variable.value for variable in variables]), variables)

        traced = tf.function(step, jit_compile=False, reduce_retracing=True)
        return lambda inputs, truth: traced(tf.constant(inputs), tf.constant(truth))


def _outputs(teacher: Trainee, pictures: Array) -> Array:
    """Return what the teacher says of the training pictures, asked as `mbench train` asks it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "teacher.npz"
        np.savez(path, **dict[str, Any](teacher.weights()))
        asked = WeightsTeacher(
            architecture="mobilenet_v1",
            size=Size(alpha=teacher.alpha, resolution=RESOLUTION),
            head=HEAD,
            weights=describe_file(path),
        )
        outputs = teacher_outputs(asked, pictures)
    check_outputs(Distillation.SOFTMAX, outputs, teacher="teacher.npz", width=HEAD.classes)
    return outputs


def _split(name: str) -> tuple[Array, Array]:
    with np.load(DATA) as data:
        pictures, labels = data[f"{name}_pictures"], data[f"{name}_labels"]
    bordered = np.pad(pictures, ((0, 0), (BORDER, BORDER), (BORDER, BORDER)))
    return np.repeat(bordered[..., None], 3, axis=-1), labels.astype(np.int32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare training on labels with training on a teacher's outputs.")
    parser.add_argument("--quick", action="store_true", help="2000 pictures, a teacher of alpha 0.5")
    parser.add_argument("--seeds", type=int, default=3, help="students of each way (default: 3)")
    parser.add_argument("--epochs", type=int, default=6, help="of every training (default: 6)")
    parser.add_argument("--labelled", type=int, help="pictures that have labels (default: all)")
    arguments = parser.parse_args()
    result = run(arguments.quick, arguments.seeds, arguments.epochs, arguments.labelled)
    print(json.dumps(result | {"load_1m": round(os.getloadavg()[0], 2)}, indent=2))
