"""What happened to a phone between two readings."""

from datetime import timedelta

import pytest
from readings_made import AT, named, readings

from mbench.devices.health.check import CheckName, CheckState
from mbench.devices.health.comparing import compare_readings
from mbench.devices.health.readings import silent_readings

LATER = AT + timedelta(hours=8)


def later(**changes):
    return readings(taken_at=LATER, **changes)


@pytest.mark.parametrize(("percent", "state"), [(87.1, CheckState.OK), (87.0, CheckState.WARNING)])
def test_a_charge_that_falls_on_the_cable_is_said(percent, state):
    check = named(compare_readings(readings(), later(battery_percent=percent)), CheckName.CHARGE_KEPT)
    assert check.state is state
    assert check.figure == "92 % to 87 % in 8.0 h on a cable"


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_charge_of_a_phone_on_battery_may_fall(when):
    unplugged = {"powered_by": "none", "battery_percent": 40.0}
    first, last = (readings(**unplugged), later()) if when == "before" else (readings(), later(**unplugged))
    assert CheckName.CHARGE_KEPT not in {check.name for check in compare_readings(first, last)}


def test_a_charge_that_was_not_read_is_unknown():
    for changes in ({"battery_percent": None}, {"powered_by": None}, {"conditions": None}):
        assert named(compare_readings(readings(), later(**changes)), CheckName.CHARGE_KEPT).state is CheckState.UNKNOWN


@pytest.mark.parametrize(
    ("reading", "name"), [("boot_id", CheckName.RESTART), ("build", CheckName.BUILD)], ids=["restart", "build"]
)
def test_another_start_and_another_build_are_said(reading, name):
    assert named(compare_readings(readings(), later()), name).state is CheckState.OK
    assert named(compare_readings(readings(), later(**{reading: "another"})), name).state is CheckState.WARNING
    assert named(compare_readings(readings(), later(**{reading: None})), name).state is CheckState.UNKNOWN
    assert named(compare_readings(readings(**{reading: None}), later()), name).state is CheckState.UNKNOWN


def test_a_new_build_begins_a_new_epoch_and_both_are_named():
    check = named(compare_readings(readings(build="old"), later(build="new")), CheckName.BUILD)
    assert (check.figure, check.limit) == ("new", "old")
    assert check.remedy is not None
    assert check.remedy.startswith("A new epoch begins")


def test_with_a_phone_that_did_not_answer_nothing_is_compared():
    silent = silent_readings("PHX1", taken_at=AT, refusal="frozen")
    assert compare_readings(silent, later()) == ()
    assert compare_readings(readings(), silent) == ()
