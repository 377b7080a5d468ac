"""adb servers: where they are, whether one answers there, what it lists. Never starts, ends or replaces one.

By plain sockets: adbutils takes longer to import than a server to answer, and starts one where none does.
"""

import re
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from mbench.core.errors import NoDevice, UsageError
from mbench.core.numbers.numerals import whole

PROTOCOL: Final = 41
"""The number that adb compares (`adb version`: 1.0.41); an adb with another one kills the server that it meets."""

_DEFAULT_PORT = 5037
_TRIES = 5
_TRY_AGAIN_S = 0.1
_LOCAL = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AdbServer:
    """Address of an adb server."""

    host: str = "127.0.0.1"
    port: int = _DEFAULT_PORT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether it is one of this machine."""
        return self.host in _LOCAL


def parse_server(text: str) -> AdbServer:
    """Return the server of a text like `lab-host:5037`; the port may be left out.

    Raises:
        UsageError: no such address.
    """
    host, colon, port = text.strip().partition(":")
    number = whole(port) if colon else _DEFAULT_PORT
    if not host or number is None or not 0 < number < 65536:
        raise UsageError(f"{text!r} is no address of an adb server; one looks like lab-host:5037.")
    try:
        host.encode("idna")  # as the system is asked for it
    except UnicodeError as error:
        raise UsageError(f"{text!r} is no address of an adb server: no host is called so.") from error
    return AdbServer(host=host, port=number)


def configured_server(environment: Mapping[str, str]) -> AdbServer:
    """Return the server that the adb program would use, by the variables that its `adb help` lists.

    Raises:
        UsageError: a variable that holds no address.
    """
    if chosen := environment.get("ADB_SERVER_SOCKET"):
        kind, _, address = chosen.partition(":")
        if kind != "tcp":
            raise UsageError(f"ADB_SERVER_SOCKET={chosen}: only tcp:HOST:PORT and tcp:PORT can be used.")
        return parse_server(f"127.0.0.1:{address}" if address.isdecimal() else address)
    host = environment.get("ANDROID_ADB_SERVER_ADDRESS") or AdbServer().host
    return parse_server(f"{host}:{environment.get('ANDROID_ADB_SERVER_PORT') or _DEFAULT_PORT}")


def protocol_of(server: AdbServer, *, timeout_s: float = 3.0) -> int | None:
    """Return the protocol number that a server names; None where nobody listens.

    By a plain socket, because client libraries start a server of their own where none answers.

    Raises:
        NoDevice: something listens there that is no adb server.
    """
    for _ in range(_TRIES):
        try:
            connection = socket.create_connection((server.host, server.port), timeout=timeout_s)
        except OSError:
            return None
        with closing(connection):
            try:
                return _version(_ask(connection, b"host:version"))
            except (ConnectionResetError, BrokenPipeError, EOFError) as error:  # perhaps one that is just ending
                reason: Exception = error
            except (OSError, ValueError) as error:
                reason = error
                break
        time.sleep(_TRY_AGAIN_S)
    raise NoDevice(
        f"{server}: what listens there is no adb server ({reason}). Choose another port by ANDROID_ADB_SERVER_PORT."
    ) from reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A device that a server lists.

    Attributes:
        name: the device as the server calls it: its USB serial, or HOST:PORT.
        state: adb's word for it.
        transport_id: the server's number for this connection; None where it gives none.
        model: what the phone calls itself, every character but letters and digits as `_`; None where adb has not heard.
        device: its code name, likewise.
    """

    name: str
    state: str
    transport_id: int | None = None
    model: str | None = None
    device: str | None = None


def listed_devices(server: AdbServer, *, timeout_s: float = 3.0) -> tuple[Listed, ...]:
    """Return what a server lists (`host:devices-l`; AOSP packages/modules/adb, SERVICES.TXT).

    Raises:
        OSError: it does not answer.
        EOFError, ValueError: it answers something else.
    """
    with closing(socket.create_connection((server.host, server.port), timeout=timeout_s)) as connection:
        return parse_listing(_ask(connection, b"host:devices-l").decode("utf-8", "replace"))


def parse_listing(text: str) -> tuple[Listed, ...]:
    """Return the devices of a listing, a line each.

    `9A1BFFAZ  device usb:1-4 product:flame model:Pixel_4 device:flame transport_id:3`
    """
    found = []
    for fields in (line.split() for line in text.splitlines()):
        if len(fields) >= 2:
            tags = dict(field.split(":", 1) for field in fields[2:] if ":" in field)
            transport_id = whole(tags.get("transport_id", ""))
            found.append(
                Listed(
                    name=fields[0],
                    state=fields[1],
                    transport_id=transport_id,
                    model=tags.get("model"),
                    device=tags.get("device"),
                )
            )
    return tuple(found)


def kill_server(server: AdbServer, *, timeout_s: float = 3.0) -> None:
    """Tell a server to end; for servers that mbench itself has started.

    Raises:
        OSError: it could not be reached.
    """
    with closing(socket.create_connection((server.host, server.port), timeout=timeout_s)) as connection:
        connection.sendall(_framed(b"host:kill"))
        connection.recv(4)


def require_servers(servers: Sequence[AdbServer]) -> None:
    """Check that every server answers and speaks our protocol.

    Raises:
        NoDevice: the first that does not.
    """
    for server in servers:
        protocol = protocol_of(server)
        if protocol is None:
            raise NoDevice(f"no adb server answers at {server}. Start one there (adb -a start-server) or leave it out.")
        require_protocol(server, protocol)


def require_protocol(server: AdbServer, protocol: int) -> None:
    """Refuse a server of another protocol, which the adb program would have killed with all its connections.

    Raises:
        NoDevice: it is of another one.
    """
    if protocol != PROTOCOL:
        raise NoDevice(
            f"the adb server at {server} speaks protocol {protocol}, mbench {PROTOCOL}; it was left running. "
            "Update the adb that started it, or choose another port by ANDROID_ADB_SERVER_PORT."
        )


def _ask(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(_framed(request))
    if (status := _read(connection, 4)) != b"OKAY":
        raise ValueError(f"it answered {status!r}")
    return _read(connection, _length(_read(connection, 4)))


def _length(digits: bytes) -> int:
    """Return the number of four hexadecimal digits; Python itself takes `-001`, of which nothing would be read, too."""
    if not re.fullmatch(rb"[0-9A-Fa-f]{4}", digits):
        raise ValueError(f"it announced {digits!r} bytes")
    return int(digits, 16)


def _version(answer: bytes) -> int:
    """Return the number of `0029`; one of thousands of digits could not even be shown."""
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", answer):
        raise ValueError(f"it names the version {answer[:40]!r}")
    return int(answer, 16)


def _framed(request: bytes) -> bytes:
    return b"%04x%s" % (len(request), request)


def _read(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError(f"it closed the connection after {data!r}")
        data += more
    return data
