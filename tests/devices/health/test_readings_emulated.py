"""Health of emulated phones, read over a real adb server in one command."""

import time
from contextlib import suppress

import pytest
from readings_made import named

from mbench.core.errors import TransportError
from mbench.devices.health.check import CheckName, CheckState, failed
from mbench.devices.health.checks import check_phone
from mbench.devices.health.comparing import compare_readings
from mbench.devices.health.readings import ask_phone, to_readings
from mbench.devices.profiles.profile import load_profile
from mbench.emulator.phone.faults import Fault, FaultKind

PROFILE = load_profile("pixel4")


@pytest.fixture
def read(over_adb):
    def once():
        answers = ask_phone(over_adb)
        return to_readings(answers, serial=over_adb.serial, emulated=True, connection="loopback", left=())

    return once


def bad(readings):
    """The checks that are not well, by name."""
    found = check_phone(readings, PROFILE)
    return {check.name: check.state for check in found if check.state is not CheckState.OK}


def test_a_phone_that_is_well_shows_all_and_passes_all(read):
    readings = read()
    unknown = {name for name, value in readings.model_dump().items() if value is None}
    assert unknown == {"refusal", "used_by"}
    assert bad(readings) == {}


def test_all_is_read_in_one_command_and_nothing_is_written(phone, over_adb, read):
    listing = ("sh", "-c", "cd /data/local/tmp; find . -type f; settings list global; settings list system")
    before = over_adb.run(listing, deadline_s=10).stdout
    services = phone.services
    read()
    assert phone.services == services + 1
    assert over_adb.run(listing, deadline_s=10).stdout == before


@pytest.mark.parametrize(
    ("faults", "found"),
    [
        ([Fault(kind=FaultKind.LOCK)], {CheckName.LOCK: CheckState.FAILED}),
        ([Fault(kind=FaultKind.SAVER)], {CheckName.BATTERY_SAVER: CheckState.FAILED}),
        ([Fault(kind=FaultKind.CLOCK, seconds=86_400)], {CheckName.TIME: CheckState.WARNING}),
        ([Fault(kind=FaultKind.CLOCK, seconds=-86_400)], {CheckName.TIME: CheckState.WARNING}),
        ([Fault(kind=FaultKind.BATTERY, level=5)], {CheckName.BATTERY_LEVEL: CheckState.FAILED}),
        ([Fault(kind=FaultKind.BATTERY, level=92, powered=False)], {CheckName.CHARGING: CheckState.WARNING}),
        ([Fault(kind=FaultKind.BATTERY, level=92, value="discharging")], {CheckName.CHARGING: CheckState.WARNING}),
        ([Fault(kind=FaultKind.BATTERY, level=80, value="not_charging")], {}),
        ([Fault(kind=FaultKind.HEALTH, value="over_voltage")], {CheckName.BATTERY_HEALTH: CheckState.FAILED}),
        ([Fault(kind=FaultKind.FULL, size_bytes=100 << 20)], {CheckName.STORAGE: CheckState.FAILED}),
        (
            [Fault(kind=FaultKind.HEAT, level=5)],
            {
                CheckName.THERMAL_STATUS: CheckState.FAILED,
                CheckName.BATTERY_TEMPERATURE: CheckState.WARNING,
                CheckName.CLOCKS: CheckState.WARNING,
            },
        ),
        ([Fault(kind=FaultKind.CAP, factor=2.0)], {CheckName.CLOCKS: CheckState.WARNING}),
        ([Fault(kind=FaultKind.LOCK), Fault(kind=FaultKind.UNLOCK)], {}),
        ([Fault(kind=FaultKind.SAVER), Fault(kind=FaultKind.SAVER_OFF)], {}),
    ],
)
def test_what_is_wrong_with_a_phone_is_found_and_nothing_else(phone, read, faults, found):
    for fault in faults:
        phone.arm(fault)
    assert bad(read()) == found


def test_another_benchmark_is_found(phone, over_adb, read):
    phone.arm(Fault(kind=FaultKind.RIVAL))
    until = time.monotonic() + 60
    while over_adb.run(("pidof", "benchmark_model"), deadline_s=10).exit_code != 0:  # it is only being started
        assert time.monotonic() < until
        time.sleep(0.1)
    assert bad(read()) == {CheckName.OTHER_BENCHMARK: CheckState.FAILED}


def test_a_clock_that_is_a_day_off_is_read_to_a_second(phone, read):
    phone.arm(Fault(kind=FaultKind.CLOCK, seconds=-86_400))
    readings = read()
    assert readings.clock_offset_s is not None
    assert readings.clock_uncertainty_s is not None
    assert abs(readings.clock_offset_s + 86_400) <= readings.clock_uncertainty_s + 0.1  # of rounding and date's start


def test_services_that_are_not_there_are_unknown(phone, read):
    for service in ("battery", "thermalservice", "power"):
        phone.arm(Fault(kind=FaultKind.HIDE, value=service))
    states = bad(read())
    assert set(states.values()) == {CheckState.UNKNOWN}
    assert {CheckName.BATTERY_LEVEL, CheckName.BATTERY_HEALTH, CheckName.THERMAL_STATUS, CheckName.SCREEN} <= {*states}


def test_faked_battery_values_fail_and_are_not_believed(over_adb, read):
    over_adb.run(("sh", "-c", "dumpsys battery set level 100"), deadline_s=10)
    readings = read()
    assert readings.battery_faked is True
    (level,) = failed(check_phone(readings, PROFILE))
    assert (level.name, level.figure) == (CheckName.BATTERY_LEVEL, "set by hand")


def test_a_phone_that_is_updated_restarts_locked_with_another_build(phone, over_adb, read):
    before = read()
    phone.arm(Fault(kind=FaultKind.LOCK))
    phone.arm(Fault(kind=FaultKind.UNLOCK))
    phone.arm(Fault(kind=FaultKind.UPDATE, value="9999999"))
    after = read_when_back(read, before)
    assert after.user_state == "RUNNING_LOCKED"
    checks = compare_readings(before, after)
    assert named(checks, CheckName.BUILD).state is CheckState.WARNING
    assert named(checks, CheckName.RESTART).state is CheckState.WARNING
    assert "9999999" in (named(checks, CheckName.BUILD).figure or "")


def read_when_back(read, before):
    """Read a phone again and again until it answers after another start."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with suppress(TransportError):
            found = read()
            if found.boot_id != before.boot_id and found.booted:
                return found
        time.sleep(0.1)
    raise AssertionError("it did not come back")
