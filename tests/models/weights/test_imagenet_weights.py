"""Fetching published weights from a real server on this host."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from storage_server import Item, Storage, serving

from mbench.core.builds.recipes import Weights, WeightsKind
from mbench.core.builds.variants import Head, Size
from mbench.core.errors import ArtifactError, UsageError
from mbench.core.ports import SilentProgress
from mbench.models.weights.imagenet_weights import fetch_imagenet, file_name

FILE = b"weights of a network" * 1000
NAME = "mobilenet_5_0_160_tf.h5"


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with serving() as (storage, _):
        storage.items[f"/{NAME}"] = Item(FILE)
        yield storage


def fetch(storage: Storage, folder: Path, **more: Any) -> Weights:
    return fetch_imagenet(Size(alpha=0.5, resolution=160), Head(), folder, base_url=f"{storage.url}/", **more)


def test_a_file_is_fetched_and_known_by_its_hash(storage: Storage, tmp_path: Path) -> None:
    weights = fetch(storage, tmp_path / "new")

    path = tmp_path / "new" / NAME
    assert path.read_bytes() == FILE
    assert weights == Weights(kind=WeightsKind.IMAGENET, sha256=hashlib.sha256(FILE).hexdigest(), source=str(path))
    assert {one.name for one in path.parent.rglob("*") if one.is_file()} == {NAME, f"{NAME}.json", f"{NAME}.lock"}


def test_a_fetched_file_is_not_fetched_again(storage: Storage, tmp_path: Path) -> None:
    first = fetch(storage, tmp_path)
    storage.items.clear()

    assert fetch(storage, tmp_path) == first
    assert len(storage.requests) == 1


def test_a_file_of_an_earlier_checkout_is_used(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(FILE)
    noted = {"url": "https://example.org/w.h5", "size_bytes": len(FILE), "sha256": hashlib.sha256(FILE).hexdigest()}
    (tmp_path / f"{NAME}.json").write_text(json.dumps(noted, indent=2))

    assert fetch(storage, tmp_path).sha256 == noted["sha256"]
    assert storage.requests == []


def test_a_file_that_changed_on_disk_is_refused(storage: Storage, tmp_path: Path) -> None:
    fetch(storage, tmp_path)
    (tmp_path / NAME).write_bytes(b"something else")

    with pytest.raises(ArtifactError, match="no longer what was fetched"):
        fetch(storage, tmp_path)


def test_a_file_that_changed_on_the_server_is_refused_until_its_note_is_deleted(
    storage: Storage, tmp_path: Path
) -> None:
    fetch(storage, tmp_path)
    (tmp_path / NAME).unlink()
    storage.items[f"/{NAME}"] = Item(FILE[::-1])

    with pytest.raises(ArtifactError, match=r"no longer what it was: .*; delete .*_tf\.h5\.json to accept it\."):
        fetch(storage, tmp_path)

    (tmp_path / f"{NAME}.json").unlink()
    assert fetch(storage, tmp_path).sha256 == hashlib.sha256(FILE[::-1]).hexdigest()


def test_a_file_that_is_not_there_names_the_answer(storage: Storage, tmp_path: Path) -> None:
    storage.items.clear()

    with pytest.raises(ArtifactError, match=rf"{NAME} could not be fetched: the server answered 404 .*Keras publishes"):
        fetch(storage, tmp_path)


def test_a_file_that_was_cut_is_gone_on_with_and_progress_is_shown(storage: Storage, tmp_path: Path) -> None:
    storage.items[f"/{NAME}"].cuts = [5000, 5000]
    notes: list[str] = []

    class Heard(SilentProgress):
        def note(self, text: str) -> None:
            notes.append(text.rpartition(": ")[2])

    assert fetch(storage, tmp_path, progress=Heard()).sha256 == hashlib.sha256(FILE).hexdigest()
    assert storage.asked("Range") == [None, "bytes=5000-", "bytes=10000-"]
    assert notes == [f"it was cut after {size} of {len(FILE)} bytes; trying again" for size in (5000, 10_000)]


def test_a_file_that_is_cut_each_time_leaves_no_file_and_no_note(storage: Storage, tmp_path: Path) -> None:
    storage.items[f"/{NAME}"] = Item(FILE, etag=None, cuts=[5000, 5000, 5000])

    with pytest.raises(ArtifactError, match=f"cut after 5000 of {len(FILE)} bytes"):
        fetch(storage, tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{NAME}.lock"]


def test_a_web_page_is_not_kept_as_weights(storage: Storage, tmp_path: Path) -> None:
    storage.items[f"/{NAME}"] = Item(b"<html>Log in</html>")

    with pytest.raises(ArtifactError, match=r"web page and not with a weights file.* --weights FILE"):
        fetch(storage, tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{NAME}.lock"]


def test_processes_that_fetch_at_once_download_once(storage: Storage, tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from mbench.core.builds.variants import Head, Size
from mbench.models.weights.imagenet_weights import fetch_imagenet
size, folder = Size(alpha=0.5, resolution=160), Path({str(tmp_path)!r})
print(fetch_imagenet(size, Head(), folder, base_url={storage.url + "/"!r}).sha256)
"""
    running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]

    assert {process.communicate()[0].strip() for process in running} == {hashlib.sha256(FILE).hexdigest()}
    assert storage.body_bytes == len(FILE)


def test_a_server_that_does_not_answer_gives_one_line(tmp_path: Path) -> None:
    gone = Storage(url="http://127.0.0.1:9")
    with pytest.raises(ArtifactError, match=r"could not be fetched: .*refused.* Check the network") as caught:
        fetch(gone, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_broken_note_of_the_first_sighting_is_named(storage: Storage, tmp_path: Path) -> None:
    fetch(storage, tmp_path)
    (tmp_path / "mobilenet_5_0_160_tf.h5.json").write_text("{")

    with pytest.raises(ArtifactError, match=r"mobilenet_5_0_160_tf\.h5\.json cannot be read"):
        fetch(storage, tmp_path)


def test_other_resolutions_take_the_weights_of_224_pixels() -> None:
    assert file_name(Size(alpha=1.0, resolution=96)) == "mobilenet_1_0_224_tf.h5"


def test_an_unpublished_width_is_refused() -> None:
    with pytest.raises(UsageError, match=r"alpha 0\.35, only for 1\.0, 0\.75, 0\.5, 0\.25"):
        file_name(Size(alpha=0.35))


def test_another_number_of_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1000 classes, not 10"):
        fetch_imagenet(Size(), Head(name="ten", classes=10), tmp_path)
