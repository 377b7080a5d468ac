"""Phones that share a serial: none is used before it is clear which of them is meant."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mbench.core.errors import NoDevice, UsageError
from mbench.devices.adb.discovery import AdbAddress, AttachedDevice, AttachedState, list_devices
from mbench.devices.adb.identity import Identity
from mbench.devices.adb.own_server import AdbServers
from mbench.devices.adb.servers import AdbServer
from mbench.workflows.devices.attached_phones import Fleet, Phone, choose

SERIAL = "0123456789ABCDEF"
SERVER = AdbServer(port=5999)


def phone(name: str, transport_id: int, *, serial: str = SERIAL, asked: bool = True) -> Phone:
    """Return a phone as it is listed; there is no way to it, as nothing here would use it."""
    who = Identity(serial=serial, boot_id=name, booted=True, emulated=False, properties={"ro.serialno": serial})
    address = AdbAddress(server=SERVER, name=name, transport_id=transport_id)
    state = AttachedState.DEVICE if asked else AttachedState.OFFLINE
    return Phone(
        attached=AttachedDevice(serial=serial, addresses=(address,), state=state, identity=who if asked else None)
    )


ONE, OTHER = phone("10.0.0.1:5555", 3), phone("10.0.0.2:5555", 4)
ON_A_CABLE = phone(SERIAL, 7)


def fleet(*phones: Phone, named: tuple[str, ...] = ()) -> Fleet:
    return Fleet(servers=AdbServers((SERVER,)), phones=phones, named=named)


@pytest.mark.parametrize("named", [(), (SERIAL,), ("pixel4",), ("10.0.0.1:5555", "10.0.0.2:5555")])
def test_a_serial_that_two_phones_share_means_neither(named):
    with pytest.raises(UsageError) as refused:
        fleet(ONE, OTHER, named=named).by_serial(SERIAL)
    assert str(refused.value) == (
        f"2 phones have the serial {SERIAL}: 10.0.0.1:5555, 10.0.0.2:5555. Name one by its address, "
        "--device 10.0.0.1:5555; to go on with a session, detach the others first."
    )


@pytest.mark.parametrize("name", ["10.0.0.2:5555", "transport_id:4"])
def test_the_phone_that_is_named_by_its_address_is_the_one_of_its_serial(name):
    assert fleet(ONE, OTHER, named=(name,)).by_serial(SERIAL) is OTHER


def test_choosing_by_the_shared_serial_is_refused_also_where_only_one_of_them_can_be_used():
    with pytest.raises(UsageError, match="2 phones have the serial"):
        choose((ONE, OTHER), SERIAL, every=False, at_most=None)


def test_the_one_on_a_cable_is_called_by_its_transport_id():
    with pytest.raises(UsageError, match=r"10\.0\.0\.1:5555, transport_id:7\."):
        choose((ONE, ON_A_CABLE), SERIAL, every=False, at_most=None)
    assert fleet(ONE, ON_A_CABLE, named=("transport_id:7",)).by_serial(SERIAL) is ON_A_CABLE


def test_an_address_that_does_not_answer_is_no_second_phone_of_that_serial():
    silent = phone(SERIAL, 8, asked=False)
    assert fleet(silent, ONE).by_serial(SERIAL) is ONE


def test_a_serial_that_nothing_has_is_not_attached():
    with pytest.raises(NoDevice, match="not attached"):
        fleet(ONE).by_serial("another")


@contextmanager
def server_that_lists(listing: bytes) -> Iterator[AdbServer]:
    """An adb server that lists devices and refuses every other request as the real one does an ambiguous one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    asked = connection.recv(4096)
                    listed = b"OKAY%04x%s" % (len(listing), listing)
                    connection.sendall(listed if b"devices-l" in asked else b"FAIL0014more than one device")

        threading.Thread(target=serve, daemon=True).start()
        yield AdbServer(port=listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def test_two_on_cables_that_the_server_calls_by_one_name_are_two_and_neither_is_used():
    line = b"%s device usb:1-%d product:p model:m device:d transport_id:%d\n"
    with server_that_lists(line % (SERIAL.encode(), 1, 3) + line % (SERIAL.encode(), 2, 4)) as server:
        devices = list_devices([server])
    assert [(one.state, one.addresses[0].transport_id) for one in devices] == [
        (AttachedState.UNUSABLE, 3),
        (AttachedState.UNUSABLE, 4),
    ]
    assert "adb -t 4 tcpip 5555" in (devices[1].remedy or "")
