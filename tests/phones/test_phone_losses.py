"""Phones that are lost: where one comes back the table is complete, else the table says what is missing."""

import json
import threading

import pytest
from command_line import SMALL
from phone_lab import OURS, arm, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow


@together
def test_a_phone_that_is_gone_before_the_run_is_named(lab):
    phone = lab.phone()
    arm(phone, FaultKind.MUTE)
    lab.server.run("disconnect", phone.address)
    gone = lab.run()
    assert gone.returncode == 3
    assert "no phone is attached" in gone.last_line


@together
def test_a_cable_pulled_in_a_push_is_waited_for(lab):
    phone = lab.phone()
    assert lab.run().returncode == 0
    lab.server.run("-s", phone.address, "shell", f"rm -r {OURS}/*/models")  # the program is there, the model is not
    arm(phone, FaultKind.DROP, size_bytes=200_000)
    done = lab.run("--results", "others")
    assert done.returncode == 0, done.err
    assert done.row["status"] == "ok"
    assert left_on(lab, phone) == []


@together
def test_a_push_that_was_changed_by_one_bit_is_made_again(lab):
    phone = lab.phone()
    assert lab.run().returncode == 0
    lab.server.run("-s", phone.address, "shell", f"rm -r {OURS}/*/models")
    process = lab.start_run("--results", "others")
    wait_until(lambda: any(phone.path(OURS).glob("*/borrowed-settings.json")))  # the model is pushed next
    arm(phone, FaultKind.CORRUPT)
    done = lab.end(process)
    assert done.returncode == 0, done.err
    assert done.row["status"] == "ok"
    assert "reads back as SHA-256" in canary_warnings(lab, "others")
    assert left_on(lab, phone) == []


@together
def test_a_damaged_lease_is_written_again(lab):
    phone = lab.phone()
    assert lab.run().returncode == 0
    arm(phone, FaultKind.CORRUPT)
    done = lab.run("--results", "others")
    assert done.returncode == 0, done.err
    assert "lease.json" in done.err
    assert left_on(lab, phone) == []


def canary_warnings(lab, results):
    """Return what the first run after the push says: it is the canary's."""
    (document,) = lab.folder.glob(f"{results}/*/runs/canary/canary-0/run.json")
    return " ".join(one["message"] for one in json.loads(document.read_bytes())["run"]["warnings"])


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(1, id="canary"),
        pytest.param(2, id="run"),
        pytest.param(3, id="second canary", marks=pytest.mark.slow),
    ],
)
@together
def test_a_cable_pulled_in_a_run_costs_no_number(lab, run):
    phone = lab.phone()
    arm(phone, FaultKind.DROP, run=run, seconds=0.05)
    done = lab.run()
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"]) == ("ok", 2)
    lost = [each["position"] for each in done.runs if "lost" in {one["code"] for one in each["warnings"]}]
    assert lost == [run - 1]
    assert ("lost" in done.codes) == (run == 2)
    assert left_on(lab, phone) == []


@together
def test_a_cable_pulled_between_runs_costs_no_number(lab):
    phone = lab.phone()
    process = lab.start_run()
    wait_until(lambda: len(list(lab.folder.glob("results/*/runs/*/[!.]*/run.json"))) >= 2)
    arm(phone, FaultKind.DROP)
    done = lab.end(process)
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"]) == ("ok", 2)
    assert left_on(lab, phone) == []


@together
def test_a_phone_that_restarts_in_a_run_is_waited_for_and_said_to_have(lab):
    phone = lab.phone()
    arm(phone, FaultKind.REBOOT, run=2, seconds=5.0)
    done = lab.run("--min-secs", "0.6")
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"]) == ("ok", 2)
    (warning,) = [one for one in done.row["warnings"] if one["code"] == "lost"]
    assert "after a restart" in warning["message"]
    assert left_on(lab, phone) == []


@together
def test_a_phone_that_stays_away_ends_the_session_and_resume_measures_nothing_twice(lab):
    lab.patience(return_s=3.0)
    phone = lab.phone()
    arm(phone, FaultKind.MUTE, run=4)
    lost = lab.run()
    assert lost.returncode == 5
    assert f"{phone.serial}: did not come back" in lost.last_line
    assert "mbench run --resume" in lost.last_line
    assert (lost.row["status"], lost.row["latency_median_us"] is None) == ("aborted", False)
    kept = {path: path.read_bytes() for path in lab.folder.glob("results/*/runs/*/[!.]*/run.json")}
    assert len(kept) == 3
    before = phone.benchmarks
    arm(phone, FaultKind.UNMUTE)
    lab.server.run("disconnect", phone.address)
    assert "connected to" in lab.server.connect(phone.address)
    resumed = lab.mbench("run", "--resume", "last", "--json")
    assert resumed.returncode == 0, resumed.err
    assert (resumed.row["status"], resumed.row["runs"]) == ("ok", 2)
    assert {path: path.read_bytes() for path in kept} == kept
    assert phone.benchmarks - before == len(resumed.runs) - len(kept)
    assert left_on(lab, phone) == []


@together
def test_a_phone_whose_handshake_is_not_answered_for_a_while_is_waited_for(lab):
    phone = lab.phone()
    arm(phone, FaultKind.MUTE, run=2)
    process = lab.start_run()
    wait_until(lambda: phone.benchmarks >= 2)
    threading.Timer(3.0, arm, (phone, FaultKind.UNMUTE)).start()
    done = lab.end(process)
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"]) == ("ok", 2)
    assert left_on(lab, phone) == []


