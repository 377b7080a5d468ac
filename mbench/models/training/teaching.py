"""Teachers and students: what a recipe's lesson means for the loss, and the teacher's outputs as a file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mbench.core.errors import UsageError
from mbench.core.examples import Task
from mbench.files.hashes import hash_file
from mbench.files.whole import write_whole
from mbench.models.training.distillation import Distillation, Outputs, check_outputs, loss
from mbench.models.training.doubts import is_chance
from mbench.models.training.examples import Pictures, Truths, divide
from mbench.models.training.recipe import Lesson, TrainingRecipe
from mbench.models.training.teachers import (
    MOST_OUTPUT_BYTES,
    KerasTeacher,
    StoredTeacher,
    Teacher,
    WeightsTeacher,
    teacher_outputs,
)

KINDS = {Task.CLASSIFICATION: Distillation.SOFTMAX, Task.ATTRIBUTES: Distillation.SIGMOID}


def lesson_of(teacher: Teacher, task: Task, *, temperature: float) -> Lesson:
    """Return what a recipe says of a teacher.

    Raises:
        UsageError: its file cannot be read, or nobody can teach this task.
    """
    if task not in KINDS:
        raise UsageError(f"a teacher of {task} is not known here; classes and attributes can be taught.")
    network: str | None = None
    match teacher:
        case WeightsTeacher():
            size = teacher.size
            network = f"{teacher.architecture} {size.alpha} {size.resolution} {teacher.head.name}{teacher.head.classes}"
            form, sha256 = "weights", teacher.weights.sha256 or ""
        case KerasTeacher():
            form, sha256 = "keras", _sha256(teacher.path)
        case StoredTeacher():
            form, sha256 = "stored", _sha256(teacher.path)
    return Lesson(kind=KINDS[task], temperature=temperature, form=form, sha256=sha256, network=network)


@dataclass(frozen=True, slots=True)
class TeacherScore:
    """How many answers of a teacher are right, of how many that it was asked for."""

    hits: int
    answers: int
    split: str

    def __str__(self) -> str:
        return f"{self.hits / self.answers:.1%} of {self.answers} {self.split} answers"


def write_teachings(
    recipe: TrainingRecipe, teacher: Teacher, pictures: Pictures, truths: Truths, path: Path
) -> TeacherScore:
    """Ask the teacher about all pictures of the split, write what it says, (n, k) float32, and return how good it is.

    Raises:
        UsageError: it cannot be asked, what it says cannot be followed, or is right no more often than chance.
    """
    import io

    outputs = teacher_outputs(teacher, pictures)
    lesson = recipe.teacher
    name = "outputs" if lesson is None else lesson.form
    check_outputs(KINDS[recipe.dataset.task], outputs, teacher=name, width=recipe.head.classes)
    score = score_teacher(recipe, outputs, truths)
    choices = recipe.head.classes if recipe.dataset.task is Task.CLASSIFICATION else 2
    if choices > 1 and is_chance(score.hits, score.answers, choices):
        raise UsageError(
            f"the teacher ({name}) is right in {score}, no more than chance (1 of {choices}): there is nothing to "
            "learn from it. Check that it is of this data set, with its classes in this order, and takes pixels in "
            "[-1, 1]."
        )
    stream = io.BytesIO()
    np.save(stream, outputs)
    write_whole(path, stream.getvalue(), fsync=True)
    return score


def score_teacher(recipe: TrainingRecipe, outputs: Outputs, truths: Truths) -> TeacherScore:
    """Return how many of a teacher's answers are right: on the validation split, or on all where there is none."""
    trained, held_out = divide(recipe)
    asked, split = (held_out, "validation") if len(held_out) else (trained, "training")
    if recipe.dataset.task is Task.CLASSIFICATION:
        right = outputs[asked].argmax(axis=1) == truths[asked]
    else:
        right = (outputs[asked] > 0.5) == (truths[asked] > 0.5)  # of a probability
    return TeacherScore(int(right.sum()), int(right.size), split)


def distillation_loss(recipe: TrainingRecipe) -> Callable[[Any, Any], Any] | None:
    """Return the loss of a teacher's outputs and logits; None where nobody teaches."""
    if recipe.teacher is None:
        return None
    return loss(recipe.teacher.kind, recipe.teacher.temperature)


def _sha256(path: Path) -> str:
    try:
        return hash_file(path, limit_bytes=MOST_OUTPUT_BYTES)
    except OSError as error:
        raise UsageError(f"teacher {path} cannot be read: {error.strerror}.") from error
