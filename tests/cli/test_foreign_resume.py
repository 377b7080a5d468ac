"""`mbench run --resume` on a session folder of somebody else: it removes, starts and overwrites nothing of the user's.

Each session was really begun here, and is then changed as an attacker would.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import ONCE, SHORT, SMALL, Command, rows_of

pytestmark = pytest.mark.tensorflow

JOB = f"{SMALL}-cpu-t1"


def write_program(path: Path, mark: Path) -> Path:
    """Write a benchmark_model that notes each start of it."""
    path.write_text(f'#!/bin/sh\necho "$@" >>"{mark}"\nexec "{sys.executable}" -m mbench.hostbench "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def begun(tmp_path_factory, home) -> Path:
    """Two sessions that came to their end: `hostbench`, and `own`, of a program of the user's."""
    folder = tmp_path_factory.mktemp("begun")
    mbench = Command(folder, home)
    program = write_program(folder / "program", folder / "started.txt")
    for name, arguments in (("hostbench", SHORT), ("own", (*ONCE, "--binary", program))):
        done = mbench("run", SMALL, *arguments, "--results", folder / name)
        assert done.returncode == 0, done.stderr
    return folder


def interrupted(begun: Path, mbench: Command, name: str = "hostbench") -> Path:
    """Return the folder of a session in ./results as if it had been interrupted before its last run."""
    shutil.copytree(begun / name, mbench.folder / "results")
    (session,) = (mbench.folder / "results").glob("2*")
    (session / "jobs" / f"{JOB}.json").unlink()
    shutil.rmtree(max((session / "runs" / JOB).glob("latency-*")))
    return session


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    fields = json.loads(path.read_bytes())
    change(fields)
    path.write_text(json.dumps(fields), encoding="utf-8")


def refused(mbench: Command, *arguments: str, status: int = 4, session: str = "last") -> str:
    """Return the one line with which going on is refused."""
    done = mbench("run", "--resume", session, *arguments)
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def victim(tmp_path) -> Path:
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear Ada", encoding="utf-8")
    return folder


def untouched(victim: Path) -> bool:
    return [path.name for path in victim.iterdir()] == ["letter.txt"] and (victim / "letter.txt").read_text() == (
        "dear Ada"
    )


def test_a_session_whose_files_left_the_cache_is_said_not_to_go_on_and_what_to_do(begun, mbench, tmp_path):
    session = interrupted(begun, mbench)
    mbench.environment["MBENCH_HOME"] = str(tmp_path / "home")  # as `mbench cache empty` leaves it
    line = refused(mbench)
    assert line.startswith(f"mbench: session {session.name} cannot go on: {SMALL} (")
    assert f"is no longer in the cache {tmp_path}/home/cache. Start a new run;" in line
    assert line.endswith(f"mbench report {session.name} prints what was measured.")
    assert mbench("report", session.name).returncode == 0


def test_a_session_without_its_files_keeps_its_failed_jobs(begun, mbench, tmp_path):
    shutil.copytree(begun / "hostbench", mbench.folder / "results")
    (job,) = (mbench.folder / "results").glob(f"2*/jobs/{JOB}.json")
    edit(job, lambda result: result.update(status="failed", error_class="killed", message="it was killed."))
    mbench.environment["MBENCH_HOME"] = str(tmp_path / "home")
    assert "cannot go on" in refused(mbench, "--failed")
    assert job.exists()


def test_a_session_s_name_removes_no_folder(begun, mbench, victim):
    session = interrupted(begun, mbench)
    up = "/.." * (len((Path(mbench.environment["MBENCH_HOME"]) / "host" / "work-").parts) - 1)
    edit(session / "plan.json", lambda plan: plan.update(session=f"{up}{victim}"))
    assert "plan.json: session: String should match" in refused(mbench)
    assert untouched(victim)


def test_a_program_that_a_plan_names_is_not_started(begun, mbench, tmp_path):
    mark = tmp_path / "started.txt"
    program = write_program(tmp_path / "evil", mark)
    session = interrupted(begun, mbench)
    sha256 = hashlib.sha256(program.read_bytes()).hexdigest()
    foreign = {"tool": "tflite", "sha256": sha256, "path": str(program)}
    edit(session / "plan.json", lambda plan: plan["devices"][0]["binary"].update(foreign))
    line = refused(mbench)
    assert sha256[:12] in line
    assert f"({program}) is not looked" in line
    assert "--binary FILE beside --resume" in line
    assert not mark.exists()


def test_a_session_of_hostbench_goes_on_and_no_program_under_its_hash_is_started(begun, mbench, tmp_path):
    mark = tmp_path / "started.txt"
    program = write_program(tmp_path / "evil", mark)
    session = interrupted(begun, mbench)
    edit(session / "plan.json", lambda plan: plan["devices"][0]["binary"].update(path=str(program)))
    done = mbench("run", "--resume", "last", "--json")  # by hostbench itself, whatever the path
    assert (done.returncode, [row["status"] for row in rows_of(done)]) == (0, ["ok"]), done.stderr
    assert not mark.exists()


