"""Files scored on real data sets of every task: right figures, refusals in one line, nothing kept that has changed."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import task_sets as sets
from dataset_samples import write_lines
from picture_sets import mean_colour_file
from small_detectors import raw_detector, suppressing_detector

from mbench.accuracy.host.inference import answer, open_file
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.host.score import score_file
from mbench.accuracy.tasks.find_objects import class_labels
from mbench.core.delegates import Delegate
from mbench.core.errors import UnsupportedModel, UsageError
from mbench.core.ports import SilentProgress
from mbench.core.reasons import Unscored
from mbench.core.scores import EvaluationSpec, Score
from mbench.core.workloads import ArtifactFacts
from mbench.workflows.score import on_host
from mbench.workflows.score.on_host import score_files
from mbench.workflows.score.open_evaluation_spec import open_spec

QUIET = SilentProgress()
pytestmark = pytest.mark.usefixtures("lasting_pool")


@pytest.fixture
def score(pool, tmp_path):
    """Score one file on a data set; without what is kept between calls."""

    def score_bytes(data: bytes, dataset: str, *, examples: int | None = None, **asked: object) -> Score:
        path = tmp_path / "file.tflite"
        path.write_bytes(data)
        asking = open_spec(
            EvaluationSpec.model_validate({"dataset": dataset, "preprocessing": "plain"} | asked), cache=tmp_path
        )
        opened = open_file(path, delegate=Delegate.CPU, pool=pool)
        evaluator = asking.evaluator(opened, QUIET.note, asked=examples)
        prepared = prepare(
            asking.examples,
            asking.recipe,
            opened.picture_input().shape[1],
            asked=examples,
            seed=0,
            folder=tmp_path / "prepared",
            pool=pool,
            progress=QUIET,
        )
        return score_file(
            opened,
            prepared,
            asking.examples,
            asking.recipe,
            evaluator,
            artifact_sha256="0" * 64,
            delegate=Delegate.CPU,
            pool=pool,
            progress=QUIET,
        )

    return score_bytes


def test_an_evaluator_says_the_same_of_whole_flat_outputs_as_a_device_gives_them(pool, score, tmp_path):
    dataset = sets.write_objects(tmp_path / "coco")
    found = score(raw_detector(), dataset)
    asking = open_spec(EvaluationSpec(dataset=dataset), cache=tmp_path)
    opened = open_file(tmp_path / "file.tflite", delegate=Delegate.CPU, pool=pool)
    prepared = prepare(
        asking.examples, asking.recipe, 32, asked=None, seed=0, folder=tmp_path / "prepared", pool=pool, progress=QUIET
    )
    whole = answer(opened, prepared, asking.recipe.scaling, keep=None, pool=pool, progress=QUIET)
    flat = tuple(output.reshape(len(output), -1) for output in whole.outputs)
    evaluation = asking.evaluator(opened, QUIET.note, asked=None).evaluate(flat, whole.answered, prepared.indices)
    assert evaluation.metrics == found.metrics


def kept_score(data: bytes, dataset: str, folder: Path, **asked: object) -> Score | Unscored:
    """Score one file as the commands do: what was scored before is not scored again."""
    path = folder / "file.tflite"
    path.write_bytes(data)
    facts = ArtifactFacts(
        name="file",
        sha256=sha256(data).hexdigest(),
        size_bytes=len(data),
        mult_adds=None,
        parameters=None,
        activation_bytes=None,
    )
    question = EvaluationSpec.model_validate({"dataset": dataset, "preprocessing": "plain"} | asked)
    (found,) = score_files(
        [(facts, path)],
        open_spec(question, cache=folder / "home"),
        question.delegate,
        cache=folder / "home",
        workers=1,
        progress=QUIET,
    )
    return found


def figures(score: Score) -> dict[str, float]:
    return {metric.name: round(metric.value, 3) for metric in score.metrics}


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_attributes_that_are_sure_have_a_precision_of_one(score, tmp_path, dtype):
    found = score(mean_colour_file(dtype=dtype), sets.write_attributes(tmp_path / "faces"))
    assert figures(found) == {"mean_average_precision": 1.0}
    assert (found.asked, found.scored, found.hits) == (12, 12, None)


def test_pictures_that_cannot_be_decoded_rank_last_and_are_named(score, tmp_path):
    dataset = sets.write_attributes(tmp_path / "faces")
    (tmp_path / "faces" / "img_align_celeba" / "000004.png").write_bytes(b"torn")
    found = score(mean_colour_file(), dataset)
    assert (found.asked, found.scored, found.failed) == (12, 11, ("000004.png",))
    assert figures(found)["mean_average_precision"] < 1


def test_a_network_of_other_attributes_is_refused(score, tmp_path):
    with pytest.raises(UnsupportedModel, match="it has 4 outputs, and the data set 3 attributes"):
        score(mean_colour_file(background=True), sets.write_attributes(tmp_path / "faces"))


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_embeddings_of_any_length_verify_pairs_by_their_direction(score, tmp_path, dtype):
    found = score(mean_colour_file(dtype=dtype), sets.write_pairs(tmp_path / "pairs"))
    assert figures(found)["verification_accuracy"] == 1.0
    assert (found.metrics[0].examples, found.asked) == (20, 40)


def test_a_pair_with_a_torn_picture_is_decided_wrongly(score, tmp_path):
    dataset = sets.write_pairs(tmp_path / "pairs")
    (tmp_path / "pairs" / "3_2.png").write_bytes(b"torn")
    assert figures(score(mean_colour_file(), dataset))["verification_accuracy"] == 0.95


def test_of_faces_so_many_pairs_are_drawn_as_examples_are_asked(score, tmp_path):
    found = score(mean_colour_file(), sets.write_pairs(tmp_path / "pairs"), examples=7)
    assert (found.metrics[0].examples, found.asked, found.selection_seed) == (7, 14, 0)
    assert figures(found)["verification_accuracy"] == 1.0


def test_pairs_that_only_lie_within_drawn_pictures_are_not_asked(score, tmp_path):
    sets.write_pairs(tmp_path / "pairs", pairs=4)
    lines = ("0_1.png,0_2.png,0", "2_1.png,2_2.png,0", "0_1.png,2_2.png,0", "2_1.png,0_2.png,0")
    write_lines(tmp_path / "pairs" / "pairs.csv", "first,second,same", *lines)
    found = [score(mean_colour_file(), f"faces:{tmp_path / 'pairs'}", examples=asked) for asked in (3, 4)]
    assert [(one.metrics[0].examples, one.asked, one.selection_seed) for one in found] == [(3, 4, 0), (4, 4, None)]


WITHIN = ("within_1_km", "within_25_km", "within_200_km", "within_750_km", "within_2500_km")


def test_a_classifier_of_cells_is_scored_by_distance(score, tmp_path):
    found = score(mean_colour_file(), sets.write_places(tmp_path / "geo"))
    assert figures(found) == dict(zip(WITHIN, (0.333, 0.333, 0.667, 0.667, 0.667), strict=True))
    assert found.cells_sha256 == sha256((tmp_path / "geo" / "cells.csv").read_bytes()).hexdigest()


def test_a_table_of_cells_that_is_named_is_used_and_what_was_kept_for_another_is_not(tmp_path):
    dataset = sets.write_places(tmp_path / "geo")
    named = sets.write_cells(tmp_path / "own.csv", sets.PARIS, sets.PARIS, sets.PARIS)
    first = kept_score(mean_colour_file(), dataset, tmp_path)
    second = kept_score(mean_colour_file(), dataset, tmp_path, cells=str(named))
    assert [figures(found)["within_1_km"] for found in (first, second)] == [0.333, 0.667]
    assert kept_score(mean_colour_file(), dataset, tmp_path) == first


def test_a_network_of_other_cells_is_refused(score, tmp_path):
    with pytest.raises(UnsupportedModel, match=r"it has 4 outputs, and .*cells\.csv 3 cells; name its own by --cells"):
        score(mean_colour_file(background=True), sets.write_places(tmp_path / "geo"))


TF2_NAMES = ("StatefulPartitionedCall:3", "StatefulPartitionedCall:2", "StatefulPartitionedCall:1", "count")


@pytest.mark.parametrize(
    "data",
    [suppressing_detector(), suppressing_detector(TF2_NAMES, (2, 0, 3, 1)), raw_detector()],
    ids=["operator", "operator by TensorFlow 2", "raw"],
)
def test_a_detector_that_finds_everything_has_an_average_precision_of_one(score, tmp_path, data):
    found = score(data, sets.write_objects(tmp_path / "coco"))
    assert figures(found) == {"coco_ap": 1.0}
    assert (found.asked, found.scored) == (6, 6)


def test_other_scalings_are_asked_of_classifiers_alone(tmp_path, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(on_host, "better_scaling", lambda opened, *_, **__: asked.append(opened.file.path.name))
    for folder, dataset in (("boxes", sets.write_objects), ("faces", sets.write_attributes)):
        (tmp_path / folder).mkdir()
        data = suppressing_detector() if folder == "boxes" else mean_colour_file()
        found = kept_score(data, dataset(tmp_path / folder / "set"), tmp_path / folder)
        assert isinstance(found, Score)
    assert asked == []


def test_a_torn_picture_has_no_detections_and_its_objects_are_missed(score, tmp_path):
    dataset = sets.write_objects(tmp_path / "coco")
    (tmp_path / "coco" / "val2017" / "000000000005.png").write_bytes(b"torn")
    found = score(suppressing_detector(), dataset)
    assert found.scored == 5
    assert 0.8 < figures(found)["coco_ap"] < 0.9  # one of the two blue ones: 51 of 101 recalls; the others whole


def test_a_classifier_is_no_detector(score, tmp_path):
    with pytest.raises(UnsupportedModel, match="a detector has boxes and scores"):
        score(mean_colour_file(), sets.write_objects(tmp_path / "coco"))


def test_numbers_of_coco_become_labels_of_its_data_set():
    found = np.array([0, 10, 11, 12, 89])  # person, fire hydrant, (street sign), stop sign, toothbrush
    assert class_labels(found, 90, 80).tolist() == [0, 10, -1, 11, 79]


def test_classes_of_another_data_set_are_refused():
    with pytest.raises(UnsupportedModel, match="tells 20 classes apart, and the data set has 80"):
        class_labels(np.array([0]), 20, 80)


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"cells": "cells.csv"}, "--cells is for geolocation"), ({"label_offset": 1}, "--label-offset is for class")],
)
def test_an_option_of_another_task_is_refused(score, tmp_path, asked, message):
    with pytest.raises(UsageError, match=message):
        score(mean_colour_file(), sets.write_attributes(tmp_path / "faces"), **asked)


def test_places_without_cells_say_how_to_name_them(score, tmp_path):
    dataset = sets.write_places(tmp_path / "geo")
    (tmp_path / "geo" / "cells.csv").unlink()
    with pytest.raises(UsageError, match=r"no cells\.csv beside it; name the table of cells by --cells FILE"):
        score(mean_colour_file(), dataset)
