"""What is said of trainings that failed without an error, of teachers that know nothing, and of how long it takes."""

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from training_sample import CLASSES, EXAMPLES, MACHINE, Bands, recipe

from mbench.core.choices import Distribution, Keep
from mbench.core.errors import UsageError
from mbench.models.training.doubts import is_chance, training_doubts
from mbench.models.training.durations import START_S, estimate
from mbench.models.training.examples import divide
from mbench.models.training.fitting import best_epoch
from mbench.models.training.recipe import Lesson, QatPlan, TrainingRecipe
from mbench.models.training.records import Epoch, TrainingRecord
from mbench.models.training.teachers import StoredTeacher, write_outputs
from mbench.models.training.teaching import TeacherScore, write_teachings

GUESSING = math.log(CLASSES)
QAT = QatPlan(epochs=2, batch=8, learning_rate=2e-4, pointwise_bits=8, seed=0)


def epoch(number: int, *, loss: float = 0.1, held_out: tuple[float, float] | None = (0.5, 0.9), step_s: float = 1.0):
    return Epoch(
        epoch=number,
        loss=loss,
        accuracy=0.5,
        held_out_loss=None if held_out is None else held_out[0],
        held_out_accuracy=None if held_out is None else held_out[1],
        learning_rate=0.1,
        examples=32,
        seconds=step_s + 1,
        step_seconds=step_s if number > 1 else None,
    )


def record(*epochs: Epoch, of: TrainingRecipe | None = None, kept: int | None = None, **changed) -> TrainingRecord:
    wanted = of or recipe()
    fields = {"evaluated": 100, "mult_adds": 1000, "machine": MACHINE, "seconds": 30.0} | changed
    return TrainingRecord(
        digest=wanted.digest(),
        recipe=wanted,
        weights_sha256="0" * 64,
        epochs=epochs,
        kept_epoch=kept or len(epochs),
        finished_at=datetime(2026, 1, 2, tzinfo=UTC),
        **fields,
    )


@pytest.mark.parametrize(
    ("held_out", "best"),
    [
        ([(0.5, 0.3), (0.9, 0.4), (0.1, 0.2)], 2),  # accuracy counts before loss
        ([(0.5, 0.4), (0.4, 0.4), (0.6, 0.4)], 2),  # of equals the lowest loss
        ([(0.5, 0.4), (0.5, 0.4)], 2),
        ([None, None], None),
    ],
)
def test_the_best_epoch_is_the_most_accurate_one(held_out, best: int | None) -> None:
    assert best_epoch([epoch(place + 1, held_out=score) for place, score in enumerate(held_out)]) == best


def test_recipes_of_before_there_was_a_choice_keep_their_digest_and_the_last_epoch() -> None:
    fields = recipe().model_dump(mode="json")
    del fields["keep"]

    assert TrainingRecipe.model_validate(fields).keep is Keep.LAST
    assert TrainingRecipe.model_validate(fields).digest() == recipe().digest() == BEFORE
    assert recipe(keep=Keep.BEST).digest() != recipe().digest()


BEFORE = "6120ff3b3a8ce00d5aae6afad20f9ebb0f76b27769b49e7fcc2ba7391feed51c"
"""Of this recipe, as the trainer before gave it."""


@pytest.mark.parametrize(
    ("loss", "astray"), [(1.9 * GUESSING, False), (2.1 * GUESSING, True), (4e7, True), (0.01, False)]
)
def test_a_loss_far_above_that_of_guessing_is_called_divergence(loss: float, astray: bool) -> None:
    doubts = training_doubts(record(epoch(1), epoch(2, loss=loss), kept=1))

    assert any(doubt.startswith("it diverged") for doubt in doubts) == astray


def test_what_a_teacher_is_followed_by_is_measured_with_its_temperature() -> None:
    lesson = Lesson(kind="softmax", temperature=4.0, form="stored", sha256="a" * 64)
    high = epoch(1, loss=8 * GUESSING)

    assert training_doubts(record(high, of=recipe(teacher=lesson))) == ()
    assert training_doubts(record(high)) != ()


