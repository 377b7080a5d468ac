import os
from pathlib import Path

import pytest

from mbench.core.errors import StoreError
from mbench.runner.shards_kept import KeptAnswers

ABOUT = {"artifact_sha256": "a" * 64, "asked": 3}


def opened(folder: Path) -> KeptAnswers:
    return KeptAnswers(folder / "kept", about=ABOUT, row_bytes=2)


def test_answers_are_there_again_with_zeros_for_what_failed(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    kept.add(b"aabb", ("0", "134", "0"), seconds=1.5)
    kept.add(b"", ("size:1",), seconds=0.25)
    again = opened(tmp_path)
    assert again.statuses == ["0", "134", "0", "size:1"]
    assert again.rows() == b"aa\0\0bb\0\0"
    assert again.seconds == 1.75


@pytest.mark.parametrize(("file", "cut"), [("answers.bin", 1), ("statuses.txt", 1), ("answers.bin", 3)])
def test_what_a_killed_process_wrote_by_halves_never_was(tmp_path: Path, file: str, cut: int) -> None:
    opened(tmp_path).add(b"aabb", ("0", "0"), seconds=1)
    path = tmp_path / "kept" / file
    path.write_bytes(path.read_bytes()[:-cut])
    again = opened(tmp_path)
    whole = 0 if cut == 3 else 1
    assert again.done == whole
    again.add(b"cc", ("0",), seconds=1)
    assert opened(tmp_path).rows() == b"aa"[: 2 * whole] + b"cc"


def test_forgotten_answers_are_gone(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    kept.add(b"aabb", ("0", "0"), seconds=1)
    kept.forget_from(1)
    assert opened(tmp_path).rows() == kept.rows() == b"aa"


def test_a_folder_about_something_else_is_refused(tmp_path: Path) -> None:
    opened(tmp_path)
    with pytest.raises(StoreError, match="about other answers"):
        KeptAnswers(tmp_path / "kept", about={**ABOUT, "asked": 4}, row_bytes=2)


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("in the way")
    with pytest.raises(StoreError, match="could not keep the device's answers"):
        opened(tmp_path)


def test_bytes_that_do_not_fit_the_statuses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="are not the answers"):
        opened(tmp_path).add(b"aab", ("0", "0"), seconds=1)


@pytest.mark.parametrize("file", ["answers.bin", "statuses.txt", "about.json"])
def test_a_file_of_somebody_else_is_not_written_through_a_link(tmp_path: Path, file: str) -> None:
    opened(tmp_path).add(b"aabb", ("0", "0"), seconds=1)
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "kept" / file).unlink()
    (tmp_path / "kept" / file).symlink_to(tmp_path / "victim")
    with pytest.raises(StoreError, match=rf"kept/{file} is a link, which mbench never makes there"):
        opened(tmp_path)
    assert (tmp_path / "victim").read_text() == "precious"


@pytest.mark.parametrize("file", ["answers.bin", "statuses.txt", "about.json"])
def test_a_pipe_among_kept_answers_is_named_and_not_waited_for(tmp_path: Path, file: str) -> None:
    opened(tmp_path).add(b"aabb", ("0", "0"), seconds=1)
    (tmp_path / "kept" / file).unlink()
    os.mkfifo(tmp_path / "kept" / file)
    with pytest.raises(StoreError, match="could not keep the device's answers"):
        opened(tmp_path)
