"""Checks of a phone, each with its bound from both sides."""

import pytest
from readings_made import AT, named, readings

from mbench.devices.health.check import Check, CheckName, CheckState, failed, words
from mbench.devices.health.checks import check_phone
from mbench.devices.health.readings import PhoneReadings, silent_readings
from mbench.devices.limits import Limits
from mbench.devices.profiles.profile import load_profile

PIXEL4, PIXEL8 = load_profile("pixel4"), load_profile("pixel8")
OK, WARNING, FAILED, UNKNOWN = CheckState.OK, CheckState.WARNING, CheckState.FAILED, CheckState.UNKNOWN


def check_of(name: CheckName, **changes: object) -> Check:
    return named(check_phone(readings(**changes), PIXEL4), name)


def test_a_phone_that_is_well_passes_every_check():
    assert {check.state for check in check_phone(readings(), PIXEL4)} == {OK}
    assert {check.remedy for check in check_phone(readings(), PIXEL4)} == {None}


@pytest.mark.parametrize(
    ("name", "reading", "value", "state"),
    [
        (CheckName.STARTED, "booted", False, FAILED),
        (CheckName.STARTED, "booted", None, UNKNOWN),
        (CheckName.STARTED, "uptime_s", 119.9, WARNING),
        (CheckName.STARTED, "uptime_s", 120.0, OK),
        (CheckName.LOCK, "user_state", "RUNNING_UNLOCKED", OK),
        (CheckName.LOCK, "user_state", "RUNNING_LOCKED", FAILED),
        (CheckName.LOCK, "user_state", "RUNNING_UNLOCKING", WARNING),
        (CheckName.LOCK, "user_state", "BOOTING", WARNING),
        (CheckName.LOCK, "user_state", "STOPPING", FAILED),
        (CheckName.LOCK, "user_state", None, UNKNOWN),
        (CheckName.BATTERY_LEVEL, "battery_percent", 25.0, OK),
        (CheckName.BATTERY_LEVEL, "battery_percent", 24.9, FAILED),
        (CheckName.BATTERY_LEVEL, "battery_percent", None, UNKNOWN),
        (CheckName.BATTERY_LEVEL, "battery_faked", True, FAILED),
        (CheckName.BATTERY_HEALTH, "battery_health", "dead", FAILED),
        (CheckName.BATTERY_HEALTH, "battery_health", "cold", FAILED),
        (CheckName.BATTERY_HEALTH, "battery_health", "overheat", FAILED),
        (CheckName.BATTERY_HEALTH, "battery_health", "unspecified_failure", FAILED),
        (CheckName.LOCK, "user_state", "".join("RUNNING_UNLOCKED"), OK),
        (CheckName.CHARGING, "powered_by", "ac", OK),
        (CheckName.CHARGING, "powered_by", "wireless", OK),
        (CheckName.BATTERY_HEALTH, "battery_health", None, UNKNOWN),
        (CheckName.BATTERY_TEMPERATURE, "battery_temperature_c", 37.0, OK),
        (CheckName.BATTERY_TEMPERATURE, "battery_temperature_c", 37.1, WARNING),
        (CheckName.BATTERY_TEMPERATURE, "battery_temperature_c", 45.0, WARNING),
        (CheckName.BATTERY_TEMPERATURE, "battery_temperature_c", 45.1, FAILED),
        (CheckName.BATTERY_TEMPERATURE, "battery_temperature_c", None, UNKNOWN),
        (CheckName.CHARGING, "charging", "full", OK),
        (CheckName.CHARGING, "charging", "discharging", WARNING),
        (CheckName.CHARGING, "charging", None, UNKNOWN),
        (CheckName.CHARGING, "powered_by", "none", WARNING),
        (CheckName.CHARGING, "powered_by", None, UNKNOWN),
        (CheckName.STORAGE, "storage_free_bytes", 2 << 30, OK),
        (CheckName.STORAGE, "storage_free_bytes", (2 << 30) - 1, WARNING),
        (CheckName.STORAGE, "storage_free_bytes", 512 << 20, WARNING),
        (CheckName.STORAGE, "storage_free_bytes", (512 << 20) - 1, FAILED),
        (CheckName.STORAGE, "storage_free_bytes", None, UNKNOWN),
        (CheckName.THERMAL_STATUS, "thermal_status", 1, FAILED),
        (CheckName.THERMAL_STATUS, "thermal_status", None, UNKNOWN),
        (CheckName.CLOCKS, "frequency_max_khz", (1000, 1999), WARNING),
        (CheckName.CLOCKS, "frequency_max_khz", None, UNKNOWN),
        (CheckName.BATTERY_SAVER, "battery_saver", True, FAILED),
        (CheckName.BATTERY_SAVER, "battery_saver", None, UNKNOWN),
        (CheckName.SCREEN, "wakefulness", "Asleep", OK),
        (CheckName.SCREEN, "wakefulness", None, UNKNOWN),
        (CheckName.TIME, "clock_offset_s", None, UNKNOWN),
        (CheckName.CONNECTION, "connection", "network", WARNING),
        (CheckName.CONNECTION, "connection", "loopback", OK),
        (CheckName.CONNECTION, "connection", None, UNKNOWN),
        (CheckName.LEFTOVERS, "left", ("files (sessions/x)",), WARNING),
        (CheckName.LEFTOVERS, "left", None, UNKNOWN),
        (CheckName.OTHER_BENCHMARK, "other_benchmarks", 1, FAILED),
        (CheckName.OTHER_BENCHMARK, "other_benchmarks", None, UNKNOWN),
        (CheckName.IN_USE, "used_by", "ada on lab-2", WARNING),
    ],
)
def test_each_check_ends_by_its_bound(name, reading, value, state):
    found = check_of(name, **{reading: value})
    assert found.state is state
    assert (found.remedy is None) is (state in (OK, UNKNOWN))


