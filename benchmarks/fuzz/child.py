"""The process that readers run in: takes inputs on its standard input, answers each with a line of JSON.

    {"reader": "plan", "size": 512}   and 512 bytes; without a size the reader's honest inputs, without a bound
    {"outcome": "refused"}            or "read", or "exception" and "memory" with what, where and message

What a reader prints goes nowhere; the traceback of a crash, or of a hang when SIGUSR1 asks for it, goes to stderr.
"""

import faulthandler
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.fuzz.limits import growing_by, memory_bytes
from benchmarks.fuzz.reader import Reader
from mbench.core.errors import MbenchError

_LONGEST = 300


def main(catalogue: str) -> None:
    """Answer inputs until there are no more.

    Args:
        catalogue: the module whose `READERS` are meant.
    """
    readers: dict[str, Reader] = {reader.name: reader for reader in import_module(catalogue).READERS}
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    answers.write("ready\n")
    answers.flush()
    while line := requests.readline():
        asked: dict[str, Any] = json.loads(line)
        reader = readers[asked["reader"]]
        answer = _answered(reader, requests.read(asked["size"]), bounded=True) if "size" in asked else _honest(reader)
        answers.write(f"{json.dumps(answer)}\n")
        answers.flush()


def _honest(reader: Reader) -> dict[str, str]:
    """Read what the reader must take; this also imports all that it needs."""
    for data in reader.seeds():
        answer = _answered(reader, data, bounded=False)
        if answer["outcome"] != "read":
            return {"what": "honest input", **answer, "outcome": "exception"}
    return {"outcome": "read"}


def _answered(reader: Reader, data: bytes, *, bounded: bool) -> dict[str, str]:
    folder = Path(tempfile.mkdtemp(prefix="input-"))
    try:
        with growing_by(memory_bytes()) if bounded else nullcontext():
            reader.read(data, folder)
    except BaseException as error:  # whatever it is that a reader should not raise: that is what is looked for
        if isinstance(error, (MbenchError, *reader.refusals)):
            return {"outcome": "refused", "message": _one_line(error)}
        return _finding("memory" if isinstance(error, MemoryError) else "exception", error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"outcome": "read"}


def _finding(outcome: str, error: BaseException) -> dict[str, str]:
    return {
        "outcome": outcome,
        "what": type(error).__name__,
        "where": _place(error.__traceback__),
        "message": _one_line(error),
    }


def _one_line(error: BaseException) -> str:
    words = " ".join(str(error).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


def _place(trace: TracebackType | None) -> str:
    """Return the innermost line of mbench: `mbench/store/documents.py:82 _parse_object`."""
    frames = traceback.extract_tb(trace)
    ours = [frame for frame in frames if "/mbench/" in frame.filename and "/site-packages/" not in frame.filename]
    frame = (ours or frames)[-1]
    return f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}"


if __name__ == "__main__":
    main(sys.argv[1])
