"""stdout and stderr: what they speak, and how they end where somebody cannot take all of it."""

import io
import os
import sys
from contextlib import suppress
from typing import Final, TextIO

UNWRITTEN: Final = 4
"""Exit code of an answer that could not be written, as of a file that could not."""


def speak_utf8() -> None:
    """Let both speak UTF-8 whatever the locale says, as the files that mbench writes do.

    With PYTHONUNBUFFERED text goes to the system directly, and CPython takes a write that a full disk cut short for a
    whole one; a buffer between them tries again, and so hears of the error.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if isinstance(sys.stdout, io.TextIOWrapper) and isinstance(sys.stdout.buffer, io.RawIOBase):
        buffered = io.BufferedWriter(sys.stdout.buffer)
        sys.stdout = io.TextIOWrapper(buffered, encoding="utf-8", errors="replace", line_buffering=True)


def end(code: int) -> int:
    """Write what is still buffered, and return the exit code that the process deserves: `code`, or 4 in place of 0."""
    try:
        _flush(sys.stdout)
    except OSError as error:
        code = unwritten(error) or code
    try:
        _flush(sys.stderr)
    except OSError:  # nobody is left who could be told
        _silence(sys.stderr)
    return code


def unwritten(error: OSError) -> int:
    """Say that stdout did not take the answer, drop the rest, return the exit code; a reader that has gone is none."""
    _silence(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return 0
    tell(f"output: {error.strerror or error}.")
    return UNWRITTEN


def tell(line: str) -> None:
    """Say one line on stderr; where that is full or read by nobody, the exit code still tells."""
    with suppress(OSError):
        print(f"mbench: {line}", file=sys.stderr)


def drop_unwritten() -> None:
    """Drop what stdout does not take, about which the user is told otherwise."""
    try:
        _flush(sys.stdout)
    except OSError:
        _silence(sys.stdout)


def _flush(stream: TextIO | None) -> None:
    if stream is not None:  # closed by the caller, `>&-`
        stream.flush()


def _silence(stream: TextIO | None) -> None:
    """Send the rest nowhere; Python would try it again at its end, and end with 120."""
    if isinstance(stream, io.TextIOWrapper):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
