"""Faults of link, adbd and phone, as the real adb server sees them."""

import hashlib
import json
import logging
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mbench.core.errors import UsageError
from mbench.emulator.adb_server import AdbServer
from mbench.emulator.control import ControlServer, order
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.facts import pixel4
from mbench.emulator.phone.faults import Fault, FaultKind
from mbench.emulator.serving import Serving, serve

Adb = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def unlucky(phone_farm: PhoneFarm, adb_server: AdbServer) -> Phone:
    phone = phone_farm.start(pixel4("UNLUCKY"))
    adb_server.connect(phone.address)
    return phone


@pytest.fixture
def phone(unlucky: Phone, adb_server: AdbServer) -> Iterator[Phone]:
    """A phone for harm, put right after each test."""
    yield unlucky
    unlucky.disarm()
    for kind in (FaultKind.THAW, FaultKind.FREE, FaultKind.SLOW_LINK, FaultKind.AUTHORIZE, FaultKind.COOL):
        unlucky.arm(Fault(kind=kind))
    adb_server.run("disconnect", unlucky.address)
    adb_server.connect(unlucky.address)


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def wait_until_back(adb: Adb) -> None:
    wait_until(lambda: adb("shell", "echo alive")[1] == "alive\n")


def test_a_dropped_link_ends_a_command_with_255_in_silence(adb: Adb, phone: Phone) -> None:
    begun = phone.path("/data/local/tmp/begun")

    def drop() -> None:
        wait_until(begun.exists)
        time.sleep(0.2)  # what was said before has gone over the link
        phone.arm(Fault(kind=FaultKind.DROP))

    dropping = threading.Thread(target=drop)
    dropping.start()
    assert adb("shell", "echo start; touch /data/local/tmp/begun; sleep 80; echo end") == (255, "start\n", "")
    dropping.join()
    wait_until_back(adb)
    begun.unlink()


