"""What sessions keep of a training's epochs."""

from datetime import UTC, datetime

import pytest
from training_sample import MACHINE, recipe

from mbench.core.numbers.limits import LARGEST
from mbench.core.workloads import MOST_EPOCHS
from mbench.models.training.kept_curve import curve_of
from mbench.models.training.records import Epoch, TrainingRecord


def record(count: int, kept: int, **changes) -> TrainingRecord:
    fields = {"loss": 1.0, "accuracy": 0.5, "held_out_loss": 2.0, "held_out_accuracy": 0.25}
    epochs = tuple(
        Epoch(epoch=number, learning_rate=0.1, examples=32, seconds=1.0, **(fields | changes))
        for number in range(1, count + 1)
    )
    return TrainingRecord(
        digest="d" * 64,
        recipe=recipe(),
        weights_sha256="a" * 64,
        epochs=epochs,
        kept_epoch=kept,
        evaluated=8,
        machine=MACHINE,
        seconds=1.0,
        finished_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize("count", [1, 2, MOST_EPOCHS])
def test_a_training_of_few_epochs_keeps_all_of_them(count):
    curve = curve_of(record(count, kept=1))
    assert curve.epochs == tuple(range(1, count + 1))
    assert (curve.loss[0], curve.accuracy[0]) == (1.0, 0.5)
    assert (curve.held_out_loss[0], curve.held_out_accuracy[0]) == (2.0, 0.25)


@pytest.mark.parametrize("count", [MOST_EPOCHS + 1, 100, 5000])
@pytest.mark.parametrize("kept", [1, 2, 14, 33])
def test_a_long_one_keeps_first_last_and_kept_epoch_and_others_evenly(count, kept):
    curve = curve_of(record(count, kept=kept))
    assert MOST_EPOCHS - 1 <= len(curve.epochs) <= MOST_EPOCHS
    assert {1, kept, count} <= set(curve.epochs)
    steps = [after - before for before, after in zip(curve.epochs, curve.epochs[1:], strict=False)]
    assert max(steps) <= count // (MOST_EPOCHS - 2) + 1


def test_values_have_five_digits_and_are_those_of_their_epoch():
    curve = curve_of(record(2, kept=2, loss=1.23456789, accuracy=0.987654321, held_out_loss=1e-9 / 3))
    assert (curve.loss, curve.accuracy) == ((1.2346, 1.2346), (0.98765, 0.98765))
    assert curve.held_out_loss[0] == 3.3333e-10


def test_what_was_not_taken_is_not_known():
    curve = curve_of(record(2, kept=2, accuracy=None, held_out_loss=None, held_out_accuracy=None))
    assert (curve.accuracy, curve.held_out_loss, curve.held_out_accuracy) == ((None, None),) * 3
    assert curve.loss == (1.0, 1.0)


def test_a_loss_beyond_what_documents_hold_is_not_known():
    assert curve_of(record(1, kept=1, loss=LARGEST)).loss == (LARGEST,)
    assert curve_of(record(1, kept=1, loss=2 * LARGEST)).loss == (None,)
