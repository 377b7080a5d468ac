"""Connections to adbd through an adb server: one service each, under one deadline for all that is read and written.

adbutils' own connections start a server where none answers, on a port that need not be the one meant, wait 10 ms at
every close, and know a limit for each read but none for the whole. These do neither.
"""

import socket
import time
from types import TracebackType
from typing import Final, Protocol, Self

from adbutils import AdbClient, AdbConnection, AdbError
from adbutils.errors import AdbTimeout

from mbench.devices.adb.servers import AdbServer

_CONNECT_S: Final = 3.0
_HOST_SERVICE_S: Final = 15.0
"""`host:connect` answers after 10 s where a port accepts and never speaks."""
_OPEN_S: Final = 10.0
"""adbd opens a service at once, whatever the service then does; one that does not is frozen."""
_READ_BYTES: Final = 1 << 18


class NotOpened(TimeoutError):
    """adbd did not even begin what was wanted of it."""


class _Connection(AdbConnection):  # type: ignore[misc]  # adbutils has no types
    def __init__(self, server: AdbServer) -> None:
        self._server = server
        super().__init__(server.host, server.port)

    def _safe_connect(self) -> socket.socket:
        """Connect or fail; the overridden method starts a server, and leaves the socket of a refused try open."""
        try:
            connected = socket.create_connection((self._server.host, self._server.port), timeout=_CONNECT_S)
        except OSError as error:
            raise AdbError(f"connect to adb server at {self._server} failed: {error}") from error
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # Else the end of a small file waits 40 ms for the acknowledgement of its beginning (RFC 1122, 4.2.3.2).
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def close(self) -> None:
        """Close at once; the overridden method sleeps 10 ms."""
        self.conn.close()


class Client(AdbClient):  # type: ignore[misc]  # adbutils has no types
    """adbutils' client of one server that never starts a server."""

    def __init__(self, server: AdbServer) -> None:
        super().__init__(host=server.host, port=server.port)
        self._server = server

    def make_connection(self, timeout: float | None = None) -> AdbConnection:
        """Return a new connection to the server."""
        connection = _Connection(self._server)
        connection.conn.settimeout(timeout or _HOST_SERVICE_S)
        return connection

    def features(self, address: str) -> frozenset[str]:
        """Return what a device's adbd can do."""
        with self.make_connection() as connection:
            connection.send_command(f"host-serial:{address}:features")
            connection.check_okay()
            return frozenset(connection.read_string_block().split(","))


class Watch(Protocol):
    """Looks now and then whether the device is alive."""

    @property
    def at(self) -> float:
        """`time.monotonic()` of the next look."""

    def look(self) -> None:
        """Look, and raise what ends the reading."""


class DeviceStream:
    """One service of a device's adbd, such as a shell.

    Args:
        server: the adb server.
        address: the device as the server calls it.
        service: adbd's name for what is wanted, such as `shell,v2,raw:true`.
        until: `time.monotonic()` at which every read and write ends in a TimeoutError.
        stall_s: seconds without a byte after which it ends in one before; None where silence is no bad sign.
        watch: is called while nothing is read, so that what it raises ends the reading; None: nobody looks.

    Raises:
        AdbError: the server or adbd refused, in their words.
        OSError: NotOpened among them, which comes before `until` where adbd is frozen.
        EOFError: the connection ended before the answer.
    """

    def __init__(
        self,
        server: AdbServer,
        address: str,
        service: str,
        *,
        until: float,
        stall_s: float | None = None,
        watch: "Watch | None" = None,
    ) -> None:
        self._stall_s, self._watch = stall_s, watch
        self._until = min(until, time.monotonic() + _OPEN_S)
        self._buffer = bytearray()
        self._connection = Client(server).make_connection()
        try:
            for request in (f"host:transport:{address}", service):
                self._limit()
                self._connection.send_command(request)
                self._accepted()
        except TimeoutError as error:
            self.close()
            raise NotOpened("adbd did not answer") from error
        except BaseException:  # an interrupt, too, leaves no connection open
            self.close()
            raise
        self._until = until

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; what the device runs for it gets a hang-up."""
        self._connection.close()

    def read(self, count: int) -> bytes:
        """Return exactly so many bytes.

        Raises:
            EOFError: the connection ended before.
            OSError: TimeoutError among them.
        """
        while len(self._buffer) < count:
            more = self._received()
            if not more:
                raise EOFError("the connection ended too early: the link or the adb server is gone")
            self._buffer += more
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _received(self) -> bytes:
        """Return the next bytes, none at the end; the watch is called whenever it is due meanwhile."""
        while True:
            self._limit()
            if self._watch is None:
                return bytes(self._connection.conn.recv(_READ_BYTES))
            whole_s = self._connection.conn.gettimeout()
            due_s = max(0.001, self._watch.at - time.monotonic())
            self._connection.conn.settimeout(min(whole_s, due_s))
            try:
                return bytes(self._connection.conn.recv(_READ_BYTES))
            except TimeoutError:
                if due_s >= whole_s:
                    raise
                self._watch.look()

    def send(self, data: bytes | memoryview) -> None:
        """Send all of it.

        Raises:
            OSError: TimeoutError among them.
        """
        self._limit()
        self._connection.conn.sendall(data)

    def _accepted(self) -> None:
        try:
            self._connection.check_okay()
        except AdbTimeout as error:
            raise TimeoutError(str(error)) from error
        except AdbError as error:
            if str(error) == "Unknown data: b''":
                raise EOFError("the adb server closed the connection") from error
            raise

    def _limit(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._connection.conn.settimeout(left if self._stall_s is None else min(left, self._stall_s))
