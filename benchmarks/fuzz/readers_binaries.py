"""Readers of programs and of who gives them out: ELF files, HTTP answers, the binary library's own records."""

import base64
import hashlib
import io
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.fuzz.fake_server import blunt_server
from benchmarks.fuzz.reader import Form, Reader
from mbench.binaries.elf import parse_elf
from mbench.binaries.library import BinaryLibrary
from mbench.binaries.pins import read_pins
from mbench.binaries.published import find_published
from mbench.core.errors import UsageError
from mbench.files.answers import Validators
from mbench.files.downloads import Download, Timeouts, download

_HASH: Final = "0" * 64
_PATIENCE: Final = Timeouts(silence_s=2.0, window_s=2.0, window_bytes=1, attempts=1, pause_s=0.0)


def _elf_32() -> bytes:
    """Return a program of one loadable segment, an interpreter, a note, and a section header table."""
    interpreter = b"/system/bin/linker\0"
    note = struct.pack("<III", 4, 16, 3) + b"GNU\0" + b"\xab" * 16
    note_at = 52 + 3 * 32 + len(interpreter)
    sections_at = note_at + len(note)
    header = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, 0x8000, 52, sections_at, 0, 52, 32, 3, 40, 2, 0)
    segments = struct.pack("<IIIIIIII", 1, 0, 0x8000, 0x8000, sections_at, sections_at, 5, 4096)
    segments += struct.pack("<IIIIIIII", 3, 148, 0, 0, len(interpreter), len(interpreter), 4, 1)
    segments += struct.pack("<IIIIIIII", 4, note_at, 0, 0, len(note), len(note), 4, 4)
    sections = bytes(40) + struct.pack("<IIIIIIIIII", 0, 7, 0, 0, note_at, len(note), 0, 0, 4, 0)
    return header + segments + interpreter + note + sections


def _elf_64() -> bytes:
    """Return a static position-independent program: a loadable and a dynamic segment."""
    dynamic = struct.pack("<QQQQ", 0x6FFFFFFB, 0x08000000, 0, 0)
    start = 64 + 2 * 56
    size = start + len(dynamic)
    header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 3, 183, 1, 0x1000, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    segments += struct.pack("<IIQQQQQQ", 2, 6, start, start, start, len(dynamic), len(dynamic), 8)
    return header + segments + dynamic


def _responses() -> Sequence[bytes]:
    body = b"a program"
    md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest())
    heads = [
        b'HTTP/1.1 200 OK|Content-Length: 9|ETag: "a"|x-goog-hash: crc32c=4gcgLQ==,md5=%s||%s' % (md5, body),
        b"HTTP/1.1 200 OK|Content-Length: 9|Last-Modified: Tue, 13 Jan 2026 10:00:00 GMT||%s" % body,
        b'HTTP/1.1 304 Not Modified|ETag: "a"||',
        b"HTTP/1.1 200 OK|Transfer-Encoding: chunked||9|%s|0||" % body,
    ]
    return [head.replace(b"|", b"\r\n") for head in heads]


def _read_response(data: bytes, folder: Path) -> object:
    with blunt_server(data, after=b"\r\n\r\n") as port:
        job = Download(
            url=f"http://127.0.0.1:{port}/benchmark_model",
            part=folder / "part",
            what="a file",
            published="nothing",
            by_hand="Do without.",
            known=Validators(etag='"a"'),  # so that "not modified" is an honest answer
            timeouts=_PATIENCE,
        )
        return download(job)


def _read_partial(data: bytes, folder: Path) -> object:
    (folder / "part.json").write_bytes(data)
    (folder / "part").write_bytes(b"abc")
    return _read_response(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", folder)


def _records() -> Sequence[bytes]:
    record = {
        "format_version": 1,
        "sha256": _HASH,
        "size_bytes": 9,
        "abi": "arm64-v8a",
        "system": "android",
        "flavour": "tflite",
        "source": "https://example.org/benchmark_model",
        "version": "latest",
        "added_at": "2026-01-01T00:00:00Z",
        "build_id": "ab",
        "companions": [{"name": "libA.so", "sha256": "1" * 64, "size_bytes": 5}],
    }
    return [json.dumps(record).encode()]


def _read_record(data: bytes, folder: Path) -> object:
    for name, content in (("records", data), ("files", b"a program")):
        (folder / name).mkdir()
        (folder / name / (f"{_HASH}.json" if name == "records" else _HASH)).write_bytes(content)
    library = BinaryLibrary(folder)
    return library.records(), library.find("arm64-v8a", "tflite"), library.verify()


def _pins() -> Sequence[bytes]:
    pin = {
        "sha256": hashlib.sha256(b"x").hexdigest(),
        "size_bytes": 1,
        "pinned_at": "2026-01-01T00:00:00Z",
        "validators": {"etag": '"a"', "last_modified": None},
    }
    return [json.dumps({"format_version": 1, "pins": {"https://example.org/benchmark_model": pin}}).encode()]


def _read_pins(data: bytes, folder: Path) -> object:
    (folder / "binaries.lock.json").write_bytes(data)
    return read_pins(folder)


def _read_published(data: bytes, _: Path) -> object:
    text = data.decode("utf-8", "surrogateescape")
    ends: list[object] = []
    for base in ("https://example.org", text):
        try:
            urls = {"tflite": base, "litert": base}
            ends.append(find_published(abi="arm64-v8a", flavour="litert", version=text, system=None, base_urls=urls))  # type: ignore[arg-type]
        except UsageError as error:
            ends.append(error)
    return ends


READERS: Final = (
    Reader(
        name="elf",
        form=Form.BINARY,
        seeds=lambda: [_elf_32(), _elf_64()],
        read=lambda data, _: parse_elf(io.BytesIO(data), name="the file"),
    ),
    Reader(name="http", form=Form.TEXT, seeds=_responses, read=_read_response),
    Reader(
        name="partial-download",
        form=Form.JSON,
        seeds=lambda: [
            b'{"url":"http://127.0.0.1/benchmark_model","validators":{"etag":"a","last_modified":null},"total_bytes":9}'
        ],
        read=_read_partial,
    ),
    Reader(name="binary-record", form=Form.JSON, seeds=_records, read=_read_record),
    Reader(name="pins", form=Form.JSON, seeds=_pins, read=_read_pins),
    Reader(name="published", form=Form.TEXT, seeds=lambda: [b"2.2.0", b"latest"], read=_read_published),
)
