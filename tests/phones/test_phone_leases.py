"""One session a phone, whatever its clock says: two hosts that share an emulated phone by one adb server."""

import json
import shutil
import time

import pytest
from phone_lab import HELD_LONG, OURS, arm, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow


@together
def test_a_clock_that_jumps_a_day_gives_a_living_lease_to_no_other_host(lab):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=2)
    other_home = shutil.copytree(lab.home, lab.home.parent / "another host's home")
    first = lab.start_run(*HELD_LONG)
    wait_until(lambda: phone.benchmarks >= 2)
    arm(phone, FaultKind.CLOCK)
    assert int(lab.shell(phone, "date +%s")) > time.time() + 86_000
    second = lab.run("--results", "others", MBENCH_HOME=str(other_home))
    assert (second.returncode, f"{phone.serial}: in use by" in second.last_line) == (3, True)
    first.terminate()
    assert lab.end(first).returncode == 130
    assert left_on(lab, phone) == []


@together
def test_a_session_whose_lease_is_anothers_ends_within_a_run_and_touches_the_phone_no_more(lab):
    phone = lab.phone()
    process = lab.start_run("--runs", "40", "--max-runs", "40")
    wait_until(lambda: phone.benchmarks >= 2)
    path = phone.path(OURS) / "lease.json"
    record = json.loads(path.read_bytes())
    path.write_text(json.dumps(record | {"token": "another", "user": "ada", "session": "nightly"}))
    begun = phone.benchmarks
    done = lab.end(process)
    assert (done.returncode, done.row["status"]) == (5, "aborted")
    assert "its lease was taken by ada" in done.row["message"]
    assert phone.benchmarks - begun <= 2
    assert json.loads(path.read_bytes())["user"] == "ada"
    assert any("stay_on" in one for one in left_on(lab, phone))  # whose they are now is not ours to say


@together
def test_a_lease_that_somebody_removed_is_written_again(lab):
    phone = lab.phone()
    process = lab.start_run("--runs", "6", "--max-runs", "6")
    wait_until(lambda: phone.benchmarks >= 2)
    path = phone.path(OURS) / "lease.json"
    path.unlink()
    wait_until(path.is_file)
    done = lab.end(process)
    assert (done.returncode, done.row["runs"]) == (0, 6)
    assert left_on(lab, phone) == []
