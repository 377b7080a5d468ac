"""A storage server on this host that holds one binary, an empty library, and no proxies around them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from elf_samples import android_arm64
from fetching_lab import TFLITE
from storage_server import Item, Storage, serving

from mbench.binaries.library import BinaryLibrary


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def storage() -> Iterator[Storage]:
    with serving() as (storage, _):
        storage.items[TFLITE] = Item(android_arm64())
        yield storage


@pytest.fixture
def library(tmp_path: Path) -> BinaryLibrary:
    return BinaryLibrary(tmp_path / "binaries")
