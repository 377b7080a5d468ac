"""Fetching published weights from a real server on this host."""

import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from mbench.core.errors import ArtifactError, UsageError
from mbench.core.recipes import Weights, WeightsKind
from mbench.core.variants import Head, Size
from mbench.models.weights.imagenet_weights import fetch_imagenet, file_name

FILE = b"weights of a network" * 1000
RIGHT, MISSING, CUT, CHANGED = "right", "missing", "cut", "changed"


class Storage(BaseHTTPRequestHandler):
    """Answers `/MODE/NAME`: the mode says what goes wrong."""

    def do_GET(self) -> None:
        mode = self.path.split("/")[1]
        if mode == MISSING:
            self.send_error(404)
            return
        body = FILE[::-1] if mode == CHANGED else FILE
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if mode == CUT else body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Storage) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def fetch(storage: str, mode: str, folder: Path) -> Weights:
    return fetch_imagenet(Size(alpha=0.5, resolution=160), Head(), folder, base_url=f"{storage}{mode}/")


def test_a_file_is_fetched_and_known_by_its_hash(storage: str, tmp_path: Path) -> None:
    weights = fetch(storage, RIGHT, tmp_path / "new")

    path = tmp_path / "new" / "mobilenet_5_0_160_tf.h5"
    assert path.read_bytes() == FILE
    assert weights == Weights(kind=WeightsKind.IMAGENET, sha256=hashlib.sha256(FILE).hexdigest(), source=str(path))


def test_a_fetched_file_is_not_fetched_again(storage: str, tmp_path: Path) -> None:
    first = fetch(storage, RIGHT, tmp_path)

    assert fetch(storage, MISSING, tmp_path) == first


def test_a_file_that_changed_on_disk_is_refused(storage: str, tmp_path: Path) -> None:
    fetch(storage, RIGHT, tmp_path)
    (tmp_path / "mobilenet_5_0_160_tf.h5").write_bytes(b"something else")

    with pytest.raises(ArtifactError, match="no longer what was fetched"):
        fetch(storage, RIGHT, tmp_path)


def test_a_file_that_changed_on_the_server_is_refused(storage: str, tmp_path: Path) -> None:
    fetch(storage, RIGHT, tmp_path)
    (tmp_path / "mobilenet_5_0_160_tf.h5").unlink()

    with pytest.raises(ArtifactError, match="no longer what it was"):
        fetch(storage, CHANGED, tmp_path)


def test_a_file_that_is_not_there_names_the_answer(storage: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"mobilenet_5_0_160_tf\.h5 could not be fetched: the server answered 404"):
        fetch(storage, MISSING, tmp_path)


def test_a_file_that_was_cut_short_leaves_nothing_behind(storage: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=f"cut short: {len(FILE) // 2} of {len(FILE)} bytes"):
        fetch(storage, CUT, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"could not be fetched: .*refused.* Check the network") as caught:
        fetch("http://127.0.0.1:9/", RIGHT, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_broken_note_of_the_first_sighting_is_named(storage: str, tmp_path: Path) -> None:
    fetch(storage, RIGHT, tmp_path)
    (tmp_path / "mobilenet_5_0_160_tf.h5.json").write_text("{")

    with pytest.raises(ArtifactError, match=r"mobilenet_5_0_160_tf\.h5\.json cannot be read"):
        fetch(storage, RIGHT, tmp_path)


def test_other_resolutions_take_the_weights_of_224_pixels() -> None:
    assert file_name(Size(alpha=1.0, resolution=96)) == "mobilenet_1_0_224_tf.h5"


def test_an_unpublished_width_is_refused() -> None:
    with pytest.raises(UsageError, match=r"alpha 0\.35, only for 1\.0, 0\.75, 0\.5, 0\.25"):
        file_name(Size(alpha=0.35))


def test_another_number_of_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1000 classes, not 10"):
        fetch_imagenet(Size(), Head(name="ten", classes=10), tmp_path)
