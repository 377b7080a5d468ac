"""Weights as teachers: their network comes from the record of their training."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.builds.variants import Head, Size
from mbench.core.errors import UsageError
from mbench.models.training.fitting import Trained
from mbench.models.training.library import TrainingLibrary
from mbench.models.training.records import Epoch, Machine
from mbench.models.training.teachers import WeightsTeacher
from mbench.workflows.train.find_teacher import teacher_of
from mbench.workflows.train.recipes import Network, TrainingOptions, head_for, recipe_of, training_split

DIGITS = Head(name="digits", classes=10)
STUDENT = Network("mobilenet_v1", Size(alpha=0.25, resolution=48), DIGITS)


def keep(library: TrainingLibrary, size: Size, head: Head = DIGITS, architecture: str = "mobilenet_v1") -> Path:
    """Put weights there as if they had been trained; return their file."""
    dataset = open_dataset("digits", cache=library.folder("").parent)
    facts = training_split(dataset).facts
    recipe = recipe_of(Network(architecture, size, head), facts, "plain", TrainingOptions())
    epoch = Epoch(epoch=1, loss=1.0, learning_rate=0.1, examples=32, seconds=1.0)
    values = {"conv1_bn/beta": np.full(3, size.alpha, np.float32)}
    trained = Trained(values=values, epochs=(epoch,), kept_epoch=1, evaluated=0, sessions=1, seconds=1.0)
    with library.training(recipe.digest()):
        machine = Machine(system="test", processor="test", cores=1, threads=1)
        record = library.keep(recipe, trained, machine, mult_adds=None, now=datetime(2026, 1, 2, tzinfo=UTC))
    return library.weights_path(record)


def teacher(library: TrainingLibrary, path: Path, **options: object) -> WeightsTeacher:
    dataset = open_dataset("digits", cache=library.folder("").parent)
    chosen = TrainingOptions(teacher=path, **options)  # type: ignore[arg-type]
    found = teacher_of(STUDENT, chosen, dataset, training_split(dataset).facts, library)
    assert isinstance(found, WeightsTeacher)
    return found


def test_weights_teach_in_the_network_and_at_the_size_that_they_were_trained_for(tmp_path: Path) -> None:
    library = TrainingLibrary(tmp_path)
    path = keep(library, Size(alpha=0.5, resolution=64), architecture="shallow_mobilenet")

    found = teacher(library, path)

    assert (found.architecture, found.size) == ("shallow_mobilenet", Size(alpha=0.5, resolution=64))


def test_weights_without_a_record_are_asked_at_the_students_resolution(tmp_path: Path) -> None:
    library = TrainingLibrary(tmp_path)
    path = tmp_path / "foreign.npz"
    path.write_bytes(keep(library, Size(alpha=0.5, resolution=64)).read_bytes() + b"\n")

    assert teacher(library, path, teacher_alpha=0.75).size == Size(alpha=0.75, resolution=48)
    assert teacher(library, path).size == Size(alpha=1.0, resolution=48)


def test_a_width_or_classes_that_the_record_does_not_have_are_refused(tmp_path: Path) -> None:
    library = TrainingLibrary(tmp_path)
    path = keep(library, Size(alpha=0.5, resolution=64))
    others = keep(library, Size(alpha=0.75, resolution=64), head=Head(name="letters", classes=26))
    dataset = open_dataset("digits", cache=tmp_path)

    assert head_for(dataset).classes == 10
    assert teacher(library, path, teacher_alpha=0.5).size.alpha == 0.5
    with pytest.raises(UsageError, match=r"--teacher-alpha 1: .* is mobilenet_v1_0\.50_64_digits10; leave"):
        teacher(library, path, teacher_alpha=1.0)
    with pytest.raises(UsageError, match=r"is mobilenet_v1_0\.75_64_letters26, and digits has 10 classes"):
        teacher(library, others)
