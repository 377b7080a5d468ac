"""Which examples a score is about: said, listed beside it, chosen by `--split`, and turned by `--exif`."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command_line import Command
from foreign_files import scored
from picture_sets import mean_colour_file
from PIL import Image

from mbench.core.errors import DatasetError
from mbench.core.scores import EvaluationSpec
from mbench.workflows.score.open_evaluation_spec import open_spec

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


@pytest.fixture(scope="module")
def evaluate(colours, tmp_path_factory):
    command = Command(colours, tmp_path_factory.mktemp("home"))

    def call(*words: str, dataset: str = "folder:set") -> "subprocess.CompletedProcess[str]":
        return command("evaluate", "mean.tflite", "--dataset", dataset, *words, "--workers", "1")

    return call


@pytest.fixture(scope="module")
def by_split(evaluate) -> "subprocess.CompletedProcess[str]":
    """The table of the test split, which was drawn here; its lists lie in `lists`."""
    return evaluate("--lists", "lists")


def score_of(done: "subprocess.CompletedProcess[str]") -> dict:
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    return row["score"]


def test_a_split_that_was_drawn_here_stands_in_the_foot(by_split, colours):
    assert f"folder test is {colours}/set, split here: of each class 20% to test" in by_split.stdout
    assert "licence not known" in by_split.stdout
    assert "a file that was trained elsewhere may have learnt from it" in by_split.stdout
    assert "folder: 3 classes, train + test: a 16 + 4, b 16 + 4, c 16 + 4" in by_split.stderr


def test_a_list_that_was_written_is_scored_again_as_the_same_examples(evaluate, by_split, colours):
    assert by_split.returncode == 0
    kept = score_of(evaluate("--format", "json"))
    names = (colours / "lists" / "test.txt").read_text().splitlines()
    assert len(names) == kept["asked"] == 12
    assert not set(names) & set((colours / "lists" / "train.txt").read_text().splitlines())
    by_list = score_of(evaluate("--format", "json", "--split", "lists/test.txt"))
    assert by_list["dataset"]["split"] == "listed"
    assert by_list["dataset"]["sha256"] == kept["dataset"]["sha256"]
    assert by_list["metrics"] == kept["metrics"]
    assert kept["provenance"].startswith(f"{colours}/set, split here")  # in JSON, as in the table's foot
    assert kept["licence"] is None


@pytest.mark.usefixtures("lasting_pool")
def test_all_examples_are_scored_when_asked_for(colours, tmp_path):
    score = scored(mean_colour_file(), tmp_path, dataset=f"folder:{colours}/set", split="all")
    assert (score.asked, score.dataset.split) == (3 * EACH, "all")
    assert any("a file that learnt from it knows them" in doubt for doubt in score.doubts)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a/1.png", "a/none.png", "b/none.png"], "names a/none.png and 1 more, not in the data set"),
        (["a/1.png", "b/2.png", "a/1.png"], "names a/1.png twice"),
        ([], "names no example"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(colours, tmp_path, lines, message):
    (tmp_path / "list.txt").write_text("\n".join(lines))
    asked = EvaluationSpec(dataset=f"folder:{colours}/set", split="listed", list_file=str(tmp_path / "list.txt"))
    with pytest.raises(DatasetError, match=f"^[^\n]*{message}[^\n]*$"):
        open_spec(asked, cache=tmp_path)


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


@pytest.mark.usefixtures("lasting_pool")
def test_pictures_that_exif_says_to_turn_are_counted(colours, lying, tmp_path):
    score = scored(mean_colour_file(), tmp_path, dataset=f"folder:{colours}/lying")
    assert score.doubts[0].startswith("15 of 30 pictures are stored turned or mirrored")
    assert "--exif apply" in score.doubts[0]


def test_turned_pictures_have_their_recipe_and_no_such_doubt(evaluate, lying):
    score = score_of(evaluate("--exif", "apply", "--format", "json", dataset=lying))
    assert score["preprocessing"] == "inception+exif"
    assert not any("EXIF" in doubt for doubt in score["doubts"])
