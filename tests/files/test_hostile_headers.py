"""Headers of HTTP answers that no honest server sends: a length that cannot be is none that was said."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import Message
from pathlib import Path
from threading import Thread
from urllib.request import ProxyHandler, build_opener

import pytest

from mbench.core.errors import ArtifactError
from mbench.files.answers import parse_head
from mbench.files.downloads import Download, Timeouts, download

MANY = "9" * 5000
ONE_TRY = Timeouts(attempts=1, silence_s=20.0)


def headers(**fields: str) -> Message:
    message = Message()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize("length", [MANY, "-1", "٣", "1e9", ""])
def test_a_length_that_cannot_be_was_not_said(length: str) -> None:
    head = parse_head(200, headers(Content_Length=length))
    assert head is not None
    assert head.total_bytes is None


def test_a_range_of_endless_digits_says_nothing() -> None:
    assert parse_head(206, headers(Content_Range=f"bytes {MANY}-{MANY}/{MANY}")) is None
    head = parse_head(206, headers(Content_Range=f"bytes 4096-7170631/{MANY}"))
    assert head is not None
    assert (head.start, head.total_bytes) == (4096, None)


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """Yield the address of a server that gives one answer to one request."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with closing(connection):
                connection.recv(1 << 16)
                connection.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize("size", [b"-9223372036854775809", b"f" * 40, b"-1", b"9" * 5000])
def test_a_chunk_of_a_size_that_cannot_be_breaks_the_connection(size: bytes, tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\nabc\r\n" % size
    with saying(answer) as url, pytest.raises(ArtifactError, match="could not be fetched: the connection broke"):
        download(
            Download(
                url=url,
                part=tmp_path / "file.part",
                what="a file",
                published="nothing",
                by_hand="Do without.",
                opener=build_opener(ProxyHandler({})),
                timeouts=ONE_TRY,
            )
        )
