"""`mbench nightly --open`: which page is shown when a night has ended, and what is refused before it begins."""

import json

import pytest
from command_line import SMALL

FARM = f"""
project = "app"
results = "results"
[window]
hours = 1
[phones.this]
device = "host"
[[measure]]
variants = ["{SMALL}"]
[settings]
runs = 1
max_runs = 1
memory_runs = 0
num_runs = 5
min_secs = 0
warmup_secs = 0
"""
NAMED = '[outputs]\npage = "out/night.html"\n'


@pytest.fixture
def lab(mbench):
    """Return a command line whose browser writes down what it was to show."""
    browser = mbench.folder / "browser"
    browser.write_text('#!/bin/sh\nprintf %s "$1" > shown.txt\n')
    browser.chmod(0o755)
    mbench.environment["BROWSER"] = f"'{browser}' %s"
    (mbench.folder / "farm.toml").write_text(FARM, encoding="utf-8")
    return mbench


def test_the_page_of_the_farm_file_is_shown_else_one_is_written_here(lab):
    first = lab("nightly", "farm.toml", "--open", "--quiet")
    assert first.returncode == 0, first.stderr
    (session,) = (path.name for path in (lab.folder / "results").glob("*-night-*"))
    page = lab.folder / f"{session}-verdict.html"
    assert first.stdout == f"{page.name}\n"
    assert page.read_bytes().startswith(b"<!DOCTYPE html>\n<!-- mbench page")
    assert (lab.folder / "shown.txt").read_text() == page.as_uri()
    page.unlink()
    (lab.folder / "farm.toml").write_text(FARM + NAMED, encoding="utf-8")
    second = lab("nightly", "farm.toml", "--open", "--json", "--quiet")
    assert second.returncode == 0, second.stderr
    assert json.loads(second.stdout)["end"] == "complete"
    assert (lab.folder / "shown.txt").read_text() == (lab.folder / "out/night.html").as_uri()
    assert not list(lab.folder.glob("*-verdict.html"))


def test_another_form_without_a_page_is_refused_before_anything_is_measured(lab):
    for form in (("--format", "md"), ("--format", "table"), ("--json",)):
        done = lab("nightly", "farm.toml", "--open", *form)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"--open shows a page; --format {form[-1].removeprefix('--')} is none" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not (lab.folder / "results").exists()


def test_serials_are_hidden_on_a_page_that_is_written_here_alone(lab):
    (lab.folder / "farm.toml").write_text(FARM + NAMED, encoding="utf-8")
    done = lab("nightly", "farm.toml", "--open", "--hide-serials")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--hide-serials is of the page; ask for --format html" in done.stderr
