"""Losses that follow a teacher, against their formulas in numpy."""

from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest

from mbench.core.errors import UsageError
from mbench.models.training.distillation import Distillation, check_outputs, loss

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 0.0]], np.float32)
TEACHER_LOGITS = np.array([[1.0, 1.5, -2.0], [3.0, 0.0, -1.0]], np.float32)


def softmax(values: Any) -> Any:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(values: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-values))


def losses(kind: str, temperature: float, teacher: Any, logits: Any) -> Any:
    return np.asarray(loss(kind, temperature)(teacher, logits))


@pytest.mark.tensorflow
@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_softmax_outputs_are_followed_at_a_temperature(
    temperature: float, tensorflow_worker: ProcessPoolExecutor
) -> None:
    actual = tensorflow_worker.submit(losses, "softmax", temperature, softmax(TEACHER_LOGITS), LOGITS).result()

    wanted = -(temperature**2) * np.sum(
        softmax(TEACHER_LOGITS / temperature) * np.log(softmax(LOGITS / temperature)), axis=1
    )
    assert actual == pytest.approx(wanted, rel=1e-5)


@pytest.mark.tensorflow
def test_a_teacher_that_is_sure_gives_the_loss_of_a_label(tensorflow_worker: ProcessPoolExecutor) -> None:
    sure = np.eye(3, dtype=np.float32)[[2, 0]]

    actual = tensorflow_worker.submit(losses, "softmax", 1.0, sure, LOGITS).result()

    assert actual == pytest.approx(-np.log(softmax(LOGITS)[[0, 1], [2, 0]]), rel=1e-5)


@pytest.mark.tensorflow
def test_attributes_are_followed_each_by_itself(tensorflow_worker: ProcessPoolExecutor) -> None:
    wanted, given = sigmoid(TEACHER_LOGITS), sigmoid(LOGITS)

    actual = tensorflow_worker.submit(losses, "sigmoid", 1.0, wanted, LOGITS).result()

    formula = -(wanted * np.log(given) + (1 - wanted) * np.log(1 - given)).mean(axis=1)
    assert actual == pytest.approx(formula, rel=1e-5)


@pytest.mark.tensorflow
def test_embeddings_are_followed_by_squared_differences(tensorflow_worker: ProcessPoolExecutor) -> None:
    actual = tensorflow_worker.submit(losses, "embedding", 1.0, TEACHER_LOGITS, LOGITS).result()

    assert actual == pytest.approx(((TEACHER_LOGITS - LOGITS) ** 2).sum(axis=1), rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "temperature", "reason"),
    [
        ("hard", 1.0, "unknown distillation 'hard'"),
        ("softmax", 0.0, "above 0"),
        ("softmax", float("inf"), "above 0"),
        ("sigmoid", 2.0, "takes none"),
        ("embedding", 2.0, "takes none"),
    ],
)
def test_what_is_no_distillation_is_refused(kind: str, temperature: float, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        loss(kind, temperature)


@pytest.mark.parametrize(
    ("kind", "outputs", "reason"),
    [
        ("softmax", LOGITS, "no probabilities"),
        ("softmax", sigmoid(LOGITS), "do not sum to 1"),
        ("sigmoid", LOGITS, "no probabilities"),
        ("embedding", LOGITS[:, :2], "the student has 3"),
        ("embedding", LOGITS * np.nan, "not finite"),
    ],
)
def test_outputs_that_a_student_cannot_follow_are_refused(kind: str, outputs: Any, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        check_outputs(kind, outputs, teacher="big.keras", width=3)


@pytest.mark.parametrize(
    ("kind", "outputs"), [("softmax", softmax(LOGITS)), ("sigmoid", sigmoid(LOGITS)), ("embedding", LOGITS)]
)
def test_outputs_of_each_kind_are_taken(kind: Distillation, outputs: Any) -> None:
    check_outputs(kind, outputs, teacher="big.keras", width=3)
