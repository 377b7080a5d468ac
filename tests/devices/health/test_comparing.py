"""What happened to a phone between two readings."""

from datetime import timedelta

import pytest
from readings_made import AT, named, readings

from mbench.devices.health.check import CheckName, CheckState
from mbench.devices.health.comparing import compare_readings
from mbench.devices.health.readings import silent_readings

LATER = AT + timedelta(hours=300.5)


def later(**changes):
    return readings(taken_at=LATER, **changes)


@pytest.mark.parametrize(
    ("was", "now", "state"),
    [
        (92.0, 87.1, CheckState.OK),
        (92.0, 87.0, CheckState.WARNING),
        (92.0, 46.0, CheckState.WARNING),
        (92.0, 30.0, CheckState.WARNING),
        (30.0, 92.0, CheckState.OK),
        (92.0, 92.0, CheckState.OK),
    ],
)
def test_a_charge_that_falls_on_the_cable_is_said(was, now, state):
    checks = compare_readings(readings(battery_percent=was), later(battery_percent=now))
    check = named(checks, CheckName.CHARGE_KEPT)
    assert check.state is state
    assert check.figure == f"{was:.0f} % to {now:.0f} % in 300.5 h on a cable"


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_charge_of_a_phone_on_battery_may_fall(when):
    unplugged = {"powered_by": "none", "battery_percent": 40.0}
    first, last = (readings(**unplugged), later()) if when == "before" else (readings(), later(**unplugged))
    assert CheckName.CHARGE_KEPT not in {check.name for check in compare_readings(first, last)}


def test_a_charge_that_was_not_read_is_unknown():
    for changes in ({"battery_percent": None}, {"powered_by": None}, {"conditions": None}):
        for pair in ((readings(), later(**changes)), (readings(**changes), later())):
            assert named(compare_readings(*pair), CheckName.CHARGE_KEPT).state is CheckState.UNKNOWN


@pytest.mark.parametrize(
    ("reading", "name"), [("boot_id", CheckName.RESTART), ("build", CheckName.BUILD)], ids=["restart", "build"]
)
def test_another_start_and_another_build_are_said(reading, name):
    same = "".join(getattr(readings(), reading))  # equal, and another object
    assert named(compare_readings(readings(), later(**{reading: same})), name).state is CheckState.OK
    for another in ("another", "yet another"):
        assert named(compare_readings(readings(), later(**{reading: another})), name).state is CheckState.WARNING
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
