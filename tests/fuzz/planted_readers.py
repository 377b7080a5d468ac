"""Readers with one fault each, and one without, for the fuzzer to find; all take an input that begins with `good`."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.fuzz.reader import Form, Reader
from mbench.core.errors import UsageError

_KEPT: list[bytearray] = []


def _fault(fault: Callable[[], object]) -> Callable[[bytes, Path], object]:
    def read(data: bytes, _: Path) -> object:
        return None if data.startswith(b"good") else fault()

    return read


def _refuse() -> None:
    raise UsageError("not good.")


def _recurse() -> None:
    _recurse()


def _compute_elsewhere() -> None:
    subprocess.run([sys.executable, "-c", "while True: pass"], check=True)


FAULTS = {
    "refuses": _refuse,
    "raises": lambda: {}["key"],
    "recurses": _recurse,
    "waits": lambda: time.sleep(3600),
    "computes": lambda: sum(0 for _ in iter(int, 1)),
    "eats": lambda: _KEPT.append(bytearray(1 << 30)),
    "aborts": os.abort,
}
READERS = (
    *(
        Reader(name=name, form=Form.TEXT, seeds=lambda: [b"good 1\n"], read=_fault(fault))
        for name, fault in FAULTS.items()
    ),
    Reader(
        name="computes-elsewhere",
        form=Form.TEXT,
        seeds=lambda: [b"good 1\n"],
        read=_fault(_compute_elsewhere),
        own_processes_s=0.8,
    ),
    Reader(name="dishonest", form=Form.TEXT, seeds=lambda: [b"bad\n"], read=_fault(_refuse)),
)
