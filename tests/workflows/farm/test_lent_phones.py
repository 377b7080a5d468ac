"""Which phones a host lends: what a real adb server shows, looked at cheaply."""

from collections.abc import Iterator

import pytest

from mbench.core.errors import TransportError
from mbench.devices.adb.own_server import AdbServers
from mbench.devices.adb.servers import parse_server
from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import PhoneFarm
from mbench.emulator.phone.facts import pixel4
from mbench.emulator.phone.faults import Fault, FaultKind
from mbench.workflows.farm.host import ASK_AGAIN_LOOKS, AttachedSerials


@pytest.fixture(scope="module")
def phones() -> Iterator[PhoneFarm]:
    with PhoneFarm() as farm:
        yield farm


@pytest.fixture
def server() -> Iterator[AdbServer]:
    with AdbServer() as server:
        yield server


def serials_of(server: AdbServer) -> AttachedSerials:
    return AttachedSerials(AdbServers((parse_server(f"127.0.0.1:{server.port}"),)))


def test_phones_come_and_go_as_adb_sees_them(phones, server):
    look = serials_of(server)
    assert look() == frozenset()
    one, two = phones.start(pixel4("LEND1")), phones.start(pixel4("LEND2"))
    server.connect(one.address)
    assert look() == {"LEND1"}
    server.connect(two.address)
    assert look() == {"LEND1", "LEND2"}
    server.run("disconnect", one.address)
    assert look() == {"LEND2"}


def test_phones_are_not_asked_again_while_nothing_changes_but_now_and_then(phones, server):
    phone = phones.start(pixel4("LEND3"))
    server.connect(phone.address)
    look = serials_of(server)
    assert look() == {"LEND3"}
    before = phone.services
    for _ in range(ASK_AGAIN_LOOKS - 1):
        assert look() == {"LEND3"}
    assert phone.services == before
    look()
    assert phone.services > before


def test_phones_that_share_a_serial_are_not_lent(phones, server):
    for phone in (phones.start(pixel4("ALIKE")), phones.start(pixel4("ALIKE")), phones.start(pixel4("LEND4"))):
        server.connect(phone.address)
    assert serials_of(server)() == {"LEND4"}


def test_a_phone_that_answers_nothing_is_not_lent(phones, server):
    phone = phones.start(pixel4("LEND5"))
    server.connect(phone.address)
    phone.arm(Fault(kind=FaultKind.MUTE))
    assert serials_of(server)() == frozenset()
    phone.arm(Fault(kind=FaultKind.UNMUTE))


def test_a_server_that_has_gone_is_said_and_found_again(phones, server):
    look = serials_of(server)
    look()
    port = server.port
    server.stop()
    with pytest.raises(TransportError, match="an adb server does not answer"):
        look()
    with AdbServer(port=port) as back:
        back.connect(phones.start(pixel4("LEND6")).address)
        assert look() == {"LEND6"}