@pytest.mark.parametrize(
    ("offset", "doubt", "state"),
    [
        (2.0, 0.0, OK),
        (2.01, 0.0, WARNING),
        (-2.01, 0.0, WARNING),
        (2.5, 0.49, WARNING),
        (2.5, 0.5, UNKNOWN),
        (1.5, 0.5, OK),
        (-1.5, 0.51, UNKNOWN),
        (-86_400.0, 0.5, WARNING),
    ],
)
def test_a_clock_is_wrong_only_as_far_as_it_was_read(offset, doubt, state):
    assert check_of(CheckName.TIME, clock_offset_s=offset, clock_uncertainty_s=doubt).state is state


def test_a_clock_is_said_to_be_ahead_or_behind():
    said = {
        -3.0: "3.0 s behind (±0.2 s)",
        -0.5: "0.5 s behind (±0.2 s)",
        0.0: "0.0 s ahead (±0.2 s)",
        0.5: "0.5 s ahead (±0.2 s)",
    }
    for offset, figure in said.items():
        assert check_of(CheckName.TIME, clock_offset_s=offset, clock_uncertainty_s=0.2).figure == figure


@pytest.mark.parametrize(
    ("free", "figure", "limit"),
    [
        (50 << 30, "50.0 GiB free", "at least 2 GiB free"),
        (3 << 29, "1.5 GiB free", "at least 2 GiB free"),
        (1 << 30, "1.0 GiB free", "at least 2 GiB free"),
        ((1 << 30) - 1, "1024 MiB free", "at least 2 GiB free"),
        ((100 << 20) + (3 << 18), "101 MiB free", "at least 512 MiB free"),
    ],
)
def test_room_is_said_in_the_unit_that_suits_it(free, figure, limit):
    found = check_of(CheckName.STORAGE, storage_free_bytes=free)
    assert (found.figure, found.limit) == (figure, limit)


@pytest.mark.parametrize(("status", "state"), [(0, OK), (1, OK), (2, OK), (3, FAILED)])
def test_a_profile_may_allow_some_throttling(status, state):
    profile = PIXEL4.model_copy(update={"limits": Limits(thermal_status_max=2)})
    assert named(check_phone(readings(thermal_status=status), profile), CheckName.THERMAL_STATUS).state is state


@pytest.mark.parametrize(
    ("word", "remedy"),
    [("cold", "room temperature"), ("overheat", "room temperature"), ("dead", "replace its battery")],
)
def test_a_battery_is_warmed_or_cooled_or_replaced(word, remedy):
    assert remedy in (check_of(CheckName.BATTERY_HEALTH, battery_health=word).remedy or "")


@pytest.mark.parametrize(("percent", "state"), [(59.9, WARNING), (60.0, OK), (80.0, OK), (None, WARNING)])
def test_a_battery_may_rest_where_a_charge_limit_can_have_stopped_it(percent, state):
    assert check_of(CheckName.CHARGING, charging="not_charging", battery_percent=percent).state is state


def test_an_empty_battery_that_charges_is_waited_for_and_another_one_plugged_in():
    low = {"battery_percent": 5.0}
    assert check_of(CheckName.BATTERY_LEVEL, **low).remedy == "Wait: it charges."
    unplugged = check_of(CheckName.BATTERY_LEVEL, **low, charging="discharging", powered_by="none")
    assert unplugged.remedy == "Plug it in, and see that it charges."
    assert check_of(CheckName.BATTERY_LEVEL, **low, charging=None).remedy == unplugged.remedy


