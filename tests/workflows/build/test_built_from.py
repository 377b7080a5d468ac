"""Weights by the name of their training, and what is reported of where weights come from."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from mbench.core.builds.recipes import Calibration, CalibrationKind, Weights, WeightsKind
from mbench.core.builds.variants import Head, Size, parse_variant
from mbench.core.errors import UsageError
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.models.training.fitting import Trained
from mbench.models.training.library import TrainingLibrary
from mbench.models.training.recipe import QatPlan, RmsProp, TrainingRecipe
from mbench.models.training.records import Epoch, Machine, TrainingRecord
from mbench.workflows.build.built_from import calibration_facts, weights_facts
from mbench.workflows.build.recipes import BuildInputs, recipes_of

VARIANT = parse_variant("mobilenet_v1_0.25_32_digits10_int8")
FACTS = DatasetFacts(
    name="digits", task=Task.CLASSIFICATION, split=Split.TRAIN, sha256="d" * 64, examples=100, classes=10
)


def keep(library: TrainingLibrary, **changed: object) -> TrainingRecord:
    fields: dict[str, object] = {
        "architecture": "mobilenet_v1",
        "size": Size(alpha=0.25, resolution=32),
        "head": Head(name="digits", classes=10),
        "preset": "small",
        "dataset": FACTS,
        "preprocessing": "plain",
        "epochs": 2,
        "batch": 8,
        "optimizer": RmsProp(learning_rate=0.002),
    }
    recipe = TrainingRecipe.model_validate(fields | changed)
    epochs = tuple(
        Epoch(
            epoch=number,
            loss=1.0,
            held_out_loss=0.5,
            held_out_accuracy=0.9,
            learning_rate=0.1,
            examples=80,
            seconds=1.0,
        )
        for number in (1, 2)
    )
    values = {"conv1_bn/beta": np.full(3, int(recipe.digest()[:4], 16), np.float32)}
    trained = Trained(values=values, epochs=epochs, kept_epoch=1, evaluated=10, sessions=1, seconds=2.0)
    machine = Machine(system="test", processor="test", cores=1, threads=1)
    with library.training(recipe.digest()):
        return library.keep(recipe, trained, machine, mult_adds=None, now=datetime(2026, 1, 2, tzinfo=UTC))


def weights_of(library: TrainingLibrary, said: str) -> Weights:
    return recipes_of([VARIANT], BuildInputs(weights=said), weights_folder=library.weights_folder)[VARIANT].weights


def test_a_training_is_named_by_the_beginning_of_its_digest(tmp_path: Path) -> None:
    library = TrainingLibrary(tmp_path)
    first, second = keep(library), keep(library, seed=1)

    for record in (first, second):
        assert weights_of(library, record.digest[:12]) == library.weights(record)
        assert weights_of(library, record.digest).kind is WeightsKind.TRAINED


def test_a_training_that_is_not_there_or_of_another_network_is_refused(tmp_path: Path) -> None:
    library = TrainingLibrary(tmp_path)
    wide = keep(library, size=Size(alpha=0.5, resolution=32))
    gone = keep(library, seed=2)
    library.weights_path(gone).unlink()

    with pytest.raises(UsageError, match="--weights 00000000: no training on this machine begins so"):
        weights_of(library, "00000000")
    with pytest.raises(UsageError, match=r"is a training of mobilenet_v1_0\.50_32_digits10, not of mobilenet_v1_0\.25"):
        weights_of(library, wide.digest[:12])
    with pytest.raises(UsageError, match="the weights of that training are gone"):
        weights_of(library, gone.digest[:12])


def test_weights_are_reported_with_their_training_and_how_many_others_there_are(tmp_path: Path) -> None:
    library = TrainingLibrary(tmp_path)
    first = keep(library)
    keep(library, seed=1)
    keep(library, size=Size(alpha=0.5, resolution=32))
    keep(library, dataset=FACTS.model_copy(update={"sha256": "e" * 64}))
    qat = QatPlan(epochs=2, batch=8, learning_rate=2e-4, pointwise_bits=4, seed=0)
    rounded = keep(library, seed=3, qat=qat)

    facts = weights_facts(library.weights(first), library.records())
    of_qat = weights_facts(library.weights(rounded), library.records()).training

    assert facts.training is not None
    assert (facts.training.digest, facts.training.others) == (first.digest, 2)
    assert (facts.training.epochs, facts.training.kept_epoch) == (2, 1)
    assert (facts.training.held_out_accuracy, facts.training.held_out, facts.training.qat_bits) == (0.9, 10, None)
    assert facts.source == f"{first.weights_sha256}.npz"
    assert of_qat is not None
    assert of_qat.qat_bits == 4
    assert facts.training.curve is not None
    assert facts.training.curve.epochs == (1, 2)
    assert facts.training.curve.held_out_accuracy == (0.9, 0.9)


def test_weights_that_no_training_gave_are_reported_by_file_or_seed() -> None:
    file = weights_facts(Weights(kind=WeightsKind.FILE, sha256="a" * 64, source="/home/me/my.keras"), ())
    seeded = weights_facts(Weights(seed=7), ())

    assert (file.source, file.training, file.seed) == ("my.keras", None, None)
    assert (seeded.seed, seeded.sha256) == (7, None)


def test_a_calibration_is_reported_with_what_was_asked_for() -> None:
    folder = calibration_facts(
        Calibration(kind=CalibrationKind.FOLDER, examples=5, sha256="c" * 64, source="/home/me/photos"), 32
    )
    none = calibration_facts(Calibration(kind=CalibrationKind.NONE, examples=0), 32)

    assert (folder.examples, folder.asked, folder.source, folder.seed) == (5, 32, "photos", None)
    assert (none.examples, none.asked) == (0, 0)
