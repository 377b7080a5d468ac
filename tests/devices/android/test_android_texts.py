from datetime import UTC, datetime
from pathlib import Path

import pytest

from mbench.core.clocks import Cap, caps
from mbench.devices.android.conditions import parse_others, parse_reading, questions, to_conditions
from mbench.devices.android.dumps import (
    BatteryState,
    ScreenState,
    ThermalState,
    parse_battery,
    parse_doze,
    parse_screen,
    parse_thermal,
)
from mbench.devices.android.facts import best_cores
from mbench.devices.android.kernel import (
    CpuTime,
    busy_share,
    parse_core_list,
    parse_cpu_time,
    parse_load,
    parse_memory,
    parse_policies,
    parse_zones,
    per_core,
)
from mbench.devices.android.script import compose, split

DATA = Path(__file__).parents[2] / "data" / "android"


def text(name):
    return (DATA / name).read_text(encoding="utf-8")


def test_a_charging_battery_tells_level_temperature_and_cable():
    assert parse_battery(text("battery-usb.txt")) == BatteryState(
        percent=92.0, temperature_c=25.1, powered_by="usb", charging="charging", health="good", faked=False
    )


def test_an_unplugged_battery_is_powered_by_none():
    state = parse_battery(text("battery-unplugged.txt"))
    assert (state.powered_by, state.charging, state.percent) == ("none", "discharging", 18.0)


@pytest.mark.parametrize(
    ("said", "faked"), [(text("battery-faked.txt"), True), ("", None), ("Can't find service: battery\n", None)]
)
def test_a_faked_or_missing_battery_is_unknown(said, faked):
    assert parse_battery(said) == BatteryState(faked=faked)


def test_the_thermal_service_counts_by_what_the_hardware_says_now():
    state = parse_thermal(text("thermalservice-warm.txt"))
    assert state.status == 1
    assert state.celsius == {"BIG": 44.8, "G3D": 41.2, "VIRTUAL-SKIN": 39.613, "battery": 31.7}
    assert state.skin == ("VIRTUAL-SKIN",)


def test_an_overridden_thermal_status_is_unknown_and_the_sensors_are_not():
    state = parse_thermal(text("thermalservice-overridden.txt"))
    assert state.status is None
    assert state.celsius is not None


THERMAL = """Thermal Status: 0
HAL Ready: true
Current temperatures from HAL:
{}
Current cooling devices from HAL:
"""


def thermal(*sensors):
    lines = [f"\tTemperature{{mValue={value}, mType={kind}, mName={name}, mStatus=0}}" for value, kind, name in sensors]
    return parse_thermal(THERMAL.format("\n".join(lines)))


@pytest.mark.parametrize("value", ["-3.4028235E38", "3.4028235E38", "-30.0", "150.0", "0.0", "-274.0"])
def test_what_no_phone_can_have_is_no_temperature(value):
    state = thermal((value, 3, "skin"), ("31.5", 0, "cpu"))
    assert (state.celsius, state.skin, state.status) == ({"cpu": 31.5}, (), 0)
    assert thermal((value, 3, "skin")).celsius is None


@pytest.mark.parametrize("value", ["-29.9", "149.9", "0.1", "3.1E1"])
def test_what_a_phone_can_have_is_a_temperature(value):
    assert thermal((value, 3, "skin")).celsius == {"skin": float(value)}


@pytest.mark.parametrize(
    ("kind", "name", "celsius", "skin"),
    [
        (3, "VIRTUAL-SKIN", True, True),
        (4, "usb", True, False),
        (4, "TYPE_SKIN", True, True),
        (4, "SKIN", True, True),
        (4, "skin", True, True),
        (1, "TYPE_CPU", True, False),
        (3, "TYPE_BATTERY", True, False),
        (9, "TYPE_BCL_PERCENTAGE", False, False),
        ("TYPE_SKIN", "xyz", True, True),
        ("SKIN", "xyz", True, True),
        ("TYPE_BCL_VOLTAGE", "xyz", False, False),
        ("TYPE_NEW", "xyz", False, False),
        (8, "soc", False, False),
        (-1, "xyz", False, False),
    ],
)
def test_a_kind_goes_by_its_name_where_one_is_said(kind, name, celsius, skin):
    state = thermal(("36.5", kind, name))
    assert (state.celsius, state.skin) == ({name: 36.5} if celsius else None, (name,) if skin else ())


def test_of_sensors_with_one_name_the_hottest_counts():
    state = thermal(("36.5", 3, "skin"), ("38.5", 3, "skin"), ("37.5", 3, "skin"))
    assert (state.celsius, state.skin) == ({"skin": 38.5}, ("skin",))


