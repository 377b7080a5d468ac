"""What a broken or hostile phone or adb server says is unknown, or an error of ours: nothing else comes of it."""

import json
import re
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from mbench.core.errors import TransportError, UsageError
from mbench.core.ports import CommandResult
from mbench.devices.adb.pull import parse_pulled, parse_together
from mbench.devices.adb.servers import parse_listing, parse_server
from mbench.devices.adb.shell import ShellEnd
from mbench.devices.adb.sync import missing_room
from mbench.devices.android.dumps import parse_battery, parse_thermal
from mbench.devices.android.facts import best_cores, read_hardware
from mbench.devices.android.kernel import (
    parse_core_list,
    parse_cpu_time,
    parse_load,
    parse_memory,
    parse_policies,
    parse_zones,
)
from mbench.devices.android.knobs import Knobs
from mbench.devices.host.facts import parse_cpus
from mbench.devices.lease.on_phone import PhoneLease
from mbench.devices.lease.records import LATEST_S, PhoneTime, parse_record
from mbench.devices.profiles.check import check_profile
from mbench.devices.profiles.profile import load_profile, load_profiles, parse_profile

MANY = "9" * 5000
POLICY = "/sys/devices/system/cpu/cpufreq/policy"
HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class SaysAlways:
    """A transport whose phone gives one answer to everything."""

    serial, root = "9A1BFFAZ", "/data/local/tmp/mbench"

    def __init__(self, said: str) -> None:
        self._said = said

    def run(self, argv: object, **_: object) -> CommandResult:
        return CommandResult(exit_code=0, stdout=self._said.encode(), stderr=b"", wall_s=0.1)


def phone(said: str) -> Any:
    return cast(Any, SaysAlways(said))


@pytest.mark.parametrize("said", [f"0-{MANY}", "0-99999999999", MANY])
def test_endless_cores_are_no_list(said):
    assert parse_core_list(said) is None
    with pytest.raises(UsageError, match="no list of cores"):
        parse_cpus(said, allowed=(0, 1))


def test_a_core_that_cannot_be_is_no_policy():
    assert parse_policies(f"{POLICY}{MANY}/cpuinfo_max_freq:1") == ()
    assert parse_policies(f"{POLICY}99999999/cpuinfo_max_freq:1") == ()


def test_cores_that_cannot_be_leave_a_policy_its_own():
    said = f"{POLICY}4/related_cpus:4 {MANY}\n{POLICY}4/cpuinfo_max_freq:2419200\n"
    (policy,) = parse_policies(said)
    assert policy.cores == (4,)
    assert best_cores((policy,)) == (4,)


def test_a_clock_of_endless_digits_is_unknown():
    (policy,) = parse_policies(f"{POLICY}0/cpuinfo_max_freq:{MANY}\n{POLICY}0/scaling_cur_freq:300000")
    assert (policy.max_khz, policy.current_khz) == (None, 300_000)


def test_numbers_of_the_kernel_with_endless_digits_are_unknown():
    assert (
        parse_zones(f"/sys/class/thermal/thermal_zone0/type:cpu\n/sys/class/thermal/thermal_zone0/temp:{MANY}") is None
    )
    assert parse_cpu_time(f"cpu  {MANY} 1 2 3") is None
    assert parse_load(f"{MANY}.5 0 0") is None
    assert parse_memory(f"MemTotal: {MANY} kB") == {}


def test_a_battery_of_endless_digits_is_unknown():
    state = parse_battery(f"Battery:\n  level: {MANY}\n  scale: 100\n  temperature: {MANY}\n")
    assert (state.percent, state.temperature_c) == (None, None)


@pytest.mark.parametrize(
    "reading", [f"mValue={MANY}.5, mType=0", f"mValue=30.5, mType={MANY}", "mValue=1E400, mType=0"]
)
def test_a_sensor_of_endless_digits_is_left_out(reading):
    said = (
        "IsStatusOverride: false\nThermal Status: 0\nHAL Ready: true\nCurrent temperatures from HAL:\n"
        f"\tTemperature{{{reading}, mName=CPU0, mStatus=0}}\n"
    )
    state = parse_thermal(said)
    assert (state.status, state.celsius) == (0, None)


def test_answers_without_one_of_the_marks_were_cut():
    said = "\n@@mbench properties\n[ro.product.model]: [Pixel 4]\n\n@@mbench end\n"
    with pytest.raises(TransportError, match="the answer was cut"):
        read_hardware(phone(said))


def test_a_phone_of_an_endless_sdk_is_not_an_old_one():
    assert Knobs(phone(MANY)).foreseen("fixed_performance", "true") is None


def test_a_transport_id_of_endless_digits_is_unknown():
    (listed,) = parse_listing(f"9A1BFFAZ device transport_id:{MANY}")
    assert (listed.name, listed.transport_id) == ("9A1BFFAZ", None)


