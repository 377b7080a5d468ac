"""`mbench run` on this host: what it prints, keeps, proves and refuses."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command_line import ONCE, OTHER, ROOT, SHORT, SMALL, Command, rows_of

from benchmarks.request_path import follow

pytestmark = pytest.mark.tensorflow


CORE = str(max(os.sched_getaffinity(0))) if hasattr(os, "sched_setaffinity") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run that many tests look at, and what a dry run of the same options prints.

    Attributes:
        dry: its lines, each as what it is of and what it says.
    """

    command: Command
    done: "subprocess.CompletedProcess[str]"
    dry: tuple[tuple[str, str], ...]

    @property
    def session(self) -> Path:
        return next(path for path in (self.command.folder / "results").iterdir() if path.is_dir())

    @property
    def runs(self) -> list[dict[str, Any]]:
        """The runs of the smaller network."""
        (document,) = (self.session / "jobs").glob(f"{SMALL}*.json")
        return json.loads(document.read_text(encoding="utf-8"))["runs"]


def run_of(command: Command, *arguments: str, prefix: tuple[str, ...] = ()) -> Ran:
    planned = command("run", *arguments, "--dry-run")
    done = command("run", *arguments, prefix=prefix)
    assert done.returncode == 0, done.stderr[-500:]
    lines = (line.partition(": ")[::2] for line in planned.stdout.splitlines())
    return Ran(command=command, done=done, dry=tuple(lines))


@pytest.fixture(scope="module")
def ran(tmp_path_factory, home) -> Ran:
    """Two networks, pinned and profiled, in a process that says on stderr what it loads."""
    pinned = () if CORE is None else ("--cpus", CORE)
    command = Command(tmp_path_factory.mktemp("ran"), home)
    shown = (sys.executable, "-X", "importtime")
    return run_of(command, SMALL, OTHER, *SHORT, "--profile", "ops", *pinned, prefix=shown)


@pytest.fixture(scope="module")
def multiplied(tmp_path_factory, home) -> Ran:
    """One network with two delegates and two numbers of threads."""
    axes = ("--delegate", "cpu,builtin", "--sweep", "threads=1,2")
    return run_of(Command(tmp_path_factory.mktemp("multiplied"), home), SMALL, *axes, *ONCE)


def test_a_run_prints_a_table_and_keeps_it(ran):
    assert SMALL in ran.done.stdout
    assert OTHER in ran.done.stdout
    assert (ran.session / "report.md").read_text(encoding="utf-8") == ran.done.stdout
    assert len(list((ran.session / "jobs").glob("*.json"))) == 2


def test_rows_say_what_was_proved(ran):
    (row,) = (row for row in rows_of(ran.command("report", "--json")) if row["variant"] == SMALL)
    assert (row["status"], row["runs"], row["threads"], row["delegate"]) == ("ok", 2, 1, "cpu")
    nodes, total = map(int, row["delegate_nodes"].split("/"))
    assert 0 < nodes <= total
    assert row["latency_median_us"] > 0
    assert {warning["code"] for warning in row["warnings"]} >= {"latency_only", "few_runs"}


@pytest.fixture(scope="module")
def loaded_by_a_second_run(ran) -> set[str]:
    """Every module that the main process of a run loads whose artifact is in the cache."""
    return {line.rsplit("|", 1)[-1].strip() for line in ran.done.stderr.splitlines() if "|" in line}


@pytest.mark.parametrize(
    "library",
    [
        *("tensorflow", "keras", "litert_quantizer", "pandas", "adbutils", "rich", "flatbuffers", "numpy", "PIL"),
        *("dask", "distributed"),
    ],
)
def test_a_second_run_loads_no_heavy_library(loaded_by_a_second_run, library):
    assert library not in {name.split(".")[0] for name in loaded_by_a_second_run}


@pytest.mark.slow
def test_a_request_leads_through_few_places_and_seldom_back(home, tmp_path):
    """Who has to follow a longer path does not find what they look for; `docs/decisions.md` has this one."""
    path = follow(ROOT, tmp_path, home=home)
    assert path[0][:2] == ("mbench/workflows/run/session.py", "run")
    assert len(path) <= 40
    assert len({file for file, _, _ in path}) <= 26
    assert sum(returned for _, _, returned in path) <= 8


@pytest.mark.parametrize(
    "module",
    [
        "http.client",
        "ai_edge_litert.schema_py_generated",
        "ai_edge_litert.interpreter",
        "mbench.artifacts.inspection",
        "mbench.binaries.records",
        "mbench.models.tflite.build",
        "mbench.workflows.build.build_pool",
        "mbench.workflows.devices.attached_phones",
    ],
)
def test_a_second_run_loads_nothing_that_reads_builds_or_proves_a_file_or_talks_to_a_phone(
    loaded_by_a_second_run, module
):
    assert module not in loaded_by_a_second_run


