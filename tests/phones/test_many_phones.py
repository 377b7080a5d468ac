"""Several phones at the same time: they share a table, none takes another along, and all are given back."""

import re
import signal

import pytest
from command_line import SMALL
from phone_lab import HELD_LONG, SHORTEST, arm, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow


def phones_of(lab, count=3):
    return [lab.phone() for _ in range(count)]


@together
def test_phones_share_a_table_with_a_row_for_each_and_their_median(lab):
    phones = phones_of(lab)
    done = lab.mbench("run", "--device", "pixel4", "--every", SMALL, *SHORTEST)
    assert done.returncode == 0, done.err
    assert re.findall(r"^#+ .*$", done.out, re.MULTILINE) == []
    rows = [line.split("|")[1:3] for line in done.out.splitlines() if line.startswith(f"| {SMALL}")]
    assert sorted(device.strip() for _, device in rows) == sorted([*(each.serial for each in phones), "median of 3"])
    assert done.out.count("\n- Binary: ") == 1
    assert [left_on(lab, phone) for phone in phones] == [[]] * 3


@together
def test_a_phone_lost_for_good_takes_no_other_along_and_is_completed_when_it_is_back(lab):
    lab.patience(return_s=3.0)
    phones = phones_of(lab)
    gone = phones[1]
    process = lab.start_run("--every", "--runs", "3", "--max-runs", "3")
    wait_until(lambda: gone.benchmarks == 3)
    arm(gone, FaultKind.MUTE)
    arm(gone, FaultKind.DROP)
    lost = lab.end(process)
    assert lost.returncode == 5
    states = {row["device"]: row["status"] for row in lost.rows}
    assert states == {phone.serial: "aborted" if phone is gone else "ok" for phone in phones}
    (message,) = [row["message"] for row in lost.rows if row["device"] == gone.serial]
    assert f"{gone.serial}: " in lost.err
    assert "did not come back" in message
    assert "ended after" in message
    assert [left_on(lab, phone) for phone in phones if phone is not gone] == [[], []]
    counts = [phone.benchmarks for phone in phones]
    arm(gone, FaultKind.UNMUTE)
    lab.server.run("disconnect", gone.address)
    assert "connected to" in lab.server.connect(gone.address)
    resumed = lab.mbench("run", "--resume", "last", "--json")
    assert resumed.returncode == 0, resumed.err
    assert [(row["status"], row["runs"]) for row in resumed.rows] == [("ok", 3)] * 3
    assert [phone.benchmarks == count for phone, count in zip(phones, counts, strict=True)] == [True, False, True]
    assert left_on(lab, gone) == []


@together
def test_a_stop_in_the_middle_frees_all_phones(lab):
    phones = phones_of(lab)
    process = lab.start_run("--every", "--runs", "40", "--max-runs", "40")
    wait_until(lambda: all(phone.benchmarks >= 2 for phone in phones))
    process.send_signal(signal.SIGINT)
    stopped = lab.end(process)
    assert stopped.returncode == 130
    assert "mbench run --resume" in stopped.last_line
    assert [row["status"] for row in stopped.rows] == ["aborted"] * 3
    assert [left_on(lab, phone) for phone in phones] == [[]] * 3
    assert not [status["busy_by"] for status in lab.devices() if status["busy_by"]]


@together
def test_of_two_sessions_that_want_one_phone_at_the_same_time_one_gets_it_and_the_other_hears_who_has_it(lab):
    phone = lab.phone()
    arm(phone, FaultKind.SLOW_LINK, size_bytes=2_000_000)  # the first push lasts until both are there
    processes = [lab.start_run("--results", name) for name in ("one", "other")]
    first, second = sorted((lab.end(process) for process in processes), key=lambda ended: ended.returncode)
    assert (first.returncode, second.returncode) == (0, 3), second.err
    assert re.search(rf"{phone.serial}: in use by \S+ on .*process \d+", second.last_line)
    assert first.row["status"] == "ok"
    assert left_on(lab, phone) == []


@together
def test_a_phone_that_somebody_uses_does_not_hold_up_the_others(lab):
    held, free = lab.phone(), lab.phone()
    arm(held, FaultKind.HANG, run=2)
    first = lab.start_run(*HELD_LONG, device=held.serial)
    wait_until(lambda: held.benchmarks == 2)
    second = lab.run("--any", "1", "--results", "others")
    assert second.returncode == 0, second.err
    assert second.row["device"] == free.serial
    first.send_signal(signal.SIGINT)
    assert lab.end(first).returncode == 130
    assert [left_on(lab, phone) for phone in (held, free)] == [[], []]
