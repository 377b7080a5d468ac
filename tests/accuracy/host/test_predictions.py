"""`mbench evaluate --predictions`: what each file answered to each example, as CSV that says what the score says."""

import csv
import io
import json

import numpy as np
import pytest
from command_line import Command
from picture_sets import mean_colour_file
from PIL import Image


@pytest.fixture(scope="module")
def answered(tmp_path_factory) -> "tuple[list[dict], list[dict]]":
    """Scores and predictions of a float file with a background, and of an int8 one, on 30 pictures, one torn."""
    root = tmp_path_factory.mktemp("predictions")
    for place, name in enumerate(("a_red", "b_green", "c_blue")):
        (root / "set" / "test" / name).mkdir(parents=True)
        for count in range(10):
            levels = np.full((9, 9, 3), count, np.uint8)
            levels[..., place if count else (place + 1) % 3] = 200  # the first of each class is answered wrongly
            Image.fromarray(levels).save(root / "set" / "test" / name / f"{count}.png")
    (root / "set" / "test" / "c_blue" / "9.png").write_text("torn")
    (root / "float.tflite").write_bytes(mean_colour_file(background=True))
    (root / "byte.tflite").write_bytes(mean_colour_file(dtype="int8", behind=4))
    (root / "labels.txt").write_text("a red\nb green\nc blue\nd\ne\nf\ng\n")
    evaluate, scores, rows = Command(root, root / "home"), [], []
    for file, *more in (("float.tflite",), ("byte.tflite", "--labels", "labels.txt")):
        asked = (file, "--dataset", "folder:set", *more, "--format", "json", "--preprocessing", "plain")
        done = evaluate("evaluate", *asked, "--predictions", "out.csv", "--workers", "1")
        assert done.returncode == 0, done.stderr
        scores += [one["score"] for one in json.loads(done.stdout)]
        rows += list(csv.DictReader(io.StringIO((root / "out.csv").read_text())))
    return scores, rows


def test_each_file_has_a_line_for_each_example(answered):
    scores, rows = answered
    assert [row["file"].partition("@")[0] for row in rows] == ["file:float"] * 30 + ["file:byte"] * 30
    assert {row["sha256"] for row in rows} == {score["artifact_sha256"] for score in scores}


def test_the_columns_give_the_scores_accuracy(answered):
    scores, rows = answered
    for score, some in zip(scores, (rows[:30], rows[30:]), strict=True):
        right = sum(int(row["right"]) for row in some)
        assert right == sum(row["class_1"] == row["truth"] for row in some) == 26
        assert score["metrics"][0]["value"] == right / 30


def test_answers_stand_with_their_classes_names_and_real_scores(answered):
    _, rows = answered
    for row, first in ((rows[5], 1), (rows[35], 0)):  # red's sixth picture, by output
        assert (row["example"], row["truth"], row["truth_name"], row["name_1"]) == (
            "test/a_red/5.png",
            "0",
            "a_red",
            "a_red",
        )
        assert int(row["output_1"]) == first
        assert float(row["score_1"]) == pytest.approx(200 / 127.5 - 1, abs=0.01)


def test_an_output_of_none_of_the_classes_has_no_name(answered):
    background = [
        (row[f"class_{place}"], row[f"name_{place}"])
        for row in answered[1][:29]
        for place in range(1, 5)
        if row[f"output_{place}"] == "0"
    ]
    assert len(background) == 29
    assert set(background) == {("", "")}


def test_an_example_without_an_answer_has_empty_columns(answered):
    torn = next(row for row in answered[1] if row["example"] == "test/c_blue/9.png")
    assert (torn["truth_name"], torn["right"], torn["output_1"], torn["score_1"]) == ("c_blue", "0", "", "")


def test_the_scores_confusion_counts_the_same_answers(answered):
    for score, some in zip(answered[0], (answered[1][:30], answered[1][30:]), strict=True):
        pairs = [(int(row["truth"]), int(row["class_1"] or -1)) for row in some]
        counts = [[*pair, pairs.count(pair)] for pair in sorted(set(pairs))]
        assert score["confusion"] == {"names": ["a_red", "b_green", "c_blue"], "counts": counts}
