"""Teachers: what `--teacher FILE` is, and of which network weights are that mbench trained."""

from pathlib import Path

from mbench.accuracy.datasets.opened import Dataset
from mbench.core.builds.variants import Size
from mbench.core.errors import UsageError
from mbench.core.examples import DatasetFacts
from mbench.models.training.library import TrainingLibrary
from mbench.models.training.teachers import KerasTeacher, StoredTeacher, Teacher, WeightsTeacher
from mbench.models.weights.weights import describe_trained
from mbench.workflows.train.recipes import Network, TrainingOptions, head_for


def teacher_of(
    student: Network, options: TrainingOptions, dataset: Dataset, facts: DatasetFacts, library: TrainingLibrary
) -> Teacher | None:
    """Return who teaches a network; None: nobody.

    Args:
        student: the network.
        options: what was said about training.
        dataset: that it is trained on.
        facts: of its train split.
        library: whose records say what weights are for.

    Raises:
        UsageError: the file is none of a teacher, cannot be read, or is of another width or other classes.
    """
    path = options.teacher
    if path is None:
        return None
    match path.suffix:
        case ".keras":
            return KerasTeacher(path=path)
        case ".npy":
            return StoredTeacher(path=path, dataset=facts)
        case ".npz":
            return _weights_teacher(path, student, options.teacher_alpha, dataset, library)
        case _:
            raise UsageError(f"--teacher {path}: a teacher is a .keras model, our .npz weights or stored .npy outputs.")


def _weights_teacher(
    path: Path, student: Network, alpha: float | None, dataset: Dataset, library: TrainingLibrary
) -> WeightsTeacher:
    """Return weights with the network on their record; without one it is MobileNet V1 at the student's resolution."""
    weights, head = describe_trained(path), head_for(dataset)
    record = library.trained(weights.sha256 or "")
    if record is None:
        size = Size(alpha=alpha or 1.0, resolution=student.size.resolution)
        return WeightsTeacher(architecture="mobilenet_v1", size=size, head=head, weights=weights)
    recipe = record.recipe
    if alpha is not None and alpha != recipe.size.alpha:
        raise UsageError(f"--teacher-alpha {alpha:g}: {path.name} is {recipe.network}; leave --teacher-alpha out.")
    if recipe.head.classes != head.classes:
        raise UsageError(
            f"--teacher {path.name} is {recipe.network}, and {dataset.reference} has {head.classes} classes; name a "
            "teacher of this data set."
        )
    return WeightsTeacher(architecture=recipe.architecture, size=recipe.size, head=recipe.head, weights=weights)
