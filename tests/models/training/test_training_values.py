"""Recipes, schedules, divisions, files: all of a training that needs no tensorflow."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from training_sample import MACHINE, Bands, recipe

from mbench.core.builds.recipes import Weights, WeightsKind
from mbench.core.choices import Preset, Schedule, Strength
from mbench.core.errors import UsageError
from mbench.models.training.checkpoints import FILE_NAME, Checkpoint, read_checkpoint, write_checkpoint
from mbench.models.training.distortions import crop, draw
from mbench.models.training.durations import estimate
from mbench.models.training.examples import check_fit, divide, epoch_order
from mbench.models.training.fitting import Trained
from mbench.models.training.library import RECORD, TrainingLibrary
from mbench.models.training.presets import STRENGTHS, augmentation_for, decay_for, defaults, preset_for
from mbench.models.training.recipe import Decay
from mbench.models.training.records import Epoch
from mbench.models.training.schedules import learning_rates
from mbench.models.training.weight_files import format_weights

NOW = datetime(2026, 1, 2, tzinfo=UTC)
VALUES = {"conv1/kernel": np.arange(6, dtype=np.float32).reshape(1, 1, 2, 3), "conv1_bn/beta": np.ones(3, np.float32)}


def epoch(number: int, held_out: float = 0.5) -> Epoch:
    return Epoch(
        epoch=number,
        loss=1.0,
        accuracy=0.5,
        held_out_loss=1.0,
        held_out_accuracy=held_out,
        learning_rate=0.1,
        examples=32,
        seconds=2.0,
        step_seconds=1.0 if number > 1 else None,
    )


def trained(held_out: float = 0.5) -> Trained:
    epochs = (epoch(1), epoch(2, held_out))
    return Trained(values=VALUES, epochs=epochs, kept_epoch=2, evaluated=8, sessions=1, seconds=9.0)


def test_what_is_for_people_does_not_change_a_digest() -> None:
    weights = Weights(kind=WeightsKind.TRAINED, sha256="a" * 64, source="/here")
    elsewhere = Weights(kind=WeightsKind.TRAINED, sha256="a" * 64, source="/there")

    assert recipe(start=weights).digest() == recipe(start=elsewhere, preset="other").digest()


@pytest.mark.parametrize(
    "changed", [{"seed": 1}, {"epochs": 3}, {"held_out": 0.0}, {"weight_decay": 0.0}, {"toolchain": (("keras", "4"),)}]
)
def test_what_changes_weights_changes_the_digest(changed: dict[str, object]) -> None:
    assert recipe(**changed).digest() != recipe().digest()


def test_a_record_of_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        recipe(epoch=3)


def test_held_out_examples_are_never_trained_on_and_none_is_lost() -> None:
    kept, held_out = divide(recipe())

    assert len(held_out) == 8
    assert sorted([*kept, *held_out]) == list(range(40))


def test_an_epoch_takes_each_example_at_most_once_in_another_order_each_time() -> None:
    wanted = recipe()
    kept, _ = divide(wanted)

    first, second = (epoch_order(wanted, kept, index) for index in (0, 1))

    assert len(set(first.ravel())) == first.size == 32
    assert not np.array_equal(first, second)


def test_cosine_begins_at_the_rate_and_ends_near_zero() -> None:
    rates = np.concatenate([learning_rates(recipe(), index) for index in (0, 1)])

    assert rates[0] == pytest.approx(0.002)
    assert rates[-1] < 0.002 * 0.05


def test_exponential_decay_goes_down_by_stairs_of_two_epochs() -> None:
    wanted = recipe(epochs=5, decay=Decay(schedule=Schedule.EXPONENTIAL, factor=0.94, epochs=2))

    firsts = [float(learning_rates(wanted, index)[0]) for index in range(5)]

    assert firsts == pytest.approx([0.002, 0.002, 0.002 * 0.94, 0.002 * 0.94, 0.002 * 0.94**2])


def test_an_exponential_schedule_over_few_epochs_falls_as_far_as_the_papers() -> None:
    decay = decay_for(Schedule.EXPONENTIAL, 10)

    assert (decay.factor or 0) ** (10 / (decay.epochs or 1)) == pytest.approx(0.94**50)


def test_the_papers_preset_is_the_papers() -> None:
    fields = defaults(Preset.PAPER, examples=1_281_167)

    assert fields["optimizer"].learning_rate == 0.045
    assert fields["optimizer"].epsilon == 1.0
    assert fields["decay"] == Decay(schedule=Schedule.EXPONENTIAL, factor=0.94, epochs=2)
    assert recipe(**fields).depthwise_weight_decay == 0.0


def test_an_unknown_preset_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"unknown preset 'papers'.*paper"):
        preset_for("papers", 10)


def test_digits_are_never_mirrored() -> None:
    assert not augmentation_for(Strength.FULL, epochs=50, alpha=1.0, dataset="digits").flip
    assert augmentation_for(Strength.FULL, epochs=50, alpha=1.0, dataset="folder").flip


def test_narrow_networks_are_trained_with_smaller_distortions() -> None:
    narrow, wide = (augmentation_for(None, epochs=50, alpha=alpha, dataset="folder") for alpha in (0.25, 1.0))

    assert narrow.least_area > wide.least_area


def test_crops_lie_within_the_picture_and_keep_the_least_area() -> None:
    boxes = draw(recipe(augmentation=STRENGTHS[Strength.LIGHT]), 0).boxes.reshape(-1, 4)

    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    assert boxes.min() >= 0
    assert boxes.max() <= 1 + 1e-6
    assert areas.min() >= 0.6 * 0.86  # a crop wider than the picture is cut to it


def test_without_distortions_a_crop_keeps_the_picture() -> None:
    picture = Bands().picture(3)
    box = draw(recipe(), 0).boxes[0, 0]

    assert np.array_equal(crop(picture, box, 32), picture)


def test_equal_weights_give_equal_bytes_at_any_time() -> None:
    assert hashlib.sha256(format_weights(VALUES)).hexdigest() == (
        hashlib.sha256(format_weights({name: array.copy() for name, array in VALUES.items()})).hexdigest()
    )
    assert b"\x00\x00!\x00" in format_weights(VALUES)[:32]  # 1980-01-01 00:00 in MS-DOS form


def test_weights_are_readable_by_numpy_alone(tmp_path: Path) -> None:
    (tmp_path / "w.npz").write_bytes(format_weights(VALUES))

    with np.load(tmp_path / "w.npz") as file:
        assert file.files == list(VALUES)
        assert np.array_equal(file["conv1/kernel"], VALUES["conv1/kernel"])


def test_a_checkpoint_reads_back_as_it_was_and_a_damaged_one_as_none(tmp_path: Path) -> None:
    written = Checkpoint(
        digest="d" * 64,
        epochs=(epoch(1),),
        weights=VALUES,
        slots={"conv1/kernel/momentum": VALUES["conv1/kernel"]},
        best_epoch=None,
        best={},
        machine=MACHINE,
        sessions=1,
        seconds=3.0,
    )
    write_checkpoint(tmp_path, written)

    read = read_checkpoint(tmp_path, "d" * 64)
    data = bytearray((tmp_path / FILE_NAME).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / FILE_NAME).write_bytes(data)

    assert read is not None
    assert (read.epochs, read.sessions) == ((epoch(1),), 1)
    assert np.array_equal(read.slots["conv1/kernel/momentum"], VALUES["conv1/kernel"])
    assert read_checkpoint(tmp_path, "d" * 64) is None


def test_a_kept_training_is_found_and_one_with_damaged_weights_is_not(tmp_path: Path) -> None:
    library = TrainingLibrary(tmp_path)
    record = library.keep(recipe(), trained(), MACHINE, mult_adds=1000, now=NOW)

    found = library.find(recipe().digest())
    library.weights_path(record).write_bytes(b"other")

    assert found == record
    assert library.find(recipe().digest()) is None


def test_of_several_trainings_the_one_that_did_best_on_what_was_held_out_is_taken(tmp_path: Path) -> None:
    library = TrainingLibrary(tmp_path)
    for seed, held_out in ((0, 0.6), (1, 0.9), (2, 0.7)):
        library.keep(recipe(seed=seed), trained(held_out), MACHINE, mult_adds=1000, now=NOW)

    best = library.best(lambda other: other.seed != 5)

    assert best is not None
    assert best.recipe.seed == 1


def test_a_record_says_all_that_its_recipe_says(tmp_path: Path) -> None:
    library = TrainingLibrary(tmp_path)
    record = library.keep(recipe(), trained(), MACHINE, mult_adds=1000, now=NOW)

    document = json.loads((library.folder(record.digest) / RECORD).read_text())

    assert document["format_version"] == 1
    assert document["recipe"]["optimizer"]["rho"] == 0.9
    assert document["epochs"][1]["held_out_accuracy"] == 0.5


def test_an_estimate_says_whether_this_machine_has_trained_before(tmp_path: Path) -> None:
    library = TrainingLibrary(tmp_path)
    before = estimate(recipe(), 1000, MACHINE, library.records())
    library.keep(recipe(), trained(), MACHINE, mult_adds=1000, now=NOW)

    after = estimate(recipe(epochs=20), 1000, MACHINE, library.records())

    assert "a guess" in before.source
    assert "from 1 earlier training on this machine" in after.source
    assert after.seconds == pytest.approx(6 + 20, abs=0.5)


def test_classes_that_the_head_does_not_have_are_named() -> None:
    with pytest.raises(UsageError, match=r"has classes 0 to 5, the head answers 3"):
        check_fit(recipe(), np.array([0, 5], np.int32))


@pytest.mark.parametrize(("examples", "batch"), [(3, 2), (30, 27), (36, 32), (6000, 32)])
def test_a_handful_of_pictures_is_one_batch_by_default(examples: int, batch: int) -> None:
    assert defaults(Preset.SMALL, examples=examples)["batch"] == batch
