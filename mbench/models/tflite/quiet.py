"""Keeps tensorflow's and the converter's chatter off the terminal: only what mbench says is for people."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

STDOUT, STDERR = 1, 2


@contextmanager
def quiet(*, gpu: bool = False, into: int | None = None) -> Iterator[None]:
    """Send both streams of this process, C++ code included, elsewhere while the block runs.

    Python's own `sys.stdout` does not help: the converter writes to the file descriptor. Not for a process whose
    other threads have something to say meanwhile.

    Args:
        gpu: whether tensorflow may look for one, which is loud; a build needs none.
        into: file descriptor that gets what is written; None: an unnamed file.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["KERAS_HOME"] = f"{os.devnull}/keras"  # nothing of a user's keras.json, nor a new one
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read once, when tensorflow is imported
    if not gpu:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    with tempfile.TemporaryFile() as sink:
        _flush()
        kept = {stream: os.dup(stream) for stream in (STDOUT, STDERR)}
        try:
            for stream in kept:
                os.dup2(sink.fileno() if into is None else into, stream)
            yield
        finally:
            _flush()
            for stream, copy in kept.items():
                os.dup2(copy, stream)
                os.close(copy)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
