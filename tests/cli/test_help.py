"""Help as a user reads it: whole sentences, options below headings, names of earlier versions still read."""

import pytest
from command_line import ROOT

HEADINGS = {
    "run": ["What to build", "Where to run", "Accuracy", "How long to measure", "How to measure", "Output"],
    "build": ["What to build", "Output"],
    "train": ["What to build", "How to train", "Quantization-aware training and distillation", "Processes", "Output"],
    "evaluate": ["What to build", "Accuracy", "Output"],
}


@pytest.mark.parametrize("command", HEADINGS)
def test_options_of_long_commands_stand_below_headings(bare, command):
    lines = bare(command, "--help").stdout.splitlines()
    found = [line.removesuffix(":") for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert [heading for heading in found if heading != "Arguments"] == HEADINGS[command]


@pytest.mark.parametrize(
    "group", [(), ("devices",), ("devices", "profile"), ("binary",), ("suite",), ("cache",), ("farm",)]
)
def test_no_command_is_explained_by_a_sentence_that_is_cut(bare, group):
    commands = bare(*group, "--help").stdout.split("\nCommands:\n")[1]
    assert commands.strip()
    assert "..." not in commands


@pytest.mark.parametrize(
    "old",
    [("--held-out", "nan"), ("--held-out=nan",), ("--batch", "8", "--held-out", "nan"), ("--validation-split", "nan")],
)
def test_an_option_is_read_by_its_older_name_too_and_help_shows_the_new_one(bare, old):
    done = bare("train", "--dataset", "digits", *old)
    assert (done.returncode, done.stderr) == (
        2,
        "mbench: --validation-split must be a finite number, not nan.\n",
    )
    assert "held" not in bare("train", "--help").stdout


def test_the_readme_is_read_in_a_minute_or_two():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 900
