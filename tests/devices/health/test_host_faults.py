"""Faults that befall most phones of a host at once, and the host's own adb."""

import pytest
from readings_made import AT, readings

from mbench.devices.health.check import CheckName, CheckState
from mbench.devices.health.checks import check_phone
from mbench.devices.health.host import (
    AdbProgram,
    AdbServerReading,
    Cause,
    HostReadings,
    check_host,
    host_faults,
    own_faults,
)
from mbench.devices.health.readings import silent_readings


def phones(bad, of, **changes):
    """Checks of phones by serial, of which some are not well."""
    return {
        f"P{number}": check_phone(readings(serial=f"P{number}", **(changes if number < bad else {})), None)
        for number in range(of)
    }


def gone(bad, of):
    well = phones(0, of)
    lost = [f"P{number}" for number in range(bad)]
    return well | {one: check_phone(silent_readings(one, taken_at=AT, refusal="gone"), None) for one in lost}


@pytest.mark.parametrize(
    ("bad", "of", "found"), [(2, 2, False), (2, 4, False), (3, 3, True), (3, 6, True), (3, 7, False), (4, 7, True)]
)
def test_three_phones_and_half_of_them_make_it_the_hosts_fault(bad, of, found):
    faults = host_faults(gone(bad, of))
    assert [fault.cause for fault in faults] == ([Cause.GONE] if found else [])
    if found:
        assert (len(faults[0].serials), faults[0].of) == (bad, of)


@pytest.mark.parametrize(
    ("changes", "cause", "checks"),
    [
        ({"thermal_status": 2}, Cause.WARM, (CheckName.THERMAL_STATUS,)),
        ({"battery_temperature_c": 38.0}, Cause.WARM, (CheckName.BATTERY_TEMPERATURE,)),
        ({"powered_by": "none"}, Cause.UNFED, (CheckName.CHARGING,)),
        ({"user_state": "RUNNING_LOCKED"}, Cause.LOCKED, (CheckName.LOCK,)),
        ({"clock_offset_s": 3600.0}, Cause.TIME, (CheckName.TIME,)),
    ],
)
def test_what_has_one_cause_is_one_message(changes, cause, checks):
    (fault,) = host_faults(phones(4, 5, **changes))
    assert (fault.cause, fault.checks, fault.serials) == (cause, checks, ("P0", "P1", "P2", "P3"))
    assert fault.message == f"4 of 5 phones of this host are {cause} at once: the host's fault."


@pytest.mark.parametrize("changes", [{"battery_saver": True}, {"storage_free_bytes": 0}, {"battery_health": "dead"}])
def test_what_each_phone_has_by_itself_is_no_fault_of_the_host(changes):
    checks = phones(5, 5, **changes)
    assert host_faults(checks) == ()
    assert all(len(own) == 1 for own in own_faults(checks).values())


def test_different_signs_of_warmth_are_one_cause():
    mixed = phones(1, 4, thermal_status=1) | {
        f"P{number}": check_phone(readings(serial=f"P{number}", battery_temperature_c=40.0), None) for number in (1, 2)
    }
    (fault,) = host_faults(mixed)
    assert fault.checks == (CheckName.BATTERY_TEMPERATURE, CheckName.THERMAL_STATUS)


def test_a_fault_of_the_host_costs_no_phone_its_credit_and_its_own_do():
    checks = phones(3, 4, thermal_status=2)
    checks["P0"] = check_phone(readings(serial="P0", thermal_status=2, battery_saver=True), None)
    own = {serial: [check.name for check in found] for serial, found in own_faults(checks).items()}
    assert own == {"P0": [CheckName.BATTERY_SAVER], "P1": [], "P2": [], "P3": []}


def test_a_single_warm_phone_keeps_its_fault():
    own = own_faults(phones(1, 4, thermal_status=2))
    assert [check.name for check in own["P0"]] == [CheckName.THERMAL_STATUS]


def test_clocks_that_heat_has_capped_belong_to_the_hosts_fault_and_show_none_by_themselves():
    capped = {"frequency_max_khz": (500, 1000)}
    (fault,) = host_faults(phones(3, 3, thermal_status=2, **capped))
    assert fault.checks == (CheckName.THERMAL_STATUS, CheckName.CLOCKS)
    assert host_faults(phones(3, 3, **capped)) == ()


def host(*, programs=((41, "36.0.0"),), servers=(41,)):
    return HostReadings(
        name="lab-1",
        taken_at=AT,
        programs=tuple(
            AdbProgram(path=f"/adb{number}", protocol=protocol, release=release)
            for number, (protocol, release) in enumerate(programs)
        ),
        servers=tuple(
            AdbServerReading(address=f"127.0.0.1:{5037 + number}", protocol=protocol)
            for number, protocol in enumerate(servers)
        ),
    )


@pytest.mark.parametrize(
    ("programs", "servers", "versions", "server"),
    [
        (((41, "36.0.0"),), (41,), CheckState.OK, CheckState.OK),
        (((41, "36.0.0"), (41, "34.0.4")), (41, 41), CheckState.OK, CheckState.OK),
        (((41, "36.0.0"), (39, "27.0.0")), (41,), CheckState.FAILED, CheckState.OK),
        (((41, "36.0.0"),), (39,), CheckState.OK, CheckState.FAILED),
        (((41, "36.0.0"),), (43,), CheckState.OK, CheckState.FAILED),
        (((41, "36.0.0"),), (41, 39), CheckState.OK, CheckState.FAILED),
        (((int("4100"), "99"),), (int("4100"),), CheckState.OK, CheckState.OK),
        (((41, "36.0.0"),), (None,), CheckState.OK, CheckState.WARNING),
        (((41, "36.0.0"),), (), CheckState.OK, CheckState.UNKNOWN),
        (((None, None),), (41,), CheckState.UNKNOWN, CheckState.UNKNOWN),
        ((), (41,), CheckState.UNKNOWN, CheckState.UNKNOWN),
    ],
)
def test_adbs_that_would_kill_each_others_server_are_a_fault(programs, servers, versions, server):
    assert [check.state for check in check_host(host(programs=programs, servers=servers))] == [versions, server]


def test_a_hosts_checks_name_programs_and_servers():
    versions, server = check_host(host(programs=((41, "36.0.0"), (None, None)), servers=(41, 39)))
    assert versions.figure == "/adb0 36.0.0 (protocol 41); /adb1 ? (protocol ?)"
    assert (server.figure, server.limit) == ("127.0.0.1:5037 protocol 41; 127.0.0.1:5038 protocol 39", "protocol 41")


def test_of_a_silent_server_its_address_is_said():
    _, server = check_host(host(servers=(41, None)))
    assert server.figure == "none answers at 127.0.0.1:5038"


def test_without_an_adb_there_is_nothing_to_compare_with():
    versions, server = check_host(host(programs=()))
    assert (versions.figure, server.figure, server.limit) == (None, "127.0.0.1:5037 protocol 41", None)
    assert check_host(host(programs=((None, "9"),)))[0].figure == "/adb0 9 (protocol ?)"
    assert check_host(host(servers=()))[1].figure is None