def test_a_link_dropped_in_a_push_leaves_a_cut_file(adb: Adb, phone: Phone, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(os.urandom(5_000_000))
    phone.arm(Fault(kind=FaultKind.DROP, size_bytes=1_234_567))
    status, _, err = adb("push", str(tmp_path / "f"), "/data/local/tmp/f")
    assert (status, "adb: error" in err) == (1, True)
    wait_until_back(adb)
    assert adb("shell", "stat -c %s /data/local/tmp/f")[1] == "1234567\n"


def test_a_frozen_phone_is_listed_and_does_not_answer(adb: Adb, phone: Phone) -> None:
    wait_until_back(adb)
    phone.arm(Fault(kind=FaultKind.FREEZE))
    assert adb("get-state")[1] == "device\n"
    with pytest.raises(subprocess.TimeoutExpired):
        adb("shell", "echo alive", timeout_s=0.7)
    phone.arm(Fault(kind=FaultKind.THAW))
    wait_until_back(adb)


def test_a_mute_phone_stays_offline(adb: Adb, phone: Phone, adb_server: AdbServer) -> None:
    adb_server.run("disconnect", phone.address)
    phone.arm(Fault(kind=FaultKind.MUTE))
    client = subprocess.Popen(
        [adb_server.adb, "connect", phone.address], env=adb_server.environment, stdout=subprocess.DEVNULL
    )
    wait_until(lambda: adb("get-state")[2] == "error: device offline\n")
    client.kill()
    client.wait()
    phone.arm(Fault(kind=FaultKind.UNMUTE))
    adb_server.run("disconnect", phone.address)
    adb_server.connect(phone.address)
    wait_until_back(adb)


def test_an_unauthorized_phone_waits_for_its_dialog(adb: Adb, phone: Phone, adb_server: AdbServer) -> None:
    phone.arm(Fault(kind=FaultKind.UNAUTHORIZE))
    adb_server.run("disconnect", phone.address)
    assert adb_server.connect(phone.address).startswith("failed to authenticate")
    assert "device unauthorized" in adb("shell", "echo")[2]
    phone.arm(Fault(kind=FaultKind.AUTHORIZE))
    wait_until_back(adb)


def test_a_full_disk_is_said_in_adbds_words_and_the_file_is_gone(adb: Adb, phone: Phone, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(3_000_000))
    phone.arm(Fault(kind=FaultKind.FULL, size_bytes=1_000_000))
    status, _, err = adb("push", str(tmp_path / "big"), "/data/local/tmp/big")
    assert (status, "write failed: No space left on device" in err) == (1, True)
    assert adb("shell", "ls /data/local/tmp/big")[0] != 0


def test_a_full_disk_of_its_own_takes_nothing_from_anybody(
    phone_farm: PhoneFarm, adb_server: AdbServer, tmp_path: Path
) -> None:
    if not phone_farm.namespace:
        pytest.skip("only in a root of its own can a phone have a file system of its own")
    (tmp_path / "big").write_bytes(bytes(3_000_000))
    phone = phone_farm.start(pixel4("SMALL", own_storage=True))
    adb_server.connect(phone.address)

    def adb(*arguments: str) -> tuple[int, str]:
        done = adb_server.run("-s", phone.address, *arguments)
        return done.returncode, done.stderr.decode()

    target = "/data/local/tmp/big"
    assert adb("push", str(tmp_path / "big"), target)[0] == 0
    phone.arm(Fault(kind=FaultKind.FULL, size_bytes=1_000_000))
    pushed = adb("push", str(tmp_path / "big"), f"{target}2")
    copied = adb("shell", f"dd if=/dev/zero of={target}3 bs=1M count=3")
    redirected = adb("shell", f"yes >{target}4")
    phone.arm(Fault(kind=FaultKind.FREE))
    freed = adb("shell", f"dd if=/dev/zero of={target}5 bs=1M count=3")
    adb_server.run("disconnect", phone.address)
    phone.stop()
    assert [status for status, _ in (pushed, copied, redirected, freed)] == [1, 1, 1, 0]
    assert all("No space left on device" in said for _, said in (pushed, copied, redirected))


def test_a_nearly_full_disk_is_shown_by_df(adb: Adb, phone: Phone) -> None:
    phone.arm(Fault(kind=FaultKind.FULL, size_bytes=10 << 20))
    assert adb("shell", "df -k /data/local/tmp | tail -1")[1].split()[3] == "10240"


def test_a_corrupt_push_has_its_size_and_another_hash(adb: Adb, phone: Phone, tmp_path: Path) -> None:
    data = os.urandom(300_000)
    (tmp_path / "f").write_bytes(data)
    phone.arm(Fault(kind=FaultKind.CORRUPT))
    assert adb("push", str(tmp_path / "f"), "/data/local/tmp/f")[0] == 0
    out = adb("shell", "stat -c %s /data/local/tmp/f; sha256sum </data/local/tmp/f")[1].split()
    assert out[0] == "300000"
    assert out[1] != hashlib.sha256(data).hexdigest()
    adb("push", str(tmp_path / "f"), "/data/local/tmp/f")
    assert adb("shell", "sha256sum </data/local/tmp/f")[1].split()[0] == hashlib.sha256(data).hexdigest()


def test_a_slow_link_takes_its_time(adb: Adb, phone: Phone, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(500_000))
    phone.arm(Fault(kind=FaultKind.SLOW_LINK, size_bytes=1_000_000))
    began = time.monotonic()
    adb("push", str(tmp_path / "f"), "/data/local/tmp/f")
    assert time.monotonic() - began > 0.4


def test_a_reboot_changes_the_boot_and_ends_every_process(adb: Adb, phone: Phone) -> None:
    adb("shell", "setprop debug.x 1; setprop persist.y 2; echo kept >/data/local/tmp/kept")
    adb("shell", "setsid sleep 100 </dev/null >/dev/null 2>&1 &")
    before = adb("shell", "cat /proc/sys/kernel/random/boot_id")[1]
    adb("reboot")

    def boot() -> str:
        return adb("shell", "cat /proc/sys/kernel/random/boot_id")[1]

    wait_until(lambda: boot() not in ("", before))
    after = boot()
    said = adb("shell", "pidof sleep; getprop debug.x; getprop persist.y; cat /data/local/tmp/kept")[1]
    assert before != after != ""
    assert said == "\n2\nkept\n"


def test_a_phone_says_when_it_has_booted(adb: Adb, phone: Phone) -> None:
    phone.arm(Fault(kind=FaultKind.REBOOT, seconds=0.1))
    time.sleep(0.2)
    wait_until_back(adb)
    wait_until(lambda: adb("shell", "getprop sys.boot_completed")[1] == "1\n")


def test_a_low_battery_is_reported(adb: Adb, phone: Phone) -> None:
    phone.arm(Fault(kind=FaultKind.BATTERY, level=7, powered=False))
    said = adb("shell", "dumpsys battery")[1]
    assert "  level: 7\n" in said
    assert "  USB powered: false\n" in said


def test_a_battery_on_a_cable_does_what_it_is_set_to(adb: Adb, phone: Phone) -> None:
    phone.arm(Fault(kind=FaultKind.BATTERY, level=90, value="not_charging"))
    phone.arm(Fault(kind=FaultKind.HEALTH, value="overheat"))
    said = adb("shell", "dumpsys battery")[1]
    assert ("  USB powered: true\n" in said, "  status: 4\n" in said, "  health: 3\n" in said) == (True, True, True)
    phone.arm(Fault(kind=FaultKind.BATTERY, level=92))
    phone.arm(Fault(kind=FaultKind.HEALTH, value="good"))
    said = adb("shell", "dumpsys battery")[1]
    assert ("  status: 2\n" in said, "  health: 2\n" in said) == (True, True)


def test_a_phone_with_a_pin_is_locked_after_each_start_until_somebody_enters_it(adb: Adb, phone: Phone) -> None:
    asked = "am get-started-user-state 0; dumpsys user | grep State: | tr -d ' '"
    assert adb("shell", asked)[1] == "RUNNING_UNLOCKED\nState:RUNNING_UNLOCKED\n"
    phone.arm(Fault(kind=FaultKind.LOCK))
    assert adb("shell", asked)[1] == "RUNNING_LOCKED\nState:RUNNING_LOCKED\n"
    phone.arm(Fault(kind=FaultKind.UNLOCK))
    assert adb("shell", asked)[1] == "RUNNING_UNLOCKED\nState:RUNNING_UNLOCKED\n"
    phone.arm(Fault(kind=FaultKind.REBOOT, seconds=0.1))
    time.sleep(0.2)
    wait_until(lambda: adb("shell", asked)[1] == "RUNNING_LOCKED\nState:RUNNING_LOCKED\n")
    phone.arm(Fault(kind=FaultKind.UNLOCK))


def test_the_battery_saver_is_a_setting(adb: Adb, phone: Phone) -> None:
    asked = "settings get global low_power; settings get global airplane_mode_on"
    said = []
    for kind in (FaultKind.SAVER_OFF, FaultKind.SAVER, FaultKind.SAVER_OFF):
        phone.arm(Fault(kind=kind))
        said.append(adb("shell", asked)[1])
    assert said == ["0\n0\n", "1\n0\n", "0\n0\n"]


def test_an_updated_phone_restarts_with_another_build(adb: Adb, phone: Phone) -> None:
    asked = "getprop ro.build.fingerprint; cat /proc/sys/kernel/random/boot_id"
    before = adb("shell", asked)[1].split()
    phone.arm(Fault(kind=FaultKind.UPDATE, seconds=0.1))
    time.sleep(0.2)
    wait_until_back(adb)
    after = adb("shell", asked)[1].split()
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True]
    assert after[0] == phone.facts.fingerprint


