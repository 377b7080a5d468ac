"""`mbench evaluate` as a stranger calls it: the answer on stdout in each format, the story on stderr, the exit code."""

import csv
import io
import json

import pytest
from command_line import Command
from picture_sets import mean_colour_file


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory):
    """Call `mbench evaluate` beside a file of ten outputs, and one of eight."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "ten.tflite").write_bytes(mean_colour_file(behind=7))
    (folder / "eight.tflite").write_bytes(mean_colour_file(behind=4, background=True))
    command = Command(folder, folder / "home")
    return lambda *words: command("evaluate", *words, "--workers", "1")


def test_a_file_gets_a_row_and_the_lines_that_it_rests_on(evaluate):
    done = evaluate("ten.tflite", "--dataset", "digits", "--examples", "20")
    assert done.returncode == 0, done.stderr
    assert "| digits test |       20 |" in done.stdout
    assert "20 of 360 examples drawn with seed 0" in done.stdout
    assert "preparing digits at 32 pixels" in done.stderr


def test_json_holds_the_whole_score(evaluate):
    done = evaluate("ten.tflite", "--dataset", "digits", "--examples", "20", "--format", "json", "--quiet")
    (row,) = json.loads(done.stdout)
    assert (row["score"]["asked"], row["score"]["preprocessing"], row["error"]) == (20, "plain", None)
    assert done.stderr == ""


def test_a_file_without_a_score_keeps_its_row_and_the_exit_code_is_4(evaluate):
    done = evaluate("ten.tflite", "eight.tflite", "--dataset", "digits", "--examples", "20", "--format", "csv")
    ten, eight = csv.DictReader(io.StringIO(done.stdout))
    assert (ten["error"], ten["asked"]) == ("", "20")
    assert (eight["top1"], eight["dataset"]) == ("", "")
    assert eight["error"].startswith("it has 8 outputs, and the data set 10 classes")
    assert done.returncode == 4
    assert "eight" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("ten.tflite", "--dataset", "digit"), "Did you mean 'digits'"),
        (("nothing.tflite", "--dataset", "digits"), "nothing.tflite: no such file"),
    ],
)
def test_a_wrong_word_is_one_line_and_exit_code_2(evaluate, words, message):
    done = evaluate(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
