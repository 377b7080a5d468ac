"""Suites, profiles and documents of other people: texts that no parser takes are one line."""

import os
from pathlib import Path

import pytest

from mbench.core.errors import StoreError, UsageError
from mbench.core.results import Plan
from mbench.devices.profiles.check import check_profile
from mbench.devices.profiles.profile import load_profile, load_profiles, parse_profile
from mbench.files.texts import MOST_BYTES, parse_toml, read_text
from mbench.paper.suites import load_suite
from mbench.store.documents import read_document
from mbench.store.session import find_session

ODD_TOML = [
    "x = " + "[" * 50_000,
    "x = " + "{a=" * 50_000,
    ("[" + "a." * 5000 + "a]\n") * 2,
    "x = " + "9" * 5000,
    "x = 1979-05-27T07:32:00." + "9" * 5000,
    "x = " + "9" * 5000 + "-01-01",
    "x = 9999-99-99",
    "x = 1979-05-27T25:61:61",
    "x = 1979-05-27T07:32:00+99:99",
    "x = 0x" + "f" * 5000,
    "x = '''",
    "\ud7ff = 1",
]


@pytest.mark.parametrize("number", range(len(ODD_TOML)))
def test_a_text_that_is_hardly_toml_is_one_line_of_every_reader(number: int, tmp_path: Path) -> None:
    text, path = ODD_TOML[number], tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"x\.toml:(\d+:)? [^\n]{1,400}$"):
        load_suite(str(path))
    with pytest.raises(UsageError, match=r"x\.toml: [^\n]{1,400}$"):
        parse_profile(text, source="x.toml")
    (tmp_path / "host.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"host\.toml: [^\n]{1,400}$"):
        load_profile("host", user_folder=tmp_path)
    assert all("\n" not in fault for fault in check_profile(text, source="x.toml"))


def test_numbers_and_dates_are_said_to_be_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"^a number or a date is out of range: Exceeds the limit"):
        parse_toml("x = " + "9" * 5000)
    with pytest.raises(ValueError, match=r"^its tables or lists are nested too deeply$"):
        parse_toml("x = " + "[" * 50_000)
    assert parse_toml("x = [1, [2]]") == {"x": [1, [2]]}


@pytest.mark.parametrize("make", ["pipe", "folder", "latin", "large"])
def test_a_suite_or_profile_that_is_no_text_is_named(make: str, tmp_path: Path) -> None:
    path = tmp_path / "host.toml"
    match make:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "latin":
            path.write_bytes("title = 'ü'".encode("latin-1"))
        case "large":
            path.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(UsageError, match=r"host\.toml"):
        load_suite(str(path))
    with pytest.raises(UsageError, match=r"host\.toml"):
        load_suite("host", user_folder=tmp_path)
    with pytest.raises(UsageError, match=r"could not read .*host\.toml"):
        load_profile("host", user_folder=tmp_path)
    with pytest.raises(UsageError, match=r"could not read .*host\.toml"):
        load_profiles(user_folder=tmp_path)


def test_a_text_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"#" * MOST_BYTES)
    assert len(read_text(tmp_path / "x")) == MOST_BYTES


def test_documents_that_are_pipes_or_without_end_are_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plan.json")
    with pytest.raises(StoreError, match=r"could not read .*plan\.json: it is a pipe \(FIFO\), not a regular file"):
        read_document(tmp_path / "plan.json", Plan)
    (tmp_path / "plan.json").unlink()
    (tmp_path / "plan.json").symlink_to("/dev/zero")
    with pytest.raises(StoreError, match="is a symbolic link"):
        read_document(tmp_path / "plan.json", Plan)
    (tmp_path / "plan.json").unlink()
    with (tmp_path / "plan.json").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(StoreError, match="at most 256 MiB are read"):
        read_document(tmp_path / "plan.json", Plan)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a": ' * 100_000, '{"a": ' + "9" * 5000 + "}", '{"a": "\xff"}', "[]"]
)
def test_documents_that_no_parser_takes_are_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(StoreError, match=r"plan\.json: [^\n]{1,400}$"):
        read_document(tmp_path / "plan.json", Plan)


def test_a_pointer_to_the_latest_session_has_a_bound(tmp_path: Path) -> None:
    with (tmp_path / "LATEST").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(StoreError, match="at most 1 MiB are read"):
        find_session(tmp_path, None)
