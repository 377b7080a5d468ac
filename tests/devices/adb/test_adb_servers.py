import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import psutil
import pytest

from mbench.core.errors import DeviceLost, NoDevice, TransportError
from mbench.devices.adb.discovery import list_devices
from mbench.devices.adb.errors import at_the_door
from mbench.devices.adb.own_server import AdbVersion, adb_program, adb_versions, open_servers
from mbench.devices.adb.servers import (
    PROTOCOL,
    AdbServer,
    Listed,
    kill_server,
    listed_devices,
    parse_listing,
    protocol_of,
)
from mbench.devices.adb.streams import Client
from mbench.workflows.devices.any_attached import nothing_is_attached


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def private(tmp_path):
    (tmp_path / "home").mkdir()
    return {
        **os.environ,
        "HOME": str(tmp_path / "home"),
        "ANDROID_ADB_SERVER_PORT": str(free_port()),
        "ADB_EMU": "0",
        "ADB_LIBUSB": "0",
    }


def servers(private, tmp_path, *given):
    return open_servers(given, state=tmp_path / "state", environment=private, usb=False)


def server_of(private):
    return AdbServer(port=int(private["ANDROID_ADB_SERVER_PORT"]))


@contextmanager
def somebody_elses(private):
    argv = [adb_program(), "-P", private["ANDROID_ADB_SERVER_PORT"], "nodaemon", "server"]
    with subprocess.Popen(
        argv, env={**private, "ADB_MDNS": "0"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        until = time.monotonic() + 120
        while protocol_of(server_of(private)) is None:
            assert time.monotonic() < until
            time.sleep(0.02)
        yield process
        process.terminate()


@contextmanager
def answering(data):
    """A listener that sends the same bytes to everybody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard = []

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(100))
                    connection.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        yield AdbServer(port=listener.getsockname()[1]), heard
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("length", [b"-001", b"+001", b" 001", b"0x01", b"00_1", b"zzzz"])
def test_what_announces_no_length_is_no_adb_server(length):
    with answering(b"OKAY" + length + b"0029") as (server, _):
        with pytest.raises(NoDevice, match=r"what listens there is no adb server \(it announced"):
            protocol_of(server)
        with pytest.raises(ValueError, match="it announced"):
            listed_devices(server)
        assert not nothing_is_attached([str(server)])


def test_an_empty_listing_is_one():
    with answering(b"OKAY0000") as (server, _):
        assert listed_devices(server) == ()
        assert nothing_is_attached([str(server)])


def test_our_own_server_is_started_where_none_runs_and_gone_afterwards(private, tmp_path):
    with servers(private, tmp_path) as opened:
        assert opened.addresses == (server_of(private),)
        assert protocol_of(server_of(private)) == 41
    assert protocol_of(server_of(private)) is None


def test_our_own_server_does_no_multicast(private, tmp_path):
    with servers(private, tmp_path):
        record = json.loads(next((tmp_path / "state").glob("adb-*/server.json")).read_text(encoding="utf-8"))
        assert psutil.Process(record["pid"]).net_connections(kind="udp") == []


def test_a_running_server_is_used_and_left_alone(private, tmp_path):
    with somebody_elses(private) as process:
        with servers(private, tmp_path) as opened:
            assert opened.addresses == (server_of(private),)
        assert process.poll() is None
        assert protocol_of(server_of(private)) == 41
    assert not (tmp_path / "state").exists()


def test_a_server_of_the_users_that_bears_a_number_of_ours_by_now_is_left_alone(private, tmp_path):
    record = tmp_path / "state" / f"adb-{private['ANDROID_ADB_SERVER_PORT']}" / "server.json"
    record.parent.mkdir(parents=True)
    with somebody_elses(private) as process:
        record.write_text(json.dumps({"pid": process.pid}), encoding="utf-8")
        with servers(private, tmp_path) as opened:
            assert opened.addresses == (server_of(private),)
        assert process.poll() is None
        assert protocol_of(server_of(private)) == 41


def test_our_own_server_listens_to_this_machine_alone(private, tmp_path):
    with servers(private, tmp_path):
        record = json.loads(next((tmp_path / "state").glob("adb-*/server.json")).read_text(encoding="utf-8"))
        listening = psutil.Process(record["pid"]).net_connections(kind="tcp")
        assert {connection.laddr.ip for connection in listening} <= {"127.0.0.1", "::1"}
        assert listening


def test_a_server_that_two_use_lives_until_the_last_one_leaves(private, tmp_path):
    with servers(private, tmp_path):
        with servers(private, tmp_path):
            pass
        assert protocol_of(server_of(private)) == 41
    assert protocol_of(server_of(private)) is None


def test_the_first_user_may_leave_before_the_second(private, tmp_path):
    first, second = servers(private, tmp_path), servers(private, tmp_path)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert protocol_of(server_of(private)) == 41
    second.__exit__(None, None, None)
    assert protocol_of(server_of(private)) is None


def test_a_server_that_a_killed_mbench_left_is_ended_by_the_next(private, tmp_path):
    program = (
        "import os, sys; from pathlib import Path\n"
        "from mbench.devices.adb.own_server import open_servers\n"
        "with open_servers([], state=Path(sys.argv[1]), usb=False): os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "state"], env=private, check=False)
    assert protocol_of(server_of(private)) == 41
    with servers(private, tmp_path):
        pass
    assert protocol_of(server_of(private)) is None


def test_our_own_server_that_was_killed_is_started_again(private, tmp_path):
    with servers(private, tmp_path) as opened:
        kill_server(server_of(private))
        while protocol_of(server_of(private)) is not None:
            time.sleep(0.02)
        opened.revive()
        assert protocol_of(server_of(private)) == 41
    assert protocol_of(server_of(private)) is None


@pytest.mark.parametrize("number", [40, 42])
def test_a_server_of_another_protocol_is_refused_and_sent_nothing(private, tmp_path, number):
    with answering(b"OKAY0004%04x" % number) as (server, heard):
        private["ANDROID_ADB_SERVER_PORT"] = str(server.port)
        with pytest.raises(NoDevice, match=f"speaks protocol {number}"), servers(private, tmp_path):
            pass
        assert set(heard) == {b"000chost:version"}


def test_what_is_no_adb_server_is_said_to_be_none(private, tmp_path):
    with (
        answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (server, _),
        pytest.raises(NoDevice, match="no adb server"),
        servers(private, tmp_path, str(server)),
    ):
        pass


def test_what_hangs_up_at_once_is_no_adb_server():
    with answering(b"") as (server, heard), pytest.raises(NoDevice, match="closed the connection"):
        protocol_of(server)
    assert len(heard) > 1


def test_a_named_server_that_is_not_there_is_not_started(private, tmp_path):
    server = AdbServer(port=free_port())
    with pytest.raises(NoDevice, match=f"no adb server answers at {server}"), servers(private, tmp_path, str(server)):
        pass
    assert protocol_of(server) is None


def test_an_adb_that_does_not_start_is_reported_in_its_own_words(private, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))  # bound and silent: adb cannot have the port
        private["ANDROID_ADB_SERVER_PORT"] = str(other.getsockname()[1])
        with pytest.raises(NoDevice, match="could be started"), servers(private, tmp_path):
            pass


def test_asking_a_dead_server_starts_none(private, monkeypatch):
    server = server_of(private)
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
    with pytest.raises(DeviceLost, match="adb start-server"):
        list_devices([server])
    assert protocol_of(server) is None


def test_nothing_is_attached_to_a_fresh_server(private, tmp_path):
    with servers(private, tmp_path) as opened:
        assert list_devices(opened.addresses) == ()


def test_a_device_that_is_not_there_is_lost(private, tmp_path):
    with (
        servers(private, tmp_path) as opened,
        pytest.raises(DeviceLost, match="nobody: could not ask: device 'nobody' not found"),
        at_the_door("nobody", "ask"),
    ):
        Client(opened.addresses[0]).features("nobody")


@pytest.mark.parametrize(
    "error", [OSError("x"), EOFError(), AssertionError("x"), ValueError("x"), ConnectionResetError(104, "reset")]
)
def test_whatever_comes_in_at_the_door_is_one_line_of_ours(error):
    with pytest.raises(TransportError, match=r"^S: could not do it: .+\.$"), at_the_door("S", "do it"):
        raise error


@pytest.mark.parametrize("answer", [b"FAILzzzz", b"FAIL0x", b"OKAYzzzz"])
def test_a_length_that_is_none_is_not_said_in_python_s_words(answer):
    with answering(answer) as (server, _), pytest.raises(TransportError) as caught, at_the_door("S", "ask"):
        Client(server).features("S")
    assert str(caught.value).startswith("S: could not ask: what it answered is not adb's protocol.")


def test_the_host_transport_loads_no_adbutils():
    modules = "mbench.devices.host.transport, mbench.devices.adb.own_server"
    program = f"import sys, {modules}; assert 'adbutils' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_listing_is_read_line_by_line():
    text = (
        "9A1BFFAZ0  device usb:1-4 product:flame model:Pixel_4 device:flame transport_id:3\n"
        "10.0.0.7:5555 offline transport_id:12\n"
        "R5CR         no permissions (user is not in the plugdev group); see [http://x] usb:3-1 transport_id:4\n"
        "\n"
    )
    assert parse_listing(text) == (
        Listed(name="9A1BFFAZ0", state="device", transport_id=3, model="Pixel_4", device="flame"),
        Listed(name="10.0.0.7:5555", state="offline", transport_id=12),
        Listed(name="R5CR", state="no", transport_id=4),
    )


def test_asking_whether_anything_is_attached_loads_no_adbutils():
    heavy = "{'adbutils', 'psutil', 'pydantic'}"
    program = f"import sys, mbench.workflows.devices.any_attached; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("version", [b"f" * 9, b"f" * 60_000, b"-1", b" 29", b""])
def test_a_version_that_is_no_number_of_eight_digits_is_none(version):
    with answering(b"OKAY%04x%s" % (len(version), version)) as (server, _), pytest.raises(NoDevice) as caught:
        protocol_of(server)
    assert len(str(caught.value)) < 300


def test_a_version_of_eight_digits_is_one():
    with answering(b"OKAY0008ffffffff") as (server, _):
        assert protocol_of(server) == 0xFFFFFFFF


@pytest.mark.parametrize(
    ("said", "protocol"),
    [
        ("Android Debug Bridge version 1.0.41\nVersion 34.0.4-10411341\nInstalled as /usr/bin/adb\n", 41),
        ("Android Debug Bridge version 1.0.39\nVersion 34.0.4-10411341\n", 39),
        ("Version 34.0.4-10411341\n", None),
    ],
)
def test_an_adb_program_names_its_release_and_its_protocol(tmp_path, said, protocol):
    program = tmp_path / "adb"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}END\n")
    program.chmod(0o755)
    assert adb_versions(program) == AdbVersion(release="34.0.4-10411341", protocol=protocol)


def test_the_adb_that_is_carried_speaks_our_protocol():
    assert adb_versions(adb_program()).protocol == PROTOCOL
