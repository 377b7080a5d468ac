import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT, Command

from mbench.report.pages.templates import BEGINS

SESSION = "20260115-093000-host-alpha-1a2b"


@pytest.fixture
def stored(tmp_path: Path) -> Command:
    shutil.copytree(ROOT / "tests/data/results/format-3", tmp_path / "results")
    return Command(tmp_path, tmp_path / "home")


def test_a_page_is_written_to_the_file_that_was_named_and_its_path_is_the_answer(stored):
    done = stored("report", "--format", "html", "-o", "pages/mine.html")
    assert done.stdout == "pages/mine.html\n"
    page = (stored.folder / "pages/mine.html").read_bytes()
    assert page.startswith(BEGINS)
    piped = stored("report", SESSION, "--format", "html")
    assert piped.stdout.encode() == page
    assert f"mbench report {SESSION} --format html" in piped.stdout


def test_a_page_of_mbench_is_written_over_and_equal(stored):
    stored("report", "--format", "html", "-o", "mine.html")
    before = (stored.folder / "mine.html").read_bytes()
    assert stored("report", "--format", "html", "-o", "mine.html").returncode == 0
    assert (stored.folder / "mine.html").read_bytes() == before
    assert [path.name for path in stored.folder.iterdir() if path.name.startswith(".writing")] == []


def test_a_file_that_is_no_page_is_not_written_over(stored):
    (stored.folder / "mine.html").write_text("<html>my own</html>")
    done = stored("report", "--format", "html", "-o", "mine.html")
    assert done.returncode == 2
    assert "mine.html is there and not a page of mbench" in done.stderr
    assert (stored.folder / "mine.html").read_text() == "<html>my own</html>"


def test_a_folder_is_no_place_for_a_page(stored):
    done = stored("report", "--format", "html", "-o", "results")
    assert done.returncode == 2
    assert "--output results is a folder, not a regular file" in done.stderr


def test_a_disk_that_takes_no_more_is_one_line_and_the_page_before_stays(stored):
    assert stored("report", "--format", "html", "-o", "mine.html").returncode == 0
    before = (stored.folder / "mine.html").read_bytes()
    limited = ("prlimit", "--fsize=1000", sys.executable, "-B")  # without files of compiled modules, cut short
    done = stored("report", "--format", "html", "--hide-serials", "-o", "mine.html", prefix=limited)
    assert done.returncode == 4
    assert "could not write a page to mine.html: File too large." in done.stderr
    assert "name another file with --output" in done.stderr
    assert (stored.folder / "mine.html").read_bytes() == before
    assert sorted(path.name for path in stored.folder.iterdir()) == ["mine.html", "results"]


def test_stdout_that_is_full_is_reported(stored):
    words = (sys.executable, "-m", "mbench", "report", "--format", "html")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(words, cwd=stored.folder, env=stored.environment, stdout=full, timeout=60, check=False)
    assert done.returncode == 4


@pytest.mark.parametrize(
    "more", [("--ops",), ("--pivot", "alpha:resolution"), ("--columns", "variant"), ("--json",), ("--worst", "3")]
)
def test_a_page_is_asked_for_by_itself(stored, more):
    done = stored("report", "--format", "html", "-o", "mine.html", *more)
    assert done.returncode == 2
    assert "--format html prints a page by itself" in done.stderr


def test_open_shows_no_table(stored):
    done = stored("report", "--open", "--format", "csv")
    assert done.returncode == 2
    assert "--open shows a page; --format csv is none" in done.stderr


def test_a_page_is_shown_by_the_users_browser(stored):
    browser = stored.folder / "browser"
    browser.write_text('#!/bin/sh\nprintf %s "$1" > shown.txt\n')
    browser.chmod(0o755)
    stored.environment["BROWSER"] = f"{browser} %s"
    done = stored("report", "--open", SESSION)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{SESSION}.html\n"
    assert (stored.folder / "shown.txt").read_text() == (stored.folder / f"{SESSION}.html").as_uri()


def test_serials_are_hidden_in_every_form(stored):
    shown = json.loads(stored("report", "--format", "json").stdout)
    serials = {row["device"] for row in shown}
    for form in ("md", "csv", "json", "html"):
        text = stored("report", "--format", form, "--hide-serials").stdout
        assert text
        assert not [serial for serial in serials if serial in text], form


def test_other_answers_do_not_take_hidden_serials(stored):
    done = stored("report", "--schema", "--hide-serials")
    assert done.returncode == 2
    assert "--hide-serials is for tables and pages" in done.stderr
