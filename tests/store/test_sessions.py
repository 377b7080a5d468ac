import multiprocessing
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sample_plans as sample

from mbench.core.errors import StoreError
from mbench.core.results import PartEnding, Pass, PlannedJob, Status
from mbench.store.session import create_session, find_session, list_sessions, open_session
from mbench.store.session_store import SessionStore

KEEP_CREATING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import sample_plans as sample
from mbench.store.session import create_session
for _ in range(int(sys.argv[3])):
    made = create_session(Path(sys.argv[2]), device="host", what="alpha", now=sample.NOW, plan_of=sample.plan)
    made.save_run(sample.run(), {})
    print(made.path.name)
"""


def created(root: Path, **changes) -> SessionStore:
    arguments = {"device": "host", "what": "alpha", "now": sample.NOW, "plan_of": sample.plan}
    return create_session(root, **(arguments | changes))


def test_a_session_is_named_by_utc_time_device_and_what(tmp_path):
    noon = datetime(2026, 1, 15, 12, 30, 5, tzinfo=timezone(timedelta(hours=2)))
    made = created(tmp_path, device="192.168.1.5:5555", what="α sweep/ü", now=noon)
    assert re.fullmatch(r"20260115-103005-192\.168\.1\.5-5555-sweep-[0-9a-f]{4}", made.path.name)


def test_a_session_opened_again_has_its_plan(tmp_path):
    made = created(tmp_path / "not" / "there yet")
    assert open_session(made.path) == made


def test_a_taken_name_is_not_touched_and_another_is_found(tmp_path):
    endings = iter(["0000", "0000", "0001"])
    first = created(tmp_path, ending=lambda: next(endings))
    second = created(tmp_path, ending=lambda: next(endings))
    assert [first.path.name[-4:], second.path.name[-4:]] == ["0000", "0001"]
    assert open_session(first.path).plan.session == first.path.name


def test_names_that_run_out_are_an_error(tmp_path):
    created(tmp_path, ending=lambda: "0000")
    with pytest.raises(StoreError, match=r"100 names were taken, the last 20260115-093000-host-alpha-0000\. Try again"):
        created(tmp_path, ending=lambda: "0000")


def test_processes_that_create_sessions_at_once_never_meet(tmp_path):
    argv = [sys.executable, "-c", KEEP_CREATING, str(Path(__file__).parent), str(tmp_path), "40"]
    writers = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    names = [name for writer in writers for name in writer.communicate(timeout=120)[0].split()]
    assert len(set(names)) == 80
    assert list_sessions(tmp_path) == tuple(sorted(names))
    assert find_session(tmp_path, None).name in names
    assert all(open_session(tmp_path / name).plan.session == name for name in names)


def measured(root: Path, **changes):
    """Return a session with one run."""
    store = created(root, **changes)
    store.save_run(sample.run(), {})
    return store


def test_the_latest_session_is_the_one_that_began_measuring_last_also_when_the_clock_jumped_back(tmp_path):
    first = measured(tmp_path)
    last = measured(tmp_path, now=datetime(2019, 1, 1, tzinfo=UTC))
    assert find_session(tmp_path, None) == last.path
    first.save_run(sample.run(index=1), {})  # one that goes on does not become the latest again
    assert find_session(tmp_path, None) == last.path


def test_a_session_that_measured_nothing_is_never_the_latest(tmp_path):
    kept = measured(tmp_path)
    empty = created(tmp_path)
    assert (kept.has_runs(), empty.has_runs()) == (True, False)
    assert find_session(tmp_path, None) == kept.path


def test_a_document_with_runs_is_something_that_was_measured_though_its_runs_were_removed(tmp_path):
    store = created(tmp_path)
    run = sample.run()
    store.save_run(run, {})
    store.save_job(sample.result(store.plan, runs=(run,)))
    shutil.rmtree(store.path / "runs")
    assert open_session(store.path).has_runs()


def test_the_reason_why_a_part_ended_is_kept_until_it_is_tried_again(tmp_path):
    store = created(tmp_path)
    ending = PartEnding(
        session=store.plan.session,
        serial="workstation",
        ended_at=sample.NOW,
        error_class="environment",
        message="workstation: battery at 5 %.",
    )
    store.save_ending(ending)
    assert open_session(store.path).ending("workstation") == ending
    (first, _) = store.results()
    assert (first.status, first.error_class) == ("aborted", "environment")
    resume = f"mbench run --resume {store.plan.session} goes on"
    assert first.message == f"battery at 5 %; ended after 0 of 4 runs; {resume}"
    store.remove_ending("workstation")
    assert (store.ending("workstation"), store.results()[0].error_class) == (None, None)
    with pytest.raises(StoreError, match="'elsewhere' is not in the plan"):
        store.ending("elsewhere")


def test_what_failed_a_job_is_set_aside_and_its_good_runs_stay(tmp_path):
    store = created(tmp_path)
    good = sample.run(index=0)
    bad = sample.run(index=1).model_copy(
        update={"status": Status.FAILED, "error_class": "killed", "message": "SIGKILL.", "measured": None}
    )
    for run in (good, bad):
        store.save_run(run, {"stdout.txt": b"said"})
    failed = sample.result(store.plan, runs=(good, bad)).model_copy(
        update={"status": Status.FAILED, "error_class": "killed", "message": "SIGKILL."}
    )
    store.save_job(failed)
    for again in (store, open_session(store.path)):
        assert again.result("job-0").status is Status.FAILED
    store.set_aside("job-0")
    for again in (store, open_session(store.path)):
        assert (again.result("job-0"), again.tried_before("job-0")) == (None, ("SIGKILL.",))
        assert [run.index for run in again.runs("job-0")] == [0]
    store.save_run(bad.model_copy(update={"message": "SIGTERM."}), {})
    store.save_job(failed.model_copy(update={"message": "SIGTERM."}))
    store.set_aside("job-0")
    assert store.tried_before("job-0") == ("SIGKILL.", "SIGTERM.")
    assert (store.path / "set-aside/job-0/1/latency-1/stdout.txt").read_bytes() == b"said"
    with pytest.raises(StoreError, match="has not failed"):
        store.set_aside("job-1")


KILLED_WHILE_SETTING_ASIDE = """
import os, signal, sys
from pathlib import Path
from mbench.store.session import open_session

