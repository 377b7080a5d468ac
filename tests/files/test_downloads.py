"""Downloads from a real server on this host: resumed, repeated, refused, and compared with their pin."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from full_disk import small_disk
from storage_server import Item, Storage, serving

from mbench.core.errors import ArtifactError, DiskError
from mbench.files import downloads
from mbench.files.answers import Validators
from mbench.files.downloads import Arrived, Download, Timeouts, download, drop_part

BODY = b"what is fetched " * 10_000
SHA256 = hashlib.sha256(BODY).hexdigest()
PATH = "/folder/file.bin"
THRICE = Timeouts(silence_s=20.0, window_s=20.0, attempts=3, pause_s=0.0)
ONCE = Timeouts(silence_s=20.0, window_s=20.0, attempts=1)


@pytest.fixture
def storage() -> Iterator[Storage]:
    with serving() as (storage, _):
        storage.items[PATH] = Item(BODY)
        yield storage


def job(storage: Storage, folder: Path, **more: Any) -> Download:
    asked = {
        "url": storage.url + PATH,
        "part": folder / "downloads" / "file.part",
        "what": "a test file",
        "published": "only file.bin is published",
        "by_hand": "Do without it.",
        "opener": build_opener(ProxyHandler({})),
        "timeouts": THRICE,
        **more,
    }
    return Download(**asked)


def fetch(storage: Storage, folder: Path, **more: Any) -> Arrived:
    arrived = download(job(storage, folder, **more))
    assert arrived is not None
    assert arrived.sha256 == hashlib.sha256((folder / "downloads" / "file.part").read_bytes()).hexdigest()
    return arrived


def refused(storage: Storage, folder: Path, **more: Any) -> str:
    with pytest.raises(ArtifactError) as caught:
        download(job(storage, folder, **more))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "downloads").iterdir())


class Heard:
    """Progress that writes down what is reported."""

    def __init__(self) -> None:
        self.reports: list[object] = []
        self.kib = 0

    def start(self, title: str, total: int | None) -> None:
        self.reports.append((title, total))

    def step(self, label: str, count: int = 0) -> None:
        self.kib += count

    def grow(self, extra: int) -> None:
        raise AssertionError("sizes are known")

    def finish(self) -> None:
        self.reports.append("finished")

    def note(self, text: str) -> None:
        self.reports.append(text)


def test_a_file_arrives_whole_with_its_hash_size_and_state(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH].last_modified = "Wed, 01 May 2024 12:00:00 GMT"

    assert fetch(storage, tmp_path) == Arrived(
        sha256=SHA256,
        size_bytes=len(BODY),
        validators=Validators(etag='"first"', last_modified="Wed, 01 May 2024 12:00:00 GMT"),
    )
    assert (tmp_path / "downloads" / "file.part").read_bytes() == BODY


def test_progress_is_reported_in_kib_and_of_what_was_there_already(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH].cuts = [50_000]
    heard = Heard()

    fetch(storage, tmp_path, progress=heard)

    kib = -(-len(BODY) // 1024)
    assert heard.reports == [
        ("fetch file.bin, KiB", kib),
        "finished",
        f"{storage.url}{PATH}: it was cut after 50000 of {len(BODY)} bytes; trying again",
        ("fetch file.bin, KiB", kib),
        "finished",
    ]
    assert heard.kib == 50_000 // 1024 + len(BODY) // 1024


def test_a_download_that_was_cut_goes_on_where_it_ended(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH].cuts = [50_000, 30_000]

    assert fetch(storage, tmp_path).sha256 == SHA256

    assert storage.asked("Range") == [None, "bytes=50000-", "bytes=80000-"]
    assert storage.asked("If-Range") == [None, '"first"', '"first"']
    assert storage.body_bytes == len(BODY)


def test_what_a_given_up_download_got_is_kept_for_the_next(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH].cuts = [50_000, 10_000, 10_000]

    said = refused(storage, tmp_path)
    assert f"could not be fetched: it was cut after 70000 of {len(BODY)} bytes (3 attempts)." in said
    assert said.endswith("70000 bytes are kept to go on from. Check the network and try again.")

    assert fetch(storage, tmp_path).sha256 == SHA256
    assert storage.asked("Range")[-1] == "bytes=70000-"


def test_what_nobody_can_go_on_from_is_neither_kept_nor_said_to_be(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH] = Item(BODY, etag=None, cuts=[50_000])

    assert "are kept" not in refused(storage, tmp_path, timeouts=ONCE)
    assert left(tmp_path) == []


def test_a_file_that_changed_while_it_was_cut_comes_anew(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH].cuts = [50_000]
    refused(storage, tmp_path, timeouts=ONCE)
    storage.items[PATH] = Item(BODY[::-1], etag='"second"')

    assert fetch(storage, tmp_path).sha256 == hashlib.sha256(BODY[::-1]).hexdigest()


def test_a_part_of_another_address_is_not_gone_on_with(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH].cuts = [50_000]
    refused(storage, tmp_path, timeouts=ONCE)
    storage.items["/other"] = Item(BODY[::-1])

    arrived = fetch(storage, tmp_path, url=f"{storage.url}/other")

    assert arrived.sha256 == hashlib.sha256(BODY[::-1]).hexdigest()
    assert storage.asked("Range") == [None, None]


def test_a_download_that_is_killed_goes_on_where_it_ended(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH].hangs_after = 70_000
    program = f"""
from pathlib import Path
from urllib.request import ProxyHandler, build_opener
from mbench.files.downloads import Download, download
download(Download(url={storage.url + PATH!r}, part=Path({str(tmp_path / "downloads" / "file.part")!r}), what="a file",
                  published="", by_hand="", opener=build_opener(ProxyHandler({{}}))))
