"""`mbench emulate` as strangers call it, several at once on one adb server."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from mbench.emulator.adb_server import AdbServer


@pytest.fixture
def server() -> Iterator[AdbServer]:
    with AdbServer() as started:
        yield started


@pytest.fixture
def start(bare, server):
    """Return a function that starts `mbench emulate` on the server; all are ended afterwards by Ctrl-C."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
        private = {"ANDROID_ADB_SERVER_PORT": str(server.port)} | environment
        started.append(bare.start("emulate", "--profile", "pixel4", "--synthetic", *arguments, **private))
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=120)


def serials_of(process: "subprocess.Popen[str]", count: int = 1) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().split()[0] for _ in range(count)]


def test_two_that_start_at_once_give_every_phone_a_serial_of_its_own(bare, server, start):
    one, other = start(), start("--count", "2")
    serials = sorted(serials_of(one) + serials_of(other, 2))
    assert serials == ["EMULATED01", "EMULATED02", "EMULATED03"]
    listed = bare("devices", "--json", ANDROID_ADB_SERVER_PORT=str(server.port))
    assert [(phone["serial"], phone["address"].count(",")) for phone in json.loads(listed.stdout)] == [
        (serial, 0) for serial in serials
    ]


def test_phones_of_another_home_are_asked_for_their_serials(start, tmp_path):
    assert serials_of(start()) == ["EMULATED01"]
    assert serials_of(start(MBENCH_HOME=str(tmp_path / "another home"))) == ["EMULATED02"]


def test_a_serial_that_was_named_and_is_taken_is_one_line(start):
    assert serials_of(start("--serial", "MINE")) == ["MINE"]
    second = start("--serial", "MINE")
    assert second.wait(60) == 2
    assert second.stderr is not None
    assert second.stderr.read() == "mbench: --serial MINE: an attached phone has it already; choose another one.\n"


def test_more_serials_than_phones_are_too_many(bare):
    done = bare("emulate", "--serial", "A", "--serial", "B")
    assert (done.returncode, "2 times --serial for 1 phones; say --count 2" in done.stderr) == (2, True)


def test_faults_of_a_seed_are_armed_and_said_and_are_the_same_again(start):
    def faults() -> list[str]:
        process = start("--count", "4", "--faults", "7")
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        os.kill(process.pid, signal.SIGINT)
        process.wait(60)
        return [line.partition("  fault: ")[2].strip() for line in lines]

    first = faults()
    assert sum(bool(fault) for fault in first) == 2
    assert faults() == first


def test_a_farm_of_hosts_is_one_command_and_all_of_it_ends_with_it(bare, tmp_path):
    pytest.importorskip("distributed", reason="many hosts need the extra farm")
    folder = tmp_path / "farm"
    process = bare.start(
        *("emulate", "--hosts", "2", "--count", "2", "--synthetic", "--faults", "7"),
        *("--farm", str(folder), "--scheduler-port", "0"),
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(6)]
        assert [line.split()[:2] for line in lines[:4]] == [
            ["lab-1", "EMULATED01"],
            ["lab-1", "EMULATED02"],
            ["lab-2", "EMULATED03"],
            ["lab-2", "EMULATED04"],
        ]
        assert f"{folder / 'farm.toml'} is written" in lines[4]

        def hosts() -> list[tuple[str, int]]:
            status = json.loads(bare("farm", "status", str(folder / "farm.toml"), "--json").stdout)
            return [(host["host"], len(host["phones"])) for host in status["hosts"]]

        until = time.monotonic() + 60
        while hosts() != [("lab-1", 2), ("lab-2", 2)]:
            assert time.monotonic() < until
    finally:
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=120)
    assert process.returncode == 0
    assert "Hosts are not known" in bare("farm", "status", str(folder / "farm.toml")).stdout


def test_options_of_this_host_s_phones_are_not_of_a_farm(bare):
    done = bare("emulate", "--hosts", "2", "--serial", "A")
    assert (done.returncode, "leave them out, or --hosts" in done.stderr) == (2, True)
