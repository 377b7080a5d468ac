"""Session folders of somebody else: a folder that was really measured, with one thing in it that is not so.

All are read as `mbench report` reads them. Each is refused with one line that names the file, and nothing outside of
the folder is read, written or removed.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mbench.core.errors import MbenchError, StoreError
from mbench.core.results import Status
from mbench.report.results.report import report_markdown
from mbench.store.lock import holder_of
from mbench.store.session import find_session, list_sessions, open_session
from mbench.workflows.reporting import stored_results

RECORDED = Path(__file__).parent.parent / "data" / "results" / "from-runs"
FINISHED = "20261130-035206-host-alpha-e554"
INTERRUPTED = "20261130-035652-host-run-8c8a"
JOB = "mobilenet_v1_0.25_32_digits10_int8-cpu-t1"
FIRST, SECOND = "mobilenet_v1_0.25_32_int8-cpu-t1", "mobilenet_v1_0.25_32_fp32-cpu-t1"


@pytest.fixture
def results(tmp_path) -> Path:
    return shutil.copytree(RECORDED, tmp_path / "results")


@pytest.fixture
def victim(tmp_path) -> Path:
    """A folder of the user's that no session has to do with."""
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear Ada", encoding="utf-8")
    return folder


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    fields = json.loads(path.read_bytes())
    change(fields)
    path.write_text(json.dumps(fields), encoding="utf-8")


def put(*place: str | int, value: object) -> Callable[[dict[str, Any]], object]:
    """Return what sets one value deep in a document."""

    def change(fields: dict[str, Any]) -> None:
        inner: Any = fields
        for step in place[:-1]:
            inner = inner[step]
        assert place[-1] in inner or isinstance(inner, list)
        inner[place[-1]] = value

    return change


def refusal(results: Path, name: str) -> str:
    """Return the line with which a session is refused."""
    with pytest.raises(MbenchError) as error:
        stored_results([name], everything=False, root=results)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_sessions_of_the_mbench_before_are_read_as_ever(results):
    (job,) = stored_results([FINISHED], everything=False, root=results)
    assert (job.status, len(job.runs), job.scores[0].asked) == (Status.OK, 4, 50)
    assert [each.status for each in stored_results([INTERRUPTED], everything=False, root=results)] == [
        Status.ABORTED,
        Status.ABORTED,
    ]
    for name in list_sessions(results):
        open_session(results / name).refuse_other_runs()


@pytest.mark.parametrize(
    "name",
    [
        *("../../../victim", "/etc", "..", ".", "", "a/b", "a\\b", ".hidden", "a\n", "a b", "\u202e", "x" * 201),
        "20261130-035206-host-alpha-e555",
    ],
)
def test_a_plan_of_another_name_than_its_folder_is_refused(results, name):
    plan = results / FINISHED / "plan.json"
    edit(plan, put("session", value=name))
    assert refusal(results, FINISHED).startswith(f"{plan}: ")


def test_a_folder_is_known_by_its_own_name_however_it_is_reached(results, tmp_path, monkeypatch):
    monkeypatch.chdir(results / FINISHED)
    assert open_session(Path()).plan.session == FINISHED
    (tmp_path / "elsewhere").symlink_to(results / FINISHED)
    assert open_session(find_session(results, str(tmp_path / "elsewhere"))).plan.session == FINISHED
    (results / FINISHED).rename(results / "renamed")
    assert f"is the plan of session '{FINISHED}', and its folder is called 'renamed'" in refusal(results, "renamed")


@pytest.mark.parametrize("name", ["..", "../../victim", ".x", "a/b", "a\n", "", "x" * 201])
@pytest.mark.parametrize("place", [("jobs", 0, "id"), ("canary_job",)])
def test_names_of_jobs_and_canaries_are_checked_on_opening(results, name, place):
    edit(results / INTERRUPTED / "plan.json", put("devices", 0, *place, value=name))
    assert f"plan.json: devices.0.{'.'.join(map(str, place))}: String should" in refusal(results, INTERRUPTED)


@pytest.mark.parametrize("name", [FIRST.upper(), "canary", "Canary"])
def test_jobs_that_share_a_file_are_refused_on_opening(results, name):
    edit(results / INTERRUPTED / "plan.json", put("devices", 0, "jobs", 1, "id", value=name))
    assert "the name is taken by another job or the canary" in refusal(results, INTERRUPTED)


def test_two_jobs_of_one_name_are_refused_on_opening(results):
    edit(results / INTERRUPTED / "plan.json", put("devices", 0, "jobs", 1, "id", value=FIRST))
    said = refusal(results, INTERRUPTED)
    assert f"two jobs are called '{FIRST}'" in said
    assert said.endswith("restore the file, or remove it and its session.")


