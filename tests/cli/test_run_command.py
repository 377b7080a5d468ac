import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import OTHER, SHORT, SMALL

pytestmark = pytest.mark.tensorflow


def rows_of(done: "subprocess.CompletedProcess[str]") -> list[dict]:
    return json.loads(done.stdout)


def test_a_run_prints_a_table_and_keeps_it(mbench):
    done = mbench("run", SMALL, OTHER, *SHORT)
    assert done.returncode == 0, done.stderr
    assert SMALL in done.stdout
    assert OTHER in done.stdout
    session = next(path for path in (mbench.folder / "results").iterdir() if path.is_dir())
    assert (session / "report.md").read_text(encoding="utf-8") == done.stdout
    assert len(list((session / "jobs").glob("*.json"))) == 2


def test_rows_say_what_was_proved(mbench):
    (row,) = rows_of(mbench("run", SMALL, *SHORT, "--json"))
    assert (row["status"], row["runs"], row["threads"], row["delegate"]) == ("ok", 2, 1, "cpu")
    nodes, total = map(int, row["delegate_nodes"].split("/"))
    assert 0 < nodes <= total
    assert row["latency_median_us"] > 0
    assert {warning["code"] for warning in row["warnings"]} >= {"latency_only", "few_runs"}


def test_a_second_run_builds_nothing_and_loads_no_heavy_library(mbench):
    traced = (sys.executable, "-X", "importtime")
    done = mbench("run", SMALL, *SHORT, prefix=traced)
    assert done.returncode == 0, done.stderr[-500:]
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert imported.isdisjoint({"tensorflow", "keras", "pandas", "adbutils", "litert_quantizer"})


def test_delegates_and_threads_multiply(mbench):
    done = mbench("run", SMALL, "--delegate", "cpu,builtin", "--sweep", "threads=1,2", *SHORT, "--json")
    rows = rows_of(done)
    assert {(row["delegate"], row["threads"]) for row in rows} == {
        ("cpu", 1),
        ("cpu", 2),
        ("builtin", 1),
        ("builtin", 2),
    }
    assert all(row["status"] == "ok" for row in rows)
    assert all(row["delegate_nodes"].startswith("0/") == (row["delegate"] == "builtin") for row in rows)


def test_an_operator_profile_has_runs_of_its_own(mbench):
    done = mbench("run", SMALL, *SHORT, "--profile", "ops")
    assert done.returncode == 0, done.stderr
    (document,) = (mbench.folder / "results").glob("*/jobs/*.json")
    runs = json.loads(document.read_text(encoding="utf-8"))["runs"]
    profiled = [run for run in runs if run["purpose"] == "ops"]
    assert len(profiled) == 1
    assert len(profiled[0]["operators"]) > 10
    assert all(run["operators"] is None for run in runs if run["purpose"] == "latency")


