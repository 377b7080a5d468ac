"""Several phones at the same time: they share a table, none takes another along, and all are given back."""

import re
import signal

import pytest
from command_line import SMALL
from phone_lab import ONE_RUN, arm, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow


@together
def test_a_phone_lost_for_good_takes_no_other_along_and_is_completed_when_it_is_back(lab):
    """And then all share a table, with a row for each and their median."""
    lab.patience(return_s=3.0)
    phones = [lab.phone() for _ in range(3)]
    gone = phones[1]
    arm(gone, FaultKind.MUTE, run=3)
    lost = lab.run("--every")
    assert lost.returncode == 5
    states = {row["device"]: row["status"] for row in lost.rows}
    assert states == {phone.serial: "aborted" if phone is gone else "ok" for phone in phones}
    message = lost.row_of(gone)["message"]
    assert f"{gone.serial}: did not come back" in " ".join(lost.err.split())
    assert "did not come back" in message
    assert "ended after" in message
    assert [left_on(lab, phone) for phone in phones if phone is not gone] == [[], []]
    counts = [phone.benchmarks for phone in phones]
    arm(gone, FaultKind.UNMUTE)
    lab.join_again(gone)
    resumed = lab.mbench("run", "--resume", "last")
    assert resumed.returncode == 0, resumed.err
    assert re.findall(r"^#+ .*$", resumed.out, re.MULTILINE) == []
    rows = [line.split("|")[1:3] for line in resumed.out.splitlines() if line.startswith(f"| {SMALL}")]
    assert sorted(device.strip() for _, device in rows) == sorted([*(each.serial for each in phones), "median of 3"])
    assert resumed.out.count("\n- Binary: ") == 1
    assert lab.mbench("report", "--json").states == {phone.serial: ("ok", 2) for phone in phones}
    assert [phone.benchmarks == count for phone, count in zip(phones, counts, strict=True)] == [True, False, True]
    assert left_on(lab, gone) == []


@together
def test_a_stop_in_the_middle_frees_all_phones(lab):
    phones = [lab.phone() for _ in range(2)]
    process = lab.start_run("--every", "--runs", "40", "--max-runs", "40")
    wait_until(lambda: all(phone.benchmarks >= 2 for phone in phones))
    process.send_signal(signal.SIGTERM)
    stopped = lab.end(process)
    assert stopped.returncode == 130
    assert "mbench run --resume" in stopped.last_line
    assert [row["status"] for row in stopped.rows] == ["aborted"] * 2
    assert [left_on(lab, phone) for phone in phones] == [[]] * 2
    assert not [status["busy_by"] for status in lab.devices() if status["busy_by"]]


@pytest.mark.slow
@together
def test_of_two_sessions_that_want_one_phone_at_the_same_time_one_gets_it_and_the_other_hears_who_has_it(lab):
    phone = lab.phone()
    arm(phone, FaultKind.SLOW_LINK, size_bytes=2_000_000)  # the first push lasts until both are there
    processes = [lab.start_run("--results", name, *ONE_RUN) for name in ("one", "other")]
    first, second = sorted((lab.end(process) for process in processes), key=lambda ended: ended.returncode)
    assert (first.returncode, second.returncode) == (0, 3), second.err
    assert re.search(rf"{phone.serial}: in use by \S+ on .*process \d+", second.last_line)
    assert first.row["status"] == "ok"
    assert left_on(lab, phone) == []
