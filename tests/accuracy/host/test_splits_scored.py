"""Which examples a score is about: said, listed beside it, chosen by `--split`, and turned by `--exif`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from picture_sets import mean_colour_file
from PIL import Image

ROOT = Path(__file__).parents[3]
EACH = 20


@pytest.fixture(scope="module")
def colours(tmp_path_factory) -> Path:
    """Three classes of one colour each, which nobody split, and a file that knows them."""
    root = tmp_path_factory.mktemp("colours")
    for place, name in enumerate(("a", "b", "c")):
        (root / "set" / name).mkdir(parents=True)
        for count in range(EACH):
            levels = np.full((9, 9, 3), 2 * count, np.uint8)
            levels[..., place] = 200
            Image.fromarray(levels).save(root / "set" / name / f"{count}.png")
    (root / "mean.tflite").write_bytes(mean_colour_file())
    return root


@pytest.fixture
def evaluate(colours, tmp_path):
    environment = os.environ | {"MBENCH_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}

    def call(*words: str, dataset: str = "folder:set") -> "subprocess.CompletedProcess[str]":
        command = (sys.executable, "-m", "mbench", "evaluate", "mean.tflite", "--dataset", dataset, *words)
        return subprocess.run(
            (*command, "--workers", "1"),
            cwd=colours, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip

    return call


def score_of(done: "subprocess.CompletedProcess[str]") -> dict:
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    return row["score"]


def test_a_split_that_was_drawn_here_stands_in_the_foot(evaluate, colours):
    done = evaluate()
    assert f"folder test is {colours}/set, split here: of each class 20% to test" in done.stdout
    assert "licence not known" in done.stdout
    assert "a file that was trained elsewhere may have learnt from it" in done.stdout
    assert "folder: 3 classes, train + test: a 16 + 4, b 16 + 4, c 16 + 4" in done.stderr


def test_all_examples_are_scored_when_asked_for(evaluate):
    score = score_of(evaluate("--split", "all", "--format", "json"))
    assert (score["asked"], score["dataset"]["split"]) == (3 * EACH, "all")
    assert any("a file that learnt from it knows them" in doubt for doubt in score["doubts"])


def test_a_list_that_was_written_is_scored_again_as_the_same_examples(evaluate, tmp_path):
    by_split = score_of(evaluate("--format", "json", "--lists", str(tmp_path / "lists")))
    names = (tmp_path / "lists" / "test.txt").read_text().splitlines()
    assert len(names) == by_split["asked"] == 12
    assert not set(names) & set((tmp_path / "lists" / "train.txt").read_text().splitlines())
    by_list = score_of(evaluate("--format", "json", "--split", str(tmp_path / "lists" / "test.txt")))
    assert by_list["dataset"]["split"] == "listed"
    assert by_list["dataset"]["sha256"] == by_split["dataset"]["sha256"]
    assert by_list["metrics"] == by_split["metrics"]


def test_json_holds_provenance_and_licence(evaluate, colours):
    score = score_of(evaluate("--format", "json"))
    assert score["provenance"].startswith(f"{colours}/set, split here")
    assert score["licence"] is None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a/1.png", "a/none.png", "b/none.png"], "names a/none.png and 1 more, not in the data set"),
        (["a/1.png", "b/2.png", "a/1.png"], "names a/1.png twice"),
        ([], "names no example"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(evaluate, tmp_path, lines, message):
    (tmp_path / "list.txt").write_text("\n".join(lines))
    done = evaluate("--split", str(tmp_path / "list.txt"))
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]


@pytest.fixture(scope="module")
def lying(colours) -> str:
    """The same three classes; of half the pictures EXIF says to turn them."""
    for place, name in enumerate(("a", "b", "c")):
        folder = colours / "lying" / "test" / name
        folder.mkdir(parents=True)
        for count in range(10):
            levels = np.full((32, 32, 3), count, np.uint8)
            levels[:, :, place] = 200
            exif = Image.Exif()
            exif[0x0112] = 6 if count % 2 else 1
            Image.fromarray(levels).save(folder / f"{count}.jpg", exif=exif)
    return "folder:lying"


def test_pictures_that_exif_says_to_turn_are_counted(evaluate, lying):
    score = score_of(evaluate("--format", "json", dataset=lying))
    assert score["doubts"][0].startswith("15 of 30 pictures are stored turned or mirrored")
    assert "--exif apply" in score["doubts"][0]


def test_turned_pictures_have_their_recipe_and_no_such_doubt(evaluate, lying):
    score = score_of(evaluate("--exif", "apply", "--format", "json", dataset=lying))
    assert score["preprocessing"] == "inception+exif"
    assert not any("EXIF" in doubt for doubt in score["doubts"])
