"""Distillation: losses that follow a teacher's outputs in the place of labels.

The paper trains face attributes so, on the teacher's outputs "instead of the ground-truth labels" (arXiv 1704.04861,
section 4.5), and FaceNet's embedding by squared differences (section 4.7). Without labels in the loss, pictures need
none. Importing this module loads no tensorflow.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.errors import UsageError

Outputs = npt.NDArray[np.float32]

LEAST_PROBABILITY: Final = 1e-12
"""Of a teacher's class, before its logarithm is taken."""

ROUNDING: Final = 1e-3
"""Probabilities of a teacher may so much miss a sum of 1: those stored in float16 do."""


class Distillation(StrEnum):
    """What a teacher's outputs are, and so how a student follows them."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"
    EMBEDDING = "embedding"


def loss(kind: Distillation | str, temperature: float = 1.0) -> Callable[[Any, Any], Any]:
    """Return a function of a teacher's outputs (n, k) and a student's logits (n, k) to the (n,) losses.

    Args:
        kind: `softmax`: the teacher gives probabilities of classes. Cross-entropy of both at a temperature T, times
            T², which keeps gradients as large as at T = 1 (Hinton et al., arXiv 1503.02531, section 2). `sigmoid`:
            the teacher gives a probability for each attribute. Mean over the attributes of their cross-entropies.
            `embedding`: squared difference of two vectors, summed over their coordinates; "logits" are the student's
            vector, of unit length if the teacher's is.
        temperature: of `softmax` alone; above 1 shows the student which wrong classes the teacher holds likelier.

    Raises:
        UsageError: unknown kind, or a temperature where there is none or that is not positive.
    """
    if kind not in set(Distillation):
        raise UsageError(f"unknown distillation {str(kind)!r}; choose from {', '.join(Distillation)}.")
    if not temperature > 0 or not np.isfinite(temperature):
        raise UsageError(f"a distillation's temperature is above 0, not {temperature}.")
    if kind != Distillation.SOFTMAX and temperature != 1.0:
        raise UsageError(f"a temperature is of softmax outputs; a distillation by {kind} takes none.")
    match Distillation(kind):
        case Distillation.SOFTMAX:
            return lambda teacher, logits: _softened_cross_entropy(teacher, logits, temperature)
        case Distillation.SIGMOID:
            return _attribute_cross_entropy
        case Distillation.EMBEDDING:
            return _squared_difference


def check_outputs(kind: Distillation | str, outputs: Outputs, *, teacher: str, width: int) -> None:
    """Refuse outputs of a teacher that a student cannot follow.

    Args:
        kind: of the distillation.
        outputs: (n, k) of the teacher.
        teacher: what a message calls it.
        width: of the student's outputs.

    Raises:
        UsageError: of another width, not finite, or no probabilities where they are to be.
    """
    if outputs.ndim != 2 or outputs.shape[1] != width:
        raise UsageError(f"teacher {teacher} gives outputs of shape {outputs.shape[1:]}, the student has {width}.")
    if not np.isfinite(outputs).all():
        raise UsageError(f"teacher {teacher} gives outputs that are not finite.")
    if kind == Distillation.EMBEDDING:
        return
    if outputs.min() < 0.0 or outputs.max() > 1.0 + ROUNDING:
        raise UsageError(
            f"teacher {teacher} gives outputs from {outputs.min():g} to {outputs.max():g}, which are no probabilities: "
            f"let it end in a {kind}, or distil its embedding."
        )
    if kind == Distillation.SOFTMAX and np.abs(outputs.sum(axis=1) - 1.0).max() > ROUNDING:
        raise UsageError(f"teacher {teacher} gives probabilities that do not sum to 1; are they sigmoid outputs?")


def _softened_cross_entropy(teacher: Any, logits: Any, temperature: float) -> Any:
    from keras import ops

    scores = ops.log(ops.maximum(ops.cast(teacher, "float32"), LEAST_PROBABILITY))  # logits but for a constant
    soft = ops.softmax(scores / temperature, axis=-1)
    return -(temperature**2) * ops.sum(soft * ops.log_softmax(logits / temperature, axis=-1), axis=-1)


def _attribute_cross_entropy(teacher: Any, logits: Any) -> Any:
    from keras import ops

    wanted = ops.cast(teacher, "float32")
    return ops.mean(ops.binary_crossentropy(wanted, ops.cast(logits, "float32"), from_logits=True), axis=-1)


def _squared_difference(teacher: Any, vectors: Any) -> Any:
    from keras import ops

    return ops.sum(ops.square(ops.cast(teacher, "float32") - vectors), axis=-1)
