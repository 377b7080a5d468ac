"""Emulated phones behind a private adb server: a phone for each test, started anew."""

import itertools

import pytest

from mbench.devices.adb.servers import AdbServer
from mbench.devices.adb.transport import open_device
from mbench.emulator.adb_server import AdbServer as PrivateServer
from mbench.emulator.farm import PhoneFarm
from mbench.emulator.phone.facts import pixel4

_SERIALS = (f"TEST{number:04d}" for number in itertools.count(1))


@pytest.fixture(scope="session")
def farm():
    with PhoneFarm() as farm:
        yield farm


@pytest.fixture(scope="session")
def private_adb():
    with PrivateServer() as private:
        yield private


@pytest.fixture
def adb(private_adb):
    """The address of a private adb server that lives as long as the tests."""
    return AdbServer(port=private_adb.port)


@pytest.fixture
def attach(farm, private_adb):
    """Start a phone and let the server connect to it; both are undone afterwards."""
    phones = []

    def start(serial=None, *, port=0):
        phone = farm.start(pixel4(serial or next(_SERIALS)), port=port)
        phones.append(phone)
        assert "connected to" in private_adb.connect(phone.address)
        return phone

    yield start
    for phone in phones:
        private_adb.run("disconnect", phone.address)
        phone.stop()


@pytest.fixture
def phone(attach):
    return attach()


@pytest.fixture
def over_adb(phone, adb):
    return open_device(adb, phone.address)
