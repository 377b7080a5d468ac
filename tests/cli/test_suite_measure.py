"""`mbench suite measure`: a part of the paper timed for its document, refused on a busy machine, and resumed."""

import json
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mbench.cli.suite import app
from mbench.workflows.paper import measuring

PART = "mobilenets/table-3"
"""Four networks of one layer each."""


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Call `mbench suite measure` in this process, on a machine that is quiet whatever it does, with short runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MBENCH_RESULTS", raising=False)
    monkeypatch.setattr(measuring, "load_per_core", lambda: 0.0)
    monkeypatch.setattr(measuring, "SETTINGS", {"num_runs": 10, "min_secs": 0.01, "warmup_min_secs": 0.01})
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield lambda *words: CliRunner().invoke(app, ["measure", *words])
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_busy_machine_is_refused_before_anything_is_built(measure, monkeypatch, tmp_path):
    monkeypatch.setattr(measuring, "load_per_core", lambda: 1.25)
    done = measure(PART)
    assert done.exit_code == 5
    assert "this machine has other work: a load of 1.25 per core" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--runs", "9", "--max-runs", "8"), "--max-runs 8 is less than --runs 9"),
        (("--resume", "last", "--runs", "6", "--device", "host"), "leave --device, --runs out"),
        (("smoke",), "smoke is not in the document"),
        (("--runs", "4"), "4"),
    ],
)
def test_what_cannot_be_is_refused(measure, words, said):
    done = measure(*words)
    assert (done.exit_code, said in done.stderr) == (2, True)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_part_is_timed_with_five_runs_and_written_and_goes_on_where_it_stopped(measure, tmp_path):
    done = measure(PART, "-o", "docs/part.md", "--max-runs", "5", "--quiet")
    assert done.exit_code == 0, done.stderr
    (session,) = (path.parent for path in tmp_path.glob("results/*/plan.json"))
    assert "-host-table-3-" in session.name
    whole = (tmp_path / "docs" / "part.md").read_text(encoding="utf-8")
    assert f"Session {session.name}; " in whole
    assert len(re.findall(r"\d \[[\d.]+, [\d.]+\]", whole)) == 4
    assert "few runs" not in whole
    assert "## Table 4" not in whole
    documents = sorted(session.glob("runs/*/latency-*/run.json"))
    assert len(documents) == 4 * 5

    for document in documents[-2:]:  # as if it had been interrupted before the last two runs
        shutil.rmtree(document.parent)
    for document in (session / "jobs").iterdir():
        document.unlink()
    (tmp_path / "docs" / "part.md").unlink()
    kept = [document.read_bytes() for document in documents[:-2]]
    done = measure(PART, "-o", "docs/part.md", "--resume", "last", "--quiet")
    assert done.exit_code == 0, done.stderr
    assert [document.read_bytes() for document in documents[:-2]] == kept
    results = [json.loads(path.read_text(encoding="utf-8")) for path in (session / "jobs").iterdir()]
    assert [len([run for run in each["runs"] if run["purpose"] == "latency"]) for each in results] == [5] * 4
    assert f"Session {session.name}; " in (tmp_path / "docs" / "part.md").read_text(encoding="utf-8")