def test_a_plan_with_one_device_twice_is_refused(results):
    edit(results / INTERRUPTED / "plan.json", lambda plan: plan["devices"].append(_of_other_names(plan["devices"][0])))
    assert "device workstation stands in it twice" in refusal(results, INTERRUPTED)


@pytest.mark.parametrize("pair", [(FIRST, FIRST), (FIRST, "nobody"), ("nobody", FIRST), (FIRST, f"{FIRST}@b")])
def test_jobs_that_are_no_pair_are_refused(results, pair):
    def compare(plan: dict[str, Any]) -> None:
        plan["devices"].append(_of_other_names(plan["devices"][0]))
        plan["devices"][1]["device"] = plan["devices"][1]["device"] | {"serial": "other"}
        plan["pairing"] = {
            "purpose": "against",
            "old_from": "file old.tflite",
            "pairs": [dict(zip(("old", "new"), pair, strict=True))],
        }

    edit(results / INTERRUPTED / "plan.json", compare)
    assert "are no pair: they are not two jobs of one device" in refusal(results, INTERRUPTED)


def _of_other_names(part: dict[str, Any]) -> dict[str, Any]:
    jobs = [job | {"id": f"{job['id']}@b"} for job in part["jobs"]]
    return part | {"jobs": jobs, "canary_job": "canary@b"}


@pytest.mark.parametrize("name", ["plan.json", "jobs", f"jobs/{JOB}.json"])
def test_what_a_link_leads_to_is_not_read(results, tmp_path, name):
    path = results / FINISHED / name
    path.rename(tmp_path / "outside")
    path.symlink_to(tmp_path / "outside")
    assert f"{path} is a symbolic link" in refusal(results, FINISHED)


@pytest.mark.parametrize(
    "name", ["runs", f"runs/{FIRST}", f"runs/{FIRST}/latency-0", f"runs/{FIRST}/latency-0/run.json"]
)
def test_runs_that_a_link_leads_to_are_not_read(results, tmp_path, name):
    path = results / INTERRUPTED / name
    path.rename(tmp_path / "outside")
    path.symlink_to(tmp_path / "outside")
    assert f"{path} is a symbolic link" in refusal(results, INTERRUPTED)


def test_nothing_is_written_through_links(results, victim):
    store = open_session(results / INTERRUPTED)
    run, result = store.runs(FIRST)[0], store.results()[0]
    shutil.rmtree(store.path / "runs")
    for name in ("runs", "jobs"):
        (store.path / name).symlink_to(victim)
    for write in (lambda: store.save_run(run, dict.fromkeys(run.files, b"x")), lambda: store.save_job(result)):
        with pytest.raises(StoreError, match="is a symbolic link"):
            write()
    assert [path.name for path in victim.iterdir()] == ["letter.txt"]


def test_a_lock_that_is_a_link_overwrites_nothing(results, victim):
    store = open_session(results / INTERRUPTED)
    (store.path / ".lock").symlink_to(victim / "letter.txt")
    assert [each.status for each in store.results()] == [Status.ABORTED] * 2
    with pytest.raises(StoreError, match=r"\.lock is a symbolic link"), store.lock():
        pass
    assert (victim / "letter.txt").read_text(encoding="utf-8") == "dear Ada"


