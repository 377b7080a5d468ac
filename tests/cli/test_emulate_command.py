"""`mbench emulate` as strangers call it, several at once on one adb server."""

import json
import os
import signal
import subprocess
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