def test_heat_raises_temperatures_and_lowers_frequencies(adb: Adb, phone: Phone) -> None:
    skin, highest = "/sys/class/thermal/thermal_zone4/temp", "/sys/devices/system/cpu/cpufreq/policy7/scaling_max_freq"
    cool = [int(line) for line in adb("shell", f"cat {skin} {highest}")[1].split()]
    phone.arm(Fault(kind=FaultKind.HEAT, level=3))
    hot = [int(line) for line in adb("shell", f"cat {skin} {highest}")[1].split()]
    assert hot[0] > 43_000 > cool[0]
    assert hot[1] == cool[1] // 2


def test_capped_clocks_are_lower_on_a_cool_phone_until_they_are_free_again(adb: Adb, phone: Phone) -> None:
    skin, highest = "/sys/class/thermal/thermal_zone4/temp", "/sys/devices/system/cpu/cpufreq/policy7/scaling_max_freq"

    def seen() -> list[int]:
        return [int(line) for line in adb("shell", f"cat {skin} {highest}")[1].split()]

    free = seen()
    phone.arm(Fault(kind=FaultKind.CAP, factor=2.0))
    assert seen() == [free[0], free[1] // 2]
    phone.arm(Fault(kind=FaultKind.UNCAP))
    assert seen() == free


def test_a_foreign_governor_is_every_clusters(adb: Adb, phone: Phone) -> None:
    phone.arm(Fault(kind=FaultKind.GOVERNOR, value="powersave"))
    said = adb("shell", "cat /sys/devices/system/cpu/cpufreq/policy*/scaling_governor")[1]
    assert said.split() == ["powersave"] * 3


def test_faults_are_armed_from_another_process(phone_farm: PhoneFarm, adb: Adb, phone: Phone) -> None:
    with ControlServer(phone_farm) as control:
        order(control.address, {"op": "arm", "phone": "UNLUCKY", "fault": {"kind": "battery", "level": 3}})
        known = [one["serial"] for one in order(control.address, {"op": "phones"})["phones"]]
        assert "UNLUCKY" in known
        assert "  level: 3\n" in adb("shell", "dumpsys battery")[1]


@pytest.mark.parametrize("secret", ["", "/", "/wrong"])
def test_an_order_of_who_does_not_know_the_secret_breaks_nothing(
    phone_farm: PhoneFarm, adb: Adb, phone: Phone, secret: str
) -> None:
    before = adb("shell", "dumpsys battery")[1]
    with ControlServer(phone_farm) as control:
        address = control.address.partition("/")[0] + secret
        with pytest.raises(UsageError, match="secret"):
            order(address, {"op": "arm", "phone": phone.serial, "fault": {"kind": "battery", "level": 1}})
    assert adb("shell", "dumpsys battery")[1] == before


def said_to(address: str, line: bytes) -> dict[str, object]:
    """Return the answer to a line of any bytes."""
    host, _, port = address.partition("/")[0].partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as link, link.makefile("rb") as answer:
        link.sendall(line)
        found: dict[str, object] = json.loads(answer.readline())
    return found


ODD = [b"[]", b"null", b"[" * 60_000, b'{"a":' * 12_000, b"9" * 5000, b'{"op": ' + b"9" * 5000 + b"}", b"\xff", b""]


@pytest.mark.parametrize("line", [*ODD, b'{"op": "phones"}', b"[" * 70_000, b'\xc3\xa9 {"op": "phones"}'])
def test_what_a_stranger_says_is_not_parsed(phone_farm: PhoneFarm, line: bytes, capfd, monkeypatch) -> None:
    with ControlServer(phone_farm) as control:
        monkeypatch.setattr("mbench.emulator.control._object", lambda _: pytest.fail("it was parsed"))
        assert "the secret is missing or wrong" in str(said_to(control.address, line + b"\n")["error"])
        monkeypatch.undo()
        assert order(control.address, {"op": "phones"})["phones"]
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("line", [*ODD, b'{"op": "arm", "fault": "' + b"a" * 70_000])
def test_what_is_no_order_is_refused_in_one_line(phone_farm: PhoneFarm, line: bytes, capfd) -> None:
    with ControlServer(phone_farm) as control:
        secret = control.address.partition("/")[2].encode()
        answer = said_to(control.address, secret + b" " + line + b"\n")
        assert str(answer["error"]).startswith("no order: one is a JSON object of at most 65536 bytes")
        assert order(control.address, {"op": "phones"})["phones"]
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "unknown order null; there are phones, arm, disarm."),
        ({"op": ["arm"]}, 'unknown order ["arm"]'),
        ({"op": "arm"}, "no phone null"),
        ({"op": "disarm", "phone": {}}, "no phone {}"),
        ({"op": "arm", "phone": "UNLUCKY"}, "no fault: "),
        ({"op": "arm", "phone": "UNLUCKY", "fault": {"kind": "kill", "when": 2}}, "no fault: when: "),
        ({"op": "arm", "phone": "UNLUCKY", "fault": {"kind": "kill", "run": "x"}}, "no fault: run: "),
    ],
)
def test_an_order_that_is_wrong_is_answered_in_plain_words(
    phone_farm: PhoneFarm, phone: Phone, request_: dict[str, object], said: str
) -> None:
    with ControlServer(phone_farm) as control, pytest.raises(UsageError) as caught:
        order(control.address, request_)
    assert str(caught.value).startswith(said)
    assert not any(word in str(caught.value) for word in ("NoneType", "argument", "Error", "unhashable"))


