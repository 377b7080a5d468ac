"""Teachers and students: what a recipe's lesson means for the loss, and the teacher's outputs as a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mbench.core.errors import UsageError
from mbench.core.examples import Task
from mbench.files.hashes import hash_file
from mbench.files.whole import write_whole
from mbench.models.training.distillation import Distillation, check_outputs, loss
from mbench.models.training.examples import Pictures
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


def write_teachings(recipe: TrainingRecipe, teacher: Teacher, pictures: Pictures, path: Path) -> None:
    """Ask the teacher about all pictures of the split and write what it says, (n, k) float32.

    Raises:
        UsageError: it cannot be asked, or what it says cannot be followed.
    """
    import io

    outputs = teacher_outputs(teacher, pictures)
    if recipe.teacher is not None:
        check_outputs(recipe.teacher.kind, outputs, teacher=recipe.teacher.form, width=recipe.head.classes)
    stream = io.BytesIO()
    np.save(stream, outputs)
    write_whole(path, stream.getvalue(), fsync=True)


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
