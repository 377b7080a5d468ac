"""Learning curves as documents hold them."""

import json

import pytest
from pydantic import ValidationError

from mbench.core.workloads import MOST_EPOCHS, LearningCurve, TrainingFacts


def fields(count: int = 3, **changes) -> dict[str, object]:
    column = (0.5,) * count
    names = ("loss", "accuracy", "held_out_loss", "held_out_accuracy")
    return {"epochs": tuple(range(1, count + 1)), **dict.fromkeys(names, column)} | changes


def training(**changes) -> dict[str, object]:
    known = {"digest": "d" * 64, "network": "net", "dataset": "digits", "epochs": 3, "kept_epoch": 2, "others": 0}
    return known | {"held_out_accuracy": None, "held_out": 0, "qat_bits": None, "teacher": None} | changes


def test_a_document_from_before_curves_were_kept_has_none():
    assert TrainingFacts.model_validate_json(json.dumps(training())).curve is None


def test_a_curve_comes_back_from_json_as_it_was():
    facts = TrainingFacts.model_validate(training(curve=fields(loss=(2.5, None, 1e-7))))
    assert TrainingFacts.model_validate_json(facts.model_dump_json()) == facts
    assert facts.curve is not None
    assert facts.curve.loss == (2.5, None, 1e-7)


@pytest.mark.parametrize("name", ["loss", "accuracy", "held_out_loss", "held_out_accuracy"])
def test_columns_of_other_lengths_are_refused(name):
    for column in ((0.5,) * 2, (0.5,) * 4):
        with pytest.raises(ValidationError, match="one value of each kind for each epoch"):
            LearningCurve.model_validate(fields(**{name: column}))


@pytest.mark.parametrize("epochs", [(1, 2, 2), (3, 2, 1)])
def test_epochs_that_do_not_ascend_are_refused(epochs):
    with pytest.raises(ValidationError, match="epochs of a learning curve ascend"):
        LearningCurve.model_validate(fields(epochs=epochs))


@pytest.mark.parametrize("epochs", [(), (0, 1, 2)])
def test_epochs_are_counted_from_1_and_there_is_one(epochs):
    with pytest.raises(ValidationError):
        LearningCurve.model_validate(fields(len(epochs), epochs=epochs))


def test_there_are_no_more_epochs_than_a_document_may_have():
    assert len(LearningCurve.model_validate(fields(MOST_EPOCHS)).epochs) == MOST_EPOCHS
    with pytest.raises(ValidationError):
        LearningCurve.model_validate(fields(MOST_EPOCHS + 1))
