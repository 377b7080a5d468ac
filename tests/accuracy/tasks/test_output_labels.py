"""What outputs stand for, by the user's list: other orders, more classes than a data set has, label maps."""

import os
from pathlib import Path

import numpy as np
import pytest

from mbench.accuracy.tasks.output_labels import MOST_BYTES, meant, open_labels
from mbench.accuracy.tasks.top_k import NO_CLASS
from mbench.core.errors import DatasetError, UnsupportedModel

CLASSES = ("daisy", "golden_retriever", "Rose")


def labels(tmp_path: Path, *lines: str):
    path = tmp_path / "labels.txt"
    path.write_text("\n".join(lines) + "\n")
    return open_labels(path)


def test_a_line_for_each_output_gives_its_class(tmp_path: Path) -> None:
    found = labels(tmp_path, "rose", "Golden Retriever", "daisy")
    assert found.classes(3, CLASSES).tolist() == [2, 1, 0]


def test_outputs_of_other_classes_are_wrong_answers_and_no_missing_ones(tmp_path: Path) -> None:
    found = labels(tmp_path, "background", "rose", "tulip", "golden-retriever", "daisy").classes(5, CLASSES)
    top = np.array([[1, 4], [2, 0], [NO_CLASS, NO_CLASS]])
    named = meant(top, found)
    assert named[0].tolist() == [2, 0]
    assert not np.isin(named[1], range(3)).any()
    assert (named[1] > NO_CLASS).all()
    assert named[2].tolist() == [NO_CLASS, NO_CLASS]


def test_numbered_lines_map_several_outputs_onto_a_class(tmp_path: Path) -> None:
    found = labels(tmp_path, "7: golden retriever", "5,rose", "6:rose", "0\tdaisy").classes(1000, CLASSES)
    assert found[[0, 5, 6, 7]].tolist() == [0, 2, 2, 1]
    assert set(found.tolist()) - {0, 1, 2} == {NO_CLASS + 1}


def test_names_that_are_numbers_are_names(tmp_path: Path) -> None:
    assert labels(tmp_path, "1", "0").classes(2, ("0", "1")).tolist() == [1, 0]


@pytest.mark.parametrize("outputs", [2, 4])
def test_a_list_of_another_number_of_outputs_is_refused(tmp_path: Path, outputs: int) -> None:
    with pytest.raises(UnsupportedModel, match=rf"it has {outputs} outputs, and .*labels\.txt names 3\."):
        labels(tmp_path, "rose", "golden retriever", "daisy").classes(outputs, CLASSES)


def test_a_number_behind_the_last_output_is_refused(tmp_path: Path) -> None:
    found = labels(tmp_path, "0: daisy", "1: rose", "9: golden retriever")
    assert found.classes(10, CLASSES)[9] == 1
    with pytest.raises(UnsupportedModel, match=r"its outputs are 0 to 8, and .* names output 9\. Number them from 0"):
        labels(tmp_path, "1: daisy", "2: rose", "9: golden retriever").classes(9, CLASSES)
    with pytest.raises(UnsupportedModel, match=r"its outputs are 0 to 8, .* output 9\. Name a list of its outputs"):
        found.classes(9, CLASSES)


def test_a_class_that_no_output_stands_for_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModel, match="has no golden_retriever and 1 more of the data set's classes"):
        labels(tmp_path, "daisy", "roses").classes(2, CLASSES)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("",), "is empty"),
        (("daisy", "", "rose"), "has an empty line between others"),
        (("1: daisy", "1: rose"), "names output 1 twice"),
        (("0: daisy", "1: rose", "2 dog"), "has '2 dog' between lines of NUMBER: NAME"),
        (("0: daisy", "1: rose", "x" * 999), r"has 'x+… \(1001 characters\) between lines"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        labels(tmp_path, *lines)


def test_a_few_names_that_look_numbered_are_names(tmp_path: Path) -> None:
    assert labels(tmp_path, "7: rose", "daisy").classes(2, ("daisy", "7: rose")).tolist() == [1, 0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_of_other_systems_are_no_part_of_names(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(end.join(["rose", "Golden Retriever", "daisy", ""]).encode(encoding))
    assert open_labels(path).classes(3, CLASSES).tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("rose\ndaisy\n".encode("utf-16"), "is no UTF-8 text: byte 0 does not fit. Store it as UTF-8"),
        ("rose\ndaisy\n".encode("utf-16-le"), "is no UTF-8 text: byte 1 is 0. Store it as UTF-8"),
        (b"\x1c\0\0\0TFL3", "is no UTF-8 text: byte 1 is 0"),
        (b"daisy\n\xff\xfe", "is no UTF-8 text: byte 6 does not fit"),
        (b"x" * (MOST_BYTES + 1), "at most 16 MiB are read"),
    ],
)
def test_what_is_no_list_of_names_is_said_in_one_line(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(data)
    with pytest.raises(DatasetError) as refused:
        open_labels(path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_list_that_is_no_file_is_said_to_be_what_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, kind in (
        (tmp_path, "a folder"),
        (tmp_path / "pipe", "a pipe"),
        (Path("/dev/zero"), "a character device"),
    ):
        with pytest.raises(DatasetError, match=rf"it is {kind}.*, not a regular file\. Name a text file that can be"):
            open_labels(path)


@pytest.mark.parametrize(
    ("class_names", "said"),
    [
        ((), "the data set's classes have no names that "),
        (("crane", "maillot", "Crane"), "2 of the data set's classes are called 'crane', so that names cannot tell"),
    ],
)
def test_classes_that_names_cannot_tell_apart_take_no_list(
    tmp_path: Path, class_names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UnsupportedModel) as refused:
        labels(tmp_path, "crane", "maillot", "crane").classes(3, class_names)
    assert str(refused.value).startswith(said)
