"""A storage server on this host that serves and fails as it is set, and a proxy; both write down what was asked."""

import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass
class Item:
    """One file, and how the server treats it.

    Attributes:
        cuts: for each coming answer after how many bytes of its body the connection breaks; afterwards it is whole.
        hangs_after: each answer stands still after so many bytes of its body, until the server ends.
        drips: the body comes a byte at a time, so many seconds apart.
        refusals: statuses of the coming answers; afterwards it is there.
    """

    body: bytes = b""
    etag: str | None = '"first"'
    last_modified: str | None = None
    status: int = 200
    ranges: bool = True
    checks_if_range: bool = True
    says_length: bool = True
    chunked: bool = False
    location: str | None = None
    cuts: list[int] = field(default_factory=list)
    hangs_after: int | None = None
    drips: float | None = None
    refusals: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Storage:
    """What a server holds by path, and the requests it got: (path, headers)."""

    url: str = ""
    items: dict[str, Item] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    body_bytes: int = 0
    ended: Event = field(default_factory=Event)

    def asked(self, header: str) -> list[str | None]:
        """Return one header of every request, in order."""
        return [headers.get(header) for _, headers in self.requests]


class StorageServer(ThreadingHTTPServer):
    storage: Storage
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away."""


class Answering(BaseHTTPRequestHandler):
    server: StorageServer

    def do_GET(self) -> None:
        storage = self.server.storage
        storage.requests.append((self.path, dict(self.headers.items())))
        item = storage.items.get(self.path)
        if item is None:
            self.send_error(404)
            return
        if item.location is not None:
            self.send_response(302)
            self.send_header("Location", item.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if item.refusals:
            self.send_error(item.refusals.pop(0))
            return
        if item.status != 200:
            self.send_error(item.status)
            return
        if item.etag is not None and self.headers.get("If-None-Match") == item.etag:
            self.send_response(304)
            self.end_headers()
            return
        if item.last_modified is not None and self.headers.get("If-Modified-Since") == item.last_modified:
            self.send_response(304)
            self.end_headers()
            return
        self._send(item)

    def _send(self, item: Item) -> None:
        start = self._range_start(item)
        if start is not None and start >= len(item.body):
            self.send_error(416)
            return
        body = item.body[start or 0 :]
        self.send_response(200 if start is None else 206)
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{len(item.body) - 1}/{len(item.body)}")
        if item.says_length:
            self.send_header("Content-Length", str(len(body)))
        if item.etag is not None:
            self.send_header("ETag", item.etag)
        if item.last_modified is not None:
            self.send_header("Last-Modified", item.last_modified)
        if item.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        for name, value in item.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._send_body(item, body)

    def _range_start(self, item: Item) -> int | None:
        found = re.fullmatch(r"bytes=([0-9]+)-", self.headers.get("Range", ""))
        wanted = self.headers.get("If-Range")
        if not found or not item.ranges:
            return None
        if item.checks_if_range and wanted not in (None, item.etag, item.last_modified):
            return None
        return int(found[1])

    def _send_body(self, item: Item, body: bytes) -> None:
        if item.cuts:
            body = body[: item.cuts.pop(0)]
            item_is_cut = True
        else:
            item_is_cut = False
        if item.hangs_after is not None:
            self._write(body[: item.hangs_after])
            self.server.storage.ended.wait()
            return
        if item.drips is not None:
            for position in range(len(body)):
                self._write(body[position : position + 1])
                if self.server.storage.ended.wait(item.drips):
                    return
            return
        if item.chunked:
            self._write(b"%x\r\n" % len(body) + body + (b"" if item_is_cut else b"\r\n0\r\n\r\n"))
            return
        self._write(body)

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
        self.server.storage.body_bytes += len(data)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Proxying(BaseHTTPRequestHandler):
    """A proxy that fetches every host's files from one real server."""

    server: StorageServer

    def do_GET(self) -> None:
        self.server.storage.requests.append((self.path, dict(self.headers.items())))
        path = "/" + self.path.split("/", 3)[3]
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(self.server.storage.url + path) as answer:
            body = answer.read()
            self.send_response(answer.status)
            for name in ("ETag", "Content-Length"):
                self.send_header(name, answer.headers[name])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler] = Answering, *, behind: str = ""
) -> Iterator[tuple[Storage, StorageServer]]:
    """Serve on a free port; `behind` is the server that a proxy fetches from."""
    with StorageServer(("127.0.0.1", 0), handler) as server:
        server.storage = Storage(url=behind or f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.storage, server
        finally:
            server.storage.ended.set()
            server.shutdown()
            thread.join()