@together
def test_a_phone_that_lets_nobody_in_any_more_ends_the_session(lab):
    phone = lab.phone()
    arm(phone, FaultKind.UNAUTHORIZE, run=3)
    lost = lab.run()
    assert lost.returncode == 5
    assert "Accept the dialog" in lost.last_line
    assert (lost.row["status"], len(lost.runs)) == ("aborted", 2)


@together
def test_a_frozen_phone_that_thaws_costs_no_number(lab):
    phone = lab.phone()
    arm(phone, FaultKind.FREEZE, run=2, seconds=0.0)
    process = lab.start_run()
    wait_until(lambda: phone.benchmarks >= 2)
    threading.Timer(4.0, arm, (phone, FaultKind.THAW)).start()
    done = lab.end(process)
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"]) == ("ok", 2)
    assert left_on(lab, phone) == []


@together
def test_a_phone_that_is_full_says_so_and_gets_no_number(lab):
    phone = lab.phone()
    assert lab.run().returncode == 0
    arm(phone, FaultKind.FULL, size_bytes=0)
    full = lab.run("--results", "others")
    assert full.returncode == 3
    assert "No space left on device" in full.last_line or "free on the device" in full.last_line
    arm(phone, FaultKind.FREE)
    done = lab.run("--results", "third")
    assert done.returncode == 0, done.err
    assert left_on(lab, phone) == []


@together
def test_old_models_make_room_for_new_ones(lab):
    phone = lab.phone()
    assert lab.run().returncode == 0
    (model,) = phone.path(OURS).glob("*/models/*.tflite")
    old = [model.parent / f"{number:064d}.tflite" for number in range(2)]
    for file in old:
        file.write_bytes(bytes(1000))
    model.unlink()
    arm(phone, FaultKind.FULL, size_bytes=1_000_000)  # what is removed does not count for an emulated disk
    done = lab.run("--results", "others")
    assert (done.returncode, "free on the device" in done.last_line) == (3, True)
    assert [file.exists() for file in old] == [False, False]
    assert not model.exists()


@together
def test_one_phone_of_two_that_is_lost_takes_the_other_not_along(lab):
    lab.patience(return_s=3.0)
    well, lost = lab.phone(), lab.phone()
    arm(lost, FaultKind.MUTE, run=2)
    done = lab.run("--every")
    assert done.returncode == 5
    assert {row["device"]: row["status"] for row in done.rows} == {well.serial: "ok", lost.serial: "aborted"}
    assert f"{lost.serial}: did not come back" in " ".join(done.err.split())
    assert left_on(lab, well) == []
    assert SMALL in done.out


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        pytest.param(FaultKind.DROP, "was lost and came back", id="broken off"),
        pytest.param(FaultKind.CORRUPT, "It is pushed again.", id="changed by one bit", marks=pytest.mark.slow),
    ],
)
@together
def test_a_push_of_the_program_before_there_is_a_session_is_begun_again(lab, kind, said):
    phone = lab.phone()
    arm(phone, kind, size_bytes=10 if kind is FaultKind.DROP else None)
    done = lab.run()
    assert done.returncode == 0, done.err
    errors = " ".join(done.err.split())
    assert said in errors
    assert ("was lost" in errors) is (kind is FaultKind.DROP)
    assert (done.row["status"], done.row["runs"]) == ("ok", 2)
    assert left_on(lab, phone) == []


@pytest.mark.slow
@together
def test_an_absence_that_is_shorter_than_the_wait_costs_no_number(lab):
    lab.patience(return_s=0.5)
    phone = lab.phone()
    arm(phone, FaultKind.REBOOT, run=2, seconds=5.0)
    done = lab.run("--wait-for-phone", "60", "--min-secs", "0.6")
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"]) == ("ok", 2)
    assert left_on(lab, phone) == []


@together
def test_an_absence_that_is_longer_than_the_wait_ends_the_session_in_time_and_resume_goes_on(lab):
    phone = lab.phone()
    arm(phone, FaultKind.REBOOT, run=2, seconds=12.0)
    lost = lab.run("--wait-for-phone", "3", "--min-secs", "0.6")
    assert lost.returncode == 5
    assert "did not come back" in lost.last_line
    assert "within 3 s" in lost.last_line
    assert (lost.row["status"], len(lost.runs)) == ("aborted", 1)
    wait_until(lambda: [status["state"] for status in lab.devices()] not in ([], ["offline"]))
    resumed = lab.mbench("run", "--resume", "last", "--json", "--wait-for-phone", "30")
    assert (resumed.returncode, resumed.row["status"], resumed.row["runs"]) == (0, "ok", 2)
    assert left_on(lab, phone) == []


@pytest.mark.slow
@together
def test_an_absence_of_90_s_after_which_adb_has_given_up_costs_no_number(lab):
    lab.patience(return_s=120)
    phone = lab.phone()
    arm(phone, FaultKind.REBOOT, run=2, seconds=90.0)
    done = lab.end(lab.start_run("--min-secs", "0.6"), timeout_s=240)
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"]) == ("ok", 2)
    assert left_on(lab, phone) == []
