"""Servers on loopback with given answers: an adb server with one phone, and one that answers at once."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final

_LISTING: Final = b"9A1BFFAZ device usb:1-4 product:flame model:Pixel_4 device:flame transport_id:3\n"
_WAIT_S: Final = 5.0


@contextmanager
def adb_server(*, shell: bytes, listing: bytes = _LISTING) -> Iterator[int]:
    """Yield the port of an adb server whose phone prints `shell` to whatever it is asked."""
    packets = b"".join(
        b"\1" + len(piece).to_bytes(4, "little") + piece
        for piece in (shell[start : start + (1 << 16)] for start in range(0, len(shell), 1 << 16))
    )

    def serve(connection: socket.socket) -> None:
        while request := _request(connection):
            connection.sendall(b"OKAY")
            if request.startswith(b"host:devices"):
                connection.sendall(b"%04x%s" % (min(len(listing), 0xFFFF), listing[:0xFFFF]))
                return
            if request.startswith(b"shell"):
                connection.sendall(packets + b"\3\1\0\0\0\0")
                return

    with _served(serve) as port:
        yield port


@contextmanager
def blunt_server(said: bytes, *, after: bytes = b"") -> Iterator[int]:
    """Yield the port of a server that says one thing, once a request holds `after`, and closes."""

    def serve(connection: socket.socket) -> None:
        heard = b""
        while after not in heard or not heard:
            more = connection.recv(1 << 16)
            if not more:
                return
            heard += more
        connection.sendall(said)

    with _served(serve) as port:
        yield port


@contextmanager
def _served(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection: socket.socket) -> None:
            with closing(connection), suppress(OSError, ValueError):
                connection.settimeout(_WAIT_S)
                serve(connection)

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield server.getsockname()[1]
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)  # wakes accept()
    accepting.join()


def _request(connection: socket.socket) -> bytes:
    length = _read(connection, 4)
    return _read(connection, int(length, 16)) if length else b""


def _read(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            return b""
        data += more
    return data
