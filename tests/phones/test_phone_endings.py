"""What a benchmark can do instead of measuring: each is reported by its class, and costs no other job anything."""

import pytest
from phone_lab import OURS, arm, hear, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow

ENDINGS = {
    FaultKind.KILL: "killed",
    FaultKind.ABORT: "crash:SIGABRT",
    FaultKind.SEGFAULT: "crash:SIGSEGV",
    FaultKind.GARBAGE: "output",
    FaultKind.HALF_LINE: "output",
    FaultKind.SILENCE: "output",
}


@together
def test_a_benchmark_that_ends_in_any_bad_way_fails_its_own_job_alone(lab):
    phone = lab.phone()
    for number, ending in enumerate((FaultKind.KILL, *ENDINGS), start=2):  # the canary comes first
        arm(phone, ending, run=number)  # who is killed is tried once more
    done = lab.run("--threads", "1,2,3,4", "--delegate", "cpu,builtin")
    assert done.returncode == 4
    first_of_each = [run for run in done.runs if run["block"] == 0 and run["purpose"] == "latency"]
    ended = {run["job"]: run for run in first_of_each[: len(ENDINGS)]}
    assert [run["error_class"] for run in ended.values()] == list(ENDINGS.values())
    assert all(run["message"] for run in ended.values())
    bad = [row for row in done.rows if row["status"] == "failed"]
    assert sorted(row["error_class"] for row in bad) == sorted(ENDINGS.values())
    assert {row["latency_median_us"] for row in bad} == {None}
    well = [row for row in done.rows if row["status"] == "ok"]
    assert [row["runs"] for row in well] == [2] * (8 - len(ENDINGS))
    assert left_on(lab, phone) == []


@together
def test_a_benchmark_that_hangs_is_ended_on_the_phone_and_costs_no_other_job_anything(lab):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=2)
    done = lab.run("--threads", "1,2")
    assert done.returncode == 4
    assert sorted((row["status"], row["error_class"]) for row in done.rows) == [("failed", "timeout"), ("ok", None)]
    assert left_on(lab, phone) == []


@pytest.mark.parametrize("what", ["models", "binaries"])
@together
def test_a_file_that_changes_on_the_phone_during_a_run_makes_no_number_and_is_brought_again(lab, what):
    phone = lab.phone()
    process = lab.start_run()
    pattern = "*/models/*.tflite" if what == "models" else "*/binaries/*/benchmark_model"
    wait_until(lambda: phone.benchmarks)
    (file,) = phone.path(OURS).glob(pattern)
    arm(phone, FaultKind.REPLACE, run=2, path=f"{OURS}/{file.relative_to(phone.path(OURS))}")
    done = lab.end(process)
    assert (done.returncode, done.row["status"], done.row["runs"]) == (0, "ok", 2), done.out
    (retried,) = [one for run in done.runs for one in run["warnings"] if one["code"] == "retried"]
    assert "something on the device removes or changes our files" in retried["message"]
    assert left_on(lab, phone) == []


@together
def test_a_file_that_changed_and_cannot_be_brought_again_fails_its_job_and_ends_no_session(lab):
    phone = lab.phone()
    process = lab.start_run()
    wait_until(lambda: phone.benchmarks)
    (file,) = phone.path(OURS).glob("*/models/*.tflite")
    arm(phone, FaultKind.FULL, size_bytes=1_000_000)  # room for what a run writes, none for a model
    arm(phone, FaultKind.REPLACE, run=2, path=f"{OURS}/{file.relative_to(phone.path(OURS))}")
    done = lab.end(process)
    assert (done.returncode, done.row["status"], done.row["error_class"]) == (5, "failed", "environment"), done.err
    assert "It could not be tried once more: " in done.row["message"]
    assert "something on the device removes or changes our files" in done.row["message"]
    assert done.runs[-1]["job"] == "canary", "the session went on after the run that failed"
    assert left_on(lab, phone) == []


@together
def test_a_benchmark_that_is_killed_once_is_tried_once_more_and_says_so(lab):
    phone = lab.phone()
    arm(phone, FaultKind.KILL, run=2)
    done = lab.run()
    assert (done.returncode, done.row["status"], done.row["runs"]) == (0, "ok", 2)
    (retried,) = [one for one in done.row["warnings"] if one["code"] == "retried"]
    assert "SIGKILL" in retried["message"]
    assert phone.benchmarks == 6
    (run,) = [one for one in done.runs if "first-stdout.txt" in one["files"]]
    assert (done.folder / next((done.folder / "results").glob("2*")) / "runs" / run["job"]).is_dir()


