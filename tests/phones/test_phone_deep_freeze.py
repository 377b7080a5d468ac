"""A phone that freezes in a run and never answers again: every command on the way has its end."""

import pytest
from phone_lab import arm, together

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow


@pytest.mark.slow
@together
def test_a_phone_that_freezes_for_good_ends_the_session(lab):
    lab.patience(return_s=3.0)
    phone = lab.phone()
    arm(phone, FaultKind.FREEZE, run=2, seconds=0.0)
    lost = lab.run()
    assert lost.returncode == 5
    assert f"{phone.serial}: did not come back" in lost.last_line
    assert (lost.row["status"], len(lost.runs)) == ("aborted", 1)
