"""`mbench gate`, and what a night says of itself: real sessions, as a stranger calls it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import sample_sessions as sample

LAST = "20261107"
"""Beginning of the last night's session."""

SLOWER = sample.planned(sha256="c" * 64, size_bytes=3_000_000)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Seven nights of one cell, the last with a file twice as large."""
    sample.nights(tmp_path / "results", [20_000, 20_100, 19_950, 20_050, 20_000, 19_900])
    sample.night(
        tmp_path / "results",
        sample.part([SLOWER]),
        at=sample.NOW + timedelta(days=6),
        latencies={"job-0": (20_000, 20_010, 20_020)},
    )
    return tmp_path / "results"


def test_a_worse_night_ends_with_1_and_says_so_first(bare, results):
    done = bare("gate", LAST, "--results", str(results), "--format", "md")
    assert done.returncode == 1, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith("**1 regression confirmed: size of")
    assert "+100.0 %" in first
    assert "mbench accept" in done.stdout


def test_json_is_the_document_that_is_kept(bare, results):
    done = bare("gate", LAST, "--results", str(results), "--json")
    printed = json.loads(done.stdout)
    session = printed["session"]
    assert printed == json.loads((results / session / "verdict.json").read_text(encoding="utf-8"))
    assert (printed["exit_codes"], done.returncode) == ([1], 1)


def test_what_is_accepted_ends_with_0(bare, results, tmp_path):
    assert bare("gate", LAST, "--results", str(results)).returncode == 1
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


def test_a_verdict_is_no_csv(bare, results):
    done = bare("gate", LAST, "--results", str(results), "--format", "csv")
    assert (done.returncode, "[outputs]" in done.stderr) == (2, True)
