"""Which of the two programs a binary is, by the names of flags that stand in it."""

from pathlib import Path
from typing import Final

from mbench.binaries.records import Flavour
from mbench.core.errors import UsageError
from mbench.core.numbers.limits import MOST_PROGRAM_BYTES
from mbench.files.regular import read_regular

MOST_BYTES: Final = MOST_PROGRAM_BYTES

_BOTH: Final = b"warmup_min_secs"
_ONLY: Final[dict[Flavour, bytes]] = {"tflite": b"input_layer_value_files", "litert": b"dispatch_library_path"}
"""Flags that one has and the other lacks (LiteRT `tflite/tools/benchmark`, `litert/tools`)."""


def flavour_of(path: Path) -> Flavour | None:
    """Return the flavour that a file's own text shows, None where it shows benchmark_model but not which.

    Raises:
        UsageError: it is not there, or is no benchmark_model.
    """
    try:
        data = read_regular(path, limit_bytes=MOST_BYTES)
    except OSError as error:
        raise UsageError(f"could not read {path}: {error.strerror or error}.") from error
    if _BOTH not in data:
        raise UsageError(f"{path} is no benchmark_model: none of its flags stands in it.")
    shown = [flavour for flavour, flag in _ONLY.items() if flag in data]
    return shown[0] if len(shown) == 1 else None