@pytest.mark.parametrize(
    ("level", "temperature", "percent", "celsius"),
    [
        (0, 250, 0.0, 25.0),
        (100, 1499, 100.0, 149.9),
        (101, 1500, None, None),
        (-1, -300, None, None),
        (50, -2147483648, 50.0, None),
        (50, -299, 50.0, -29.9),
    ],
)
def test_a_battery_says_what_it_can_have_or_nothing(level, temperature, percent, celsius):
    state = parse_battery(f"  level: {level}\n  scale: 100\n  temperature: {temperature}\n")
    assert (state.percent, state.temperature_c) == (percent, celsius)


@pytest.mark.parametrize("said", [text("thermalservice-no-hal.txt"), "", "Can't find service: thermalservice\n"])
def test_a_phone_without_thermal_service_is_unknown(said):
    assert parse_thermal(said) == ThermalState()


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("power-awake.txt", ScreenState(on=True, stays_on=True, wakefulness="Awake")),
        ("power-ambient.txt", ScreenState(on=False, stays_on=False, wakefulness="Dozing")),
        ("power-asleep-no-display.txt", ScreenState(on=False, stays_on=False, wakefulness="Asleep")),
    ],
)
def test_the_screen_is_on_only_where_the_display_says_so(name, state):
    assert parse_screen(text(name)) == state


def test_a_phone_that_says_nothing_of_its_screen_is_unknown():
    assert parse_screen("") == ScreenState()


@pytest.mark.parametrize(
    ("said", "doze"),
    [("ACTIVE\n", False), ("IDLE\n", True), ("IDLE_MAINTENANCE", True), ("", None), ("Unknown idle mode: deep", None)],
)
def test_doze_is_deep_idle(said, doze):
    assert parse_doze(said) is doze


def test_policies_tell_cores_and_what_they_may():
    policies = parse_policies(text("cpufreq-pixel4.txt"))
    assert [policy.cores for policy in policies] == [(0, 1, 2, 3), (4, 5, 6), (7,)]
    assert per_core(policies, "max_khz") == (1785600,) * 4 + (2419200,) * 3 + (2841600,)
    assert per_core(policies, "allowed_khz") == (1785600,) * 4 + (1804800,) * 3 + (2227200,)
    assert {policy.governor for policy in policies} == {"schedutil"}


def test_the_fastest_core_comes_first_and_core_0_last():
    assert best_cores(parse_policies(text("cpufreq-pixel4.txt"))) == (7, 6, 5, 4, 3, 2, 1, 0)


def test_a_core_without_frequency_is_unknown_and_the_others_are_not():
    lines = [line for line in text("cpufreq-pixel4.txt").splitlines() if "policy4/scaling_cur_freq" not in line]
    found = per_core(parse_policies("\n".join(lines)), "current_khz")
    whole = per_core(parse_policies(text("cpufreq-pixel4.txt")), "current_khz")
    assert found == (*whole[:4], None, None, None, whole[7])
    last = [line for line in lines if "policy7/scaling_cur_freq" not in line]
    assert per_core(parse_policies("\n".join(last)), "current_khz") == whole[:4]
    assert per_core(parse_policies(""), "current_khz") is None


def test_folders_of_cores_stand_in_for_those_of_policies():
    base = "/sys/devices/system/cpu/cpu{}/cpufreq/{}:{}"
    lines = [base.format(core, "related_cpus", "0 1") for core in (0, 1)]
    lines += [base.format(core, "cpuinfo_max_freq", "1500000") for core in (0, 1)]
    assert [(policy.cores, policy.max_khz) for policy in parse_policies("\n".join(lines))] == [((0, 1), 1500000)]


def test_a_phone_without_cpufreq_has_no_policies():
    assert parse_policies("") == ()
    assert best_cores(()) is None


def test_zones_that_are_no_temperatures_are_left_out():
    assert parse_zones(text("zones-pixel4.txt")) == {
        "cpu-0-0-usr": 33.1,
        "cpu-1-7-usr": 42.214,
        "battery": 25.1,
        "pm8150_tz": 36.538,
    }


def test_unreadable_zones_are_unknown():
    assert parse_zones("/sys/class/thermal/thermal_zone0/type:cpu-0-0-usr\n") is None


def test_busy_leaves_idle_and_waiting_for_storage_out():
    before = parse_cpu_time("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n")
    assert before == CpuTime(total=1000, busy=200)
    assert busy_share(before, CpuTime(total=1100, busy=250)) == 0.5


@pytest.mark.parametrize("after", [None, CpuTime(total=1001, busy=201), CpuTime(total=900, busy=100)])
def test_a_window_without_time_has_no_busy_share(after):
    assert busy_share(CpuTime(total=1000, busy=200), after) is None


