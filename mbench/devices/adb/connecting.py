"""Joining phones that listen on TCP to an adb server, and taking them off it."""

from contextlib import suppress

from mbench.core.errors import NoDevice, TransportError
from mbench.devices.adb.errors import at_the_door
from mbench.devices.adb.servers import AdbServer
from mbench.devices.adb.streams import Client

CONNECT_S = 15.0


def connect(server: AdbServer, address: str) -> None:
    """Connect a server to a phone at `HOST:PORT`.

    Raises:
        NoDevice: the server says that it could not; its words are kept.
    """
    with at_the_door(address, f"connect the adb server at {server} to it"):
        said = Client(server).connect(address, timeout=CONNECT_S)
    if not said.startswith(("connected to", "already connected to")):
        raise NoDevice(f"{address}: adb connect at {server} says: {said.strip()}")


def disconnect(server: AdbServer, address: str) -> None:
    """Take a phone off a server's list; one that is not on it is no error."""
    with suppress(TransportError), at_the_door(address, f"disconnect it from the adb server at {server}"):
        Client(server).disconnect(address)
