import random
import socket
import threading
import time
from contextlib import suppress

import pytest

from mbench.core.errors import DeviceLost, TransportError
from mbench.core.ports import utc_now
from mbench.devices.adb.own_server import open_servers
from mbench.devices.adb.recovery import wait_for_device
from mbench.devices.adb.servers import kill_server, protocol_of
from mbench.devices.adb.streams import Client
from mbench.devices.adb.transport import open_device
from mbench.emulator.phone.faults import Fault, FaultKind


class HostClock:
    now = staticmethod(utc_now)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


def wait(transport, limit_s=120.0, **options):
    return wait_for_device(transport, limit_s=limit_s, clock=HostClock(), **options)


def test_a_torn_cable_is_no_restart(phone, over_adb):
    phone.arm(Fault(kind=FaultKind.DROP))
    back = wait(over_adb)
    assert back.rebooted is False
    assert over_adb.alive(timeout_s=5)


def test_a_restart_is_reported_and_waited_for_to_its_end(phone, over_adb):
    phone.arm(Fault(kind=FaultKind.REBOOT, seconds=1.0))
    time.sleep(0.1)
    back = wait(over_adb)
    assert back.rebooted is True
    assert over_adb.properties()["sys.boot_completed"] == "1"


def test_a_second_wait_counts_from_the_last_start(phone, over_adb):
    phone.arm(Fault(kind=FaultKind.REBOOT, seconds=0.2))
    time.sleep(0.1)
    wait(over_adb)
    phone.arm(Fault(kind=FaultKind.DROP))
    assert wait(over_adb).rebooted is False


def test_a_phone_that_adb_has_given_up_is_connected_again(phone, over_adb, private_adb):
    private_adb.run("disconnect", phone.address)  # what adb itself does after 60 s
    assert wait(over_adb).rebooted is False


def test_a_phone_that_did_not_greet_is_connected_afresh(phone, over_adb):
    phone.arm(Fault(kind=FaultKind.MUTE))
    threading.Timer(1.5, phone.arm, [Fault(kind=FaultKind.UNMUTE)]).start()
    assert wait(over_adb).rebooted is False


def test_a_phone_that_does_not_come_back_is_given_up_in_time(phone, over_adb):
    phone.stop()
    with pytest.raises(DeviceLost, match=r"did not come back to .* within 2 s: .*"):
        wait(over_adb, 2)


def test_a_phone_that_lets_nobody_in_any_more_is_not_waited_for(phone, over_adb):
    phone.arm(Fault(kind=FaultKind.UNAUTHORIZE))
    with pytest.raises(TransportError, match="Accept the dialog") as caught:
        wait(over_adb, 3600)
    assert not isinstance(caught.value, DeviceLost)


def test_another_phone_at_the_same_address_is_not_taken_for_it(phone, over_adb, attach, private_adb):
    port = int(phone.address.rpartition(":")[2])
    private_adb.run("disconnect", phone.address)
    phone.stop()
    attach("OTHER", port=port)
    with pytest.raises(TransportError, match="another phone, OTHER, answers"):
        wait(over_adb)


def test_our_own_server_that_died_is_started_again_and_the_phone_connected(farm, phone, private_adb, tmp_path):
    with open_servers([], state=tmp_path, environment=own_environment(private_adb), usb=False) as servers:
        (server,) = servers.addresses
        Client(server).connect(phone.address)
        transport = open_device(server, phone.address)
        kill_server(server)
        while protocol_of(server) is not None:
            time.sleep(0.02)
        assert wait(transport, revive=servers.revive).rebooted is False


def own_environment(private_adb):
    kept = {name: value for name, value in private_adb.environment.items() if name != "ADB_REJECT_KILL_SERVER"}
    return {**kept, "ANDROID_ADB_SERVER_PORT": str(lasting_port())}


def lasting_port():
    """Return a free port below those that Linux gives to connections, which else may take it while no server is up."""
    for port in random.sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no free port found")
