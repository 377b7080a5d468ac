"""What a benchmark can do instead of measuring: each is reported by its class, and costs no other job anything."""

import pytest
from phone_lab import ONE_RUN, OURS, arm, hear, left_on, together, wait_until

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
    done = lab.run("--threads", "1,2,3,4", "--delegate", "cpu,builtin", *ONE_RUN)
    assert done.returncode == 4
    first_of_each = [run for run in done.runs if run["block"] == 0 and run["purpose"] == "latency"]
    ended = {run["job"]: run for run in first_of_each[: len(ENDINGS)]}
    assert [run["error_class"] for run in ended.values()] == list(ENDINGS.values())
    assert all(run["message"] for run in ended.values())
    bad = [row for row in done.rows if row["status"] == "failed"]
    assert sorted(row["error_class"] for row in bad) == sorted(ENDINGS.values())
    assert {row["latency_median_us"] for row in bad} == {None}
    well = [row for row in done.rows if row["status"] == "ok"]
    assert [row["runs"] for row in well] == [1] * (8 - len(ENDINGS))
    assert left_on(lab, phone) == []


@together
def test_a_benchmark_that_hangs_is_ended_on_the_phone_and_costs_no_other_job_anything(lab):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=2)
    done = lab.run("--threads", "1,2", *ONE_RUN)
    assert done.returncode == 4
    assert sorted((row["status"], row["error_class"]) for row in done.rows) == [("failed", "timeout"), ("ok", None)]
    assert left_on(lab, phone) == []


@together
def test_a_file_that_changes_during_a_run_or_a_program_that_is_killed_makes_no_number_and_is_tried_once_more(lab):
    """A file is brought again; where it cannot be, its job has failed and the session goes on."""
    model, program, full, killed = phones = [lab.phone() for _ in range(4)]
    arm(killed, FaultKind.KILL, run=2)
    running = lab.run_beside("--every", "--min-secs", "0.3")
    wait_until(lambda: all(phone.benchmarks for phone in phones))
    arm(full, FaultKind.FULL, size_bytes=1_000_000)  # room for what a run writes, none for a model
    for phone in (model, program, full):
        pattern = "*/binaries/*/benchmark_model" if phone is program else "*/models/*.tflite"
        (file,) = phone.path(OURS).glob(pattern)
        arm(phone, FaultKind.REPLACE, run=2, path=f"{OURS}/{file.relative_to(phone.path(OURS))}")
    done = running.result()
    assert done.returncode == 5, done.err
    for phone in (model, program):
        assert done.states[phone.serial] == ("ok", 2), done.out
        (retried,) = retries(done.runs_on(phone))
        assert "something on the device removes or changes our files" in retried
    row = done.row_of(full)
    assert (row["status"], row["error_class"]) == ("failed", "environment")
    assert "It could not be tried once more: " in row["message"]
    assert "something on the device removes or changes our files" in row["message"]
    assert done.runs_on(full)[-1]["job"].startswith("canary@"), "the session went on after the run that failed"
    assert done.states[killed.serial] == ("ok", 2)
    (retried,) = retries([done.row_of(killed)])
    assert "SIGKILL" in retried
    assert killed.benchmarks == 6
    (run,) = [one for one in done.runs_on(killed) if "first-stdout.txt" in one["files"]]
    assert (done.folder / next((done.folder / "results").glob("2*")) / "runs" / run["job"]).is_dir()
    assert [left_on(lab, phone) for phone in phones] == [[]] * 4


def retries(warned):
    """Return what runs or rows say of second tries."""
    return [one["message"] for each in warned for one in each["warnings"] if one["code"] == "retried"]


@together
def test_a_failed_job_is_tried_again_by_resume_where_that_is_asked_for(lab):
    phone = lab.phone()
    for number in (2, 3):
        arm(phone, FaultKind.KILL, run=number)
    failed = lab.run("--threads", "1,2", *ONE_RUN)
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
    running = lab.run_beside("--min-secs", "0.3")
    wait_until(lambda: phone.benchmarks >= 2)
    (file,) = phone.path(OURS).glob("*/binaries/*/benchmark_model")
    file.chmod(0o644)
    done = running.result()
    assert (done.returncode, done.row["error_class"]) == (4, "launch")


@pytest.mark.slow
@together
def test_what_passes_is_waited_for_and_what_was_measured_in_heat_says_so(lab):
    """Heat, somebody else's benchmark, and capped clocks."""
    lab.patience(ready_s=60)
    hot, shared, capped = phones = [lab.phone() for _ in range(3)]
    arm(hot, FaultKind.HEAT, run=3, level=3, factor=2.0)
    arm(shared, FaultKind.RIVAL)
    arm(capped, FaultKind.CAP, factor=2.0)
    waited = {
        "thermal status 3, above 0": (hot, FaultKind.COOL),
        "1 other benchmark_model running": (shared, FaultKind.LEAVE),
        "waiting for the phone's clocks": (capped, FaultKind.UNCAP),
    }
    process = lab.start_run("--every")
    while waited:
        line = hear(process, "")
        for words in [words for words in waited if words in line]:
            arm(*waited.pop(words))
    done = lab.end(process)
    assert (done.returncode, done.states) == (0, {phone.serial: ("ok", 2) for phone in phones})
    runs = done.runs_on(hot)
    assert [run["conditions_after"]["thermal_status"] for run in runs] == [0, 0, 3, 0, 0]
    assert [run["conditions_before"]["thermal_status"] for run in runs] == [0] * 5
    assert {warning["code"] for warning in runs[2]["warnings"]} == {"conditions"}
    assert {run["conditions_before"]["other_benchmarks"] for run in done.runs_on(shared)} == {0}
    assert "capped_clocks" not in done.codes


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
def test_somebody_elses_benchmark_that_stays_is_left_alone(lab):
    phone = lab.phone()
    arm(phone, FaultKind.RIVAL)
    refused = lab.run()
    assert refused.returncode == 3
    assert "1 other benchmark_model running, still after" in refused.last_line
    assert "rival/benchmark_model" in lab.shell(phone, "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '")
    assert left_on(lab, phone) == []