"""
    part = tmp_path / "downloads" / "file.part"
    process = subprocess.Popen([sys.executable, "-c", program])
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = part.stat().st_size
    storage.items[PATH].hangs_after = None

    assert 0 < kept < len(BODY)
    assert fetch(storage, tmp_path).sha256 == SHA256
    assert storage.asked("Range") == [None, f"bytes={kept}-"]


def test_a_pinned_file_arrives_and_another_one_is_refused_and_dropped(storage: Storage, tmp_path: Path) -> None:
    assert fetch(storage, tmp_path, pin=SHA256).sha256 == SHA256
    drop_part(tmp_path / "downloads" / "file.part")
    storage.items[PATH] = Item(BODY[::-1])

    said = refused(storage, tmp_path, pin=SHA256, accept="say so if you want it.")

    other = hashlib.sha256(BODY[::-1]).hexdigest()
    assert f"is no longer what it was: it gives SHA-256 {other}, pinned is {SHA256}." in said
    assert said.endswith("Nothing is changed; say so if you want it.")
    assert left(tmp_path) == []


def test_a_damaged_part_is_found_by_the_pin_and_comes_anew_next_time(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH].cuts = [50_000]
    refused(storage, tmp_path, timeouts=ONCE)
    part = tmp_path / "downloads" / "file.part"
    part.write_bytes(part.read_bytes()[:-4] + b"oops")

    assert "is no longer what it was" in refused(storage, tmp_path, pin=SHA256)

    assert fetch(storage, tmp_path, pin=SHA256).sha256 == SHA256


def test_what_is_known_and_unchanged_does_not_come_again(storage: Storage, tmp_path: Path) -> None:
    first = fetch(storage, tmp_path)
    sent = storage.body_bytes
    drop_part(tmp_path / "downloads" / "file.part")

    assert download(job(storage, tmp_path, known=first.validators)) is None
    assert storage.body_bytes == sent
    assert left(tmp_path) == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_cannot_answer_now_is_asked_again(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(downloads.time, "sleep", slept.append)
    storage.items[PATH].refusals = [status, status]

    assert fetch(storage, tmp_path, timeouts=Timeouts(silence_s=20.0, pause_s=1.5)).sha256 == SHA256

    assert len(storage.requests) == 3
    assert slept == [1.5, 1.5]


def test_a_server_that_never_answers_is_given_up_after_three_attempts(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH].status = 503

    said = refused(storage, tmp_path)

    assert said.endswith("the server answered 503 Service Unavailable (3 attempts). Try again later.")
    assert len(storage.requests) == 3


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (404, "It may not exist: only file.bin is published."),
        (403, "It may not exist: only file.bin is published."),
        (410, "It may not exist: only file.bin is published."),
        (401, "Do without it."),
        (501, "Try again later."),
    ],
)
def test_an_answer_that_will_not_change_is_not_asked_for_again(
    storage: Storage, tmp_path: Path, status: int, advice: str
) -> None:
    storage.items[PATH].status = status

    said = refused(storage, tmp_path)

    assert f"the server answered {status} " in said
    assert said.endswith(advice)
    assert len(storage.requests) == 1


def test_a_body_that_is_shorter_than_was_said_is_cut(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH] = Item(BODY[:-1], says_length=False, headers={"Content-Length": str(len(BODY))})

    assert f"it was cut after {len(BODY) - 1} of {len(BODY)} bytes" in refused(storage, tmp_path, timeouts=ONCE)


def test_a_file_of_absurd_size_is_refused_before_it_comes(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH] = Item(says_length=False, headers={"Content-Length": str((1 << 30) + 1)})

    assert "has 1073741825 bytes, far too many for a test file; look what it is." in refused(storage, tmp_path)
    assert (len(storage.requests), left(tmp_path)) == (1, [])


def test_a_body_without_an_end_is_refused_where_it_is_too_long(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.items[PATH] = Item(BODY, says_length=False)
    monkeypatch.setattr(downloads, "LIMIT_BYTES", len(BODY))
    assert fetch(storage, tmp_path).sha256 == SHA256
    drop_part(tmp_path / "downloads" / "file.part")

    monkeypatch.setattr(downloads, "LIMIT_BYTES", len(BODY) - 1)
    assert f"sent more than {len(BODY) - 1} bytes, far too many for a test file" in refused(storage, tmp_path)
    assert left(tmp_path) == []


def test_a_web_page_is_not_taken_for_the_file(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH] = Item(b"\n <!DOCTYPE html><title>Log in</title>")

    assert "answered with a web page and not with a test file" in refused(storage, tmp_path)
    assert left(tmp_path) == []


def test_an_unchanged_answer_to_a_first_question_is_refused(storage: Storage, tmp_path: Path) -> None:
    storage.items[PATH].status = 304

    assert "the server answered 304" in refused(storage, tmp_path)


def test_a_disk_that_fills_up_is_given_back_what_came(storage: Storage, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=64) as disk:
        with pytest.raises(DiskError, match=r"could not write the download in .*No space left on device") as caught:
            download(job(storage, disk))
        assert caught.value.code == errno.ENOSPC
        assert left(disk) == []


def test_a_folder_that_cannot_be_made_is_the_disk_s_error(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(DiskError, match="could not write the download in") as caught:
        download(job(storage, tmp_path / "file"))
    assert os.strerror(errno.ENOTDIR) in str(caught.value)
    assert storage.requests == []
