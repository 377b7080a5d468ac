r"""What people and programs put around a log before they send it, taken off again; what the log says stays as it is.

    > INFO: STARTING!                                    quoted in a mail
    2026-07-08T15:33:50.1230000Z INFO: STARTING!         a CI system's time
    \x1b[32mINFO: STARTING!\x1b[0m                       colours of a terminal
    ```INFO: STARTING!                                   a fence, or a shell's prompt, on the tool's first line
    $ ./benchmark_model --graph=m.tflite INFO: STARTING!

A prefix is not known by name: it is what stands before two or more lines of the tool, alike but for numbers and blanks.
Only `mbench parse` reads through wrappers; a run's own output has none. Lines keep their numbers.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterator

from mbench.runner.output.lines import LEVEL_MARK, LOGCAT_HEAD, STARTED

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PROBED_BYTES = 4096
_ESCAPES = re.compile(
    r"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|\x1b[()][0-9A-B]"  # ECMA-48, xterm
    r"|(?:\^\[|[\u241b\ufffd])\[[0-9;]{0,32}[mK]"  # a colour whose escape character was shown or replaced,
    r"|\A\[[0-9][0-9;]{0,32}m|\[0?m\Z"  # or lost
)
_INVISIBLE = str.maketrans({"\u00a0": " ", "\u202f": " "} | dict.fromkeys("\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"))
"""Web pages and chats put these into what is copied from them."""

_LANDMARK = re.compile(
    rf"{LEVEL_MARK}(?:\[[\w./-]{{1,99}}:\d{{1,9}}\] ?)?"
    r"(?:STARTING!|Running benchmark for (?:at least )?\d|(?:Average i|I)nference timings in us: "
    r"|Initialized session in \d|Loaded model |Log parameter values verbosely: \[|Graph: \[|Min num runs: \["
    r"|Num threads: \[|The input model file size|Initialized TensorFlow Lite runtime|Created TensorFlow Lite "
    r"|Replacing \d|={9,40} ?BENCHMARK RESULTS|Model initialization: "
    r"|(?:Warmup|Inference) \((?:first|avg|min|max|median|p5|p95)\): )",
    re.ASCII,
)
_MOST_PREFIX = 400
"""Characters in which a landmark must stand."""
_ALIKE = 2
"""Lines that must bear one prefix: a single one may be anything."""
_WORDS = re.compile(r"(\d+)|(\s+)|(\b(?:VERBOSE|DEBUG|INFO|WARNING|WARN|ERROR|FATAL)\b)", re.ASCII)
_FENCE = "`~"
_GLUED = re.compile(rf"(?P<before>.{{1,2000}}?)(?P<own>(?:INFO: ?)?{re.escape(STARTED)})\s*")
_PROMPT = re.compile(r"[$#%>❯»]|benchmark_model|--graph|```|~~~")
"""What a shell's prompt ends with, the command that stands behind it, or a fence, which may name a language."""


def decode_log(data: bytes) -> str:
    """Return the text of a log: by its byte order mark, else UTF-16 where every second byte is zero, else UTF-8."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    probe = data[:_PROBED_BYTES]
    for encoding, zeros in (("utf-16-le", probe[1::2]), ("utf-16-be", probe[::2])):
        if zeros and 2 * zeros.count(0) > len(zeros):
            return data.decode(encoding, errors="replace")
    return data.decode("utf-8", errors="replace")


def unwrapped(*texts: str) -> tuple[str, ...]:
    """Return the texts of one run without what was put around their lines."""
    logs = [[_visible(row) for row in text.replace("\r", "").split("\n")] for text in texts]
    forms = _prefixes(row for rows in logs for row in rows)
    return tuple("\n".join(_unglued(_stripped(row, forms)) for row in rows) for rows in logs)


def _visible(row: str) -> str:
    return _ESCAPES.sub("", row.translate(_INVISIBLE))


def _prefixes(rows: Iterator[str]) -> list[re.Pattern[str]]:
    """Return the forms of what stands before the tool's lines, that of most lines first."""
    seen = Counter(form for row in rows if (found := _before(row)) for form in (_form(found),))
    return [re.compile(form, re.ASCII) for form, count in seen.most_common() if count >= _ALIKE]


def _before(row: str) -> str:
    """Return what stands before a line of the tool and before logcat's head of it, empty where nothing does."""
    found = _LANDMARK.search(row, 0, _MOST_PREFIX)
    if found is None:
        return ""
    before = row[: found.start()]
    glued = found[0].endswith(STARTED) and _PROMPT.search(before)
    if glued or not before.strip(" \t" + _FENCE):
        return ""
    head = LOGCAT_HEAD.search(before)
    return before[: head.start()] if head else before


def _form(before: str) -> str:
    """Return the expression of a prefix: alike but for numbers, blanks and words of level."""
    parts, at = [r"\s{0,99}"], 0
    for word in _WORDS.finditer(before.strip()):
        parts.append(re.escape(before.strip()[at : word.start()]))
        parts.append(r"\d{1,30}" if word[1] else r"\s{1,99}" if word[2] else r"(?:[A-Z]{4,7})")
        at = word.end()
    return "".join([*parts, re.escape(before.strip()[at:]), r"\s{0,99}"])


def _stripped(row: str, forms: list[re.Pattern[str]]) -> str:
    for form in forms:
        if (found := form.match(row)) and found.end():
            row = row[found.end() :]
            break
    return row.strip()


def _unglued(row: str) -> str:
    """Return the tool's first line without the fence, prompt or command that stands before it on the same line."""
    glued = _GLUED.fullmatch(row.rstrip(_FENCE))
    return glued["own"] if glued and _PROMPT.search(glued["before"]) else row.strip(_FENCE)
