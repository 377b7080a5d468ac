"""What a user's code, and the tools that convert it, print in a worker process: kept in a file, within bounds."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

STDOUT, STDERR = 1, 2

MOST_HEAD_BYTES: Final = 256 << 10
MOST_TAIL_BYTES: Final = 256 << 10
"""What is kept of the beginning, where imports say what they miss, and of the end, where it went wrong."""

_CHUNK_BYTES: Final = 64 << 10


@contextmanager
def redirected(into: int) -> Iterator[None]:
    """Send both streams of this process, native code included, to a file descriptor while the block runs.

    Python's own `sys.stdout` does not help: native code writes to the descriptor. Not for a process whose other threads
    have something to say meanwhile.
    """
    _flush()
    kept = {stream: os.dup(stream) for stream in (STDOUT, STDERR)}
    try:
        for stream in kept:
            os.dup2(into, stream)
        yield
    finally:
        _flush()
        for stream, copy in kept.items():
            with suppress(OSError):  # the code that ran meanwhile may have closed either
                os.dup2(copy, stream)
                os.close(copy)


@contextmanager
def printed_log(path: Path) -> Iterator[None]:
    """Send both streams of this process to a file while the block runs; of megabytes beginning and end are kept."""
    reader, writer = os.pipe()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    kept = _Kept(path)
    thread = threading.Thread(target=kept.drain, args=(reader,), name="printed-log", daemon=True)
    thread.start()
    try:
        with redirected(writer):
            yield
    finally:
        with suppress(OSError):
            os.close(writer)
        thread.join(timeout=5)  # a process that the user's code started may hold the other end for ever
        with suppress(OSError):  # a log is no reason to fail
            path.write_bytes(kept.text())


class _Kept:
    """Beginning and end of a stream; the beginning is written as it comes, so that a process that dies leaves it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with suppress(OSError):
            path.unlink(missing_ok=True)
        self._head, self._tail, self._total = bytearray(), bytearray(), 0

    def drain(self, reader: int) -> None:
        """Read until the other end is closed."""
        with suppress(OSError):  # the code that prints may close what it does not own
            while chunk := os.read(reader, _CHUNK_BYTES):
                self._total += len(chunk)
                space = MOST_HEAD_BYTES - len(self._head)
                if space > 0:
                    self._head += chunk[:space]
                    with suppress(OSError), self._path.open("ab") as file:
                        file.write(chunk[:space])
                self._tail += chunk[space:] if space > 0 else chunk
                del self._tail[:-MOST_TAIL_BYTES]
            os.close(reader)

    def text(self) -> bytes:
        """Return what is kept, with a line that says how much is not."""
        left_out = self._total - len(self._head) - len(self._tail)
        gap = f"\n… {left_out} bytes left out …\n".encode() if left_out > 0 else b""
        return bytes(self._head + gap + self._tail)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):  # closed, by its number or as a file
                stream.flush()
