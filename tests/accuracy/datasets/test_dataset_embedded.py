import pickle
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from mbench.accuracy.datasets import embedded as dataset_embedded
from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.builds.variants import Head
from mbench.core.examples import SPLITS, Split, Task

README = (dataset_embedded.DATA / "README.md").read_text()

SETS = ("digits", "fashion")


@pytest.mark.parametrize(
    ("name", "train", "test", "shape"), [("digits", 1437, 360, (8, 8, 3)), ("fashion", 6000, 2000, (28, 28, 3))]
)
def test_sizes_and_shapes_are_those_of_the_readme(
    name: str, train: int, test: int, shape: tuple[int, int, int]
) -> None:
    splits = [open_dataset(name).split(split) for split in (Split.TRAIN, Split.TEST)]
    assert [len(split) for split in splits] == [train, test]
    assert {split.picture(0).shape for split in splits} == {shape}
    assert splits[0].picture(0).dtype == np.uint8


@pytest.mark.parametrize(("name", "each"), [("digits", 36), ("fashion", 200)])
def test_the_test_split_holds_as_many_of_every_class(name: str, each: int) -> None:
    examples = open_dataset(name).split(Split.TEST)
    assert np.bincount([examples.truth(index) for index in range(len(examples))]).tolist() == [each] * 10


def test_the_train_split_of_fashion_is_balanced_and_that_of_digits_nearly() -> None:
    fashion, digits = (open_dataset(name).split(Split.TRAIN) for name in ("fashion", "digits"))
    assert set(np.bincount([fashion.truth(index) for index in range(len(fashion))])) == {600}
    counts = np.bincount([digits.truth(index) for index in range(len(digits))])
    assert counts.min() >= 138
    assert counts.max() <= 147


@pytest.mark.parametrize("name", SETS)
def test_no_picture_occurs_twice(name: str) -> None:
    splits = [open_dataset(name).split(split) for split in SPLITS]
    pictures = [split.picture(index).tobytes() for split in splits for index in range(len(split))]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("name", SETS)
def test_the_first_hundred_are_of_all_classes(name: str) -> None:
    examples = open_dataset(name).split(Split.TEST)
    assert {examples.truth(index) for index in range(100)} == set(range(10))


@pytest.mark.parametrize("name", SETS)
def test_file_and_splits_have_the_hashes_of_the_readme(name: str) -> None:
    said = {what: digest for digest, what in re.findall(r"^ {4}([0-9a-f]{64})  (.+)$", README, re.MULTILINE)}
    dataset = open_dataset(name)
    assert sha256((dataset_embedded.DATA / f"{name}.npz").read_bytes()).hexdigest() == said[f"{name}.npz"]
    assert {f"{name} {split}": dataset.split(split).facts.sha256 for split in SPLITS}.items() <= said.items()


def test_the_files_stay_below_four_megabytes() -> None:
    sizes = [(dataset_embedded.DATA / f"{name}.npz").stat().st_size for name in SETS]
    assert sum(sizes) < 4_000_000


def test_mean_pictures_of_digits_look_like_their_digit() -> None:
    mean = _means("digits", Split.TRAIN)
    assert mean[0][3:5, 3:5].mean() < 40 < 120 < mean[0][3:5, [2, 5]].mean()  # a hole with ink left and right of it
    assert mean[1][:, 3:5].mean() > 2 * mean[1][:, [0, 1, 6, 7]].mean()  # a stroke down the middle


def test_mean_pictures_of_garments_look_like_their_garment() -> None:
    mean = _means("fashion", Split.TRAIN)
    trouser, sneaker = mean[1], mean[7]
    assert trouser[20, 14] < 0.6 * max(trouser[20, 11], trouser[20, 16])  # between the legs
    assert sneaker[:8].mean() < 5 < 60 < sneaker[14:20].mean()  # nothing above, a shoe below


@pytest.mark.parametrize("name", SETS)
def test_the_nearest_mean_picture_names_most_of_the_test_split(name: str) -> None:
    means = _means(name, Split.TRAIN).reshape(10, -1)
    examples = open_dataset(name).split(Split.TEST)
    pictures = np.stack([examples.picture(index)[:, :, 0].ravel() for index in range(len(examples))]).astype(float)
    nearest = (np.square(means).sum(axis=1) - 2 * pictures @ means.T).argmin(axis=1)  # squared, less the picture's own
    share = np.mean(nearest == [examples.truth(index) for index in range(len(examples))])
    assert share > 0.6


def test_all_channels_are_alike_and_black_is_the_ground() -> None:
    picture = open_dataset("digits").split(Split.TEST).picture(5)
    assert (picture == picture[:, :, :1]).all()
    assert picture[:, 0].max() == 0
    assert picture.max() > 200


def test_what_a_person_should_know_is_said() -> None:
    dataset = open_dataset("digits")
    assert (dataset.task, dataset.default_resolution, dataset.default_preprocessing) == (
        Task.CLASSIFICATION,
        32,
        "plain",
    )
    assert dataset.head == Head(name="digits", classes=10)
    assert dataset.trainable
    assert "CC BY 4.0" in str(dataset.licence)
    assert "MIT" in str(open_dataset("fashion").licence)
    assert open_dataset("fashion").split(Split.TEST).class_names[9] == "Ankle boot"
    assert dataset.split(Split.TEST).name(17) == "digits test #17"


def test_pickled_examples_are_the_same_and_bring_no_pictures_along() -> None:
    examples = open_dataset("fashion").split(Split.TRAIN)
    pickled = pickle.dumps(examples)
    copy = pickle.loads(pickled)
    assert len(pickled) < 100_000
    assert copy.facts == examples.facts
    assert (copy.picture(3) == examples.picture(3)).all()


def test_opening_reads_no_array_and_loads_no_tensorflow() -> None:
    program = (
        "import sys; from mbench.accuracy.datasets import catalogue, embedded; catalogue.open_dataset('digits'); "
        "assert embedded._arrays.cache_info().misses == 0; "
        "assert not {'tensorflow', 'scipy.io', 'tensorflow_datasets'} & set(sys.modules)"
    )
    folder = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", program], cwd=folder, timeout=60).returncode == 0


def _means(name: str, split: Split) -> np.ndarray:
    examples = open_dataset(name).split(split)
    truths = np.array([examples.truth(index) for index in range(len(examples))])
    pictures = np.stack([examples.picture(index)[:, :, 0] for index in range(len(examples))])
    return np.stack([pictures[truths == label].mean(axis=0) for label in range(10)])