@pytest.mark.parametrize(("share", "chance"), [(0.33, True), (0.42, True), (0.44, False), (0.1, True), (1.0, False)])
def test_an_accuracy_whose_interval_holds_that_of_guessing_is_called_chance(share: float, chance: bool) -> None:
    doubts = training_doubts(record(epoch(1, held_out=(1.0, share))))

    assert any("no better than chance" in doubt for doubt in doubts) == chance
    assert is_chance(round(share * 100), 100, CLASSES) == chance


def test_where_nothing_was_held_out_nothing_is_said_of_chance() -> None:
    assert training_doubts(record(epoch(1, held_out=None), evaluated=0)) == ()


def teach(folder: Path, outputs: np.ndarray) -> TeacherScore:
    write_outputs(outputs, folder / "outputs.npy", Bands().facts)
    truths = np.asarray([Bands().truth(index) for index in range(EXAMPLES)], np.int32)
    pictures = np.zeros((EXAMPLES, 1, 1, 3), np.uint8)
    taught = folder / "taught.npy"
    return write_teachings(
        recipe(held_out=0.5),
        StoredTeacher(path=folder / "outputs.npy", dataset=Bands().facts),
        pictures,
        truths,
        taught,
    )


def test_a_teacher_is_scored_on_the_validation_split_before_anybody_learns_of_it(tmp_path: Path) -> None:
    outputs = np.eye(CLASSES, dtype=np.float32)[[Bands().truth(index) for index in range(EXAMPLES)]]
    trained, held_out = divide(recipe(held_out=0.5))
    outputs[trained] = outputs[trained][:, ::-1]  # what it says of the others does not count
    outputs[held_out[:4]] = np.roll(outputs[held_out[:4]], 1, axis=1)

    score = teach(tmp_path, outputs)

    assert (score.hits, score.answers) == (16, 20)
    assert str(score) == "80.0% of 20 validation answers"
    assert np.array_equal(np.load(tmp_path / "taught.npy"), outputs)


def test_a_teacher_at_chance_is_refused_before_anybody_learns_of_it(tmp_path: Path) -> None:
    outputs = np.eye(CLASSES, dtype=np.float32)[[0] * EXAMPLES]

    with pytest.raises(UsageError, match=r"is right in .* of 20 validation answers, no more than chance \(1 of 3\)"):
        teach(tmp_path, outputs)

    assert not (tmp_path / "taught.npy").exists()


SERVERS = {"distribution": Distribution.PARAMETER_SERVER, "workers": 2}


def test_a_distribution_is_estimated_from_its_own_figures() -> None:
    alone = record(epoch(1), epoch(2, step_s=1.0))
    shared = record(epoch(1, step_s=50.0), epoch(2, step_s=50.0), of=recipe(**SERVERS), seconds=122.0)
    wanted = recipe(epochs=10, **SERVERS)

    guess, own = estimate(wanted, 1000, MACHINE, [alone]), estimate(wanted, 1000, MACHINE, [alone, shared])

    assert guess.seconds == pytest.approx(START_S + 10)
    assert guess.source == "a guess from figures of one process, which are not those of parameter-server"
    assert own.seconds == pytest.approx(20 + 500)
    assert own.source == "from 1 earlier training on this machine"
    assert estimate(recipe(epochs=10), 1000, MACHINE, [alone, shared]).seconds == pytest.approx(START_S + 10)


@pytest.mark.parametrize("other", [{**SERVERS, "workers": 3}, {"distribution": Distribution.MIRRORED}, {"qat": QAT}])
def test_figures_of_another_kind_are_not_taken(other: dict[str, object]) -> None:
    shared = record(epoch(1), epoch(2, step_s=50.0), of=recipe(**SERVERS))

    assert estimate(recipe(**other), 1000, MACHINE, [shared]).records == 0
