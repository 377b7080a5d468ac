"""`mbench run` ended by a signal or a full disk: what was measured is kept, and resumed."""

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from command_line import ONCE, OTHER, SMALL, rows_of

pytestmark = pytest.mark.tensorflow


LONG = (
    *("--num-runs", "5", "--min-secs", "0.2", "--warmup-secs", "0.1"),
    *("--runs", "2", "--max-runs", "2", "--memory-runs", "0"),
)
"""Settings of a run of a few seconds: of two files, seven processes one after the other."""


def wait_for_runs(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(list(folder.glob("results/*/runs/*/[!.]*/run.json"))) < count:
        assert time.monotonic() < deadline, "no run was stored in two minutes"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "ending",
    [signal.SIGKILL, signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)],
    ids=lambda each: each.name,
)
def test_what_was_measured_survives_an_ending_and_resume_measures_nothing_twice(mbench, ending):
    process = mbench.start("run", SMALL, OTHER, *LONG)
    wait_for_runs(mbench.folder, 3)
    process.send_signal(ending)
    out, err = process.communicate(timeout=120)
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
    assert len(latency) == 2


def starting_s(mbench) -> float:
    """Return how long a process takes here, now, until mbench and no longer Python alone hears Ctrl-C; and its end."""
    begun = time.monotonic()
    mbench("--version")
    return time.monotonic() - begun


@pytest.mark.slow
def test_ctrl_c_at_any_moment_ends_in_one_line_and_leaves_nothing_running(mbench):
    moments = random.Random(7)
    for _ in range(6):
        earliest_s = 2 * starting_s(mbench)
        process = mbench.start("run", SMALL, *LONG)
        time.sleep(earliest_s + moments.uniform(0, 2.75))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
        assert process.returncode in (130, 0, -signal.SIGINT), err
        assert "Traceback" not in err
    home = Path(mbench.environment["MBENCH_HOME"])
    assert not list((home / "host").glob("work-*/"))


def test_what_a_killed_run_left_is_ended_by_the_next_and_the_users_shell_in_its_folder_is_not(mbench):
    host = Path(mbench.environment["MBENCH_HOME"]) / "host"
    process = mbench.start("run", SMALL, *LONG, "--min-secs", "50", "--max-secs", "55")
    deadline = time.monotonic() + 120
    while not (noted := list(host.glob("work-*/run/pid.txt"))) or not noted[0].read_text().strip():
        assert time.monotonic() < deadline, "no program was started in two minutes"
        time.sleep(0.02)
    left = psutil.Process(int(noted[0].read_text()))
    process.kill()
    process.communicate(timeout=120)
    shell = subprocess.Popen(("sh", "-c", "echo here; exec sleep 600"), cwd=noted[0].parent, stdout=subprocess.PIPE)
    try:
        assert shell.stdout is not None
        assert shell.stdout.readline() == b"here\n"
        assert left.is_running()
        assert mbench("run", SMALL, *ONCE).returncode == 0
        psutil.wait_procs([left], timeout=60)
        assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE
        assert shell.poll() is None
        assert not list(host.glob("work-*"))
    finally:
        shell.kill()
        shell.communicate()


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
    assert done.returncode == 5, done.stderr
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(small_disk.glob("*/runs/*/[!.]*/run.json"))
    report = mbench("report", "--json", MBENCH_RESULTS=str(small_disk))
    assert report.returncode == 0, report.stderr


@pytest.mark.slow
def test_a_build_for_which_this_host_has_no_space_is_no_fault_of_the_model_and_is_said_once(mbench, small_disk):
    done = mbench("run", "mobilenet_v1_0.25_128_int8", *ONCE, "--json", TMPDIR=str(small_disk))
    assert done.returncode == 5, done.stderr
    (row,) = rows_of(done)
    assert (row["status"], row["error_class"], row["exit_code"]) == ("failed", "environment", 5)
    assert "No space left on device. Free some space there, or let TMPDIR name another folder." in row["message"]
    assert done.stderr.count("could not build in") == 1


@pytest.mark.slow
def test_a_failed_build_is_said_once_with_its_reason(mbench, small_disk):
    done = mbench("build", "mobilenet_v1_0.25_128_fp32", TMPDIR=str(small_disk))
    assert done.returncode == 4
    assert done.stderr.count("could not build in") == 1
    assert "No space left on device. Free some space there, or let TMPDIR name another folder." in done.stderr


def test_a_read_only_home_is_said_once_and_no_process_is_blamed(mbench, small_disk):
    subprocess.run(("mount", "-o", "remount,ro", str(small_disk)), check=True)
    done = mbench("build", "mobilenet_v1_0.25_128_fp32", MBENCH_HOME=str(small_disk))
    assert done.returncode == 4
    assert done.stderr.count("Read-only file system") == 1
    assert "died" not in done.stderr


def test_a_killed_build_leaves_no_worker_behind(mbench):
    process = mbench.start("build", "--alpha", "0.9", "--resolution", "32", "--quiet")
    until = time.monotonic() + 120
    while not (started := psutil.Process(process.pid).children(recursive=True)):
        assert time.monotonic() < until, "no worker was started in two minutes"
        time.sleep(0.02)
    time.sleep(1.0)  # it is importing, or building
    started = psutil.Process(process.pid).children(recursive=True) or started
    process.kill()
    process.communicate(timeout=120)
    _, alive = psutil.wait_procs(started, timeout=60)
    for one in alive:
        one.kill()
    assert alive == []


def test_a_second_run_on_this_host_waits_for_the_first_and_names_it_and_has_a_session_of_its_own(mbench):
    first = mbench.start("run", SMALL, *LONG)
    wait_for_runs(mbench.folder, 1)
    first.send_signal(signal.SIGSTOP)  # it has not ended before the second has begun
    second = mbench.start("run", SMALL, *ONCE, "--json")
    waiting = next(line for line in second.stderr if "waiting for this host" in line)
    first.send_signal(signal.SIGCONT)
    assert f"process {first.pid})" in waiting
    _, err = first.communicate(timeout=120)
    out, _ = second.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 0), err
    assert [row["status"] for row in json.loads(out)] == ["ok"]
    others, mine = (
        [json.loads(path.read_bytes())["run"] for path in session.glob("runs/*/[!.]*/run.json")]
        for session in sorted(path.parent for path in mbench.folder.glob("results/*/plan.json"))
    )
    assert min(run["started_at"] for run in mine) > max(run["started_at"] for run in others)
    assert all(run["conditions_after"]["pinned_busy_share"] is not None for run in mine if run["cpus"])
