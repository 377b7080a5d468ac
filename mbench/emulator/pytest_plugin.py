"""pytest fixtures of emulated phones behind a private adb server: `pytest_plugins = ["mbench.emulator.pytest_plugin"]`.

    def test_x(emulated_phone, adb_server): ...
    def test_y(emulated_phones): first, second = emulated_phones(2)

Tests skip where there is no adb program or no Linux. A phone is a test's own; farm and server serve the whole session.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from mbench.core.errors import MbenchError
from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.facts import PhoneFacts, pixel4

Phones = Callable[..., list[Phone]]


@pytest.fixture(scope="session")
def adb_program() -> str | None:
    """The adb program; override it to choose one. None: as `find_adb` finds it."""
    return None


@pytest.fixture(scope="session")
def adb_server(adb_program: str | None) -> Iterator[AdbServer]:
    """Start a private adb server."""
    try:
        server = AdbServer(adb_program)
    except MbenchError as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture(scope="session")
def phone_farm() -> Iterator[PhoneFarm]:
    """Start a process for phones."""
    try:
        farm = PhoneFarm()
    except MbenchError as error:
        pytest.skip(str(error))
    with farm:
        yield farm


@pytest.fixture
def emulated_phones(phone_farm: PhoneFarm, adb_server: AdbServer) -> Iterator[Phones]:
    """Return a function of a count and of facts by serial, which starts phones that the server is connected to."""
    started: list[Phone] = []

    def start(count: int = 1, make: Callable[[str], PhoneFacts] = pixel4) -> list[Phone]:
        phones = phone_farm.start_many(count, make)
        started.extend(phones)
        for phone in phones:
            said = adb_server.connect(phone.address)
            if not said.startswith("connected to"):
                pytest.fail(f"adb connect {phone.address} said: {said}")
        return phones

    yield start
    for phone in started:
        adb_server.run("disconnect", phone.address)
        phone.stop()


@pytest.fixture
def emulated_phone(emulated_phones: Phones) -> Phone:
    """Start a Pixel 4 that the server is connected to."""
    return emulated_phones(1)[0]


@pytest.fixture
def adb_environment(adb_server: AdbServer, monkeypatch: pytest.MonkeyPatch) -> AdbServer:
    """Let every adb client that this process starts, or is, use the private server."""
    for name, value in adb_server.environment.items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    return adb_server
