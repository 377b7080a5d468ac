import os
from hashlib import sha256
from pathlib import Path

import pytest
from dataset_samples import examples_of, write_picture

from mbench.accuracy.datasets.examples import examples_sha256
from mbench.accuracy.datasets.hashes import hash_files, note_path
from mbench.core.errors import DatasetError
from mbench.core.examples import Box, Place


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"contents of {name}")
    return tmp_path


def test_hashes_are_those_of_the_bytes_in_order(files: Path) -> None:
    expected = tuple(sha256(f"contents of {name}".encode()).digest() for name in "ba")
    assert hash_files(files, ["b", "a"], cache=None, limit_bytes=100) == expected


def test_a_noted_hash_is_taken_while_the_file_looks_the_same(files: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = hash_files(files, ["a"], cache=cache, limit_bytes=100)
    status = (files / "a").stat()
    (files / "a").write_text("CONTENTS OF A")  # as long
    os.utime(files / "a", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert hash_files(files, ["a"], cache=cache, limit_bytes=100) == first


def test_a_file_that_changed_is_hashed_again(files: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    hash_files(files, ["a", "b"], cache=cache, limit_bytes=100)
    (files / "a").write_text("CONTENTS OF A")
    os.utime(files / "a", ns=(1, 1))
    assert hash_files(files, ["a"], cache=cache, limit_bytes=100) == (sha256(b"CONTENTS OF A").digest(),)


def test_notes_of_other_files_of_the_folder_are_kept(files: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    hash_files(files, ["a"], cache=cache, limit_bytes=100)
    hash_files(files, ["b"], cache=cache, limit_bytes=100)
    text = note_path(cache, files).read_text()
    assert '"a"' in text
    assert '"b"' in text


@pytest.mark.parametrize("ruin", ["", "{", '{"format_version": 2, "folder": "/", "files": {}}'])
def test_ruined_notes_are_written_anew(files: Path, tmp_path: Path, ruin: str) -> None:
    cache = tmp_path / "cache"
    expected = hash_files(files, ["a"], cache=cache, limit_bytes=100)
    note_path(cache, files).write_text(ruin)
    assert hash_files(files, ["a"], cache=cache, limit_bytes=100) == expected
    assert '"a"' in note_path(cache, files).read_text()


def test_without_a_cache_nothing_is_written(files: Path) -> None:
    hash_files(files, ["a"], cache=None, limit_bytes=100)
    assert sorted(path.name for path in files.iterdir()) == ["a", "b"]


def test_a_cache_that_cannot_be_written_costs_time_and_no_result(files: Path) -> None:
    assert len(hash_files(files, ["a"], cache=files / "b", limit_bytes=100)) == 1  # a file where the folder should be


def test_a_missing_file_is_named(files: Path) -> None:
    with pytest.raises(DatasetError, match=rf"{files}/c could not be read: No such file"):
        hash_files(files, ["c"], cache=None, limit_bytes=100)


def test_identity_follows_bytes_truths_order_and_pairs() -> None:
    one, two = bytes(32), bytes([1] * 32)
    identities = {
        examples_sha256([one, two], [0, 1]),
        examples_sha256([two, one], [0, 1]),
        examples_sha256([one, two], [1, 0]),
        examples_sha256([one, two], [0, 1], ((0, 1, True),)),
        examples_sha256([one, two], [0, 1], ((0, 1, False),)),
        examples_sha256([one], [0]),
        examples_sha256([one], [(0,)]),
        examples_sha256([one], [()]),
        examples_sha256([one], [Place(latitude=0.0, longitude=0.0)]),
        examples_sha256([one], [(Box(left=0, top=0, right=1, bottom=1, label=0),)]),
        examples_sha256([one], [(Box(left=0, top=0, right=1, bottom=1, label=0, crowd=True),)]),
    }
    assert len(identities) == 11


def test_a_renamed_picture_leaves_the_identity_and_another_picture_changes_it(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for number, name in enumerate(("cat", "dog")):
            write_picture(tmp_path / part / name / "1.png", 10 * number + len(part))
    before = examples_of(f"folder:{tmp_path}").facts.sha256
    (tmp_path / "test" / "dog" / "1.png").rename(tmp_path / "test" / "dog" / "2.png")
    assert examples_of(f"folder:{tmp_path}").facts.sha256 == before
    write_picture(tmp_path / "test" / "dog" / "2.png", 99)
    assert examples_of(f"folder:{tmp_path}").facts.sha256 != before


def test_a_data_set_notes_its_files_in_the_cache(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for number, name in enumerate(("cat", "dog")):
            write_picture(tmp_path / "set" / part / name / "1.png", 10 * number + len(part))
    cache = tmp_path / "cache"
    with_cache = examples_of(f"folder:{tmp_path / 'set'}", cache=cache).facts
    assert with_cache == examples_of(f"folder:{tmp_path / 'set'}").facts
    assert note_path(cache, tmp_path / "set").is_file()


@pytest.mark.parametrize(("count", "more"), [(2, ""), (10, ""), (11, "; and 1 more"), (13, "; and 3 more")])
def test_all_files_that_cannot_be_read_are_named_at_once(files, count, more):
    links = [f"broken {number:02d}" for number in range(count)]
    for name in links:
        (files / name).symlink_to(files / "nowhere")
    with pytest.raises(DatasetError) as refused:
        hash_files(files, ["a", *links, "b"], cache=None, limit_bytes=100)
    message = str(refused.value)
    assert message.count("could not be read: No such file or directory") == min(count, 10)
    assert f"{more}. Mend them or move them away" in message
