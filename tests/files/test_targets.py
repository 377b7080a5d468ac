"""What a path that a user names to be written may hold: nothing, or what mbench wrote there."""

import os
import re

import pytest

from mbench.core.errors import UsageError
from mbench.files.targets import refuse_foreign_file, refuse_other_contents, refuse_taken_folder


def refuse(path) -> None:
    refuse_foreign_file(path, option="--out", begins=b"a,b,c", what="ours", instead=", or - for stdout")


@pytest.mark.parametrize("data", [None, b"", b"a,b,c", b"a,b,c,d\n1,2,3,4\n"])
def test_a_free_name_an_empty_file_and_one_of_ours_may_be_written(tmp_path, data):
    if data is not None:
        (tmp_path / "file").write_bytes(data)
    refuse(tmp_path / "file")


def test_a_file_in_folders_that_are_to_be_made_may_be_written(tmp_path):
    refuse(tmp_path / "new" / "newer" / "file")


@pytest.mark.parametrize("data", [b"a", b"a,b,", b"a,b,C", b" a,b,c", b"\x18\x00\x00\x00TFL3"])
def test_a_file_that_begins_otherwise_is_refused_and_stays(tmp_path, data):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(UsageError, match=r"--out .*file is there and not ours: it would be lost"):
        refuse(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == data


@pytest.mark.parametrize(
    ("path", "kind"), [("/dev/null", "a character device"), ("folder", "a folder"), ("pipe", "a pipe (FIFO)")]
)
def test_what_is_no_regular_file_is_named_with_what_else_may_be_asked_for(tmp_path, path, kind):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match=rf"{re.escape(kind)}, not a regular file; name another file, or - for stdout"):
        refuse(tmp_path / path)


def test_a_path_through_a_file_names_that_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"--out: .*/file is a regular file, and a folder is wanted"):
        refuse(tmp_path / "file" / "below" / "out.csv")
    with pytest.raises(UsageError, match=r"--out: .*/file is a regular file, and a folder is wanted"):
        refuse_taken_folder(tmp_path / "file", option="--out")


def test_folders_that_are_there_or_to_be_made_are_taken(tmp_path):
    refuse_taken_folder(tmp_path, option="--out")
    refuse_taken_folder(tmp_path / "new" / "newer", option="--out")


def test_a_file_without_a_mark_is_replaced_by_the_same_alone(tmp_path):
    path = tmp_path / "train.txt"
    refuse_other_contents(path, b"a\nb\n", option="--lists")
    path.write_bytes(b"a\nb\n")
    refuse_other_contents(path, b"a\nb\n", option="--lists")
    for other in (b"a\nb", b"a\nb\nc\n", b"a\nB\n", b""):
        path.write_bytes(other)
        with pytest.raises(UsageError, match=r"--lists: .*train.txt is there and holds something else"):
            refuse_other_contents(path, b"a\nb\n", option="--lists")


def test_a_pipe_in_the_place_of_such_a_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "train.txt")
    with pytest.raises(UsageError, match="holds something else"):
        refuse_other_contents(tmp_path / "train.txt", b"a\n", option="--lists")
