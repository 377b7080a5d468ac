"""`mbench farm check`, `hold` and `release` as strangers call them: emulated phones behind a real adb server."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mbench.core.error_classes import TRANSPORT
from mbench.devices.adb.servers import AdbServer
from mbench.devices.adb.transport import open_device
from mbench.emulator.adb_server import AdbServer as PrivateServer
from mbench.emulator.farm import PhoneFarm
from mbench.emulator.phone.facts import pixel4
from mbench.emulator.phone.faults import Fault, FaultKind
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.phone_lease import leased
from mbench.workflows.farm.phone_records import PhoneRecords


@pytest.fixture(scope="module")
def farm():
    with PhoneFarm() as farm:
        yield farm


@pytest.fixture
def server():
    with PrivateServer() as server:
        yield server


@pytest.fixture
def attach(farm, server):
    """Start phones that the server is connected to: PHX1, PHX2, …"""
    phones = []

    def start(count=1):
        for number in range(len(phones) + 1, len(phones) + count + 1):
            phones.append(farm.start(pixel4(f"PHX{number}")))
            assert server.connect(phones[-1].address).startswith("connected to")
        return phones[-count:]

    yield start
    for phone in phones:
        phone.stop()


@pytest.fixture
def mb(bare, server):
    """`mbench farm …` with a home of its own, on the test's adb server."""
    wide = {"ANDROID_ADB_SERVER_PORT": str(server.port), "COLUMNS": "400"}  # workers of the tests claim 80
    return lambda *arguments: bare("farm", *arguments, **wide)


def records(bare) -> PhoneRecords:
    return PhoneRecords(Path(bare.environment["MBENCH_HOME"]))


