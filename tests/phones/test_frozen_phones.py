"""Phones that freeze: each is noticed by an echo that does not come, wherever it froze, and holds up no table."""

import pytest
from command_line import SMALL
from phone_lab import ONE_RUN, SHORTEST, arm, hear, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow

PLACES = {
    "before a session": {
        "its lease is taken": {"command": "busy=$1.busy"},
        "a program is pushed": {"command": "sync:"},
    },
    "in a session": {
        "settings are read": {"command": "settings get global"},
        "its state is read": {"command": "dumpsys battery"},
        "a run begins": {"command": "timeout -s KILL"},
        "in a run": {"run": 2, "seconds": 0.0},
    },
}
"""Nobody is measured before it is known of all phones which ones can be: so each half waits for its own."""


@pytest.mark.parametrize("when", PLACES)
@together
def test_phones_that_freeze_anywhere_end_with_their_reason_and_the_others_are_measured(lab, when):
    """Also in a run, long before its deadline: every command on the way has its end."""
    lab.patience(return_s=1.0)
    well, frozen = lab.phone(), {place: lab.phone() for place in PLACES[when]}
    for place, phone in frozen.items():
        arm(phone, FaultKind.FREEZE, **PLACES[when][place])
    done = lab.run("--every", "--max-secs", "3000", *ONE_RUN)  # 6011 s until a run's own deadline, and 20 more
    assert done.returncode == 5, done.err
    assert done.states[well.serial] == ("ok", 1)
    for place, phone in frozen.items():
        row = done.row_of(phone)
        assert (row["status"], "did not come back" in row["message"]) == ("aborted", True), place
        assert f"{phone.serial}: did not come back" in " ".join(done.err.split()), place
        assert len(done.runs_on(phone)) == (place == "in a run"), place
    assert left_on(lab, well) == []


@together
def test_the_table_of_the_others_is_shown_while_one_is_waited_for(lab):
    lab.patience(return_s=600.0)
    phones = [lab.phone() for _ in range(3)]
    arm(phones[1], FaultKind.FREEZE, run=3, seconds=0.0)
    process = lab.start("run", "--device", "pixel4", "--every", SMALL, *SHORTEST, *ONE_RUN)
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
