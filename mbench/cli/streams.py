"""stdout and stderr: what they speak, and how they end where somebody cannot take all of it.

All that mbench prints leaves through here (ruff forbids `print` elsewhere), cleaned of what a terminal would obey.
"""

import io
import os
import sys
from contextlib import suppress
from typing import Final, TextIO

from mbench.core.plain_text import LONGEST_LINE, cut, escaped_json, one_line, plain_lines

UNWRITTEN: Final = 4
"""Exit code of an answer that could not be written, as of a file that could not."""

WIDEST: Final = 10_000
"""Columns or lines of a terminal; who claims more is not believed."""


def open_closed() -> None:
    """Open what the caller closed, such as by `2>&-`: else the next file would take its number, and its text.

    What is written to a closed stdout fails, and is reported like any answer that is not taken; a closed stderr takes
    everything and shows nothing. Children find all three open.
    """
    taken = os.open(os.devnull, os.O_RDWR)
    while taken <= 2:
        os.set_inheritable(taken, True)
        taken = os.dup(taken)
    os.close(taken)
    if sys.stdout is None:
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


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


def forget_odd_sizes() -> None:
    """Drop COLUMNS and LINES where they are no size of a terminal, and let the terminal itself be asked."""
    for name in ("COLUMNS", "LINES"):
        said = os.environ.get(name, "1")
        if not (said.isascii() and said.isdecimal() and len(said) < 9 and 1 <= int(said) <= WIDEST):
            del os.environ[name]


def write(text: str) -> None:
    """Write lines to stdout, the last one ended too."""
    _put(plain_lines(text))


def write_line(text: str) -> None:
    """Write one line to stdout."""
    _put(one_line(text))


def write_json(text: str) -> None:
    """Write a JSON text to stdout: its value is exact, and what a terminal would obey is escaped."""
    _put(escaped_json(text))


def write_styled(text: str) -> None:
    """Write text whose only escape sequences are rich's own: its parts were cleaned before they were laid out."""
    _put(text)


def end(code: int) -> int:
    """Write what is still buffered, and return the exit code that the process deserves: `code`, or 4 in place of 0."""
    try:
        _flush(sys.stdout)
    except OSError as error:
        code = unwritten(error) or code
    try:
        _flush(sys.stderr)
    except OSError:  # nobody is left to read it
        _silence(sys.stderr)
    return code


def unwritten(error: OSError) -> int:
    """Report that stdout did not take the answer, drop the rest, return the exit code; one without a reader is none."""
    _silence(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return 0
    tell(f"output: {error.strerror or error}.")
    return UNWRITTEN


def tell(line: str) -> None:
    """Say one line on stderr; where that is full or read by nobody, the exit code still tells."""
    tell_lines(f"mbench: {cut(one_line(line), LONGEST_LINE)}")


def tell_lines(text: str) -> None:
    """Say lines on stderr, whole among those of other threads: `print` would write their end apart.

    A log that is full, or that nobody reads any more, ends no measuring.
    """
    with suppress(OSError):
        sys.stderr.write(f"{plain_lines(text)}\n")
        sys.stderr.flush()


def drop_unwritten() -> None:
    """Drop what stdout does not take, an error that is reported elsewhere."""
    try:
        _flush(sys.stdout)
    except OSError:
        _silence(sys.stdout)


def _put(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def _flush(stream: TextIO) -> None:
    stream.flush()


def _silence(stream: TextIO) -> None:
    """Send the rest nowhere; Python would try it again at its end, and end with 120."""
    if isinstance(stream, io.TextIOWrapper):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
