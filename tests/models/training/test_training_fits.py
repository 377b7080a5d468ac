"""Short real trainings, one process with tensorflow for all of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from training_sample import CLASSES, fit
from training_sample import recipe as usual_recipe

from mbench.core.choices import Keep, Strength
from mbench.models.networks.shallow_mobilenet import layers
from mbench.models.training.checkpoints import read_checkpoint
from mbench.models.training.fitting import Trained, best_epoch
from mbench.models.training.presets import STRENGTHS
from mbench.models.training.recipe import RmsProp, TrainingRecipe
from mbench.models.training.weight_files import format_weights, keep_weights
from mbench.models.weights.weights import load_weights

pytestmark = pytest.mark.tensorflow

Train = Callable[..., Trained | str]


def recipe(**changed: object) -> TrainingRecipe:
    """Return one of a network with ten layers fewer, whose graph is traced in two thirds of the time."""
    return usual_recipe(architecture="shallow_mobilenet", **changed)


@pytest.fixture(scope="module")
def train() -> Iterator[Train]:
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as worker:
        yield lambda *args, **kwargs: worker.submit(fit, *args, **kwargs).result()


@pytest.fixture(scope="module")
def after_one_epoch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the uninterrupted training's folder is kept as it was after the first of its two epochs."""
    return tmp_path_factory.mktemp("interrupted") / "copied"


@pytest.fixture(scope="module")
def uninterrupted(train: Train, after_one_epoch: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    trained = train(recipe(), tmp_path_factory.mktemp("uninterrupted"), copied=after_one_epoch)
    assert isinstance(trained, Trained)
    return trained


@pytest.mark.slow
def test_an_interrupted_training_goes_on_to_the_same_weights_bit_for_bit(
    train: Train, uninterrupted: Trained, after_one_epoch: Path
) -> None:
    resumed = train(recipe(), after_one_epoch)

    assert isinstance(resumed, Trained)
    assert (uninterrupted.sessions, resumed.sessions) == (1, 2)
    assert format_weights(resumed.values) == format_weights(uninterrupted.values)


@pytest.mark.slow
def test_pictures_decoded_when_needed_give_the_weights_of_those_in_memory(
    train: Train, uninterrupted: Trained, tmp_path: Path
) -> None:
    decoded = train(recipe(), tmp_path, decoded=True)

    assert isinstance(decoded, Trained)
    assert format_weights(decoded.values) == format_weights(uninterrupted.values)


@pytest.mark.slow
def test_a_loss_that_is_no_number_names_epoch_and_step_and_keeps_nothing(train: Train, tmp_path: Path) -> None:
    wild = recipe(optimizer=RmsProp(learning_rate=1e30))

    message = train(wild, tmp_path)

    assert isinstance(message, str)
    assert "in epoch 1, step " in message
    assert "Try --learning-rate 2.5e+29 (it was 1e+30)" in message
    assert read_checkpoint(tmp_path, wild.digest()) is None


@pytest.mark.slow
def test_patience_keeps_the_weights_of_the_best_epoch_and_distortions_change_what_is_learned(
    train: Train, uninterrupted: Trained, tmp_path: Path
) -> None:
    wanted = recipe(
        epochs=3, patience=1, keep=Keep.BEST, augmentation=STRENGTHS[Strength.FULL].model_copy(update={"flip": True})
    )

    trained = train(wanted, tmp_path)

    assert isinstance(trained, Trained)
    assert trained.kept_epoch == best_epoch(trained.epochs)
    assert trained.epochs[0].loss != uninterrupted.epochs[0].loss


@pytest.mark.slow
def test_the_best_epoch_is_kept_though_it_is_not_the_last_and_after_an_interruption(
    train: Train, tmp_path: Path
) -> None:
    wild = recipe(epochs=4, keep=Keep.BEST, optimizer=RmsProp(learning_rate=0.02), held_out=0.4)
    for folder in ("whole", "parts", "last"):
        (tmp_path / folder).mkdir()
    whole = train(wild, tmp_path / "whole")
    assert train(wild, tmp_path / "parts", interrupt_after=3) == "interrupted"
    resumed = train(wild, tmp_path / "parts")
    last = train(wild.model_copy(update={"keep": Keep.LAST}), tmp_path / "last")

    assert isinstance(whole, Trained)
    assert isinstance(resumed, Trained)
    assert isinstance(last, Trained)
    assert whole.kept_epoch == best_epoch(whole.epochs)
    assert format_weights(resumed.values) == format_weights(whole.values)
    assert last.kept_epoch == 4
    assert (format_weights(last.values) == format_weights(whole.values)) == (whole.kept_epoch == 4)


def test_trained_weights_are_read_by_a_build_as_they_were_kept(uninterrupted: Trained, tmp_path: Path) -> None:
    kept = keep_weights(uninterrupted.values, tmp_path)

    read = load_weights(kept, layers(0.25, CLASSES))

    assert all(np.array_equal(read[name], values) for name, values in uninterrupted.values.items())


def test_every_epoch_is_reported_with_what_was_held_out(uninterrupted: Trained) -> None:
    assert [epoch.epoch for epoch in uninterrupted.epochs] == [1, 2]
    assert uninterrupted.evaluated == 8
    assert all(epoch.held_out_accuracy is not None and epoch.examples == 32 for epoch in uninterrupted.epochs)
