"""Scores of files on this host: kept, shared, and refused where they would mean nothing."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from picture_sets import mean_colour_file
from PIL import Image

from mbench.core.delegates import parse_delegate
from mbench.core.errors import DatasetError, UsageError
from mbench.core.ports import SilentProgress
from mbench.core.reasons import Unscored
from mbench.core.scores import EvaluationSpec, Score
from mbench.core.workloads import ArtifactFacts
from mbench.workflows.score.on_host import refuse_other_delegates, score_files
from mbench.workflows.score.open_evaluation_spec import open_spec

pytestmark = pytest.mark.usefixtures("lasting_pool")


class Stages(SilentProgress):
    """Progress that keeps the titles of its stages, and notes."""

    def __init__(self):
        self.titles, self.notes = [], []

    def note(self, text):
        self.notes.append(text)

    def start(self, title, total, *, unit="steps"):
        self.titles.append(title)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    write_colours(root, 8)
    return root


def write_colours(root: Path, each: int) -> None:
    for place, name in enumerate(("a", "b", "c")):
        (root / "test" / name).mkdir(parents=True)
        for count in range(each):
            levels = np.full((9, 9, 3), count, np.uint8)
            levels[..., place] = 200
            Image.fromarray(levels).save(root / "test" / name / f"{count}.png")


@pytest.fixture
def file(tmp_path):
    def make(name="mean", *, latency_only=None, **shape) -> tuple[ArtifactFacts, Path]:
        data = mean_colour_file(**shape)
        path = tmp_path / f"{sha256(data).hexdigest()}.tflite"
        path.write_bytes(data)
        facts = ArtifactFacts(
            name=name,
            sha256=sha256(data).hexdigest(),
            size_bytes=len(data),
            mult_adds=None,
            parameters=None,
            activation_bytes=None,
            latency_only=latency_only,
        )
        return facts, path

    return make


@pytest.fixture
def scores(pictures, tmp_path):
    def score(*files, progress=None, **asked):
        question = EvaluationSpec.model_validate({"dataset": f"folder:{pictures}"} | asked)
        refuse_other_delegates(question)
        return score_files(
            files,
            open_spec(question, cache=tmp_path / "home"),
            question.delegate,
            cache=tmp_path / "home",
            workers=1,
            progress=progress or SilentProgress(),
        )

    return score


def test_files_of_one_resolution_share_their_pictures_and_are_scored_in_order(scores, file):
    stages = Stages()
    found = scores(file("float"), file("byte", dtype="int8"), file("small", resolution=16), progress=stages)
    assert stages.titles == [
        "preparing folder at 32 pixels",
        "scoring float",
        "scoring byte",
        "preparing folder at 16 pixels",
        "scoring small",
    ]
    assert [score.metric("top1").value for score in found] == [1.0, 1.0, 1.0]


def test_nothing_is_scored_twice(scores, file):
    first, stages = scores(file()), Stages()
    assert scores(file(), progress=stages) == first
    assert stages.titles == []


def test_what_speaks_against_the_label_offset_is_said_again_with_the_kept_score(scores, file, tmp_path):
    write_colours(tmp_path / "more", 12)
    heard = [Stages(), Stages()]
    for stages in heard:
        scores(file(background=True), progress=stages, dataset=f"folder:{tmp_path / 'more'}", label_offset=0)
    seen = "100.0% of its answers are right if class 0 is output 1, 0.0% if it is 0"
    assert heard[0].notes == [f"mean: warning: {seen}; --label-offset 0 was asked for, and is used."]
    assert (heard[1].notes, heard[1].titles) == (heard[0].notes, [])


def test_a_kept_note_that_was_changed_is_not_believed(scores, file, tmp_path, caplog):
    write_colours(tmp_path / "more", 12)
    asked = {"dataset": f"folder:{tmp_path / 'more'}", "label_offset": 0}
    scores(file(background=True), **asked)
    (kept,) = (tmp_path / "home" / "scores").glob("*.json")
    document = json.loads(kept.read_text())
    kept.write_text(json.dumps(document | {"notes": []}))
    scores(file(background=True), **asked)
    assert "has changed since it was written" in caplog.text
    assert json.loads(kept.read_text())["notes"] == document["notes"]


@pytest.mark.parametrize(
    "other", [{"examples": 5}, {"preprocessing": "plain"}, {"delegate": "builtin"}, {"label_offset": 0}]
)
def test_another_question_is_asked_anew(scores, file, other):
    scores(file())
    stages = Stages()
    (score,) = scores(file(), progress=stages, **other)
    assert "scoring mean" in stages.titles
    assert isinstance(score, Score)


def test_a_kept_score_that_was_changed_is_not_believed(scores, file, tmp_path, caplog):
    (first,) = scores(file())
    (kept,) = (tmp_path / "home" / "scores").glob("*.json")
    document = json.loads(kept.read_text())
    document["score"]["metrics"][0]["value"] = 0.5
    kept.write_text(json.dumps(document))
    (again,) = scores(file())
    assert again.metrics == first.metrics
    assert "has changed since it was written" in caplog.text


def test_a_file_of_16_bit_integers_is_asked_500_unless_the_user_names_a_number(scores, file):
    slow = file(dtype="int16", scale=1 / 32767, behind=7)
    (unasked,) = scores(slow, dataset="fashion")
    (asked,) = scores(slow, dataset="fashion", examples=600)
    assert [score.asked for score in (unasked, asked)] == [500, 600]


def test_a_file_whose_answers_mean_nothing_has_no_score_and_asks_nothing(scores, file):
    stages = Stages()
    assert scores(file(latency_only="untrained weights (seed 0)"), progress=stages) == [
        Unscored("its answers mean nothing: untrained weights (seed 0).")
    ]
    assert stages.titles == []


def test_a_file_that_cannot_be_scored_says_why_and_does_not_stop_the_others(scores, file):
    refused, scored = scores(file("depth", channels=4), file())
    assert "has the shape (1, 32, 32, 4)" in refused.reason
    assert scored.metric("top1").value == 1.0


def test_a_file_of_other_classes_is_refused_before_any_picture_is_prepared(scores, file):
    stages = Stages()
    (refused,) = scores(file(channels=3, background=True, behind=4), progress=stages)
    assert "8 outputs, and the data set 3 classes" in refused.reason
    assert stages.titles == []


def test_a_score_says_all_it_rests_on(scores, file):
    (score,) = scores(file(), examples=7, seed=3)
    assert (score.place, score.delegate, score.preprocessing) == ("host", "cpu", "inception")
    assert (score.asked, score.selection_seed, score.dataset.examples) == (7, 3, 24)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"preprocessing": "slim"}, UsageError, "unknown preprocessing 'slim'"),
        ({"delegate": parse_delegate("gpu")}, UsageError, "not by gpu"),
        ({"dataset": "digit"}, DatasetError, "unknown data set 'digit'"),
        ({"dataset": "folder:/nowhere"}, DatasetError, "does not exist"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(scores, file, asked, error, message):
    with pytest.raises(error, match=message):
        scores(file(), **asked)
