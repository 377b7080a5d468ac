from pathlib import Path

import pytest
from dataset_samples import examples_of, level_of, shown, write_lines, write_picture

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.builds.variants import Head
from mbench.core.errors import DatasetError
from mbench.core.examples import Split, Task

ATTRIBUTES = tuple(f"Attribute_{number}" for number in range(40))

PARTS = ["000001.jpg 0", "000002.jpg 1", "000003.jpg 2", "000004.jpg 2"]


def said_of(name: str, positive: int) -> str:
    """Return the line of a picture that has one attribute."""
    return " ".join([name, *("1" if place == positive else "-1" for place in range(40))])


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    for number in range(1, 5):
        write_picture(tmp_path / "img_align_celeba" / f"{number:06d}.jpg", 10 * number)
    lines = [said_of(f"{number:06d}.jpg", number) for number in range(1, 5)]
    write_lines(tmp_path / "list_attr_celeba.txt", "4", " ".join(ATTRIBUTES) + " ", *lines)
    write_lines(tmp_path / "list_eval_partition.txt", *PARTS)
    return tmp_path


def test_parts_zero_and_two_are_the_splits(faces: Path) -> None:
    dataset = open_dataset(f"celeba:{faces}")
    assert [name for name, _ in shown(dataset.split(Split.TRAIN))] == ["000001.jpg"]
    assert [name for name, _ in shown(dataset.split(Split.TEST))] == ["000003.jpg", "000004.jpg"]
    assert level_of(dataset.split(Split.TEST), 1) == 40


def test_truths_are_zero_or_one_per_attribute(faces: Path) -> None:
    examples = examples_of(f"celeba:{faces}")
    assert examples.truth(0) == tuple(int(place == 3) for place in range(40))
    assert examples.class_names == ATTRIBUTES
    assert examples.facts.classes is None


def test_the_head_has_forty_attributes(faces: Path) -> None:
    dataset = open_dataset(f"celeba:{faces}")
    assert (dataset.task, dataset.head) == (Task.ATTRIBUTES, Head(name="attributes", classes=40))


def test_lists_in_the_archives_folders_are_found(faces: Path) -> None:
    for folder, name in (("Anno", "list_attr_celeba.txt"), ("Eval", "list_eval_partition.txt")):
        (faces / folder).mkdir()
        (faces / name).rename(faces / folder / name)
    assert len(examples_of(f"celeba:{faces}")) == 2


@pytest.mark.parametrize("name", ["list_attr_celeba.txt", "list_eval_partition.txt"])
def test_a_missing_list_is_named(faces: Path, name: str) -> None:
    (faces / name).unlink()
    with pytest.raises(DatasetError, match=rf"celeba:PATH is .*; {name} is not in {faces} or "):
        open_dataset(f"celeba:{faces}")


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("list_attr_celeba.txt", ["Smiling Male"], r"does not begin with a number of pictures"),
        ("list_attr_celeba.txt", ["2", "Smiling Male", "000003.jpg 1 -1"], r"promises 2 pictures and has 1"),
        ("list_attr_celeba.txt", ["1", "Smiling Male", "000003.jpg 1"], r"line 3 is no picture with 2 times -1 or 1"),
        ("list_attr_celeba.txt", ["1", "Smiling Male", "000003.jpg 1 2"], r"line 3 is no picture with 2 times -1 or 1"),
        ("list_attr_celeba.txt", ["1", "Smiling", "000003.jpg 1"], r"lists 000004\.jpg, which .*list_attr.* does not"),
        ("list_eval_partition.txt", ["000003.jpg 3"], r"line 1 is no picture with 0, 1 or 2"),
        ("list_eval_partition.txt", ["000003.jpg 0"], r"puts no picture into part 2 \(test\)"),
        ("list_eval_partition.txt", ["000003.jpg 0", "000003.jpg 2"], r"puts 000003\.jpg into two parts \(line 2\)"),
    ],
)
def test_a_list_that_is_broken_is_named_with_its_line(faces: Path, name: str, lines: list[str], message: str) -> None:
    write_lines(faces / name, *lines)
    with pytest.raises(DatasetError, match=rf"celeba:PATH is .*{name}.*{message}|celeba:PATH is .*{message}"):
        examples_of(f"celeba:{faces}")


def test_a_listed_picture_that_is_not_there_is_named(faces: Path) -> None:
    (faces / "img_align_celeba" / "000004.jpg").unlink()
    with pytest.raises(DatasetError, match=r"list_eval_partition\.txt lists 000004\.jpg, which .*img_align_celeba"):
        examples_of(f"celeba:{faces}")