@pytest.mark.parametrize("said", ["", "cpu\n", "intr 5\n", "cpu  1 2 3\n"])
def test_a_damaged_stat_is_unknown(said):
    assert parse_cpu_time(said) is None


def test_load_and_memory_are_read():
    assert parse_load("0.52 0.58 0.59 2/1411 22158\n") == 0.52
    assert parse_load("Permission denied") is None
    assert parse_memory("MemTotal:        5713888 kB\nMemAvailable:    2713888 kB\n")["MemAvailable"] == 2713888


@pytest.mark.parametrize(("said", "cores"), [("0-7\n", 8), ("0", 1), ("0-3,6", 5), ("", None), ("none", None)])
def test_a_list_of_cores_is_counted(said, cores):
    found = parse_core_list(said)
    assert (None if found is None else len(found)) == cores


def test_answers_are_found_between_foreign_lines():
    said = "motd\n@@mbench a\none\r\n\n@@mbench b\n\n@@mbench end\n"
    assert split(said) == {"a": "one", "b": ""}


def test_a_cut_answer_is_no_answer():
    assert split("@@mbench a\none\n") is None


def test_a_question_that_fails_does_not_end_the_script():
    assert compose({"a": "false", "b": "echo x"}).count("@@mbench") == 3


def reading(**answers):
    said = {
        **dict.fromkeys(questions(), ""),
        "cpufreq": text("cpufreq-pixel4.txt"),
        "zones": text("zones-pixel4.txt"),
        "thermal": text("thermalservice-warm.txt"),
        "battery": text("battery-usb.txt"),
        "power": text("power-awake.txt"),
    }
    return parse_reading(said | answers)


def conditions(stopped=(), **answers):
    noon = datetime(2026, 1, 15, 12, tzinfo=UTC)
    return to_conditions(reading(**answers), stopped=frozenset(stopped), taken_at=noon)


def test_a_reading_becomes_conditions():
    found = conditions()
    assert (found.thermal_status, found.skin_temperature_c, found.temperature_c) == (1, 39.613, 44.8)
    assert found.frequency_max_khz is not None
    assert (found.power, found.powered_by, found.screen_on) == ("mains", "usb", True)


ALLOWED = "/sys/devices/system/cpu/cpufreq/policy{}/scaling_max_freq:{}"


def test_what_the_hardware_has_is_the_kernels_word_and_else_the_profiles():
    found = conditions()
    assert found.frequency_hardware_khz == (1785600,) * 4 + (2419200,) * 3 + (2841600,)
    base = {"stopped": frozenset(), "taken_at": datetime(2026, 1, 15, 12, tzinfo=UTC)}
    declared = {"declared_khz": {0: 1, 7: 3000000}}
    assert to_conditions(reading(), **base, **declared).frequency_hardware_khz == found.frequency_hardware_khz
    mute = reading(cpufreq=ALLOWED.format(0, 1000))
    assert to_conditions(mute, **base, **declared).frequency_hardware_khz == (1, *(None,) * 6, 3000000)
    assert to_conditions(mute, **base).frequency_hardware_khz is None
    assert caps(to_conditions(mute, **base, declared_khz={0: 2000}), None) == (
        Cap(core=0, allowed_khz=1000, hardware_khz=2000),
    )


def test_kernel_and_service_are_one_list_of_sensors():
    zones = conditions().zone_temperatures_c
    assert {"cpu-1-7-usr", "VIRTUAL-SKIN"} <= set(zones)
    assert zones["battery"] == 25.1


def test_a_stopped_sensor_is_unknown_and_the_others_count():
    found = conditions(stopped=["BIG"])
    assert (found.temperature_c, found.thermal_status) == (42.214, 1)


def test_where_all_sensors_have_stopped_the_thermal_status_is_unknown_too():
    found = conditions(stopped=reading().temperatures)
    assert (found.temperature_c, found.zone_temperatures_c, found.skin_temperature_c) == (None, None, None)
    assert found.thermal_status is None


def test_a_phone_that_says_nothing_is_unknown_throughout():
    noon = datetime(2026, 1, 15, 12, tzinfo=UTC)
    found = to_conditions(parse_reading(dict.fromkeys(questions(), "")), stopped=frozenset(), taken_at=noon)
    assert set(found.model_dump(exclude={"taken_at"}).values()) == {None}


@pytest.mark.parametrize(
    ("said", "count"), [("4711 4712\nstatus=0", 2), ("status=1", 0), ("status=127", None), ("", None)]
)
def test_other_benchmarks_are_counted(said, count):
    assert parse_others(said) == count