def test_a_dry_run_prints_plan_and_commands_and_writes_nothing(mbench):
    done = mbench("run", SMALL, "mobilenet_v1_0.75_32_fp16", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "to be built" in done.stdout
    assert "--num_threads=1" in done.stdout
    assert "folders: SESSION in a command is the name that the session gets" in done.stdout
    assert re.search(r"--graph=/.*/host/work-SESSION/models/[0-9a-f]{64}\.tflite", done.stdout)
    assert not (mbench.folder / "results").exists()


def test_a_damaged_file_in_the_cache_is_found_and_built_again(mbench, home, tmp_path):
    copy = tmp_path / "damaged home"
    shutil.copytree(home, copy)
    kept = json.loads(mbench("build", SMALL, "--json", MBENCH_HOME=str(copy)).stdout)[0]
    data = bytearray(Path(kept["path"]).read_bytes())
    data[len(data) // 2] ^= 1
    Path(kept["path"]).write_bytes(data)
    again = mbench("build", SMALL, "--json", MBENCH_HOME=str(copy))
    assert json.loads(again.stdout)[0]["sha256"] == kept["sha256"]
    assert "built again" in again.stderr


def test_two_runs_into_one_folder_do_not_meet(mbench):
    processes = [mbench.start("run", SMALL, *SHORT, "--json") for _ in range(2)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert json.loads(out)[0]["status"] == "ok"
    assert len(list((mbench.folder / "results").glob("*/plan.json"))) == 2


def wait_for_runs(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(list(folder.glob("results/*/runs/*/[!.]*/run.json"))) < count:
        assert time.monotonic() < deadline, "no run was stored in a minute"
        time.sleep(0.02)


LONG = (
    *("--num-runs", "5", "--min-secs", "0.2", "--warmup-secs", "0.1"),
    *("--runs", "4", "--max-runs", "4", "--memory-runs", "1"),
)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_what_was_measured_survives_an_ending_and_resume_measures_nothing_twice(mbench, ending):
    process = mbench.start("run", SMALL, OTHER, *LONG)
    wait_for_runs(mbench.folder, 4)
    process.send_signal(ending)
    out, err = process.communicate(timeout=60)
    kept = {path: path.read_bytes() for path in mbench.folder.glob("results/*/runs/*/[!.]*/run.json")}
    if ending is not signal.SIGKILL:
        assert process.returncode == 130, err
        assert "--resume" in err
        assert "aborted" in out or "ok" in out
    aborted = json.loads(mbench("report", "--json").stdout)
    assert "aborted" in {row["status"] for row in aborted}
    done = mbench("run", "--resume", "last", "--json")
    assert done.returncode == 0, done.stderr
    assert {row["status"] for row in rows_of(done)} == {"ok"}
    assert all(path.read_bytes() == data for path, data in kept.items())
    latency = list(mbench.folder.glob(f"results/*/runs/{SMALL}*/latency-*"))
    assert len(latency) == 4


def starting_s(mbench) -> float:
    """Return how long a process takes here, now, until mbench and no longer Python alone hears Ctrl-C; and its end."""
    begun = time.monotonic()
    mbench("--version")
    return time.monotonic() - begun


def test_ctrl_c_at_any_moment_ends_in_one_line_and_leaves_nothing_running(mbench):
    moments = random.Random(7)
    for _ in range(6):
        earliest_s = 2 * starting_s(mbench)
        process = mbench.start("run", SMALL, *LONG)
        time.sleep(earliest_s + moments.uniform(0, 2.75))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode in (130, 0, -signal.SIGINT), err
        assert "Traceback" not in err
    home = Path(mbench.environment["MBENCH_HOME"])
    assert not list((home / "host").glob("work-*/"))


def test_a_results_folder_that_cannot_be_written_is_named(mbench):
    (mbench.folder / "results").write_text("a file", encoding="utf-8")
    done = mbench("run", SMALL, *SHORT)
    assert done.returncode == 4
    assert "results" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ("mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)), capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(("umount", str(folder)), check=True)


def test_a_full_disk_ends_in_one_line_and_keeps_what_was_measured(mbench, small_disk):
    done = mbench("run", SMALL, OTHER, *LONG, "--runs", "12", "--max-runs", "12", MBENCH_RESULTS=str(small_disk))
    assert done.returncode == 4, done.stderr
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(small_disk.glob("*/runs/*/[!.]*/run.json"))
    report = mbench("report", "--json", MBENCH_RESULTS=str(small_disk))
    assert report.returncode == 0, report.stderr


def test_an_own_file_is_run_and_named_by_its_hash(mbench, home):
    source = next((home / "cache" / "files").glob("*.tflite"))
    own = mbench.folder / "mein $(reboot) modell.tflite"
    shutil.copy(source, own)
    (row,) = rows_of(mbench("run", "--model", own.name, *SHORT, "--json"))
    assert row["status"] == "ok"
    assert row["variant"].startswith("file:mein $(reboot) modell@")


def test_a_file_that_is_no_model_fails_in_its_row_and_the_others_go_on(mbench, home):
    source = next((home / "cache" / "files").glob("*.tflite"))
    (mbench.folder / "cut.tflite").write_bytes(source.read_bytes()[:5000])
    done = mbench("run", "--model", "cut.tflite", "--model", str(source), *SHORT, "--json")
    assert done.returncode == 4
    cut, whole = rows_of(done)
    assert (cut["status"], cut["latency_median_us"], cut["size_bytes"]) == ("failed", None, None)
    assert "cut.tflite" in cut["message"]
    assert whole["status"] == "ok"


def test_a_benchmark_binary_that_is_none_is_refused(mbench):
    done = mbench("run", SMALL, *SHORT, "--binary", shutil.which("true") or "/bin/true")
    assert done.returncode == 2
    assert "is no benchmark_model" in done.stderr


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot pin processes")
def test_runs_are_pinned_to_the_chosen_core_and_the_kernel_says_so(mbench):
    core = str(max(os.sched_getaffinity(0)))
    assert mbench("run", SMALL, *SHORT, "--cpus", core).returncode == 0
    (document,) = (mbench.folder / "results").glob("*/jobs/*.json")
    runs = json.loads(document.read_text(encoding="utf-8"))["runs"]
    assert {run["cpus"] for run in runs} == {core}
