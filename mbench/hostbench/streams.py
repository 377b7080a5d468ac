"""The two streams of benchmark_model, and the ways in which it gives up.

The tool's INFO and WARN lines go to stdout, its ERROR and FATAL lines to stderr; the runtime's own lines all go to
stderr (TFLite `tflite/tools/logging.h` and `tflite/minimal_logging_default.cc`). Every line is written at once: the
runtime's C code writes to the same stderr, and a reader must find the lines in their order even when the process is
killed.
"""

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

STDOUT = 1
STDERR = 2


class BenchmarkFailed(Exception):
    """The tool ends with `Benchmarking failed.` and status 1; what was wrong is already on stderr."""


class StreamBroken(Exception):
    """A line could not be written, so that nobody can rely on this run."""


def info(text: str) -> None:
    """Writes one of the tool's INFO lines."""
    _write(STDOUT, f"INFO: {text}\n")


def warn(text: str) -> None:
    """Writes one of the tool's WARN lines."""
    _write(STDOUT, f"WARN: {text}\n")


def error(text: str) -> None:
    """Writes an ERROR line, of the tool or of the runtime."""
    _write(STDERR, f"ERROR: {text}\n")


def runtime_info(text: str) -> None:
    """Writes a line that the runtime itself would write with severity INFO."""
    _write(STDERR, f"INFO: {text}\n")


def runtime_verbose(text: str) -> None:
    """Writes a line that the runtime itself would write with severity VERBOSE."""
    _write(STDERR, f"VERBOSE: {text}\n")


def fail(*lines: str) -> NoReturn:
    """Writes ERROR lines and gives up.

    Raises:
      BenchmarkFailed: Always.
    """
    for line in lines:
        error(line)
    raise BenchmarkFailed


def first_line(exc: Exception) -> str:
    """Returns what an exception says in one line; its type where it says nothing."""
    return next((line for line in str(exc).splitlines() if line.strip()), type(exc).__name__)


def fatal(text: str) -> NoReturn:
    """Writes a FATAL line and aborts, as TFLITE_LOG(FATAL) does; a shell reports 134."""
    _write(STDERR, f"FATAL: {text}\n")
    # The tool's message is the evidence; a core file of the Python process is none.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    os.abort()


@contextmanager
def without_runtime_line(line: bytes) -> Iterator[None]:
    """Keeps one line of the C code off stderr while the block runs; all other lines come when it ends."""
    with tempfile.TemporaryFile() as held:
        saved = os.dup(STDERR)
        os.dup2(held.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(saved, STDERR)
            os.close(saved)
            held.seek(0)
            for written in held:
                if written.rstrip() != line:
                    _write(STDERR, os.fsdecode(written))


def _write(stream: int, text: str) -> None:
    rest = memoryview(text.encode("utf-8", "surrogateescape"))
    try:
        while rest:
            rest = rest[os.write(stream, rest) :]
    except OSError as exc:
        raise StreamBroken(f"cannot write to file descriptor {stream}: {exc.strerror}") from exc