@pytest.mark.parametrize("answer", [b"[]\n", b"\n", b"[" * 60_000 + b"\n", b"9" * 5000 + b"\n"])
def test_another_program_at_a_control_address_is_named(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            link, _ = server.accept()
            with link:
                link.recv(1 << 16)
                link.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(UsageError, match="what listens there is another program"):
            order(f"127.0.0.1:{port}/secret", {"op": "phones"})
        thread.join()


def test_an_order_for_an_unknown_phone_is_refused_with_those_there_are(phone_farm: PhoneFarm, phone: Phone) -> None:
    with ControlServer(phone_farm) as control, pytest.raises(UsageError, match="UNLUCKY"):
        order(control.address, {"op": "arm", "phone": "NOBODY", "fault": {"kind": "drop"}})


def test_phones_are_served_until_they_are_asked_to_stop(adb_server: AdbServer) -> None:
    until, listening = threading.Event(), threading.Event()
    running: list[Serving] = []

    def announce(serving: Serving) -> None:
        running.append(serving)
        listening.set()

    thread = threading.Thread(
        target=serve, args=(pixel4, ["EMULATED01", "EMULATED02"]), kwargs={"announce": announce, "until": until}
    )
    thread.start()
    assert listening.wait(30)
    serving = running[0]
    folders = [phone.folder for phone in serving.phones]
    assert [phone.serial for phone in serving.phones] == ["EMULATED01", "EMULATED02"]
    assert adb_server.connect(serving.phones[1].address).startswith("connected")
    adb_server.run("disconnect", serving.phones[1].address)
    until.set()
    thread.join(30)
    assert not thread.is_alive()
    assert not any(folder.exists() for folder in folders)


def test_a_phone_that_is_frozen_is_stopped_and_its_port_is_free_again(
    phone_farm: PhoneFarm, adb_server: AdbServer, caplog: pytest.LogCaptureFixture
) -> None:
    phone = phone_farm.start(pixel4("STILL"))
    port = int(phone.address.rpartition(":")[2])
    adb_server.connect(phone.address)
    phone.arm(Fault(kind=FaultKind.FREEZE))
    client = subprocess.Popen(
        [adb_server.adb, "-s", phone.address, "shell", "echo"],
        env=adb_server.environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(0.2)
    phone.stop()
    client.wait()
    adb_server.run("disconnect", phone.address)
    phone_farm.start(pixel4("STILL"), port=port).stop()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_stopped_phone_leaves_neither_processes_nor_files(phone_farm: PhoneFarm, adb_server: AdbServer) -> None:
    phone = phone_farm.start(pixel4("BRIEF"))
    adb_server.connect(phone.address)
    command = "setsid sleep 98765 </dev/null >/dev/null 2>&1 & echo $!"
    pid = int(adb_server.run("-s", phone.address, "shell", command).stdout)
    assert Path(f"/proc/{pid}").exists()
    phone.stop()
    adb_server.run("disconnect", phone.address)
    assert not Path(f"/proc/{pid}").exists()
    assert not phone.folder.exists()
