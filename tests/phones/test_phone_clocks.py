"""Clocks that are not what a user thinks: capped before or while a phone is measured, or a governor is changed."""

import pytest
from phone_lab import ONE_RUN, arm, left_on, together

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow

CAPPED = "the clocks were capped in every run: core 7 at 1420800 of 2841600 kHz"
WAITS = "waiting for the phone's clocks (core 7 at 1420800 of 2841600 kHz)"
UNKNOWN = "the phone does not show its thermal status, temperatures, battery and power source"


def said(row, code):
    return [warning["message"] for warning in row["warnings"] if warning["code"] == code]


@pytest.mark.slow
@together
def test_clocks_that_stay_or_become_capped_and_what_a_phone_does_not_show_stand_in_each_row(lab):
    """The clocks are waited for once, with thermal readings or without; those of cores that are not used are none."""
    capped, blind, midway, unused, hidden = phones = [
        lab.phone(**({"zones": ()} if place in {1, 4} else {})) for place in range(5)
    ]
    for phone in (capped, blind):
        arm(phone, FaultKind.CAP, factor=2.0)
    arm(midway, FaultKind.CAP, run=4, factor=2.0)
    policy = unused.path("/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq")
    policy.chmod(0o644)
    policy.write_text("300000\n", encoding="ascii")
    for service in ("thermalservice", "battery"):
        arm(hidden, FaultKind.HIDE, value=service)
    done = lab.run("--every")
    assert (done.returncode, done.states) == (0, {phone.serial: ("ok", 2) for phone in phones}), done.err
    found = [said(done.row_of(phone), "capped_clocks") for phone in phones]
    assert found == [[CAPPED], [CAPPED], [CAPPED.replace("every run", "some runs")], [], []]
    for phone in (capped, blind):
        assert done.said_of(phone).count(WAITS) == 1
        runs = done.runs_on(phone)
        assert {tuple(run["conditions_before"]["frequency_max_khz"])[7] for run in runs} == {1420800}
        assert left_on(lab, phone) == []
    assert said(done.row_of(hidden), "unknown_conditions") == [UNKNOWN]
    table = lab.mbench("report").out
    assert CAPPED in table
    assert table.count(UNKNOWN) == 1


@together
def test_clocks_that_the_user_has_capped_are_neither_waited_for_nor_doubted(lab):
    phone = lab.phone()
    arm(phone, FaultKind.CAP, factor=2.0)
    done = lab.run("--fixed-performance", *ONE_RUN)
    assert (done.row["status"], said(done.row, "capped_clocks")) == ("ok", [])
    assert "waiting for the phone's clocks" not in done.err


@together
def test_a_governor_that_one_phone_does_not_take_or_somebody_changes_on_another_costs_no_other_anything(lab):
    well, changed, other = lab.phone(rooted=True), lab.phone(rooted=True), lab.phone()
    arm(changed, FaultKind.GOVERNOR, run=2, value="powersave")
    done = lab.run("--every", "--governor", "performance", *ONE_RUN)
    assert done.returncode == 5, done.err
    assert done.states[well.serial] == ("ok", 1)
    row = done.row_of(changed)
    assert (row["status"], row["error_class"]) == ("failed", "environment")
    assert "governor, performance as asked, to powersave" in row["message"]
    assert row["latency_median_us"] is None
    assert done.row_of(other)["status"] == "aborted"
    assert "--governor performance cannot be had" in done.out
    assert [left_on(lab, phone) for phone in (well, changed)] == [[], []]
