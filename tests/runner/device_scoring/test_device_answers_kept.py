import os
from pathlib import Path

import pytest

from mbench.core.errors import StoreError
from mbench.runner.device_scoring.kept import KeptAnswers

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


@pytest.mark.parametrize("file", ["about.json", "about.json.part", "answers.bin", "statuses.txt", "example-0/out.txt"])
@pytest.mark.parametrize("kind", ["pipe", "link", "hard link"])
def test_a_folder_that_leads_elsewhere_is_refused(tmp_path: Path, file: str, kind: str) -> None:
    victim, path = tmp_path / "victim", tmp_path / "kept" / file
    victim.write_text("mine")
    path.parent.mkdir(parents=True)
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "hard link":
        path.hardlink_to(victim)
    else:
        os.mkfifo(path)
    with pytest.raises(StoreError, match="is a hard link" if kind == "hard link" else "is not a regular file"):
        KeptAnswers(tmp_path / "kept", about={}, row_bytes=1)
    assert victim.read_text() == "mine"


def test_a_folder_of_texts_that_are_none_is_another_folder(tmp_path: Path) -> None:
    (tmp_path / "about.json").write_bytes(b"\xff")
    with pytest.raises(StoreError, match="about other answers"):
        KeptAnswers(tmp_path, about={}, row_bytes=1)


@pytest.mark.parametrize("seconds", ["9" * 5000, "1e400", "nan", "-1.000", "\xff"])
def test_seconds_that_cannot_be_are_not_counted(tmp_path: Path, seconds: str) -> None:
    kept = KeptAnswers(tmp_path, about={}, row_bytes=1)
    (tmp_path / "seconds.txt").write_text(f"1.500\n{seconds}\n", encoding="latin-1")
    assert kept.seconds == 1.5


@pytest.mark.parametrize("file", ["about.json", "answers.bin", "statuses.txt", "seconds.txt"])
def test_a_folder_in_a_files_place_is_an_error_of_ours(tmp_path: Path, file: str) -> None:
    (tmp_path / file).mkdir()
    with pytest.raises(StoreError, match="could not keep the device's answers"):
        assert KeptAnswers(tmp_path, about={}, row_bytes=1).seconds == 0
