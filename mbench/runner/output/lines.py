"""Lines of benchmark_model's output: stripped of carriage returns, logcat prefixes and level marks; nothing is parsed.

Forms that are understood, all of the same line:

    INFO: STARTING!                                             tool since about TensorFlow 2.12, runtime always
    STARTING!                                                   tool before
    I/tflite  ( 6178): STARTING!                                logcat, brief
    08-28 22:39:24.974 I/tflite  ( 6178): STARTING!             logcat, time
    08-28 22:39:24.974  6178  6178 I tflite  : STARTING!        logcat, threadtime; uid has one more word before the ids
    I/tflite  : STARTING!                                       logcat, tag
    [ 08-28 22:39:24.974  6178: 6178 I/tflite   ]               logcat, long: the text stands on the lines below
    2026-08-28 22:39:24.974  6178-6178  tflite  org.app  I  STARTING!      Android Studio
    2026-08-28 22:39:24.974 6178-6178/org.app I/tflite: STARTING!          Android Studio until 2022
    22:39:24.974  I  STARTING!                                  Android Studio, compact
    INFO: [benchmark_litert_model.h:91] STARTING!               LiteRT's own log
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Stream = Literal["stdout", "stderr"]

STARTED = "STARTING!"
_CLOCK = r"\d\d:\d\d:\d\d\.\d{1,9}"
_STAMP = rf"(?:(?:\d{{4}}-)?\d\d-\d\d {_CLOCK}(?: [+-]\d{{4}})?|\d{{1,12}}\.\d{{3,9}})"
_FORMS = (
    rf"(?:{_STAMP}\s{{1,9}})?(?P<brief>[VDIWEFA])/(?P<tag>[^(:]{{0,99}}?)\s{{0,99}}\(\s{{0,9}}\d{{1,9}}\): ?",
    rf"(?:{_STAMP}\s{{1,9}})?(?P<bare>[VDIWEFA])/(?i:tflite|litert)\w{{0,40}}\s{{0,99}}: ?",
    rf"{_STAMP}\s{{1,9}}\d{{1,9}}-\d{{1,9}}/\S{{1,200}}\s{{1,9}}(?P<old>[VDIWEFA])/(?P<old_tag>[^:]{{0,99}}): ?",
    (
        rf"{_STAMP}\s{{1,9}}(?:[a-z]\w{{0,19}}\s{{1,9}}|\d{{1,9}}\s{{1,9}})?\d{{1,9}}\s{{1,9}}\d{{1,9}}\s{{1,9}}"
        r"(?P<thread>[VDIWEFA])\s{1,9}(?P<thread_tag>[^:]{0,99}?)\s{0,99}: ?"
    ),
    (
        rf"{_STAMP}\s{{1,9}}\d{{1,9}}-\d{{1,9}}\s{{1,9}}(?P<studio_tag>\S{{1,99}})(?:\s{{1,99}}\S{{1,200}}){{0,3}}?"
        r"\s{1,99}(?P<studio>[VDIWEFA])\s{1,2}"
    ),
    rf"{_CLOCK}\s{{1,9}}(?P<compact>[VDIWEFA])\s{{1,2}}",
)  # every repetition is bounded: a log of nothing but spaces must not take minutes
_LETTER_GROUPS = ("brief", "bare", "old", "thread", "studio", "compact")
_TAG_GROUPS = ("tag", "old_tag", "thread_tag", "studio_tag")
_HEAD = "|".join(f"(?:{form})" for form in _FORMS)
LOGCAT_HEAD = re.compile(rf"(?:{_HEAD})\Z", re.ASCII)
"""What logcat puts before a line, at the end of a text."""
_LOGCAT = re.compile(rf"(?:{_HEAD})(?P<text>.*)", re.ASCII)
_LONG = re.compile(
    rf"\[ {_STAMP}\s{{1,9}}\d{{1,9}}:\s{{0,9}}\d{{1,9}} (?P<letter>[VDIWEFA])/(?P<tag>[^\]:]{{0,99}}?)\s{{0,99}}\]",
    re.ASCII,
)
_TAGS = re.compile(r"tflite|litert", re.IGNORECASE)
_LETTERS = {"V": "VERBOSE", "D": "VERBOSE", "I": "INFO", "W": "WARN", "E": "ERROR", "F": "FATAL", "A": "FATAL"}
LEVEL_MARK = r"(?:(?:VERBOSE|INFO|WARN|WARNING|ERROR|FATAL): ?)?"
_LEVEL = re.compile(r"(VERBOSE|INFO|WARN|WARNING|ERROR|FATAL): ?(.*)", re.DOTALL)
_SOURCE = re.compile(r"\[[\w./-]+\.(?:h|cc|cpp|py):\d+\] ?", re.ASCII)
OWN = re.compile(
    rf"{LEVEL_MARK}"
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
        logcat: whether it stood in logcat's form.
    """

    stream: Stream
    number: int
    level: str | None
    text: str
    logcat: bool = False

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
    plain = any(OWN.match(text) for _, text in out + err)
    streams: tuple[tuple[Stream, list[tuple[int, str]]], ...] = (("stdout", out), ("stderr", err))
    return tuple(
        line
        for stream, numbered in streams
        for number, text in numbered
        if (line := _line(stream, number, text, logcat=not plain)) is not None
    )


def _split(text: str) -> list[tuple[int, str]]:
    rows = text.removeprefix("\ufeff").replace("\r", "").split("\n")
    return list(_brief((number, row) for number, row in enumerate(rows, start=1) if row.strip()))


def _brief(rows: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the rows, those below a head of logcat's long form in the brief one."""
    head = ""
    for number, row in rows:
        if found := _LONG.match(row):
            head = f"{found['letter']}/{found['tag']}(0): "
        else:
            yield number, head + row


def _line(stream: Stream, number: int, text: str, *, logcat: bool) -> Line | None:
    level = None
    if found := _LOGCAT.fullmatch(text):
        tags = [found[name] for name in _TAG_GROUPS if found[name] is not None]
        if not logcat or not all(_TAGS.search(tag) for tag in tags):
            return None
        letter = next(found[name] for name in _LETTER_GROUPS if found[name])
        level, text = _LETTERS[letter], found["text"]
    if marked := _LEVEL.fullmatch(text):
        level, text = marked[1].replace("WARNING", "WARN"), marked[2]
    text = _SOURCE.sub("", text, count=1) if _SOURCE.match(text) else text
    text = text.strip()
    return Line(stream=stream, number=number, level=level, text=text, logcat=found is not None) if text else None
