"""Clocks that are not what a user thinks: capped before or while a phone is measured, or a governor is changed."""

import pytest
from phone_lab import arm, hear, left_on, together

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow

CAPPED = "the clocks were capped in every run: core 7 at 1420800 of 2841600 kHz"


def said(row, code):
    return [warning["message"] for warning in row["warnings"] if warning["code"] == code]


@pytest.mark.parametrize("zones", [{}, {"zones": ()}], ids=["", "no-thermal-readings"])
@together
def test_clocks_that_stay_capped_are_waited_for_once_and_then_stand_in_the_row_with_both_figures(lab, zones):
    phone = lab.phone(**zones)
    arm(phone, FaultKind.CAP, factor=2.0)
    done = lab.run()
    assert (done.returncode, done.row["status"]) == (0, "ok"), done.err
    assert said(done.row, "capped_clocks") == [CAPPED]
    assert done.err.count("waiting for the phone's clocks (core 7 at 1420800 of 2841600 kHz)") == 1
    assert {tuple(run["conditions_before"]["frequency_max_khz"])[7] for run in done.runs} == {1420800}
    assert CAPPED in lab.mbench("report").out
    assert left_on(lab, phone) == []


@together
def test_clocks_that_are_free_again_in_time_leave_no_doubt(lab):
    lab.patience(ready_s=60)
    phone = lab.phone()
    arm(phone, FaultKind.CAP, factor=2.0)
    process = lab.start_run()
    hear(process, "waiting for the phone's clocks")
    arm(phone, FaultKind.UNCAP)
    done = lab.end(process)
    assert (done.returncode, done.row["status"]) == (0, "ok")
    assert said(done.row, "capped_clocks") == []


@together
def test_clocks_that_are_capped_in_the_middle_are_a_doubt_too_and_those_of_other_cores_are_none(lab):
    phone = lab.phone()
    arm(phone, FaultKind.CAP, run=4, factor=2.0)
    done = lab.run()
    assert (done.returncode, done.row["status"]) == (0, "ok")
    assert said(done.row, "capped_clocks") == [CAPPED.replace("every run", "some runs")]
    arm(phone, FaultKind.UNCAP)
    policy = phone.path("/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq")
    policy.chmod(0o644)
    policy.write_text("300000\n", encoding="ascii")
    other = lab.run("--results", "others")
    assert (other.row["status"], said(other.row, "capped_clocks")) == ("ok", [])


@together
def test_clocks_that_the_user_has_capped_are_neither_waited_for_nor_doubted(lab):
    phone = lab.phone()
    arm(phone, FaultKind.CAP, factor=2.0)
    done = lab.run("--fixed-performance")
    assert (done.row["status"], said(done.row, "capped_clocks")) == ("ok", [])
    assert "waiting for the phone's clocks" not in done.err


@together
def test_a_governor_that_somebody_changes_in_the_middle_is_a_failed_row(lab):
    phone = lab.phone(rooted=True)
    arm(phone, FaultKind.GOVERNOR, run=4, value="powersave")
    done = lab.run("--governor", "performance")
    assert (done.returncode, done.row["status"], done.row["error_class"]) == (5, "failed", "environment")
    assert "governor, performance as asked, to powersave" in done.row["message"]
    assert done.row["latency_median_us"] is None
    assert left_on(lab, phone) == []


@together
def test_what_a_phone_does_not_show_stands_in_the_foot_and_in_each_row(lab):
    phone = lab.phone(zones=())
    for service in ("thermalservice", "battery"):
        arm(phone, FaultKind.HIDE, value=service)
    done = lab.run()
    assert (done.returncode, done.row["status"]) == (0, "ok"), done.err
    unknown = "the phone does not show its thermal status, temperatures, battery and power source"
    assert said(done.row, "unknown_conditions") == [unknown]
    assert lab.mbench("report").out.count(unknown) == 1