def rows(done) -> list[list[str]]:
    """The rows of the table that a command printed, as cells."""
    lines = [line for line in done.stdout.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_phones_that_are_well_are_named_in_a_line(mb, attach):
    attach(2)
    done = mb("check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Well: PHX1, PHX2.\n", "")


def test_what_is_wrong_stands_with_figure_limit_and_remedy(mb, attach):
    locked, saving, empty, well = attach(4)
    locked.arm(Fault(kind=FaultKind.LOCK))
    saving.arm(Fault(kind=FaultKind.SAVER))
    empty.arm(Fault(kind=FaultKind.BATTERY, level=5, powered=False))
    done = mb("check")
    assert done.returncode == 5
    assert rows(done) == [
        ["PHX1 (emulated)", "lock", "failed", "RUNNING_LOCKED", "RUNNING_UNLOCKED"],
        ["PHX2 (emulated)", "battery saver", "failed", "on", "off"],
        ["PHX3 (emulated)", "battery level", "failed", "5 %", "at least 25 %"],
        ["PHX3 (emulated)", "charging", "warning", "on battery", "on a cable"],
    ]
    assert "PHX1: lock: Unlock it by hand, once after each start" in done.stdout
    assert f"Well: {well.serial}." in done.stdout


def test_a_warning_alone_leaves_a_phone_fit(mb, attach):
    (phone,) = attach()
    phone.arm(Fault(kind=FaultKind.CLOCK, seconds=86_400))
    done = mb("check")
    ((_, name, state, figure, _),) = rows(done)
    assert (done.returncode, name, state) == (0, "time", "warning")
    assert figure.startswith("86400.")
    assert " s ahead (±" in figure


def test_a_heat_of_all_phones_is_one_message_of_the_host(mb, attach):
    for phone in attach(3):
        phone.arm(Fault(kind=FaultKind.HEAT, level=2))
    done = mb("check")
    ((who, name, state, figure, _),) = rows(done)
    assert (done.returncode, name, state, figure) == (5, "warm", "failed", "3 of 3 phones")
    assert who.startswith("host ")
    assert "3 of 3 phones of this host are warm at once: the host's fault." in done.stdout
    printed = json.loads(mb("check", "--json").stdout)
    (fault,) = printed["host"]["faults"]
    assert (fault["cause"], fault["serials"]) == ("warm", ["PHX1", "PHX2", "PHX3"])


def test_a_phone_that_answers_devices_and_nothing_else_is_unfit_and_holds_up_no_other(mb, attach):
    frozen, _ = attach(2)
    frozen.arm(Fault(kind=FaultKind.FREEZE))
    done = mb("check")
    frozen.arm(Fault(kind=FaultKind.THAW))
    ((who, name, state, _, _),) = rows(done)
    assert (done.returncode, name, state) == (5, "answer", "failed")
    assert who.startswith(frozen.address)
    assert "Well: PHX2." in done.stdout


def test_all_readings_and_checks_are_in_the_json(mb, attach):
    attach()
    printed = json.loads(mb("check", "--json").stdout)
    (phone,) = printed["phones"]
    assert (phone["serial"], phone["profile"], phone["left_out"]) == ("PHX1", "pixel4", None)
    assert phone["readings"]["user_state"] == "RUNNING_UNLOCKED"
    assert phone["readings"]["connection"] == "loopback"
    assert {check["state"] for check in phone["checks"]} == {"ok"}
    assert [check["state"] for check in printed["host"]["checks"]] == ["ok", "ok"]
    assert printed["host"]["readings"]["programs"][0]["protocol"] == 41


def test_phones_can_be_named_by_serial_and_by_profile(mb, attach):
    attach(3)
    named = json.loads(mb("check", "--json", "--device", "PHX3", "--device", "PHX1").stdout)
    assert [phone["serial"] for phone in named["phones"]] == ["PHX1", "PHX3"]
    assert len(json.loads(mb("check", "--json", "--device", "pixel4").stdout)["phones"]) == 3
    unknown = mb("check", "--device", "PHX9")
    assert (unknown.returncode, "unknown device 'PHX9'" in unknown.stderr) == (2, True)


def test_without_a_phone_it_says_how_to_attach_one(mb):
    done = mb("check")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("mbench: no phone is attached. Plug one in")


def test_a_phone_that_is_measured_is_left_in_peace(mb, bare, attach, server, monkeypatch):
    (phone,) = attach()
    monkeypatch.setenv("MBENCH_HOME", bare.environment["MBENCH_HOME"])
    transport = open_device(AdbServer(port=server.port), phone.address)
    with leased(transport, "a-session", clock=SystemClock()):
        before = phone.services
        done = mb("check")
        asked = phone.services - before
    ((_, name, state, figure, _),) = rows(done)
    assert (done.returncode, name, state) == (0, "in use", "warning")
    assert "session a-session" in figure
    assert asked == 1  # who it is, and no more


def test_a_look_from_another_host_sees_the_lease_on_the_phone(mb, attach, server, monkeypatch, tmp_path):
    (phone,) = attach()
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home of another host"))
    transport = open_device(AdbServer(port=server.port), phone.address)
    with leased(transport, "a-session", clock=SystemClock()):
        done = mb("check")
    ((_, name, _, figure, _),) = rows(done)
    assert (name, "session a-session" in figure) == ("in use", True)


def test_a_held_phone_is_said_and_released(mb, bare, attach):
    attach()
    held = mb("hold", "PHX1", "--until", "2126-12-01T06:00", "--reason", "new battery")
    assert held.returncode == 0
    assert held.stdout.startswith("PHX1: held until 2126-12-01 06:00 ")
    assert held.stdout.endswith(": new battery\n")
    done = mb("check")
    assert done.returncode == 0
    assert held.stdout.strip() in done.stdout
    assert mb("release", "PHX1").stdout == "PHX1: held no longer; nights take it again.\n"
    assert mb("release", "PHX1").stdout == "PHX1: it was neither held nor quarantined.\n"
    assert records(bare).get("PHX1").held_until is None


def test_a_clock_time_is_the_next_one(mb, bare):
    assert mb("hold", "PHX1", "--until", "18:00").returncode == 0
    until = records(bare).get("PHX1").held_until
    assert until is not None
    assert until.astimezone().strftime("%H:%M") == "18:00"
    assert timedelta(0) < until - datetime.now(UTC) <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("25:00", "--until: '25:00' is no time; one looks like 18:00 or 2026-12-01T06:00."),
        ("2020-01-01T00:00", "--until 2020-01-01T00:00: that is over; it is "),
    ],
)
def test_a_time_that_cannot_be_is_wrong_usage(mb, bare, until, said):
    done = mb("hold", "PHX1", "--until", until)
    assert (done.returncode, done.stderr.startswith(f"mbench: {said}")) == (2, True)
    assert records(bare).every() == ()


def test_a_quarantined_phone_is_unfit_until_it_is_released(mb, bare, attach):
    attach()
    for number in range(3):
        records(bare).note_failure("PHX1", TRANSPORT, "was lost", datetime(2026, 11, 27 + number, 22, tzinfo=UTC))
    done = mb("check")
    assert done.returncode == 5
    assert "PHX1: quarantined since 2026-11-" in done.stdout
    assert "because of 3 failed nights in a row, at last transport: was lost; mbench farm release PHX1" in done.stdout
    assert mb("release", "PHX1").stdout == "PHX1: quarantined no longer; nights take it again.\n"
    assert mb("check").returncode == 0


def test_looking_changes_nothing_that_is_kept(mb, bare, attach):
    attach()
    mb("check")
    assert records(bare).every() == ()


def test_a_damaged_record_is_one_line(mb, bare, attach):
    attach()
    path = Path(bare.environment["MBENCH_HOME"]) / "farm" / "phones" / "PHX1.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    for command in (("check",), ("hold", "PHX1", "--until", "18:00"), ("release", "PHX1")):
        done = mb(*command)
        assert done.returncode == 4
        (line,) = done.stderr.splitlines()
        assert "PHX1.json: it is no record of a phone (serial: Field required). Move it away" in line
