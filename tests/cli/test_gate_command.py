"""`mbench gate`, and what a night says of itself: real sessions, as a stranger calls it."""

import functools
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sample_sessions as sample
from command_line import Command

from mbench.core.results import Conditions
from mbench.devices.health.check import Check, CheckName, CheckState
from mbench.devices.health.readings import PhoneReadings
from mbench.store.nights import save_health
from mbench.workflows.farm.fitness import HealthNote

LAST = "20261107"
"""Beginning of the last night's session."""

SLOWER = sample.planned(sha256="c" * 64, size_bytes=3_000_000)


Said = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven nights of one cell, the last with a file twice as large."""
    root = tmp_path_factory.mktemp("seven") / "results"
    sample.nights(root, [20_000, 20_100, 19_950, 20_050, 20_000, 19_900])
    sample.night(
        root,
        sample.part([SLOWER]),
        at=sample.NOW + timedelta(days=6),
        latencies={"job-0": (20_000, 20_010, 20_020)},
    )
    return root


@pytest.fixture(scope="module")
def said(seven: Path) -> Said:
    """What `mbench gate` says of the last night to words; the same words are asked once."""
    command = Command(seven.parent, seven.parent / "home")
    return functools.cache(functools.partial(command, "gate", LAST, "--results", str(seven)))


@pytest.fixture
def results(seven: Path, tmp_path: Path) -> Path:
    """The seven nights, to be changed."""
    return Path(shutil.copytree(seven, tmp_path / "results"))


def test_a_worse_night_ends_with_1_and_says_so_first(said):
    done = said("--format", "md")
    assert done.returncode == 1, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith("**1 regression confirmed: size of")
    assert "+100.0 %" in first
    assert "mbench accept" in done.stdout


def test_json_is_the_document_that_is_kept(said, seven):
    done = said("--json")
    printed = json.loads(done.stdout)
    session = printed["session"]
    assert printed == json.loads((seven / session / "verdict.json").read_text(encoding="utf-8"))
    assert (printed["exit_codes"], done.returncode) == ([1], 1)


def test_what_is_accepted_ends_with_0(bare, results, tmp_path):
    accepted = tmp_path / "accepted.toml"
    named = ("--results", str(results), "--file", str(accepted), "--because", "a better head", "--who", "Ada")
    assert bare("accept", "mobilenet_v1_0.50_160_int8 cpu ×1 on P1", *named).returncode == 0
    done = bare("gate", LAST, "--results", str(results), "--accepted", str(accepted), "--format", "md")
    assert (done.returncode, "1 accepted" in done.stdout) == (0, True), done.stdout


def test_a_session_that_is_not_there_is_named(bare, results):
    done = bare("gate", "20200101", "--results", str(results))
    assert done.returncode == 2
    assert "20200101" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_verdict_is_no_csv(said):
    done = said("--format", "csv")
    assert (done.returncode, "[outputs]" in done.stderr) == (2, True)


def test_a_page_is_written_and_the_exit_code_stays_that_of_the_verdict(said, seven, tmp_path):
    done = said("--format", "html", "-o", str(tmp_path / "night.html"))
    assert (done.returncode, done.stdout) == (1, f"{tmp_path / 'night.html'}\n")
    page = (tmp_path / "night.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>\n<!-- mbench page")
    assert "1 regression confirmed: size of" in page
    assert 'class="spark"' in page
    assert f"--results {seven}" in page  # its commands work where it was asked for
    assert said("--format", "html").stdout == page


def test_a_page_without_serials_has_none(said):
    shown = said("--format", "html", "--hide-serials").stdout
    assert "pixel4-" in shown
    assert not re.search(r"\bP1\b", shown)
    assert re.search(r"\bP1\b", said("--format", "html").stdout)


@pytest.mark.slow
def test_options_of_pages_are_of_pages(said):
    def refused(*words):
        done = said(*words)
        assert done.returncode == 2
        return done.stderr

    assert "--output is the file of --format html" in refused("--format", "md", "-o", "x.html")
    assert "--hide-serials is of the page" in refused("--hide-serials")
    assert "two answers" in refused("--json", "--format", "html")


@pytest.mark.slow
def test_health_that_was_kept_stands_on_the_page_and_damaged_health_is_said(bare, results, tmp_path):
    (folder,) = results.glob(f"{LAST}*")
    note = HealthNote(
        host="lab-1",
        before=PhoneReadings(
            serial="P1", taken_at=sample.NOW, conditions=Conditions(taken_at=sample.NOW, battery_percent=64)
        ),
        checks=(Check(name=CheckName.LOCK, state=CheckState.FAILED, figure="locked", remedy="Unlock it."),),
    )
    save_health(folder, {"P1": note})
    page = bare("gate", LAST, "--results", str(results), "--format", "html").stdout
    for text in ("lab-1", "lock locked", "Unlock it.", "before battery 64 %"):
        assert text in page
    (folder / "health.json").write_text("[]")
    done = bare("gate", LAST, "--results", str(results), "--format", "html")
    assert "the page shows no health of phones" in done.stderr
    assert "not looked at" in done.stdout


def test_a_farm_file_names_where_the_page_goes(bare, results, tmp_path):
    (tmp_path / "farm.toml").write_text(
        'project = "app"\nresults = "results"\n[window]\nhours = 2\n[phones.all]\nprofile = "pixel4"\ncount = 1\n'
        '[[measure]]\nvariants = ["mobilenet_v1_0.50_160_int8"]\n'
        '[outputs]\npage = "out/night.html"\nhide_serials = true\n'
    )
    done = bare("gate", LAST, "--farm", str(tmp_path / "farm.toml"), "--format", "md")
    assert done.returncode == 1
    assert f"wrote {tmp_path / 'out/night.html'}" in done.stderr
    page = (tmp_path / "out/night.html").read_text("utf-8")
    assert "pixel4-" in page
    assert not re.search(r"\bP1\b", page)


def test_the_commands_that_a_verdict_prints_work_where_they_are_pasted(bare, results, tmp_path):
    sample.nights(results, [20_000], project="another", farm="other")  # so that the project must be said
    accepted = tmp_path / "lab" / "accepted.toml"
    accepted.parent.mkdir()
    accepted.write_text("", encoding="utf-8")
    verdict = bare("gate", LAST, "--results", str(results), "--accepted", str(accepted), "--format", "md").stdout
    commands = [shlex.split(text) for text in re.findall(r"`(mbench (?:history|accept) [^`]+)`", verdict)]
    assert {words[1] for words in commands} == {"history", "accept"}
    for words in commands:
        done = bare(*words[1:])
        assert done.returncode == 0, done.stderr
    assert 'because = "TEXT"' in accepted.read_text(encoding="utf-8")
