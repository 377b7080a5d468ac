"""`mbench compare --format html`: the page as a file, on stdout, shown, without serials; and what is refused."""

import json
import re
import shutil
from pathlib import Path

import pytest
from command_line import ROOT, Command

from mbench.report.pages.templates import BEGINS

OLD = "20260115-093000-host-alpha-1a2b"
NEW = "20260116-093000-host-alpha-2b3c"
PAGE = f"compare-session-{OLD}-session-{NEW}.html"


@pytest.fixture
def stored(tmp_path: Path) -> Command:
    """Return a command line beside two sessions, the newer of which is slower."""
    recorded = ROOT / "tests/data/results/format-3" / OLD
    shutil.copytree(recorded, tmp_path / "results" / OLD)
    shutil.copytree(recorded, tmp_path / "results" / NEW)
    for path in (tmp_path / "results" / NEW).rglob("*.json"):
        text = path.read_text().replace(OLD, NEW)
        path.write_text(re.sub(r'("median_us": *)(\d+)', lambda found: f"{found[1]}{int(found[2]) * 2}", text))
    return Command(tmp_path, tmp_path / "home")


def test_a_page_is_written_to_the_file_that_was_named_and_its_path_is_the_answer(stored):
    done = stored("compare", OLD, NEW, "--format", "html", "-o", "pages/mine.html")
    assert (done.returncode, done.stdout, done.stderr) == (0, "pages/mine.html\n", "")
    page = (stored.folder / "pages/mine.html").read_bytes()
    assert page.startswith(BEGINS)
    assert "slower" in page.decode()


def test_a_page_goes_to_stdout_where_that_is_piped_and_names_the_command_that_makes_it_again(stored):
    piped = stored("compare", OLD[:8], NEW[:8], "--format", "html")
    assert f"<code>mbench compare {OLD} {NEW} --format html</code>" in piped.stdout
    assert piped.stdout == stored("compare", OLD, NEW, "--format", "html").stdout


def test_a_session_elsewhere_is_named_by_its_way(stored):
    piped = stored("compare", f"results/{OLD}", NEW, "--format", "html")
    assert f"mbench compare results/{OLD} {NEW} --format html" in piped.stdout


def test_values_are_named_with_the_sessions_that_they_divide(stored):
    shown = json.loads(stored("report", OLD, "--format", "json").stdout)
    serial = shown[0]["device"]
    done = stored("compare", serial, serial, "--by", "device", "--format", "html")
    assert (done.returncode, done.stdout) == (2, "")
    binary = shown[0]["binary_sha256"]
    assert stored("compare", binary[:6], binary[:8], "--by", "binary", "--format", "html").returncode == 2


def test_a_page_is_shown_by_the_users_browser_and_called_as_its_sides(stored):
    browser = stored.folder / "browser"
    browser.write_text('#!/bin/sh\nprintf %s "$1" > shown.txt\n')
    browser.chmod(0o755)
    stored.environment["BROWSER"] = f"{browser} %s"
    done = stored("compare", OLD, NEW, "--open")
    assert (done.returncode, done.stdout) == (0, f"{PAGE}\n"), done.stderr
    assert (stored.folder / "shown.txt").read_text() == (stored.folder / PAGE).as_uri()


def test_serials_are_hidden_in_every_form(stored):
    serial = json.loads(stored("report", OLD, "--format", "json").stdout)[0]["device"]
    assert serial in stored("compare", OLD, NEW, "--format", "html").stdout
    for form in ("md", "csv", "json", "html"):
        hidden = stored("compare", OLD, NEW, "--format", form, "--hide-serials").stdout
        assert hidden
        assert serial not in hidden, form
    assert f"mbench compare {OLD} {NEW} --format html --hide-serials" in hidden


def test_a_bound_that_is_missed_shows_in_the_exit_code_after_the_page_is_written(stored):
    done = stored("compare", OLD, NEW, "--format", "html", "-o", "mine.html", "--fail-over", "5")
    assert (done.returncode, done.stdout) == (1, "mine.html\n")
    assert "--fail-over 5 is missed" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--open", "--format", "csv"), "--open shows a page; --format csv is none"),
        (("-o", "mine.html"), "--output is the file of --format html"),
        (("--format", "html", "--json"), "--format html prints a page by itself"),
        (("--format", "html", "-o", "results"), "--output results is a folder"),
        (("--format", "html", "-o", "mine.txt"), "mine.txt is there and not a page of mbench"),
    ],
)
def test_what_is_no_page_is_refused_in_one_line(stored, arguments, said):
    (stored.folder / "mine.txt").write_text("my own")
    done = stored("compare", OLD, NEW, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (stored.folder / "mine.txt").read_text() == "my own"