def test_one_s_own_program_is_named_again_and_another_one_is_not_started(begun, mbench, tmp_path):
    interrupted(begun, mbench, "own")
    started = begun / "started.txt"
    before = started.read_text()
    assert "Name the file again by --binary FILE beside --resume" in refused(mbench)
    other = write_program(tmp_path / "other", tmp_path / "other started.txt")
    assert "It has not been started." in refused(mbench, "--binary", str(other), status=2)
    assert "no such file" in refused(mbench, "--binary", str(tmp_path / "none"), status=2)
    assert (started.read_text(), (tmp_path / "other started.txt").exists()) == (before, False)
    moved = shutil.copy(begun / "program", tmp_path / "moved elsewhere")
    done = mbench("run", "--resume", "last", "--binary", str(moved), "--json")
    assert (done.returncode, [row["status"] for row in rows_of(done)]) == (0, ["ok"]), done.stderr


def test_another_program_is_refused_beside_a_session_of_hostbench(begun, mbench, tmp_path):
    interrupted(begun, mbench)
    mark = tmp_path / "started.txt"
    program = write_program(tmp_path / "program", mark)
    assert "its rows could not be compared" in refused(mbench, "--binary", str(program), status=2)
    assert not mark.exists()


def test_a_library_that_a_plan_names_is_loaded_where_the_user_names_it_too(begun, mbench, tmp_path):
    session = interrupted(begun, mbench)
    external = f"external:{tmp_path}/evil.so".replace(" ", "_")

    def load(plan):
        plan["devices"][0]["jobs"][0]["workload"]["delegate"] = external
        plan["devices"][0]["canary"]["delegate"] = external

    edit(session / "plan.json", load)
    line = refused(mbench, status=2)
    assert f"loads {external}, which is code that its plan names" in line
    assert f"--delegate '{external}'" in line
    other = refused(mbench, "--delegate", "external:/other.so", status=2)
    assert f"it loads {external}." in other
    # With it named, the program itself is asked; hostbench loads no libraries.
    named = mbench("run", "--resume", "last", "--delegate", external)
    assert "has no flag --external_delegate_path" in named.stderr


def test_a_delegate_beside_resume_that_names_no_library_is_refused(begun, mbench):
    interrupted(begun, mbench)
    assert "it loads none." in refused(mbench, "--delegate", "cpu", status=2)


def test_a_metric_that_a_plan_names_is_run_where_the_user_names_it_too(begun, mbench, tmp_path):
    session = interrupted(begun, mbench)
    mark = tmp_path / "started.txt"
    (tmp_path / "evil.py").write_text(f"open({str(mark)!r}, 'w')\ndef evil(outputs, labels): return labels >= 0\n")
    named = f"{tmp_path}/evil.py:evil"

    def ask(plan):
        plan["question"] = {"dataset": "digits", "metric": named}
        plan["ask_devices"] = True

    edit(session / "plan.json", ask)
    line = refused(mbench, status=2)
    assert f"judges answers by {named}, which is code that its plan names" in line
    assert f"--metric '{named}'" in line
    assert f"repeats that of session {session.name}: {named}" in refused(mbench, "--metric", "m.py:other", status=2)
    assert not mark.exists()


def test_a_lock_that_is_a_link_overwrites_nothing(begun, mbench, victim):
    session = interrupted(begun, mbench)
    (session / ".lock").unlink(missing_ok=True)
    (session / ".lock").symlink_to(victim / "letter.txt")
    assert ".lock is a symbolic link" in refused(mbench)
    assert untouched(victim)


def test_a_lock_that_is_a_file_of_the_user_s_empties_nothing(begun, mbench, victim):
    session = interrupted(begun, mbench)
    (session / ".lock").unlink(missing_ok=True)
    (session / ".lock").hardlink_to(victim / "letter.txt")
    assert mbench("report", session).returncode == 0
    assert ".lock is a hard link of another file" in refused(mbench)
    assert untouched(victim)


@pytest.mark.parametrize("name", ["jobs", "runs", f"runs/{JOB}"])
def test_nothing_is_written_into_a_folder_that_a_link_leads_to(begun, mbench, victim, name):
    session = interrupted(begun, mbench)
    shutil.rmtree(session / name)
    (session / name).symlink_to(victim)
    assert f"{name} is a symbolic link" in refused(mbench)
    assert untouched(victim)


def test_a_job_s_document_that_does_not_hold_the_kept_runs_is_not_gone_on_with(begun, mbench):
    shutil.copytree(begun / "hostbench", mbench.folder / "results")
    (path,) = (mbench.folder / "results").glob("2*/jobs/*.json")
    edit(path, lambda job: job["runs"][0]["measured"].update(median_us=1))
    assert f"{path.name}: its run latency 0 is not the one that is kept" in refused(mbench)


def test_a_job_s_file_that_was_copied_is_not_reported(begun, mbench):
    shutil.copytree(begun / "hostbench", mbench.folder / "results")
    (path,) = (mbench.folder / "results").glob("2*/jobs/*.json")
    edit(path.parent.parent / "plan.json", lambda plan: plan["devices"][0]["jobs"].append(_renamed(plan)))
    shutil.copy(path, path.with_name("another.json"))
    done = mbench("report")
    assert (done.returncode, done.stdout) == (4, "")
    assert f"another.json: it is of job '{JOB}', and not of the one that its name says." in done.stderr


def _renamed(plan: dict[str, Any]) -> dict[str, Any]:
    return plan["devices"][0]["jobs"][0] | {"id": "another"}
