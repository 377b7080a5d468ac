import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from mbench.core.errors import TransportError
from mbench.devices.adb.discovery import AttachedState, list_devices
from mbench.devices.adb.identity import identify
from mbench.devices.adb.servers import AdbServer
from mbench.devices.android.facts import read_hardware, to_device_facts
from mbench.emulator.adb_server import AdbServer as PrivateServer
from mbench.emulator.phone.faults import Fault, FaultKind


def found(adb, phone, **options):
    devices = {name.name: device for device in list_devices([adb], **options) for name in device.addresses}
    return devices[phone.address]


def wait_for_state(private_adb, phone, word):
    until = time.monotonic() + 120
    while f"{phone.address}\t{word}" not in private_adb.run("devices").stdout.decode():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_phone_tells_what_it_is(adb, phone):
    device = found(adb, phone)
    assert (device.serial, device.state, device.remedy) == (phone.serial, AttachedState.DEVICE, None)
    assert (device.model, device.soc, device.android, device.sdk) == ("Pixel 4", "SM8150", "13", 33)
    assert device.abis[0] == "arm64-v8a"
    assert device.build == phone.facts.fingerprint
    assert device.emulated
    assert device.boot_id


def test_a_phone_by_two_addresses_is_one_phone(adb, phone, private_adb):
    second = phone.address.replace("127.0.0.1", "localhost")
    private_adb.connect(second)
    devices = [device for device in list_devices([adb]) if device.serial == phone.serial]
    private_adb.run("disconnect", second)
    assert [sorted(address.name for address in device.addresses) for device in devices] == [[phone.address, second]]


def test_a_phone_on_two_servers_is_one_phone(adb, phone):
    with PrivateServer() as other:
        other.connect(phone.address)
        devices = [one for one in list_devices([adb, AdbServer(port=other.port)]) if one.serial == phone.serial]
    assert [{address.server.port for address in device.addresses} for device in devices] == [{adb.port, other.port}]


def test_two_phones_that_share_a_serial_stay_two(adb, attach):
    first, second = attach("0123456789ABCDEF"), attach("0123456789ABCDEF")
    devices = [device for device in list_devices([adb]) if device.serial == first.serial]
    assert sorted(device.addresses[0].name for device in devices) == sorted([first.address, second.address])


def test_an_unauthorized_phone_is_listed_with_a_remedy(adb, phone, private_adb):
    phone.arm(Fault(kind=FaultKind.UNAUTHORIZE))
    wait_for_state(private_adb, phone, "unauthorized")
    device = found(adb, phone)
    assert (device.state, device.serial) == (AttachedState.UNAUTHORIZED, phone.address)
    assert "Accept the dialog" in device.remedy


def test_a_phone_that_never_greets_is_listed_as_offline(adb, phone, private_adb):
    phone.arm(Fault(kind=FaultKind.MUTE))
    wait_for_state(private_adb, phone, "offline")
    device = found(adb, phone)
    assert device.state is AttachedState.OFFLINE
    assert "adb connect" in device.remedy


def test_a_frozen_phone_is_distinguished_from_the_live_ones(adb, attach):
    phones = [attach() for _ in range(8)]
    phones[0].arm(Fault(kind=FaultKind.FREEZE))
    phones[5].arm(Fault(kind=FaultKind.FREEZE))
    devices = {device.addresses[0].name: device for device in list_devices([adb], probe_s=4)}
    states = [devices[phone.address].state for phone in phones]
    frozen = [place for place, state in enumerate(states) if state is AttachedState.FROZEN]
    assert frozen == [0, 5]
    assert states.count(AttachedState.DEVICE) == 6


def test_a_frozen_phone_does_not_hold_up_the_live_ones(adb, attach):
    phones = [attach() for _ in range(4)]
    phones[0].arm(Fault(kind=FaultKind.FREEZE))
    before = [phone.services for phone in phones]
    with ThreadPoolExecutor(1) as pool:
        listed = pool.submit(list_devices, [adb], probe_s=3600)
        until = time.monotonic() + 120
        while [phone.services > count for phone, count in zip(phones, before, strict=True)][1:] != [True] * 3:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert not listed.done()
        phones[0].arm(Fault(kind=FaultKind.THAW))
        found = {device.addresses[0].name: device.state for device in listed.result()}
    assert [found[phone.address] for phone in phones] == [AttachedState.DEVICE] * 4


def test_facts_name_the_phone_and_what_is_in_it(over_adb, phone):
    facts = to_device_facts(read_hardware(over_adb), "pixel4", emulated=over_adb.emulated)
    assert (facts.serial, facts.profile, facts.emulated) == (phone.serial, "pixel4", True)
    assert (facts.model, facts.soc, facts.os, facts.abi) == ("Pixel 4", "SM8150", "Android 13 (API 33)", "arm64-v8a")
    assert (facts.cores, facts.memory_kib) == (8, phone.facts.memory_kib)


@contextmanager
def server_of_an_old_phone():
    """An adb server whose one device is too old: adbd closes the shell service that it does not know."""
    answers = {
        b"host:devices-l": b"OKAY" + b"%04x" % 15 + b"OLD device x:y\n",
        b"host:transport:OLD": b"OKAY",
        b"shell": b"FAIL0006closed",
        b"host-serial:OLD:features": b"OKAY0003cmd",
    }
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    while request := connection.recv(4096):
                        connection.sendall(next(text for name, text in answers.items() if request[4:].startswith(name)))

        threading.Thread(target=serve, daemon=True).start()
        yield AdbServer(port=listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def test_a_phone_whose_adbd_tells_no_exit_status_is_refused_with_the_reason():
    with server_of_an_old_phone() as server, pytest.raises(TransportError, match=r"no shell_v2.* Use Android 7"):
        identify(server, "OLD", timeout_s=5)


def test_a_phone_that_is_too_old_is_listed_with_the_reason():
    with server_of_an_old_phone() as server:
        (device,) = list_devices([server])
    assert device.state is AttachedState.UNUSABLE
    assert "Android 7" in device.remedy
