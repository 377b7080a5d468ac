"""Derived texts: there as long as all documents are as they were, and nothing as soon as one is not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.stored_jobs import write_sessions
from mbench.store.derived import FOLDER, DerivedTexts
from mbench.store.packs import pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A session of two jobs, of which a text is kept."""
    (store,) = write_sessions(tmp_path, 1, 2, phones=1)
    DerivedTexts(tmp_path, made_by="me").keep(store.path.name, b"a text\nof two lines")
    return store.path


def read(folder: Path, *, made_by: str = "me") -> bytes | None:
    return DerivedTexts(folder.parent, made_by=made_by).read(folder.name)


def text_file(folder: Path) -> Path:
    return folder.parent / FOLDER / f"{folder.name}.json"


def a_job(folder: Path) -> Path:
    return sorted((folder / "jobs").iterdir())[0]


def test_a_text_is_read_as_it_was_kept(folder):
    assert read(folder) == b"a text\nof two lines"


def test_other_code_made_another_text(folder):
    assert read(folder, made_by="somebody else") is None


def replaced_by_a_copy(folder):
    job = a_job(folder)
    copy = job.with_name("copy")
    shutil.copy2(job, copy)  # with its times
    copy.replace(job)


def edited_with_its_time_set_back(folder):
    job = a_job(folder)
    times = job.stat()
    job.write_bytes(job.read_bytes().replace(b'"ok"', b'"no"', 1))
    os.utime(job, ns=(times.st_atime_ns, times.st_mtime_ns))


def linked(folder):
    (folder / "jobs").rename(folder.parent / "elsewhere")
    (folder / "jobs").symlink_to(folder.parent / "elsewhere")


def cut_off(folder):
    text_file(folder).write_bytes(text_file(folder).read_bytes()[:-1])


def one_bit_else(folder):
    data = text_file(folder).read_bytes()
    text_file(folder).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def of_another_session(folder):
    (other,) = write_sessions(folder.parent / "other", 1, 2, phones=1)
    moved = folder.parent / other.path.name
    other.path.rename(moved)
    DerivedTexts(folder.parent, made_by="me").keep(moved.name, b"theirs")
    shutil.copy(text_file(moved), text_file(folder))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: a_job(folder).unlink(), id="a job less"),
        pytest.param(lambda folder: (folder / "night.json").write_bytes(b"{}"), id="a night"),
        pytest.param(lambda folder: (folder / "plan.json").touch(), id="another time"),
        replaced_by_a_copy,
        edited_with_its_time_set_back,
        linked,
        cut_off,
        one_bit_else,
        of_another_session,
        pytest.param(lambda folder: text_file(folder).write_bytes(b""), id="empty"),
        pytest.param(lambda folder: (text_file(folder).unlink(), text_file(folder).mkdir()), id="a folder"),
        pytest.param(
            lambda folder: (text_file(folder).rename(folder / "x"), text_file(folder).symlink_to(folder / "x")),
            id="a link",
        ),
    ],
)
def test_whatever_changes_the_text_is_nothing(folder, change):
    change(folder)
    assert read(folder) is None


def test_documents_are_looked_at_before_they_are_read(folder):
    derived = DerivedTexts(folder.parent, made_by="me")
    a_job(folder).touch()
    derived.keep(folder.name, b"made of the documents of before or of after, nobody knows")
    assert read(folder) is None


def test_texts_of_sessions_that_are_gone_go(folder):
    derived = DerivedTexts(folder.parent, made_by="me")
    derived.forget_others([folder.name])
    assert text_file(folder).is_file()
    derived.forget_others([])
    assert not text_file(folder).exists()


@pytest.mark.parametrize("linked", [FOLDER, FOLDER.parent])
def test_a_link_in_the_place_of_the_folder_leads_to_nothing(folder, tmp_path, linked):
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / linked).rename(elsewhere)
    (tmp_path / linked).symlink_to(elsewhere)
    texts = tmp_path / FOLDER
    (texts / "precious.json").write_text("{}")
    before = {path.name: path.read_bytes() for path in texts.iterdir()}
    derived = DerivedTexts(tmp_path, made_by="me")
    assert derived.read(folder.name) is None
    derived.keep(folder.name, b"another text")
    derived.forget_others([])
    assert {path.name: path.read_bytes() for path in texts.iterdir()} == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser gives files to others")
def test_what_somebody_wrote_into_a_shared_folder_is_nothing(folder):
    os.chown(text_file(folder), 12345, 12345)
    assert read(folder) is None
    os.chown(folder.parent, 12345, 12345)  # theirs is all of it, and they may say what is in it
    assert read(folder) == b"a text\nof two lines"


def test_a_packed_session_has_a_text_too(folder):
    pack(folder.parent, "2026-11", [folder])
    assert read(folder) is None
    DerivedTexts(folder.parent, made_by="me").keep(folder.name, b"of the pack")
    assert read(folder) == b"of the pack"


def test_what_cannot_be_kept_is_no_error(folder):
    shutil.rmtree(folder.parent / FOLDER)
    (folder.parent / FOLDER).touch()  # a file where the folder would be
    derived = DerivedTexts(folder.parent, made_by="me")
    derived.keep(folder.name, b"a text")
    derived.keep(folder.name, b"a text")
    derived.forget_others([])
    assert derived.read(folder.name) is None


def test_two_processes_that_keep_at_once_leave_a_whole_text(folder):
    keep = (
        "import sys; from pathlib import Path; from mbench.store.derived import DerivedTexts\n"
        "root, name, text = Path(sys.argv[1]), sys.argv[2], sys.argv[3].encode() * 9999\n"
        "for _ in range(30): DerivedTexts(root, made_by='me').keep(name, text)"
    )
    both = [subprocess.Popen([sys.executable, "-c", keep, str(folder.parent), folder.name, letter]) for letter in "ab"]
    while any(process.poll() is None for process in both):
        assert read(folder) in {b"a text\nof two lines", b"a" * 9999, b"b" * 9999}
    assert [process.returncode for process in both] == [0, 0]
    assert read(folder) in {b"a" * 9999, b"b" * 9999}