@pytest.mark.parametrize("port", [MANY, "٥٠٣٧", "0", "65536"])
def test_a_port_that_cannot_be_is_no_address(port):
    with pytest.raises(UsageError, match="no address of an adb server"):
        parse_server(f"lab:{port}")


def test_storage_of_endless_digits_is_unknown_room():
    assert missing_room(f"-\n/dev/dm-5 9 9 {MANY} 60% /data".encode(), size_bytes=1) is None


def test_a_pulled_file_of_an_endless_size_is_refused():
    end = ShellEnd(exit_code=0, stdout=f"{MANY}\n{HASH}  -\n".encode(), stderr=b"")
    with pytest.raises(TransportError, match="could not read a"):
        parse_pulled(end, serial="A", path="a")
    end = ShellEnd(exit_code=0, stdout=f"+\n{MANY} a\n{HASH}  a\n".encode(), stderr=b"")
    with pytest.raises(TransportError, match="could not read a"):
        parse_together(end, ["a"], [], serial="A")


def test_a_phones_clock_of_endless_digits_is_refused():
    with pytest.raises(TransportError, match="no number of seconds"):
        PhoneLease(phone(f"{MANY}\n"), "/data", cast(Any, None)).look()


def lease(**changes: object) -> bytes:
    fields = {
        "host": "lab-2",
        "user": "ada",
        "pid": 4711,
        "session": "s",
        "token": "5f",
        "beat": "c0",
        "since": "2026-11-22T12:00:00Z",
        "heartbeat_s": 1795348800,
        "limit_s": 600,
    }
    return json.dumps(fields | changes).encode()


def test_an_honest_lease_is_read():
    record = parse_record(lease())
    assert record is not None
    assert record.since == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [
        {"since": "0001-01-01T00:00:00+23:59"},
        {"since": "9999-12-31T23:59:59-23:59"},
        {"since": f"{MANY}-01-01T00:00:00Z"},
        {"heartbeat_s": 10**30},
        {"pid": 10**30},
        {"pid": -1},
        {"uptime_s": LATEST_S + 1},
        {"uptime_s": -1},
        {"boot_id": "5" * 65},
    ],
)
def test_a_lease_whose_moments_cannot_be_shown_is_none(changes):
    assert parse_record(lease(**changes)) is None


@pytest.mark.parametrize(("ahead_s", "over"), [(600, False), (601, True), (-600, False), (-601, True)])
def test_an_uptime_that_lies_ahead_keeps_no_phone_for_ever(ahead_s, over):
    record = parse_record(lease(uptime_s=5000 + ahead_s, boot_id="5f"))
    assert record is not None
    assert record.expired(PhoneTime(now_s=1795348800, uptime_s=5000, boot_id="5f")) is over


@pytest.mark.parametrize(
    ("text", "said"),
    [(f"threads = {MANY}", "digits"), (f"threads = {'[' * 100_000}", "nested too deeply|without end")],
)
def test_a_profile_that_python_cannot_read_is_one_line(text, said):
    with pytest.raises(UsageError, match=said):
        parse_profile(text, source="own.toml")
    (fault,) = check_profile(text, source="own.toml")
    assert fault.startswith("own.toml:1: syntax: ")
    assert re.search(said, fault)


def test_a_profile_that_is_not_utf_8_is_named(tmp_path):
    (tmp_path / "own.toml").write_bytes(b'name = "\xff"\n')
    with pytest.raises(UsageError, match=r"own\.toml: .*can't decode"):
        load_profiles(user_folder=tmp_path)
    with pytest.raises(UsageError, match=r"own\.toml: .*can't decode"):
        load_profile("own", user_folder=tmp_path)


class RefusesLeases(SaysAlways):
    """A phone whose shell cannot write the lease."""

    def run(self, argv: object, **_: object) -> CommandResult:
        return CommandResult(exit_code=1, stdout=b"", stderr=self._said.encode(), wall_s=0.1)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("cat: lease.json: No space left on device", "Remove something from its storage."),
        ("sh: can't create x: No such file or directory", "Somebody removed mbench's folder on the phone meanwhile; "),
        (
            "mkdir: x: Read-only file system",
            "Look who owns that folder, and whether the phone's storage may be written",
        ),
        ("mkdir: x: Permission denied.", "Look who owns that folder, and whether the phone's storage may be written"),
        ("odd", "Look at that folder on the phone, then start again."),
    ],
)
def test_why_a_lease_cannot_be_kept_decides_what_helps(words, advice):
    lease = PhoneLease(cast(Any, RefusesLeases(words)), "/data/local/tmp/mbench", cast(Any, None))
    with pytest.raises(TransportError) as refusal:
        lease.look()
    assert f"{words.rstrip('.')}. {advice}" in str(refusal.value)
    assert ".." not in str(refusal.value)