def test_a_lock_that_is_a_file_of_the_user_s_empties_nothing(results, victim):
    store = open_session(results / INTERRUPTED)
    (store.path / ".lock").hardlink_to(victim / "letter.txt")
    assert [each.status for each in store.results()] == [Status.ABORTED] * 2
    assert holder_of(store.path / ".lock") is None
    with pytest.raises(StoreError, match=r"\.lock is a hard link of another file"), store.lock():
        pass
    assert (victim / "letter.txt").read_text(encoding="utf-8") == "dear Ada"
    (victim / "letter.txt").unlink()
    with store.lock():  # now it has one name, and is a lock
        assert holder_of(store.path / ".lock").startswith("process ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_plan_that_is_a_pipe_is_named_by_whoever_lists_sessions(results):
    path = results / INTERRUPTED / "plan.json"
    path.unlink()
    os.mkfifo(path)
    assert INTERRUPTED in list_sessions(results)
    for found in (find_session(results, INTERRUPTED), find_session(results.parent, str(results / INTERRUPTED))):
        with pytest.raises(StoreError, match=r"could not read .*plan\.json: it is a pipe \(FIFO\), not a regular file"):
            open_session(found)
    (results / "LATEST").unlink(missing_ok=True)
    os.mkfifo(results / "LATEST")
    with pytest.raises(StoreError, match=r"could not read .*LATEST: it is a pipe"):
        find_session(results, None)


def test_a_leftover_that_is_a_link_takes_nothing_along(results, victim):
    store = open_session(results / INTERRUPTED)
    (store.path / ".writing-0011223344556677").symlink_to(victim)
    with store.lock():
        assert [path.name for path in victim.iterdir()] == ["letter.txt"]


def test_a_report_in_the_place_of_a_link_takes_the_place(results, victim):
    store = open_session(results / INTERRUPTED)
    (store.path / "report.md").symlink_to(victim / "letter.txt")
    store.save_report(report_markdown(store.results()))
    assert (victim / "letter.txt").read_text(encoding="utf-8") == "dear Ada"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", [f"jobs/{JOB}.json", f"runs/{JOB}/latency-0/run.json", ".lock"])
def test_a_pipe_where_a_file_belongs_holds_nobody_up(results, name):
    path = results / FINISHED / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    store = open_session(results / FINISHED)
    with pytest.raises(StoreError, match="not a regular file"):
        _touch_all(store)


def _touch_all(store: Any) -> None:
    store.results()
    store.runs(JOB)
    with store.lock():
        pass


def test_a_job_s_file_that_was_copied_doubles_no_row(results):
    jobs = results / INTERRUPTED / "jobs"
    jobs.mkdir()
    shutil.copy(results / FINISHED / "jobs" / f"{JOB}.json", jobs / f"{FIRST}.json")
    assert f"{jobs / FIRST}.json: it is of session '{FINISHED}', not of '{INTERRUPTED}'" in refusal(
        results, INTERRUPTED
    )


def ended(results: Path) -> Path:
    """Return the document of a job that ended, in a session where another one did not."""
    store = open_session(results / INTERRUPTED)
    plan = store.plan.devices[0]
    with store.lock():
        result = store.results()[0].model_copy(update={"status": Status.OK, "message": None})
        assert (result.device, result.binary) == (plan.device, plan.binary)
        store.save_job(result)
    assert store.results()[0].status is Status.OK
    return store.path / "jobs" / f"{FIRST}.json"


def test_a_job_s_file_under_another_job_s_name_is_refused(results):
    path = ended(results)
    shutil.copy(path, path.with_name(f"{SECOND}.json"))
    assert f"{SECOND}.json: it is of job '{FIRST}', and not of the one" in refusal(results, INTERRUPTED)


LIES = {
    "session": (put("session", value=INTERRUPTED), "it is of session"),
    "job": (put("job", value="another"), "it is of job 'another'"),
    "device": (put("device", "model", value="Pixel 9"), "its device is not the plan's"),
    "serial": (put("device", "serial", value="other"), "its device is not the plan's"),
    "emulated": (put("device", "emulated", value=True), "its device is not the plan's"),
    "binary": (put("binary", "sha256", value="0" * 64), "its binary is not the plan's"),
    "file": (put("workload", "artifact", "sha256", value="0" * 64), "its workload is not the plan's"),
    "size": (put("workload", "artifact", "size_bytes", value=1), "its workload is not the plan's"),
    "threads": (put("workload", "threads", value=4), "its workload is not the plan's"),
    "delegate": (put("workload", "delegate", value="gpu"), "its workload is not the plan's"),
    "rules": (put("rules", "seed", value=1), "its rules are not the plan's"),
    "provenance": (put("provenance", "host", value="other"), "its provenance is not the plan's"),
    "score": (put("scores", 0, "artifact_sha256", value="0" * 64), "a score of another file, 000000000000"),
    "a run of another job": (put("runs", 0, "job", value="other"), "it holds a run of job 'other'"),
    "seven runs": (lambda job: job.update(runs=[job["runs"][0]] * 7), "run latency 0 stands in it twice"),
    "a run twice": (lambda job: job["runs"].append(job["runs"][0]), "run latency 0 stands in it twice"),
    "a run left out": (lambda job: job["runs"].pop(0), "runs are not numbered 0 to"),
    "a run too many": (
        lambda job: job["runs"].append(job["runs"][0] | {"index": 3, "position": 99}),
        "it holds 4 latency runs, and the plan lets it have 3",
    ),
    "a run of a canary": (put("runs", 0, "purpose", value="canary"), "1 canary runs, and the plan lets it have 0"),
    "one position": (
        lambda job: [run.update(position=5) for run in job["runs"]],
        "two of its runs are number 5 of the session",
    ),
    "ok in spite of a failed run": (
        lambda job: job["runs"][0].update(status="failed", error_class="model"),
        "it is called ok, and one of its runs has failed",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_job_s_file_that_is_not_the_plan_s_is_refused(results, lie):
    path = results / FINISHED / "jobs" / f"{JOB}.json"
    change, words = LIES[lie]
    edit(path, change)
    said = refusal(results, FINISHED)
    assert said.startswith(f"{path}: ")
    assert words in said


NONSENSE = [
    *(("runs", 0, "measured", name) for name in ("count", "median_us", "avg_us", "p95_us", "std_us", "min_us")),
    *(("runs", 0, name) for name in ("wall_s", "cpu_s", "init_us", "first_us", "index", "position", "block", "nodes")),
    *(("runs", 0, "delegates", 0, name) for name in ("nodes", "total", "partitions")),
    *(("scores", 0, name) for name in ("asked", "scored", "seconds", "label_offset")),
    *(("scores", 0, "metrics", 0, name) for name in ("value", "low", "high", "examples")),
    *(("workload", "artifact", name) for name in ("size_bytes", "mult_adds", "parameters", "activation_bytes")),
    *(("workload", "settings", name) for name in ("warmup_runs", "num_runs", "min_secs", "max_secs")),
    *(("rules", name) for name in ("min_runs", "max_runs", "memory_runs", "target_interval", "seed")),
    ("workload", "threads"),
    ("rules", "cpus", 0),
    ("device", "cores"),
    ("device", "memory_kib"),
]


@pytest.mark.parametrize("place", NONSENSE, ids=lambda place: ".".join(map(str, place)))
def test_numbers_that_nothing_has_are_refused(results, place):
    path = results / FINISHED / "jobs" / f"{JOB}.json"
    edit(path, put(*place, value="NUMBER"))
    text = path.read_text(encoding="utf-8")
    for number in ("-1", "1" + "0" * 20, "-1e300", "9" * 4000, "NaN"):
        path.write_text(text.replace('"NUMBER"', number), encoding="utf-8")
        assert refusal(results, FINISHED).startswith(f"{path}: {'.'.join(map(str, place))}: "), number


@pytest.mark.parametrize("text", ["9" * 5000, "1e99999", '"\\ud800"', "Infinity"])
def test_numbers_that_json_cannot_hold_are_refused(results, text):
    path = results / FINISHED / "jobs" / f"{JOB}.json"
    edit(path, put("workload", "threads", value="NUMBER"))
    path.write_text(path.read_text(encoding="utf-8").replace('"NUMBER"', text), encoding="utf-8")
    assert refusal(results, FINISHED).startswith(f"{path}: ")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-01-01T00:00:00Z"])
def test_times_that_no_clock_shows_are_refused(results, moment):
    path = results / FINISHED / "jobs" / f"{JOB}.json"
    edit(path, put("runs", 0, "started_at", value=moment))
    assert f"{path}: runs.0.started_at: " in refusal(results, FINISHED)


@pytest.mark.parametrize("hits", ["", "AA==", "not base64", "ä"])
def test_first_answers_that_are_not_one_bit_an_example_are_refused(results, hits):
    path = results / FINISHED / "jobs" / f"{JOB}.json"
    edit(path, put("scores", 0, "hits", value=hits))
    assert "these are not the bits of 50 examples in base64" in refusal(results, FINISHED)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put("session", value=FINISHED), f"it is of session '{FINISHED}'"),
        (put("run", "job", value=SECOND), f"it is a run of job '{SECOND}', and lies with those of"),
        (put("run", "index", value=7), "it is run latency 7, and its folder is called 'latency-0'"),
        (put("run", "purpose", value="memory"), "it is run memory 0, and its folder is called 'latency-0'"),
        (put("run", "files", value=["../../../victim"]), "run.files.0: String should match"),
        (put("run", "wall_s", value=-1), "run.wall_s: Input should be greater"),
    ],
)
def test_a_kept_run_that_is_not_what_its_folder_says_is_refused(results, change, words):
    path = results / INTERRUPTED / "runs" / FIRST / "latency-0" / "run.json"
    edit(path, change)
    said = refusal(results, INTERRUPTED)
    assert said.startswith(f"{path}: ")
    assert words in said


def test_a_run_s_folder_that_was_copied_is_no_second_run(results):
    runs = results / INTERRUPTED / "runs" / FIRST
    shutil.copytree(runs / "latency-0", runs / "latency-2")
    assert "it is run latency 0, and its folder is called 'latency-2'" in refusal(results, INTERRUPTED)


def test_a_canary_kept_as_a_job_is_refused(results):
    runs = results / INTERRUPTED / "runs"
    shutil.copytree(runs / "canary" / "canary-0", runs / FIRST / "canary-0")
    edit(runs / FIRST / "canary-0" / "run.json", put("run", "job", value=FIRST))
    assert f"a canary run is none of '{FIRST}'" in refusal(results, INTERRUPTED)


def test_a_document_with_other_runs_than_are_kept_is_not_gone_on_with(results):
    path = results / FINISHED / "jobs" / f"{JOB}.json"
    edit(path, put("runs", 0, "measured", "median_us", value=1))
    store = open_session(results / FINISHED)
    with pytest.raises(StoreError, match="its run latency 0 is not the one that is kept"):
        store.refuse_other_runs()
