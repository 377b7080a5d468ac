"""How weights are used that `mbench train` made: the command that it prints takes these, and no others."""

from datetime import UTC, datetime

import numpy as np
import pytest

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.builds.sweeps import Axis
from mbench.core.ports import SilentProgress
from mbench.models.training.fitting import Trained
from mbench.models.training.library import TrainingLibrary
from mbench.models.training.records import Epoch, Machine
from mbench.workflows.train.command import as_text, select_networks, train_selection
from mbench.workflows.train.recipes import TrainingOptions, preprocessing_for, recipe_of, training_split

ALPHA = {Axis.ALPHA: "0.25"}
FAST = TrainingOptions(learning_rate=1.0)


@pytest.fixture
def library(tmp_path, monkeypatch) -> TrainingLibrary:
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "a home"))
    return TrainingLibrary(tmp_path / "a home")


def keep(library: TrainingLibrary, options: TrainingOptions, held_out: float) -> None:
    """Put a training of the smallest network on digits there, as if it had been done."""
    digits = open_dataset("digits", cache=library.folder("").parent)
    (network,) = select_networks(digits, "mobilenet_v1", (), ALPHA)
    recipe = recipe_of(network, training_split(digits).facts, preprocessing_for(digits, options), options)
    epoch = Epoch(
        epoch=1,
        loss=1.0,
        accuracy=0.5,
        held_out_loss=1.0,
        held_out_accuracy=held_out,
        learning_rate=0.1,
        examples=32,
        seconds=1.0,
        step_seconds=None,
    )
    values = {"conv1_bn/beta": np.full(3, held_out, np.float32)}
    trained = Trained(values=values, epochs=(epoch,), kept_epoch=1, evaluated=8, sessions=1, seconds=1.0)
    with library.training(recipe.digest()):
        machine = Machine(system="test", processor="test", cores=1, threads=1)
        library.keep(recipe, trained, machine, mult_adds=None, now=datetime(2026, 1, 2, tzinfo=UTC))


def advice(options: TrainingOptions) -> str:
    outcomes = train_selection(
        "digits",
        architecture="mobilenet_v1",
        sweeps=(),
        lists=ALPHA,
        options=options,
        workers=None,
        progress=SilentProgress(),
    )
    return as_text(outcomes, "digits").splitlines()[-1]


def test_the_only_weights_of_a_network_are_found_without_their_name(library):
    keep(library, FAST, 0.1)
    assert advice(FAST) == "Use them: mbench run --dataset digits --sweep alpha=0.25 --resolution 32"


def test_weights_that_a_run_would_not_take_are_named(library):
    keep(library, TrainingOptions(), 0.9)
    keep(library, FAST, 0.1)
    (path,) = [one for one in library.weights_folder.iterdir() if one.name in advice(FAST)]
    run = "mbench run --dataset digits --alpha 0.25 --resolution 32"
    assert advice(FAST) == f"Use mobilenet_v1_0.25_32_digits10: {run} --weights '{path}'"
    assert advice(TrainingOptions()).startswith("Use them: ")