@pytest.mark.parametrize(
    ("status", "remedy"), [(4, "Let it cool."), (5, "switch itself off"), (6, "switch itself off")]
)
def test_a_phone_about_to_switch_itself_off_is_taken_off(status, remedy):
    found = check_of(CheckName.THERMAL_STATUS, thermal_status=status).remedy
    assert found is not None
    assert remedy in found


@pytest.mark.parametrize(
    ("word", "stay_on", "state"),
    [
        ("Asleep", True, WARNING),
        ("Dozing", True, WARNING),
        ("Asleep", False, OK),
        ("Asleep", None, OK),
        ("Awake", True, OK),
    ],
)
def test_a_screen_that_is_off_although_it_is_to_stay_on_is_said(word, stay_on, state):
    assert check_of(CheckName.SCREEN, wakefulness=word, stay_on=stay_on).state is state


def test_caps_are_said_by_cores_and_the_lowest_share():
    found = check_of(CheckName.CLOCKS, frequency_max_khz=(900, 1000))
    assert found.figure == "2 cores capped, to 50% at worst"


def test_a_profiles_limits_are_the_ones_that_count():
    warm = readings(skin_temperature_c=37.1)
    assert named(check_phone(warm, PIXEL8), CheckName.SKIN_TEMPERATURE).state is FAILED
    for cool in (37.0, 30.0):
        judged = check_phone(readings(skin_temperature_c=cool), PIXEL8)
        assert named(judged, CheckName.SKIN_TEMPERATURE).state is OK
    assert CheckName.SKIN_TEMPERATURE not in {check.name for check in check_phone(warm, PIXEL4)}
    limits = Limits(battery_temperature_c=30.0, battery_percent_min=95.0, temperature_c=39.0)
    strict = check_phone(readings(battery_temperature_c=30.1), PIXEL4.model_copy(update={"limits": limits}))
    assert {check.name for check in failed(strict)} == {
        *(CheckName.BATTERY_TEMPERATURE, CheckName.BATTERY_LEVEL, CheckName.ZONE_TEMPERATURE)
    }
    assert CheckName.THERMAL_STATUS not in {check.name for check in strict}


def test_a_phone_without_a_profile_is_judged_by_what_every_phone_is():
    checks = check_phone(readings(battery_percent=24.9, thermal_status=1), None)
    assert [check.name for check in failed(checks)] == [CheckName.BATTERY_LEVEL, CheckName.THERMAL_STATUS]


def test_of_a_phone_that_does_not_answer_nothing_else_is_checked():
    silent = silent_readings("PHX1", taken_at=AT, refusal="unauthorized: accept the dialog on its screen.")
    (check,) = check_phone(silent, PIXEL4)
    assert (check.name, check.state) == (CheckName.ANSWER, FAILED)
    assert check.remedy == "unauthorized: accept the dialog on its screen."


def test_a_phone_in_use_keeps_its_benchmarks_and_files():
    names = {check.name for check in check_phone(readings(used_by="ada", left=None, other_benchmarks=2), PIXEL4)}
    assert names.isdisjoint({CheckName.OTHER_BENCHMARK, CheckName.LEFTOVERS})


def test_a_phone_that_was_left_in_peace_is_in_use_and_nothing_is_unknown():
    left_alone = PhoneReadings(serial="PHX1", taken_at=AT, used_by="ada on lab-2")
    assert [(check.name, check.state) for check in check_phone(left_alone, PIXEL4)] == [
        (CheckName.ANSWER, OK),
        (CheckName.IN_USE, WARNING),
    ]


def test_an_emulated_phone_is_not_judged_by_this_machines_uptime():
    assert check_of(CheckName.STARTED, uptime_s=5.0, emulated=True).state is OK


def test_a_phone_that_shows_nothing_is_unknown_and_never_well_but_for_what_was_looked_at():
    bare = PhoneReadings(serial="PHX1", taken_at=AT)
    states = {check.name: check.state for check in check_phone(bare, PIXEL8)}
    assert {name for name, state in states.items() if state is OK} == {CheckName.ANSWER, CheckName.IN_USE}
    assert {state for name, state in states.items() if name not in {CheckName.ANSWER, CheckName.IN_USE}} == {UNKNOWN}


def test_a_check_in_words_names_figure_and_limit():
    assert words(check_of(CheckName.BATTERY_LEVEL, battery_percent=5.0)) == "battery level 5 % (limit: at least 25 %)"


def test_checks_and_readings_are_documents_that_come_back_as_they_were():
    made = readings(user_state="RUNNING_LOCKED")
    assert PhoneReadings.model_validate_json(made.model_dump_json()) == made
    for check in check_phone(made, PIXEL4):
        assert Check.model_validate_json(check.model_dump_json()) == check
