"""[gate] and [outputs] of a farm file."""

import pytest
from pydantic import ValidationError

from mbench.files.texts import parse_toml
from mbench.workflows.nightly.gate_tables import DEFAULT_SHARE, Gate, Outputs


def test_without_a_word_a_fifth_of_the_window_is_for_measuring_again():
    assert DEFAULT_SHARE == 0.2
    assert Gate().budget_s(36_000.0) == pytest.approx(7_200.0)
    assert Gate().accepted == "accepted.toml"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("budget_share = 0.5", 1_800.0),
        ("budget_share = 0", 0.0),
        ("budget_share = 1", 3_600.0),
        ("budget_minutes = 10", 600.0),
        ("budget_minutes = 90", 3_600.0),
    ],
)
def test_a_budget_is_a_share_of_the_window_or_minutes_and_never_more_than_it(text, seconds):
    assert Gate.model_validate(parse_toml(text)).budget_s(3_600.0) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "budget_share = 1.01",
        "budget_share = -0.1",
        "budget_minutes = -1",
        "budget_share = 0.1\nbudget_minutes = 5",
        "budget = 3",
        "budget_share = true",
    ],
)
def test_a_budget_that_cannot_be_is_refused(text):
    with pytest.raises(ValidationError):
        Gate.model_validate(parse_toml(text))


def test_outputs_name_files_and_nothing_is_written_unasked():
    outputs = Outputs.model_validate(parse_toml('junit = "out/junit.xml"\notava = "out/otava"'))
    assert (outputs.junit, outputs.otava, outputs.summary) == ("out/junit.xml", "out/otava", None)
    with pytest.raises(ValidationError, match="comment and junit are both x"):
        Outputs.model_validate(parse_toml('junit = "x"\ncomment = "./x"'))
    with pytest.raises(ValidationError):
        Outputs.model_validate(parse_toml('sarif = "x"'))
