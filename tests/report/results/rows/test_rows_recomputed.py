"""A real session on this host: its rows computed anew from the raw texts, its files as its documents say they are."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import jsonschema
import pytest
from emit_mobilenet import emit_mobilenet

from mbench.core.results import JobResult, Plan
from mbench.core.workloads import Document
from mbench.store.documents import RunDocument, format_document, read_document, schema

ROOT = Path(__file__).parents[4]
README = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
MODEL = emit_mobilenet(0.25, 128, seed=1)
SHORT = ("--num-runs", "45", "--min-secs", "0", "--warmup-secs", "0", "--runs", "3", "--max-runs", "3")
MEAN = re.compile(r"count=(\d+) .*?avg=([\d.e+]+)")
STAT = re.compile(r"count=(\d+) .*?p5=\d+ median=(\d+) p95=(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    folder: Path
    rows: list[dict[str, Any]]

    def job(self, delegate: str) -> tuple[dict[str, Any], Path]:
        """Return the row and the runs' folder of the job by a delegate."""
        (row,) = (row for row in self.rows if row["delegate"] == delegate)
        (folder,) = (self.folder / "runs").glob(f"*-{delegate}-*")
        return row, folder

    def texts(self, delegate: str, purpose: str) -> Iterator[str]:
        """Yield what each run of one purpose wrote, both streams."""
        for run in sorted(self.job(delegate)[1].glob(f"{purpose}-*")):
            yield "".join((run / name).read_text(encoding="utf-8") for name in ("stdout.txt", "stderr.txt"))


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Session:
    folder = tmp_path_factory.mktemp("session")
    model = folder / "mobilenet.tflite"
    model.write_bytes(MODEL)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MBENCH_")}
    environment |= {"MBENCH_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    argv = ["run", "--model", str(model), "--delegate", "cpu,builtin", *SHORT, "--results", str(folder / "results")]
    done = subprocess.run(
        [sys.executable, "-m", "mbench", *argv, "--format", "json", "--quiet"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        cwd=folder,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    (plan,) = (folder / "results").glob("*/plan.json")
    return Session(folder=plan.parent, rows=json.loads(done.stdout))


@pytest.mark.parametrize("delegate", ["cpu", "builtin"])
def test_latencies_are_those_of_the_raw_texts(session, delegate):
    stats = [STAT.findall(text)[-1] for text in session.texts(delegate, "latency")]
    medians = sorted(int(middle) for _, middle, _ in stats)
    row, _ = session.job(delegate)
    assert row["runs"] == len(stats) == 3
    assert row["latency_median_us"] == median(medians)
    assert row["latency_ci_us"] == [medians[0], medians[-1]]  # of three runs the interval is their range
    assert row["latency_p95_us"] == median(int(p95) for _, _, p95 in stats)


@pytest.mark.parametrize("delegate", ["cpu", "builtin"])
def test_mean_and_first_inference_are_those_of_the_raw_texts(session, delegate):
    stats = [MEAN.findall(text)[-1] for text in session.texts(delegate, "latency")]
    firsts = [int(re.search(r"First inference: (\d+)", text)[1]) for text in session.texts(delegate, "latency")]
    row, _ = session.job(delegate)
    assert row["latency_mean_us"] == pytest.approx(
        sum(int(count) * float(mean) for count, mean in stats) / sum(int(count) for count, _ in stats)
    )
    assert row["first_us"] == median(firsts)


@pytest.mark.parametrize("delegate", ["cpu", "builtin"])
def test_initialization_and_memory_are_those_of_the_raw_texts(session, delegate):
    inits = [int(re.search(r"Init: (\d+)", text)[1]) for text in session.texts(delegate, "latency")]
    peaks = [float(re.search(r"monitoring: ([\d.]+)", text)[1]) for text in session.texts(delegate, "memory")]
    row, _ = session.job(delegate)
    assert row["init_us"] == median(inits)
    assert row["peak_memory_kib"] == round(1024 * median(peaks))


def test_delegated_nodes_are_those_of_the_raw_texts(session):
    said = {re.search(r"Replacing (\d+) out of (\d+) node", text).groups() for text in session.texts("cpu", "latency")}
    assert {session.job("cpu")[0]["delegate_nodes"]} == {"/".join(each) for each in said}


def test_the_size_is_the_files(session):
    assert {row["size_bytes"] for row in session.rows} == {len(MODEL)}


def documents(session: Session) -> Iterator[tuple[Path, type[Document]]]:
    yield session.folder / "plan.json", Plan
    yield from ((path, JobResult) for path in (session.folder / "jobs").iterdir())
    yield from ((path, RunDocument) for path in session.folder.glob("runs/*/*/run.json"))


def test_every_document_has_every_field_and_holds_by_the_published_schema(session):
    validator = jsonschema.Draft202012Validator(schema())
    for path, model in documents(session):
        data = path.read_bytes()
        assert format_document(read_document(path, model)) == data
        validator.validate(json.loads(data))


def test_every_moment_in_a_document_is_utc(session):
    moments = [
        moment
        for path, _ in documents(session)
        for moment in re.findall(r'"\d{4}-\d\d-\d\dT[^"]*"', path.read_text(encoding="utf-8"))
    ]
    assert moments
    assert all(moment.endswith('Z"') for moment in moments)


def test_a_jobs_document_repeats_its_runs(session):
    for path in (session.folder / "jobs").iterdir():
        kept = [read_document(run, RunDocument).run for run in session.folder.glob(f"runs/{path.stem}/*/run.json")]
        assert sorted(kept, key=repr) == sorted(read_document(path, JobResult).runs, key=repr)


def test_every_raw_file_is_named_by_its_run(session):
    for path in session.folder.glob("runs/*/*/run.json"):
        there = {each.name for each in path.parent.iterdir()} - {"run.json"}
        assert there == set(read_document(path, RunDocument).run.files)


def test_a_session_folder_holds_what_the_readme_says(session):
    files = [path.relative_to(session.folder) for path in session.folder.rglob("*") if path.is_file()]
    tops = {path.parts[0] for path in files}
    assert tops == {"plan.json", "jobs", "runs", "report.md", ".lock"}
    passes = {path.parts[2].rpartition("-")[0] for path in files if path.parts[0] == "runs"}
    assert all(f"{name}-0/" in README for name in passes)
    assert all(name in README for name in (*tops, "run.json", "stdout.txt", "stderr.txt", "LATEST"))
    assert (session.folder.parent / "LATEST").read_text(encoding="utf-8").strip() == session.folder.name
