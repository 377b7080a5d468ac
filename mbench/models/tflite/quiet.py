"""Keeps tensorflow's and the converter's chatter off the terminal: only what mbench says is for people."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from mbench.files.printed import redirected


@contextmanager
def quiet(*, gpu: bool = False) -> Iterator[None]:
    """Send both streams of this process, C++ code included, elsewhere while the block runs.

    Not for a process whose other threads have something to say meanwhile.

    Args:
        gpu: whether tensorflow may look for one, which is loud; a build needs none.
    """
    set_tensorflow_up(gpu=gpu)
    with tempfile.TemporaryFile() as sink, redirected(sink.fileno()):
        yield


def set_tensorflow_up(*, gpu: bool = False) -> None:
    """Set what tensorflow reads of the environment when it is imported."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["KERAS_HOME"] = f"{os.devnull}/keras"  # nothing of a user's keras.json, nor a new one
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read once, when tensorflow is imported
    if not gpu:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
