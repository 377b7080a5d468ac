"""Phones as they are attached, and what their health table says, without phones."""

import json
from datetime import UTC, datetime

import pytest

from mbench.devices.adb.discovery import AdbAddress, AttachedDevice, AttachedState
from mbench.devices.adb.servers import AdbServer
from mbench.devices.health.check import Check, CheckName, CheckState
from mbench.devices.health.host import HostReadings, host_faults
from mbench.devices.health.readings import PhoneReadings
from mbench.devices.profiles.profile import load_profile
from mbench.workflows.devices.attached_phones import Fleet, Phone
from mbench.workflows.devices.benchmark_program import ProgramWish
from mbench.workflows.devices.phone_device import PhoneDevice
from mbench.workflows.farm.health_table import as_json, as_table, is_unfit
from mbench.workflows.farm.phone_health import HostHealth, PhoneHealth, read_phone

AT = datetime(2026, 12, 1, 22, 0, tzinfo=UTC)


def attached(name="PHX1", *, usb=True, state=AttachedState.UNAUTHORIZED):
    address = AdbAddress(server=AdbServer(), name=name, usb=usb)
    return Phone(
        attached=AttachedDevice(serial=name, addresses=(address,), state=state, remedy=f"{name}: accept the dialog.")
    )


def test_a_phone_that_cannot_be_asked_says_why_in_adbs_word_and_ours():
    found = read_phone(attached())
    assert (found.answers, found.refusal) == (False, "unauthorized: accept the dialog.")


@pytest.mark.parametrize(
    ("name", "usb", "connection"),
    [
        ("9A1BFFAZ", True, "usb"),
        ("192.168.1.7:5555", False, "network"),
        ("127.0.0.1:40001", False, "loopback"),
        ("localhost:40001", False, "loopback"),
        ("adb-9A1BFFAZ._adb-tls-connect._tcp", False, "network"),
    ],
)
def test_how_a_phone_is_reached_shows_in_its_address(name, usb, connection):
    assert read_phone(attached(name, usb=usb)).connection == connection


def test_a_device_that_is_planned_with_is_read_as_its_phone():
    phone = attached()
    wish = ProgramWish.__new__(ProgramWish)  # no program is looked for
    device = PhoneDevice(phone, load_profile("pixel4"), fleet=Fleet.__new__(Fleet), wish=wish)
    assert read_phone(device).model_dump(exclude={"taken_at"}) == read_phone(phone).model_dump(exclude={"taken_at"})


def phone(serial, *checks, **more):
    readings = PhoneReadings(serial=serial, taken_at=AT)
    return PhoneHealth(readings=readings, checks=checks, profile="pixel4", left_out=more.pop("left_out", None), **more)


def health(*phones, checks=()):
    return HostHealth(
        readings=HostReadings(name="lab-1", taken_at=AT),
        checks=checks,
        faults=host_faults({one.serial: one.checks for one in phones}),
        phones=phones,
    )


def check(name, state, remedy="Do this."):
    return Check(name=name, state=state, figure="3", limit="at most 2", remedy=remedy)


WELL = Check(name=CheckName.ANSWER, state=CheckState.OK)
UNKNOWN = Check(name=CheckName.SCREEN, state=CheckState.UNKNOWN)
WARNS = check(CheckName.TIME, CheckState.WARNING)
FAILS = check(CheckName.STORAGE, CheckState.FAILED)


@pytest.mark.parametrize(
    ("made", "unfit"),
    [
        (health(phone("A", WELL)), False),
        (health(phone("A", UNKNOWN, WARNS)), False),
        (health(phone("A", WELL), phone("B", FAILS)), True),
        (health(phone("A", WELL), checks=(check(CheckName.ADB_VERSIONS, CheckState.FAILED),)), True),
        (health(phone("A", WELL), checks=(check(CheckName.ADB_SERVER, CheckState.WARNING),)), False),
        (health(phone("A", WELL, left_out="held until …")), False),
        (health(phone("A", WELL, left_out="quarantined since …", quarantined=True)), True),
    ],
)
def test_what_makes_the_phones_unfit(made, unfit):
    assert is_unfit(made) is unfit


def test_failures_come_before_warnings_and_what_is_unknown_stands_below():
    table = as_table(health(phone("A", WELL, UNKNOWN, WARNS, FAILS), phone("B", WELL)))
    assert [tuple(cell.text for cell in row) for row in table.rows] == [
        ("A", "storage", "failed", "3", "at most 2"),
        ("A", "time", "warning", "3", "at most 2"),
    ]
    assert table.footnotes == ("A: storage: Do this.", "A: time: Do this.")
    assert table.foot == ("A: not known: screen.", "Well: B.")


def test_a_hosts_fault_is_one_row_and_what_is_a_phones_own_stays():
    locked = check(CheckName.LOCK, CheckState.FAILED)
    table = as_table(health(phone("A", locked), phone("B", locked, FAILS), phone("C", locked), phone("D", WELL)))
    assert [tuple(cell.text for cell in row[:4]) for row in table.rows] == [
        ("host lab-1", "locked", "failed", "3 of 4 phones"),
        ("B", "storage", "failed", "3"),
    ]
    assert "They are A, B, C." in table.footnotes[0]


def test_the_json_holds_every_check_and_reading():
    made = health(phone("A", WELL, FAILS, left_out="held"))
    printed = json.loads(as_json(made))
    (one,) = printed["phones"]
    assert (one["serial"], one["left_out"], len(one["checks"])) == ("A", "held", 2)
    assert PhoneReadings.model_validate(one["readings"]) == made.phones[0].readings
    assert printed["host"]["readings"]["name"] == "lab-1"