moved, rename = [], Path.rename
def killing(source, target):
    if len(moved) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    moved.append(source)
    return rename(source, target)
Path.rename = killing
open_session(Path(sys.argv[1])).set_aside("job-0")
"""


@pytest.mark.parametrize(("moved", "document", "places"), [(0, True, ["2"]), (1, False, ["1"])])
def test_a_kill_while_a_job_is_set_aside_keeps_it_from_no_further_try(tmp_path, moved, document, places):
    store = created(tmp_path)
    bad = sample.run(index=1).model_copy(
        update={"status": Status.FAILED, "error_class": "killed", "message": "SIGKILL.", "measured": None}
    )
    for run in (sample.run(index=0), bad):
        store.save_run(run, {})
    runs = store.runs("job-0")
    failed = {"status": Status.FAILED, "error_class": "killed", "message": "SIGKILL."}
    store.save_job(sample.result(store.plan, runs=runs).model_copy(update=failed))
    argv = [sys.executable, "-c", KILLED_WHILE_SETTING_ASIDE, str(store.path), str(moved)]
    assert subprocess.run(argv, timeout=60).returncode == -9
    store = open_session(store.path)
    store.finish_setting_aside()
    assert store.result("job-0") == (
        None if not document else sample.result(store.plan, runs=runs).model_copy(update=failed)
    )
    if document:
        store.set_aside("job-0")
    assert store.tried_before("job-0") == ("SIGKILL.",)
    assert [run.index for run in store.runs("job-0")] == [0]
    assert [path.parent.name for path in store.path.glob("set-aside/job-0/*/latency-1")] == places
    store.save_run(bad, {})
    store.finish_setting_aside()
    assert [run.index for run in open_session(store.path).runs("job-0")] == [0, 1]


def test_a_reason_of_another_session_is_refused(tmp_path):
    stores = created(tmp_path), created(tmp_path)
    fields = {"serial": "workstation", "ended_at": sample.NOW, "error_class": None, "message": "lost"}
    stores[0].save_ending(PartEnding(session=stores[0].plan.session, **fields))
    (stores[0].path / "endings").rename(stores[1].path / "endings")
    with pytest.raises(StoreError, match=f"of workstation in session {stores[0].plan.session}"):
        stores[1].results()


def test_a_session_is_found_by_name_prefix_and_path(tmp_path):
    made = created(tmp_path)
    other = created(tmp_path, device="pixel4", now=datetime(2026, 2, 1, tzinfo=UTC))
    assert find_session(tmp_path, made.path.name) == made.path
    assert find_session(tmp_path, "20260201") == other.path
    assert find_session(tmp_path / "elsewhere", str(made.path)) == made.path


def test_an_ambiguous_prefix_names_the_sessions(tmp_path):
    names = [created(tmp_path).path.name for _ in range(2)]
    with pytest.raises(StoreError) as error:
        find_session(tmp_path, "2026")
    assert all(name in str(error.value) for name in names)


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path):
    made = created(tmp_path)
    with pytest.raises(StoreError, match=f"Did you mean '{made.path.name}'"):
        find_session(tmp_path, made.path.name[:-1] + "x")


@pytest.mark.parametrize("name", [None, "x"])
def test_a_folder_without_sessions_says_how_to_get_one(tmp_path, name):
    with pytest.raises(StoreError, match="mbench run makes one"):
        find_session(tmp_path / "none", name)


def test_a_latest_session_that_was_removed_is_said_to_be_gone(tmp_path):
    kept, removed = measured(tmp_path), measured(tmp_path)
    removed.path.rename(tmp_path / ".removed")
    with pytest.raises(StoreError, match=f"names '{removed.path.name}', .* name one of {kept.path.name}"):
        find_session(tmp_path, None)


@pytest.mark.parametrize("pointer", [b"../outside\n", b"\xff\xfe", b""])
def test_a_damaged_pointer_is_an_error(tmp_path, pointer):
    created(tmp_path)
    (tmp_path / "LATEST").write_bytes(pointer)
    with pytest.raises(StoreError, match="LATEST names"):
        find_session(tmp_path, None)


def test_a_folder_without_a_plan_is_no_session(tmp_path):
    with pytest.raises(StoreError, match=r"is no session: it holds no plan\.json"):
        open_session(tmp_path)


@pytest.mark.parametrize(("jobs", "reason"), [(("a", "A"), "taken"), (("canary",), "taken"), (("..",), "pattern")])
def test_jobs_that_could_not_be_told_apart_on_disk_are_refused(tmp_path, jobs, reason):
    planned = PlannedJob(id="job", workload=sample.workload())
    named = tuple(planned.model_copy(update={"id": job}) for job in jobs)
    with pytest.raises(StoreError, match=reason):
        created(tmp_path, plan_of=lambda name: sample.plan(name, planned=named))
    assert list_sessions(tmp_path) == ()


def test_spaces_and_letters_of_any_script_in_the_path_do_no_harm(tmp_path):
    root = tmp_path / "mes résultats 結果"
    made = created(root)
    made.save_run(sample.run(), {"stdout.txt": b"\xff raw"})
    assert open_session(find_session(root, None)).runs("job-0")[0].files == ("stdout.txt",)


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_a_plan_in_any_script_is_written_and_read_under_any_locale(tmp_path, locale):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; import sample_plans as sample;"
        "from mbench.core.results import DeviceFacts; from mbench.store.session import create_session, open_session;"
        "device = DeviceFacts(serial='Ger\\u00e4t \\u96fb\\u8a71', profile='host');"
        "made = create_session(Path(sys.argv[2]), device='d', what='w', now=sample.NOW,"
        " plan_of=lambda name: sample.plan(name, device=device));"
        "assert open_session(made.path).plan.devices[0].device == device"
    )
    environment = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    argv = [sys.executable, "-c", script, str(Path(__file__).parent), str(tmp_path / "résultats 結果")]
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def _hold(path: Path, ready: multiprocessing.Event, done: multiprocessing.Event) -> None:
    with open_session(path).lock():
        ready.set()
        done.wait(30)


def test_a_session_is_driven_by_one_process_whose_name_others_learn(tmp_path):
    made = created(tmp_path)
    processes = multiprocessing.get_context("spawn")
    ready, done = processes.Event(), processes.Event()
    holder = processes.Process(target=_hold, args=(made.path, ready, done))
    holder.start()
    try:
        assert ready.wait(30)
        for _ in range(2):
            with pytest.raises(StoreError, match=f"is being driven by process {holder.pid} on "), made.lock():
                pass
        assert f"process {holder.pid} on" in made.results()[0].message
    finally:
        done.set()
        holder.join(30)
    with made.lock():
        pass


def test_a_killed_holder_leaves_no_lock_behind(tmp_path):
    made = created(tmp_path)
    processes = multiprocessing.get_context("spawn")
    ready, done = processes.Event(), processes.Event()
    holder = processes.Process(target=_hold, args=(made.path, ready, done))
    holder.start()
    assert ready.wait(30)
    holder.kill()
    holder.join(30)
    assert made.results()[0].message.startswith("interrupted after 0 of 4 runs")
    with made.lock():
        pass


def test_the_lock_is_free_again_after_an_error(tmp_path):
    made = created(tmp_path)
    with pytest.raises(ZeroDivisionError), made.lock():
        raise ZeroDivisionError
    with made.lock():
        made.save_run(sample.run(purpose=Pass.MEMORY), {})


def test_lists_of_examples_are_kept_once_with_names_that_are_no_utf8(tmp_path):
    store = created(tmp_path)
    store.save_examples({"test": ["a/1.png", "b/\udce9.png"]})
    store.save_examples({"test": ["other"]})
    assert (store.path / "examples" / "test.txt").read_bytes() == b"a/1.png\nb/\xe9.png\n"
    assert open_session(store.path).plan == store.plan


def test_without_lists_no_folder_is_made(tmp_path):
    store = created(tmp_path)
    store.save_examples({})
    assert not (store.path / "examples").exists()
