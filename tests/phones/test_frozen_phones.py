"""Phones that freeze: each is noticed by an echo that does not come, wherever it froze, and holds up no table."""

import pytest
from command_line import SMALL
from phone_lab import SHORTEST, arm, hear, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow

PLACES = {
    "its lease is taken": "busy=$1.busy",
    "settings are read": "settings get global",
    "a model is pushed": "sync:",
    "its state is read": "dumpsys battery",
    "a run begins": "timeout -s KILL",
}


@pytest.mark.parametrize("place", PLACES)
@together
def test_a_phone_that_freezes_anywhere_ends_with_its_reason_and_the_others_are_measured(lab, place):
    lab.patience(return_s=1.0)
    well, frozen = lab.phone(), lab.phone()
    arm(frozen, FaultKind.FREEZE, command=PLACES[place])
    done = lab.run("--every")
    assert done.returncode == 5, done.err
    rows = {row["device"]: row for row in done.rows}
    assert (rows[well.serial]["status"], rows[frozen.serial]["status"]) == ("ok", "aborted")
    assert "did not come back" in rows[frozen.serial]["message"]
    assert left_on(lab, well) == []


@together
def test_a_phone_that_freezes_in_a_run_is_noticed_long_before_the_runs_deadline(lab):
    lab.patience(return_s=1.0)
    phone = lab.phone()
    arm(phone, FaultKind.FREEZE, run=2, seconds=0.0)
    done = lab.run("--max-secs", "3000")  # 6011 s until the run's own deadline, and 20 more
    assert done.returncode == 5
    assert "did not come back" in done.row["message"]


@together
def test_the_table_of_the_others_is_shown_while_one_is_waited_for(lab):
    lab.patience(return_s=600.0)
    phones = [lab.phone() for _ in range(3)]
    arm(phones[1], FaultKind.FREEZE, run=3, seconds=0.0)
    process = lab.start("run", "--device", "pixel4", "--every", SMALL, *SHORTEST)
    line = hear(process, "still at work")
    assert phones[1].serial in line
    shown = hear(process, f"| {SMALL}") + hear(process, f"| {SMALL}")
    assert all(phone.serial in shown for phone in (phones[0], phones[2]))
    wait_until(lambda: list(lab.folder.glob("results/*/report.md")))
    assert process.poll() is None
    arm(phones[1], FaultKind.THAW)
    done = lab.end(process)
    assert done.returncode == 0, done.err
    assert done.out.count(f"| {SMALL}") == 4  # and their median
