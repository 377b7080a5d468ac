"""`mbench train` as a stranger calls it: real trainings of the smallest network, a few epochs each."""

import json
import signal
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Command

pytestmark = pytest.mark.tensorflow

SMALL = ("train", "--dataset", "digits", "--alpha", "0.25", "--epochs")


def trainings(command: Command) -> list[Path]:
    return sorted((Path(command.environment["MBENCH_HOME"]) / "trainings").glob("*"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Command, dict[str, Any]]:
    """A command in whose home a training with QAT has ended, and what was said of that."""
    command = Command(tmp_path_factory.mktemp("trained"), tmp_path_factory.mktemp("home"))
    first = command(*SMALL, "1", "--qat", "--json", "--quiet")
    assert first.returncode == 0, first.stderr
    (row,) = json.loads(first.stdout)
    return command, row


@pytest.mark.slow
def test_a_training_with_qat_is_reported_kept_drawn_and_not_repeated(trained: tuple[Command, dict[str, Any]]) -> None:
    command, row = trained

    again = command(*SMALL, "1", "--qat")

    assert row["record"]["evaluated"] == 143
    assert row["record"]["recipe"]["dataset"]["split"] == "train"
    with zipfile.ZipFile(row["weights"]) as archive:
        assert "ranges/conv1.npy" in archive.namelist()
    kept = [{path.name for path in folder.iterdir()} for folder in trainings(command)]
    assert all({"record.json", "curves.svg", "curves.html"} <= names for names in kept)
    assert not any("checkpoint.npz" in names for names in kept)
    assert again.returncode == 0
    assert "was there" in again.stdout
    assert "held out" not in again.stderr  # nothing was trained


@pytest.mark.slow
def test_ctrl_c_keeps_the_last_epoch_and_the_same_command_goes_on_there(bare: Command) -> None:
    with bare.start(*SMALL, "30") as first:
        before = interrupt(first, lambda line: any(path.exists() for path in checkpoints(bare)))
    with bare.start(*SMALL, "30") as second:
        after = interrupt(second, lambda line: "epochs each" in line)

    assert (first.returncode, second.returncode) == (130, 130)
    assert "the same command goes on there" in before
    assert "about" in before.partition("epochs each")[2]
    assert "1 of them going on from a checkpoint" in after
    assert not any(path.with_name("record.json").exists() for path in checkpoints(bare))


def checkpoints(command: Command) -> list[Path]:
    return [folder / "checkpoint.npz" for folder in trainings(command)]


def interrupt(process: "subprocess.Popen[str]", ready: Callable[[str], bool]) -> str:
    """Interrupt a process as soon as a line of its stderr is `ready`; return all of that stream."""
    assert process.stderr is not None
    shown = ""
    for line in process.stderr:
        shown += line
        if ready(line):
            break
    process.send_signal(signal.SIGINT)
    return shown + process.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--dataset", "digitz"), "unknown data set 'digitz'. Did you mean 'digits'?"),
        (("--dataset", "digits", "--sweep", "threads"), "threads is not trained"),
        (("--dataset", "digits", "--preprocessing", "caffe"), "does not give levels in [-1, 1]"),
        (("--dataset", "digits", "--arch", "mobilenet_v9"), "unknown architecture 'mobilenet_v9'"),
        (("--dataset", "digits", "--teacher", "who.txt"), "a teacher is a .keras model"),
        (("--dataset", "digits", "--qat", "--bits", "5"), "--bits 5: 1×1 weights have 8 bits, or 4."),
        (("--dataset", "digits", "--bits", "4"), "--bits 4 does nothing without --qat"),
        (("--dataset", "digits", "--temperature", "3"), "--temperature does nothing without --teacher"),
        (("--dataset", "digits", "--ps", "2"), "--ps does nothing without --distribute parameter-server"),
        (("--dataset", "digits", "--learning-rate", "nan"), "--learning-rate must be a finite number, not nan"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(arguments: tuple[str, ...], message: str, bare: Command) -> None:
    refused = bare("train", *arguments)

    assert refused.returncode == 2
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.slow
def test_weights_teach_a_student_of_another_size_and_a_teacher_at_chance_is_refused(
    trained: tuple[Command, dict[str, Any]],
) -> None:
    command, teacher = trained
    student = (*SMALL, "1", "--resolution", "48", "--teacher")

    taught = command(*student, teacher["weights"], "--json")
    untaught = command(*SMALL, "1", "--learning-rate", "1e-9", "--json")
    by_chance = command(*student, json.loads(untaught.stdout)[0]["weights"])

    assert taught.returncode == 0, taught.stderr
    assert "its teacher is right in " in taught.stderr
    assert "kept epoch 1 (best on the validation split)" in taught.stderr
    (row,) = json.loads(taught.stdout)
    assert row["record"]["recipe"]["teacher"]["network"] == "mobilenet_v1 0.25 32 digits10"
    assert "no better than chance" in json.loads(untaught.stdout)[0]["doubts"][0]
    assert "no better than chance" in untaught.stderr
    assert by_chance.returncode == 4
    assert "no more than chance (1 of 10)" in by_chance.stderr