@pytest.mark.slow
def test_delegates_and_threads_multiply(multiplied):
    rows = rows_of(multiplied.command("report", "--json"))
    assert {(row["delegate"], row["threads"]) for row in rows} == {
        ("cpu", 1),
        ("cpu", 2),
        ("builtin", 1),
        ("builtin", 2),
    }
    assert all(row["status"] == "ok" for row in rows)
    assert all(row["delegate_nodes"].startswith("0/") == (row["delegate"] == "builtin") for row in rows)


def test_an_operator_profile_has_runs_of_its_own(ran):
    profiled = [run for run in ran.runs if run["purpose"] == "ops"]
    assert len(profiled) == 1
    assert len(profiled[0]["operators"]) > 10
    assert all(run["operators"] is None for run in ran.runs if run["purpose"] == "latency")


def test_a_dry_run_prints_plan_and_commands_and_writes_nothing(mbench):
    done = mbench("run", SMALL, "mobilenet_v1_0.75_32_fp16", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "to be built" in done.stdout
    assert "--num_threads=1" in done.stdout
    assert "folders: SESSION in a command is the name that the session gets" in done.stdout
    assert re.search(r"--graph=/.*/host/work-SESSION/models/[0-9a-f]{64}\.tflite", done.stdout)
    assert not (mbench.folder / "results").exists()


@pytest.mark.parametrize("which", ["ran", "multiplied"])
def test_a_dry_run_prints_what_the_run_then_executes(request, which):
    found: Ran = request.getfixturevalue(which)
    plan = json.loads((found.session / "plan.json").read_text())["devices"][0]
    planned = {name.removeprefix("job "): text for name, text in found.dry if name.startswith("job ")}
    assert planned == {job["id"]: f"cached {job['workload']['artifact']['sha256']}" for job in plan["jobs"]}
    said = dict(found.dry)
    assert json.loads(said["rules"]) == plan["rules"]
    runs = [json.loads(path.read_text())["run"] for path in found.session.glob("runs/*/*/run.json")]
    block = sorted((run for run in runs if run["block"] == 0 and run["purpose"] == "latency"), key=_position)
    assert said["first block"].split(", ") == [run["job"] for run in block]
    commands = [text.replace("SESSION", found.session.name) for name, text in found.dry if name == "latency"]
    assert commands == [shlex.join(run["argv"]) for run in sorted(block, key=lambda run: [*planned].index(run["job"]))]


def _position(run):
    return run["position"]


@pytest.fixture
def damaged(mbench, home, tmp_path) -> str:
    """Turn one bit of a file that is in the cache; return the SHA-256 that it had."""
    mbench.environment["MBENCH_HOME"] = str(shutil.copytree(home, tmp_path / "damaged home"))
    kept = rows_of(mbench("build", SMALL, "--json"))[0]
    data = bytearray(Path(kept["path"]).read_bytes())
    data[len(data) // 2] ^= 1
    Path(kept["path"]).write_bytes(data)
    return kept["sha256"]


def test_a_damaged_file_in_the_cache_is_found(mbench, damaged):
    planned = mbench("run", SMALL, "--dry-run")
    assert "built again" in planned.stderr
    assert "to be built" in planned.stdout
    assert damaged not in planned.stdout


@pytest.mark.slow
def test_a_damaged_file_in_the_cache_is_built_again(mbench, damaged):
    again = mbench("build", SMALL, "--json")
    assert rows_of(again)[0]["sha256"] == damaged
    assert "built again" in again.stderr


def test_a_results_folder_that_cannot_be_written_is_named(mbench):
    (mbench.folder / "results").write_text("a file", encoding="utf-8")
    done = mbench("run", SMALL, *ONCE)
    assert done.returncode == 5
    assert "results" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_an_own_file_is_named_by_its_hash_and_one_that_is_no_model_fails_in_its_row(mbench, home):
    source = next((home / "cache" / "files").glob("*.tflite"))
    own = mbench.folder / "mein $(reboot) modell.tflite"
    shutil.copy(source, own)
    (mbench.folder / "cut.tflite").write_bytes(source.read_bytes()[:5000])
    done = mbench("run", "--model", "cut.tflite", "--model", own.name, *ONCE, "--json")
    assert done.returncode == 4
    cut, whole = rows_of(done)
    assert (cut["status"], cut["latency_median_us"], cut["size_bytes"]) == ("failed", None, None)
    assert "cut.tflite" in cut["message"]
    assert whole["status"] == "ok"
    assert whole["variant"].startswith("file:mein $(reboot) modell@")


def test_a_benchmark_binary_that_is_none_is_refused(mbench):
    done = mbench("run", SMALL, *SHORT, "--binary", shutil.which("true") or "/bin/true")
    assert done.returncode == 2
    assert "is no benchmark_model" in done.stderr


@pytest.mark.skipif(CORE is None, reason="this system cannot pin processes")
def test_runs_are_pinned_to_the_chosen_core_and_the_kernel_says_so(ran):
    assert {run["cpus"] for run in ran.runs} == {CORE}