@together
def test_a_failed_job_is_tried_again_by_resume_where_that_is_asked_for(lab):
    phone = lab.phone()
    for number in (2, 3):
        arm(phone, FaultKind.KILL, run=number)
    failed = lab.run("--threads", "1,2")
    assert failed.returncode == 5
    assert sorted((row["status"], row["error_class"]) for row in failed.rows) == [("failed", "killed"), ("ok", None)]
    assert any("This was the second try" in (row["message"] or "") for row in failed.rows)
    before = phone.benchmarks
    left = lab.mbench("run", "--resume", "last", "--json")
    assert (left.returncode, phone.benchmarks) == (5, before)
    assert "1 failed jobs are left as they are; beside --resume, --failed tries them again" in left.err
    done = lab.mbench("run", "--resume", "last", "--failed", "--json")
    assert (done.returncode, [row["status"] for row in done.rows]) == (0, ["ok", "ok"])
    assert sum("it had failed before" in one["message"] for row in done.rows for one in row["warnings"]) == 1
    assert lab.mbench("report", "--json").returncode == 0
    assert left_on(lab, phone) == []


@together
def test_a_program_that_may_not_be_executed_any_more_is_reported(lab):
    phone = lab.phone()
    process = lab.start_run()
    wait_until(lambda: phone.benchmarks >= 2)
    (file,) = phone.path(OURS).glob("*/binaries/*/benchmark_model")
    file.chmod(0o644)
    done = lab.end(process)
    assert (done.returncode, done.row["error_class"]) == (4, "launch")


@together
def test_heat_is_waited_for_and_what_was_measured_in_it_says_so(lab):
    lab.patience(ready_s=60)
    phone = lab.phone()
    arm(phone, FaultKind.HEAT, run=3, level=3, factor=2.0)
    process = lab.start_run("--runs", "3", "--max-runs", "3")
    hear(process, "thermal status 3, above 0")
    arm(phone, FaultKind.COOL)
    done = lab.end(process)
    assert (done.returncode, done.row["status"]) == (0, "ok")
    states = [run["conditions_after"]["thermal_status"] for run in done.runs]
    assert states == [0, 0, 3, 0, 0, 0, 0]
    assert [run["conditions_before"]["thermal_status"] for run in done.runs] == [0] * 7
    hot = done.runs[2]
    assert {warning["code"] for warning in hot["warnings"]} == {"conditions"}


@together
def test_heat_that_does_not_pass_ends_the_session_and_keeps_what_was_measured(lab):
    phone = lab.phone()
    arm(phone, FaultKind.HEAT, run=2, level=3)
    done = lab.run()
    assert done.returncode == 5
    assert "thermal status 3, above 0, still after" in done.last_line
    assert (done.row["status"], done.row["error_class"], len(done.runs)) == ("aborted", "environment", 2)
    assert "thermal status 3, above 0, still after" in done.row["message"]
    assert done.runs[1]["warnings"][-1]["code"] == "conditions"
    assert left_on(lab, phone) == []


@together
def test_an_empty_battery_is_no_state_to_measure_in(lab):
    phone = lab.phone()
    arm(phone, FaultKind.BATTERY, level=5, powered=False)
    refused = lab.run()
    assert refused.returncode == 3
    assert "battery at 5 %, below 25 %, and no cable" in refused.last_line
    assert "Nothing was measured, and nothing is kept" in refused.last_line
    assert "battery at 5 %, below 25 %, and no cable; ended after 0 of 2 runs" in refused.row["message"]
    assert phone.benchmarks == 0
    assert list((lab.folder / "results").iterdir()) == []
    assert left_on(lab, phone) == []


@together
def test_somebody_elses_benchmark_is_waited_for(lab):
    lab.patience(ready_s=60)
    phone = lab.phone()
    arm(phone, FaultKind.RIVAL)
    process = lab.start_run()
    hear(process, "1 other benchmark_model running")
    arm(phone, FaultKind.LEAVE)
    done = lab.end(process)
    assert (done.returncode, done.row["status"]) == (0, "ok")
    assert {run["conditions_before"]["other_benchmarks"] for run in done.runs} == {0}


@together
def test_somebody_elses_benchmark_that_stays_is_left_alone(lab):
    phone = lab.phone()
    arm(phone, FaultKind.RIVAL)
    refused = lab.run()
    assert refused.returncode == 3
    assert "1 other benchmark_model running, still after" in refused.last_line
    assert "rival/benchmark_model" in lab.shell(phone, "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '")
    assert left_on(lab, phone) == []
