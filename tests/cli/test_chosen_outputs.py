"""Files with several outputs, as users score them: one is chosen, and tables and documents say which."""

import json

import pytest
from command_line import ONCE
from linear_digits import linear_digits, right_answers
from task_sets import write_objects

from mbench.accuracy.pictures.scalings import SCALINGS

ON_DIGITS = ("--dataset", "digits", "--preprocessing", "unit")
TRUE = float(right_answers().mean())


@pytest.fixture
def two(bare):
    data = linear_digits(SCALINGS["unit"], second=True, nchw=True, gray=True)
    (bare.folder / "two.tflite").write_bytes(data)
    return bare


def test_evaluate_asks_which_output_and_then_scores_it(two):
    evaluate = ("evaluate", "two.tflite", *ON_DIGITS, "--workers", "1", "--format", "json")
    done = two(*evaluate)
    assert done.returncode == 4
    (row,) = json.loads(done.stdout)
    assert row["error"].endswith("choose one by --output NAME.")
    assert "1 reversed = mirror" in row["error"]
    done = two(*evaluate, "--output", "digit")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert row["score"]["output"] == {"index": 0, "name": "scores"}
    assert (row["score"]["layout"], row["score"]["gray"]) == ("nchw", True)
    top1 = next(metric["value"] for metric in row["score"]["metrics"] if metric["name"] == "top1")
    assert top1 == pytest.approx(TRUE, abs=1 / 360)


def test_a_run_scores_the_output_that_was_chosen_and_its_foot_names_it(two):
    options = ("run", "--model", "two.tflite", *ON_DIGITS, *ONCE, "--json")
    done = two(*options)
    (row,) = json.loads(done.stdout)
    assert (row["status"], row["top1"]) == ("ok", None)
    assert "choose one by --output NAME" in next(w["message"] for w in row["warnings"] if w["code"] == "no_accuracy")
    done = two(*options, "--output", "digit")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert row["top1"] == pytest.approx(TRUE, abs=1 / 360)
    foot = two("report", "--format", "md").stdout.replace("\\", "")
    assert "preprocessing plain:unit, nchw, gray, output 0 scores; scored on the host" in foot
    stored = [json.loads(path.read_text())["scores"] for path in two.folder.glob("results/*/jobs/*.json")]
    (score,) = [score for scores in stored for score in scores]
    assert (score["layout"], score["gray"], score["output"]["name"]) == ("nchw", True, "scores")


def test_a_layout_of_another_name_and_an_output_without_a_data_set_are_wrong_usage(two):
    done = two("evaluate", "two.tflite", *ON_DIGITS, "--layout", "chw")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    done = two("run", "--model", "two.tflite", "--output", "digit")
    assert (done.returncode, "--output needs --dataset" in done.stderr) == (2, True)


def test_a_detector_is_judged_by_all_its_outputs(two, tmp_path):
    done = two("evaluate", "two.tflite", "--dataset", write_objects(tmp_path / "coco"), "--output", "digit")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "--output is for answers of one output" in done.stderr


@pytest.mark.slow
def test_answers_of_the_device_are_of_the_chosen_output_and_a_wrong_scaling_is_named(two):
    (two.folder / "levels.tflite").write_bytes(linear_digits(SCALINGS["levels"], nchw=True))
    for file, options in (("two", ("--output", "mirror", "--examples", "3")), ("levels", ("--examples", "6"))):
        asked = ("--accuracy", "device", *options)
        done = two("run", "--model", f"{file}.tflite", *ON_DIGITS, *ONCE, *asked, "--json")
        assert done.returncode == 0, done.stderr
    stored = [json.loads(path.read_text())["scores"] for path in two.folder.glob("results/*/jobs/*.json")]
    scores = {score["output"] and score["output"]["name"]: score for (score,) in stored}
    assert (scores["reversed"]["place"], scores["reversed"]["layout"], scores["reversed"]["gray"]) == (
        "device",
        "nchw",
        True,
    )
    assert scores["reversed"]["agreement"]["same_top1"] == 3
    assert any("--preprocessing plain:levels" in doubt for doubt in scores[None]["doubts"])
