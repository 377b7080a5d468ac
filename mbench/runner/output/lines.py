"""Lines of benchmark_model's output: stripped of carriage returns, logcat prefixes and level marks; nothing is parsed.

Forms that are understood, all of the same line:

    INFO: STARTING!                                             tool since about TensorFlow 2.12, runtime always
    STARTING!                                                   tool before
    I/tflite  ( 6178): STARTING!                                logcat, brief
    08-28 22:39:24.974 I/tflite  ( 6178): STARTING!             logcat, time
    08-28 22:39:24.974  6178  6178 I tflite  : STARTING!        logcat, threadtime
    INFO: [benchmark_litert_model.h:91] STARTING!               LiteRT's own log
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stream = Literal["stdout", "stderr"]

_LOGCAT = re.compile(
    r"(?:(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9}(?: [+-]\d{4})?\s{1,9})?"
    r"(?:(?P<brief>[VDIWEFA])/(?P<tag>[^(:]{0,99}?)\s{0,99}\(\s{0,9}\d{1,9}\): ?"
    r"|(?<=\s)\d{1,9}\s{1,9}\d{1,9}\s{1,9}(?P<thread>[VDIWEFA])\s{1,9}(?P<thread_tag>[^:]{0,99}?)\s{0,99}: ?)"
    r"(?P<text>.*)",
    re.ASCII,
)  # every repetition is bounded: a log of nothing but spaces must not take minutes
_TAGS = re.compile(r"tflite|litert", re.IGNORECASE)
_LETTERS = {"V": "VERBOSE", "D": "VERBOSE", "I": "INFO", "W": "WARN", "E": "ERROR", "F": "FATAL", "A": "FATAL"}
_LEVEL = re.compile(r"(VERBOSE|INFO|WARN|WARNING|ERROR|FATAL): ?(.*)", re.DOTALL)
_SOURCE = re.compile(r"\[[\w./-]+\.(?:h|cc|cpp|py):\d+\] ?", re.ASCII)
_OWN = re.compile(
    r"(?:(?:VERBOSE|INFO|WARN|WARNING|ERROR|FATAL): ?)?"
    r"(?:STARTING!|Running benchmark for|count=|Inference timings|Average inference timings|Initialized session"
    r"|Loaded model|Log parameter values|Replacing \d)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that says something.

    Attributes:
        number: 1, 2, … within its stream.
        level: `VERBOSE`, `INFO`, `WARN`, `ERROR` or `FATAL`; None where the line bears no mark.
    """

    stream: Stream
    number: int
    level: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.stream} line {self.number}: {shortened(self.text)!r}"


Complain = Callable[[Line, str], None]
"""Takes a line that is not what it should be, and why."""


def shortened(text: str, limit: int = 160) -> str:
    """Return the text, cut with an ellipsis where it is long."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def read_lines(stdout: str, stderr: str) -> tuple[Line, ...]:
    """Return all lines, those of stdout first.

    Where plain lines of the tool exist, lines in logcat's form are copies of them and left out. Where every line of
    stderr stands in stdout too, stdout is the merged text and stderr is left out.
    """
    out, err = _split(stdout), _split(stderr)
    if not Counter(text for _, text in err) - Counter(text for _, text in out):
        err = []
    plain = any(_OWN.match(text) for _, text in out + err)
    streams: tuple[tuple[Stream, list[tuple[int, str]]], ...] = (("stdout", out), ("stderr", err))
    return tuple(
        line
        for stream, numbered in streams
        for number, text in numbered
        if (line := _line(stream, number, text, logcat=not plain)) is not None
    )


def _split(text: str) -> list[tuple[int, str]]:
    rows = text.removeprefix("\ufeff").replace("\r", "").split("\n")
    return [(number, row) for number, row in enumerate(rows, start=1) if row.strip()]


def _line(stream: Stream, number: int, text: str, *, logcat: bool) -> Line | None:
    level = None
    if found := _LOGCAT.fullmatch(text):
        if not logcat or not _TAGS.search(found["tag"] or found["thread_tag"] or ""):
            return None
        level, text = _LETTERS[found["brief"] or found["thread"]], found["text"]
    if marked := _LEVEL.fullmatch(text):
        level, text = marked[1].replace("WARNING", "WARN"), marked[2]
    text = _SOURCE.sub("", text, count=1) if _SOURCE.match(text) else text
    text = text.strip()
    return Line(stream=stream, number=number, level=level, text=text) if text else None
