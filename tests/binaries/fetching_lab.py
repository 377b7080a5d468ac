"""What tests of fetching share: addresses, timeouts, a fetch, what it must leave alone, and what progress reports."""

import json
from typing import Any

import pytest
from storage_server import Storage

from mbench.binaries.fetching import fetch
from mbench.binaries.library import BinaryLibrary
from mbench.binaries.records import BinaryRecord
from mbench.core.errors import MbenchError
from mbench.files.downloads import Timeouts

TFLITE = "/tflite/latest/android_aarch64_benchmark_model"
LITERT = "/litert/2.2.0/android_arm64/benchmark_model"
ACCELERATOR = "/litert/2.2.0/android_arm64/libLiteRtClGlAccelerator.so"
QUICK = Timeouts(silence_s=0.4, window_s=0.4, window_bytes=1000, attempts=1)
"""For servers that stand still; a busy host may be as slow to answer."""
ONCE = Timeouts(silence_s=20.0, window_s=20.0, window_bytes=1000, attempts=1)
DATE = "Wed, 01 May 2024 12:00:00 GMT"


def get(storage: Storage | str, library: BinaryLibrary, **more: Any) -> BinaryRecord:
    url = storage if isinstance(storage, str) else storage.url
    asked = {"abi": "arm64-v8a", "flavour": "tflite", "timeouts": ONCE, **more}
    return fetch(library=library, base_urls={"tflite": f"{url}/tflite", "litert": f"{url}/litert/"}, **asked)


def refused(storage: Storage | str, library: BinaryLibrary, **more: Any) -> str:
    """Return the one line that a fetch ends with, having seen that the library is as it was."""
    before = library.records()
    with pytest.raises(MbenchError) as caught:
        get(storage, library, **more)
    assert "\n" not in str(caught.value)
    assert (library.records(), library.verify()) == (before, [])
    return str(caught.value)


def pins(library: BinaryLibrary) -> dict[str, Any]:
    return dict(json.loads((library.folder / "binaries.lock.json").read_text())["pins"])


def parts(library: BinaryLibrary) -> list[int]:
    return [path.stat().st_size for path in (library.folder / "downloads").glob("*.part")]


class Heard:
    """Progress that writes down what is reported."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None]] = []
        self.notes: list[str] = []
        self.done = self.finished = 0

    def start(self, title: str, total: int | None, *, unit: str = "steps") -> None:
        self.stages.append((title, total))

    def step(self, label: str, count: int = 0) -> None:
        self.done += count

    def grow(self, extra: int) -> None:
        raise AssertionError("sizes are known")

    def finish(self) -> None:
        self.finished += 1

    def note(self, text: str) -> None:
        self.notes.append(text)


FETCHING = """
import sys
from pathlib import Path
from mbench.binaries.fetching import fetch
from mbench.binaries.library import BinaryLibrary
url = sys.argv[2]
library = BinaryLibrary(Path(sys.argv[1]))
record = fetch(abi="arm64-v8a", flavour="tflite", library=library, base_urls={"tflite": url + "/tflite"})
print(record.sha256)
"""
