from pathlib import Path

import numpy as np
import pytest
from dataset_samples import examples_of, shown, write_lines, write_picture
from scipy.io import savemat

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.builds.variants import Head
from mbench.core.errors import DatasetError
from mbench.core.examples import Split

CHIHUAHUA, SPANIEL = "n02085620-Chihuahua", "n02085782-Japanese_spaniel"

TRAIN = [f"{CHIHUAHUA}/n02085620_1.jpg", f"{SPANIEL}/n02085782_1.jpg"]
TEST = [f"{SPANIEL}/n02085782_2.jpg"]


def write_mat(path: Path, names: list[str]) -> None:
    """Write a list as it is given out: a column of cells with one string each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = np.empty((len(names), 1), object)
    cells[:, 0] = names
    savemat(path, {"file_list": cells, "labels": np.ones((len(names), 1))})


@pytest.fixture
def dogs(tmp_path: Path) -> Path:
    for number, name in enumerate(TRAIN + TEST):
        write_picture(tmp_path / "Images" / name, 10 * number)
    return tmp_path


@pytest.mark.parametrize("folder", ["", "lists"])
def test_matlab_lists_split_the_pictures(dogs: Path, folder: str) -> None:
    write_mat(dogs / folder / "train_list.mat", TRAIN)
    write_mat(dogs / folder / "test_list.mat", TEST)
    dataset = open_dataset(f"dogs:{dogs}")
    assert shown(dataset.split(Split.TRAIN)) == [(TRAIN[0], 0), (TRAIN[1], 1)]
    assert shown(dataset.split(Split.TEST)) == [(TEST[0], 1)]
    assert dataset.split(Split.TEST).class_names == ("Chihuahua", "Japanese_spaniel")


def test_text_lists_do_as_well_and_a_class_behind_the_path_is_passed_over(dogs: Path) -> None:
    write_lines(dogs / "test_list.txt", f"{TEST[0]} 2")
    dataset = open_dataset(f"dogs:{dogs}")
    assert not dataset.trainable
    assert shown(dataset.split(Split.TEST)) == [(TEST[0], 1)]


def test_the_head_counts_the_breeds(dogs: Path) -> None:
    write_lines(dogs / "test_list.txt", *TEST)
    for number in range(118):
        (dogs / "Images" / f"n03{number:06d}-breed").mkdir()
    assert open_dataset(f"dogs:{dogs}").head == Head(name="dogs", classes=120)


def test_a_picture_that_a_list_names_and_nobody_has_is_named(dogs: Path) -> None:
    write_lines(dogs / "test_list.txt", *TEST, f"{SPANIEL}/n02085782_77.jpg", f"{SPANIEL}/n02085782_78.jpg")
    with pytest.raises(DatasetError, match=r"test_list\.txt lists .*/n02085782_77\.jpg and 1 more of 3, which"):
        examples_of(f"dogs:{dogs}")


def test_a_picture_in_both_lists_is_named(dogs: Path) -> None:
    write_lines(dogs / "train_list.txt", *TRAIN)
    write_lines(dogs / "test_list.txt", *TEST, TRAIN[1])
    with pytest.raises(DatasetError, match=rf"train_list\.txt and {dogs}/test_list\.txt both list {TRAIN[1]}"):
        examples_of(f"dogs:{dogs}")


def test_missing_lists_are_told_apart_from_missing_pictures(dogs: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"dogs:PATH is Images/ with .*; no list in .*lists\.tar"):
        open_dataset(f"dogs:{dogs}")
    with pytest.raises(DatasetError, match=r"Images holds no folder\. Unpack images\.tar"):
        open_dataset(f"dogs:{tmp_path / 'Images'}")


def test_a_list_of_something_else_is_refused(dogs: Path) -> None:
    write_lines(dogs / "test_list.txt", "n02085782_2.jpg")
    with pytest.raises(DatasetError, match=r"test_list\.txt lists 'n02085782_2\.jpg', not a breed's folder"):
        examples_of(f"dogs:{dogs}")


def test_a_matlab_file_with_other_variables_is_refused(dogs: Path) -> None:
    savemat(dogs / "test_list.mat", {"x": 1})
    with pytest.raises(DatasetError, match=r"test_list\.mat holds no variable file_list"):
        examples_of(f"dogs:{dogs}")


def test_a_file_that_is_no_matlab_file_is_refused(dogs: Path) -> None:
    write_lines(dogs / "test_list.mat", "no such thing, " * 20)
    with pytest.raises(DatasetError, match=r"test_list\.mat could not be read as a MATLAB file"):
        examples_of(f"dogs:{dogs}")
