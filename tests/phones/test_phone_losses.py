"""Phones that are lost: where one comes back the table is complete, else the table says what is missing."""

import json
import threading

import pytest
from phone_lab import ONE_RUN, OURS, arm, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow


@together
def test_a_phone_that_is_gone_before_the_run_is_named(lab):
    phone = lab.phone()
    arm(phone, FaultKind.MUTE)
    assert [status["state"] for status in lab.devices()] in ([], ["offline"])
    assert lab.run().returncode == 3
    lab.server.run("disconnect", phone.address)
    gone = lab.run()
    assert gone.returncode == 3
    assert "no phone is attached" in gone.last_line


@pytest.mark.slow
@together
def test_a_push_that_is_broken_off_or_changed_by_one_bit_is_made_again(lab):
    """That of the program, before there is a session, those of the model, and that of the lease."""
    dropped, changed, leased = phones = [lab.phone() for _ in range(3)]
    arm(dropped, FaultKind.DROP, size_bytes=10)
    arm(changed, FaultKind.CORRUPT)
    first = lab.run("--every", *ONE_RUN)
    assert (first.returncode, first.states) == (0, {phone.serial: ("ok", 1) for phone in phones}), first.err
    assert "was lost and came back" in first.said_of(dropped)
    assert "It is pushed again." in first.said_of(changed)
    assert "was lost" not in first.said_of(changed)
    for phone in (dropped, changed):  # the program is there, the model is not
        lab.server.run("-s", phone.address, "shell", f"rm -r {OURS}/*/models")
    arm(dropped, FaultKind.DROP, size_bytes=200_000)
    arm(leased, FaultKind.CORRUPT)
    running = lab.run_beside("--every", "--results", "others", *ONE_RUN)
    wait_until(lambda: any(changed.path(OURS).glob("*/borrowed-settings.json")))  # the model is pushed next
    arm(changed, FaultKind.CORRUPT)
    done = running.result()
    assert (done.returncode, done.states) == (0, {phone.serial: ("ok", 1) for phone in phones}), done.err
    assert "reads back as SHA-256" in canary_warnings(lab, "others", changed)
    assert "lease.json" in done.said_of(leased)
    assert [left_on(lab, phone) for phone in phones] == [[]] * 3


def canary_warnings(lab, results, phone):
    """Return what the first run after the push says: it is the canary's."""
    (document,) = lab.folder.glob(f"{results}/*/runs/canary@{phone.serial}/canary-0/run.json")
    return " ".join(one["message"] for one in json.loads(document.read_bytes())["run"]["warnings"])


def kept_runs(lab, phone):
    return list(lab.folder.glob(f"results/*/runs/*@{phone.serial}/[!.]*/run.json"))


@together
def test_an_absence_that_is_shorter_than_the_wait_costs_no_number(lab):
    """Wherever a link breaks, and whether a phone restarts, is not heard, or freezes for a while."""
    lab.patience(return_s=0.5)  # which is not heeded: the command says how long
    canary, run, second, between, *others = phones = [lab.phone() for _ in range(8)]
    restarted, given_up, unheard, frozen = others
    for number, phone in enumerate((canary, run, second), start=1):
        arm(phone, FaultKind.DROP, run=number, seconds=0.05)
    for phone in (restarted, given_up):
        arm(phone, FaultKind.REBOOT, run=2, seconds=5.0)
    arm(unheard, FaultKind.MUTE, run=2)
    arm(frozen, FaultKind.FREEZE, run=2, seconds=0.0)
    running = lab.run_beside("--every", "--wait-for-phone", "60", "--min-secs", "0.6")
    wait_until(lambda: len(kept_runs(lab, between)) >= 2)
    arm(between, FaultKind.DROP)
    wait_until(lambda: all(phone.benchmarks >= 2 for phone in others))
    threading.Timer(3.0, arm, (unheard, FaultKind.UNMUTE)).start()
    threading.Timer(4.0, arm, (frozen, FaultKind.THAW)).start()
    wait_until(lambda: f"{given_up.address}\tdevice".encode() not in lab.server.run("devices").stdout)
    lab.server.run("disconnect", given_up.address)  # as adb does that has tried for a minute
    done = running.result()
    assert (done.returncode, done.states) == (0, {phone.serial: ("ok", 2) for phone in phones}), done.err
    for number, phone in enumerate((canary, run, second)):
        lost = [warned(each["warnings"], "lost") != [] for each in done.runs_on(phone)]
        assert lost == [number == place for place in range(5)]
        assert bool(warned(done.row_of(phone)["warnings"], "lost")) is (phone is run)
    for phone in (restarted, given_up):
        (warning,) = warned(done.row_of(phone)["warnings"], "lost")
        assert "after a restart" in warning
    assert [left_on(lab, phone) for phone in phones] == [[]] * len(phones)


def warned(warnings, code):
    return [one["message"] for one in warnings if one["code"] == code]


@together
def test_an_absence_that_is_longer_than_the_wait_ends_the_session_and_resume_measures_nothing_twice(lab):
    phone = lab.phone()
    arm(phone, FaultKind.REBOOT, run=4, seconds=10.0)
    lost = lab.run("--wait-for-phone", "2", "--min-secs", "0.6")
    assert lost.returncode == 5
    assert f"{phone.serial}: did not come back" in lost.last_line
    assert "within 2 s" in lost.last_line
    assert "mbench run --resume" in lost.last_line
    assert (lost.row["status"], lost.row["latency_median_us"] is None) == ("aborted", False)
    kept = {path: path.read_bytes() for path in lab.folder.glob("results/*/runs/*/[!.]*/run.json")}
    assert len(kept) == 3
    before = phone.benchmarks
    wait_until(lambda: f"{phone.address}\tdevice".encode() in lab.server.run("devices").stdout, every_s=0.5)
    wait_until(lambda: [status["state"] for status in lab.devices()] not in ([], ["offline"]), every_s=0.5)
    resumed = lab.mbench("run", "--resume", "last", "--json", "--wait-for-phone", "30")
    assert (resumed.returncode, resumed.row["status"], resumed.row["runs"]) == (0, "ok", 2), resumed.err
    assert {path: path.read_bytes() for path in kept} == kept
    assert phone.benchmarks - before == len(resumed.runs) - len(kept)
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
def test_a_phone_that_is_full_says_so_and_gets_no_number_and_its_old_models_make_room(lab):
    phone = lab.phone()
    assert lab.run(*ONE_RUN).returncode == 0
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
    arm(phone, FaultKind.FULL, size_bytes=0)
    full = lab.run("--results", "third")
    assert full.returncode == 3
    assert "No space left on device" in full.last_line or "free on the device" in full.last_line
    arm(phone, FaultKind.FREE)
    done = lab.run("--results", "fourth", *ONE_RUN)
    assert done.returncode == 0, done.err
    assert left_on(lab, phone) == []
