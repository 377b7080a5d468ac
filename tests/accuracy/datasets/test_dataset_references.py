from pathlib import Path

import pytest
from dataset_samples import write_picture

from mbench.accuracy.datasets.catalogue import dataset_names, open_dataset
from mbench.core.errors import DatasetError
from mbench.core.examples import Split


def test_the_names_say_what_follows_the_colon() -> None:
    assert dataset_names() == (
        "digits",
        "fashion",
        "folder:PATH",
        "imagenet:PATH",
        "dogs:PATH",
        "celeba:PATH",
        "coco:PATH",
        "geo:PATH",
        "faces:PATH",
        "tfrecord:GLOB",
        "tfds:NAME",
    )


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("digit", r"unknown data set 'digit'\. Did you mean 'digits'\?"),
        ("imagnet:/data", r"unknown data set 'imagnet:/data'\. Did you mean 'imagenet'\?"),
        ("imagenet", r"imagenet needs a place: imagenet:PATH\."),
        ("tfrecord:", r"tfrecord needs a place: tfrecord:GLOB\."),
        ("digits:/data", r"digits comes with mbench and takes no path: say digits alone\."),
        ("folder:/not/there", r"folder:PATH is one folder of pictures per class.*; /not/there does not exist"),
        ("celeba:/not/there", r"celeba:PATH is img_align_celeba/ with .*; /not/there does not exist"),
        ("geo:/not/there", r"geo:PATH is a CSV file with a header.*; /not/there does not exist"),
    ],
)
def test_a_reference_that_leads_nowhere_says_why(reference: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        open_dataset(reference)


def test_a_bare_folder_is_answered_with_what_may_stand_before_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=rf"{tmp_path} is a folder; say what it holds: .*folder:PATH"):
        open_dataset(str(tmp_path))


def test_a_file_where_a_folder_belongs_is_named(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "1.png", 0)
    with pytest.raises(DatasetError, match=rf"{path} is no folder"):
        open_dataset(f"dogs:{path}")


def test_a_split_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_picture(tmp_path / "test" / name / "1.png", ord(name))
    dataset = open_dataset(f"folder:{tmp_path}")
    assert not dataset.trainable
    with pytest.raises(DatasetError, match=rf"folder:{tmp_path} has no train split, only test\."):
        dataset.split(Split.TRAIN)
