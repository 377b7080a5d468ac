"""An adb program that is slow, silent, dying or no program at all, as our own server is started by it."""

import os
import shlex
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psutil
import pytest

from mbench.core.errors import NoDevice
from mbench.devices.adb.own_server import adb_program, open_servers
from mbench.devices.adb.servers import AdbServer, protocol_of

LISTENS_FIRST = """
import os, socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[3])))
time.sleep(3.5)  # longer than a question to a server waits for its answer
os.execv({adb!r}, [{adb!r}, *sys.argv[2:]])
"""
"""As a server that looks for USB devices: who connects meanwhile gets no answer."""


@pytest.fixture
def port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def adb_is(tmp_path, monkeypatch):
    """Return a function of a shell text, which from then on is the adb program."""
    real = shlex.quote(str(adb_program()))

    def write(text):
        program = tmp_path / "adb"
        program.write_text(f"#!/bin/sh\n{text.format(adb=real)}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("ADBUTILS_ADB_PATH", str(program))

    return write


@pytest.fixture
def opened(tmp_path, port):
    """Return a function that opens our own server."""
    environment = os.environ | {"HOME": str(tmp_path), "ANDROID_ADB_SERVER_PORT": str(port), "ADB_EMU": "0"}
    return partial(open_servers, [], state=tmp_path / "state", environment=environment, usb=False)


def of_port(port) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if f"-P {port}" in " ".join(one.info["cmdline"] or ())]


def test_a_server_that_takes_its_time_is_waited_for(adb_is, opened, port):
    adb_is('sleep 0.7; exec {adb} "$@"')
    with opened() as servers:
        assert servers.addresses == (AdbServer(port=port),)
        assert protocol_of(AdbServer(port=port)) == 41
    assert protocol_of(AdbServer(port=port)) is None


def test_one_that_does_not_answer_in_time_is_named_and_does_not_stay(adb_is, opened, port):
    adb_is("sleep 60; true")
    with pytest.raises(NoDevice, match=r"not answered within 0\.4 s, it said nothing"), opened(start_s=0.4):
        pass
    assert of_port(port) == []


def test_one_that_dies_is_not_waited_for_and_has_the_last_word(adb_is, opened):
    adb_is("echo so sorry; echo no room >&2; exit 7")
    with pytest.raises(NoDevice, match="ended with status 7, its last words are 'no room'"), opened(start_s=3600):
        pass


def test_what_cannot_be_started_is_named(opened, tmp_path, monkeypatch):
    monkeypatch.setenv("ADBUTILS_ADB_PATH", str(tmp_path / "nothing"))
    with pytest.raises(NoDevice, match=r"nothing does not start: .*No such file.*platform-tools"), opened():
        pass


def test_two_that_come_while_it_listens_and_does_not_answer_yet_share_one_server(adb_is, opened, tmp_path, port):
    script = tmp_path / "first.py"
    script.write_text(LISTENS_FIRST.format(adb=str(adb_program())), encoding="utf-8")
    adb_is(f'exec {shlex.quote(sys.executable)} -S {shlex.quote(str(script))} server "$@"')

    def use():
        with opened():
            time.sleep(1)
            return len(of_port(port)), protocol_of(AdbServer(port=port))

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(use)
        while not (tmp_path / "state" / f"adb-{port}" / "server.json").exists():
            assert not first.done(), first.result()
            time.sleep(0.02)
        time.sleep(0.3)
        second = pool.submit(use)
        assert [first.result(), second.result()] == [(1, 41), (1, 41)]
    assert protocol_of(AdbServer(port=port)) is None
