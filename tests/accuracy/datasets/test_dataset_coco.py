import json
from pathlib import Path
from typing import Any

import pytest
from dataset_samples import examples_of, level_of, shown, write_lines, write_picture

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.errors import DatasetError
from mbench.core.examples import Box, Split, Task


def instances(*annotations: dict[str, Any]) -> dict[str, Any]:
    """Return annotations of two pictures; categories 1, 3 and 90, as the real ids have gaps."""
    return {
        "info": {},
        "images": [{"id": 139, "file_name": "000000000139.jpg"}, {"id": 42, "file_name": "000000000042.jpg"}],
        "categories": [
            {"id": 90, "name": "toothbrush"},
            {"id": 1, "name": "person"},
            {"id": 3, "name": "car"},
        ],
        "annotations": list(annotations),
    }


def annotation(**changes: Any) -> dict[str, Any]:
    return {"image_id": 139, "category_id": 90, "bbox": [1.5, 2, 3, 4.25], "iscrowd": 0, "id": 1, **changes}


def write_instances(root: Path, contents: Any, *, part: str = "val2017") -> None:
    write_lines(root / "annotations" / f"instances_{part}.json", json.dumps(contents))


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    for number in (42, 139):
        write_picture(tmp_path / "val2017" / f"{number:012d}.jpg", number)
    write_instances(tmp_path, instances(annotation(), annotation(category_id=1, iscrowd=1)))
    return tmp_path


def test_boxes_become_corners_and_categories_are_numbered_by_id(coco: Path) -> None:
    examples = examples_of(f"coco:{coco}")
    assert examples.truth(1) == (
        Box(left=1.5, top=2, right=4.5, bottom=6.25, label=2),
        Box(left=1.5, top=2, right=4.5, bottom=6.25, label=0, crowd=True),
    )
    assert examples.class_names == ("person", "car", "toothbrush")
    assert examples.facts.classes == 3


def test_pictures_follow_their_ids_and_those_without_objects_stay(coco: Path) -> None:
    examples = examples_of(f"coco:{coco}")
    assert [examples.name(index) for index in range(2)] == ["000000000042.jpg", "000000000139.jpg"]
    assert examples.truth(0) == ()
    assert level_of(examples, 0) == 42


def test_defaults_are_those_of_the_detector(coco: Path) -> None:
    dataset = open_dataset(f"coco:{coco}")
    assert (dataset.task, dataset.default_resolution, dataset.default_preprocessing) == (Task.DETECTION, 300, "plain")
    assert dataset.head is None
    assert not dataset.trainable


def test_training_annotations_make_it_trainable(coco: Path) -> None:
    write_instances(coco, instances(annotation()), part="train2017")
    for number in (42, 139):
        write_picture(coco / "train2017" / f"{number:012d}.jpg", number)
    assert len(examples_of(f"coco:{coco}", Split.TRAIN)) == 2


def test_the_year_2014_and_its_list_of_pictures_are_understood(tmp_path: Path) -> None:
    for number in (42, 139):
        write_picture(tmp_path / "val2014" / f"{number:012d}.jpg", number)
    write_instances(tmp_path, instances(annotation()), part="val2014")
    write_lines(tmp_path / "mscoco_minival_ids.txt", "139")
    dataset = open_dataset(f"coco:{tmp_path}")
    assert [name for name, _ in shown(dataset.split(Split.TEST))] == ["000000000139.jpg"]
    assert "those of mscoco_minival_ids.txt" in str(dataset.provenance)


def test_an_id_of_the_list_that_no_picture_has_is_named(coco: Path) -> None:
    write_lines(coco / "mscoco_minival_ids.txt", "139", "7")
    with pytest.raises(DatasetError, match=r"mscoco_minival_ids\.txt lists 7, which is no picture"):
        examples_of(f"coco:{coco}")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_id": 5}, r"annotation 0 of .*instances_val2017\.json names 5, which is not in the file"),
        ({"category_id": 2}, r"annotation 0 of .* names 2, which is not in the file"),
        ({"bbox": [1, 2, 3]}, r"annotation 0 of .* is none: it has no bbox of four numbers, image_id and category_id"),
        ({"bbox": [1, 2, -3, 4]}, r"annotation 0 of .* has a box of -3\.0 x 4\.0"),
    ],
)
def test_an_annotation_that_does_not_fit_is_named(coco: Path, changes: dict[str, Any], message: str) -> None:
    write_instances(coco, instances(annotation(**changes)))
    with pytest.raises(DatasetError, match=message):
        examples_of(f"coco:{coco}")


def test_json_of_something_else_is_refused(coco: Path) -> None:
    write_instances(coco, {"images": []})
    with pytest.raises(DatasetError, match=r"instances_val2017\.json lacks 'categories'"):
        examples_of(f"coco:{coco}")


def test_json_that_is_cut_short_is_refused(coco: Path) -> None:
    path = coco / "annotations" / "instances_val2017.json"
    path.write_text(path.read_text()[:100])
    with pytest.raises(DatasetError, match=rf"{path} is not JSON: .*It may be cut short"):
        examples_of(f"coco:{coco}")


def test_an_annotated_picture_that_is_not_there_is_named(coco: Path) -> None:
    (coco / "val2017" / "000000000042.jpg").unlink()
    with pytest.raises(DatasetError, match=r"lists 000000000042\.jpg, which .*val2017 does not hold"):
        examples_of(f"coco:{coco}")


def test_a_folder_without_annotations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=rf"coco:PATH is .*; {tmp_path} holds no such file"):
        open_dataset(f"coco:{tmp_path}")
