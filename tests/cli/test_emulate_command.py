"""`mbench emulate` as strangers call it, several at once on one adb server."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import psutil
import pytest

from mbench.emulator.adb_server import AdbServer
from mbench.emulator.seeded_faults import in_words, seeded_faults

SERIALS = [f"EMULATED{number:02d}" for number in range(1, 5)]


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


@pytest.mark.slow
def test_every_phone_gets_a_serial_of_its_own_also_at_once_of_another_home_and_by_name(bare, server, start, tmp_path):
    named = ("--serial", "MINE")
    one, other = start(), start("--count", "2", *named)
    serials = sorted(serials_of(one) + serials_of(other, 2))
    assert serials == ["EMULATED01", "EMULATED02", "MINE"]
    listed = bare("devices", "--json", ANDROID_ADB_SERVER_PORT=str(server.port))
    assert [(phone["serial"], phone["address"].count(",")) for phone in json.loads(listed.stdout)] == [
        (serial, 0) for serial in serials
    ]
    assert serials_of(start(MBENCH_HOME=str(tmp_path / "another home"))) == ["EMULATED03"]
    taken = start(*named)
    assert taken.wait(60) == 2
    assert taken.stderr is not None
    assert taken.stderr.read() == "mbench: --serial MINE: an attached phone has it already; choose another one.\n"


def test_more_serials_than_phones_are_too_many(bare):
    done = bare("emulate", "--serial", "A", "--serial", "B")
    assert (done.returncode, "2 times --serial for 1 phones; say --count 2" in done.stderr) == (2, True)


def test_faults_that_a_seed_draws_are_armed_and_said(start):
    drawn = seeded_faults(7, SERIALS)
    process = start("--count", f"{len(SERIALS)}", "--faults", "7")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in SERIALS]
    assert len(drawn) == 2
    assert [line.partition("  fault: ")[2].strip() for line in lines] == [
        in_words(drawn[serial]) if serial in drawn else "" for serial in SERIALS
    ]


@pytest.mark.slow
def test_a_farm_of_hosts_is_one_command_and_all_of_it_ends_with_it(bare, tmp_path):
    pytest.importorskip("distributed", reason="many hosts need the extra farm")
    folder = tmp_path / "farm"
    process = bare.start(
        *("emulate", "--hosts", "2", "--count", "1", "--synthetic", "--faults", "7"),
        *("--farm", str(folder), "--scheduler-port", "0"),
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        assert [line.split()[:2] for line in lines[:2]] == [["lab-1", "EMULATED01"], ["lab-2", "EMULATED02"]]
        assert f"{folder / 'farm.toml'} is written" in lines[2]

        def hosts() -> list[tuple[str, int]]:
            status = json.loads(bare("farm", "status", str(folder / "farm.toml"), "--json").stdout)
            return [(host["host"], len(host["phones"])) for host in status["hosts"]]

        until = time.monotonic() + 60
        while hosts() != [("lab-1", 1), ("lab-2", 1)]:
            assert time.monotonic() < until
            time.sleep(0.5)
        processes = psutil.Process(process.pid).children(recursive=True)
        assert len(processes) >= 2
    finally:
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=120)
    assert process.returncode == 0
    _, left = psutil.wait_procs(processes, timeout=60)
    assert left == []


def test_options_of_this_host_s_phones_are_not_of_a_farm(bare):
    done = bare("emulate", "--hosts", "2", "--serial", "A")
    assert (done.returncode, "leave them out, or --hosts" in done.stderr) == (2, True)
