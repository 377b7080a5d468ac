"""Downloads that are cut, killed or damaged go on where they ended, or start over, and never mix two files."""

import base64
import hashlib
import signal
import subprocess
import sys
import time

import pytest
from elf_samples import android_arm64
from fetching_lab import DATE, FETCHING, TFLITE, Heard, get, parts, refused
from storage_server import Item, Storage

from mbench.binaries.library import BinaryLibrary
from mbench.files.downloads import Timeouts

pytestmark = pytest.mark.usefixtures("no_proxies")


def test_a_download_that_was_cut_goes_on_where_it_ended(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].cuts = [50_000]

    record = get(storage, library, timeouts=Timeouts(attempts=2))

    assert library.path_of(record).read_bytes() == android_arm64()
    assert storage.asked("Range") == [None, "bytes=50000-"]
    assert storage.asked("If-Range") == [None, '"first"']
    assert storage.body_bytes == len(android_arm64())


def test_a_later_fetch_goes_on_where_an_earlier_one_gave_up(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].cuts = [50_000]
    said = refused(storage, library)
    assert f"it was cut after 50000 of {len(android_arm64())} bytes" in said
    assert "50000 bytes are kept to go on from" in said

    get(storage, library)

    assert storage.asked("Range") == [None, "bytes=50000-"]
    assert library.verify() == []


def test_a_date_serves_as_validator_where_there_is_no_strong_etag(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE] = Item(android_arm64(), etag='W/"weak"', last_modified=DATE, cuts=[50_000])

    get(storage, library, timeouts=Timeouts(attempts=2))

    assert storage.asked("If-Range") == [None, DATE]


def test_without_a_validator_a_cut_download_starts_over(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE] = Item(android_arm64(), etag=None, cuts=[50_000])

    record = get(storage, library, timeouts=Timeouts(attempts=2))

    assert storage.asked("Range") == [None, None]
    assert library.path_of(record).read_bytes() == android_arm64()


def test_a_server_that_knows_no_ranges_starts_over(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].ranges = False
    storage.items[TFLITE].cuts = [50_000]

    record = get(storage, library, timeouts=Timeouts(attempts=2))

    assert library.path_of(record).read_bytes() == android_arm64()
    assert storage.body_bytes == 50_000 + len(android_arm64())


@pytest.mark.parametrize("checks_if_range", [True, False])
def test_a_file_that_changed_while_it_was_cut_is_never_mixed(
    storage: Storage, library: BinaryLibrary, checks_if_range: bool
) -> None:
    old, new = (android_arm64()[:15] + mark + android_arm64()[16:] for mark in (b"1", b"2"))
    storage.items[TFLITE] = Item(old, cuts=[50_000])
    refused(storage, library)
    storage.items[TFLITE] = Item(new, etag='"second"', checks_if_range=checks_if_range)

    record = get(storage, library, timeouts=Timeouts(attempts=2))

    assert library.path_of(record).read_bytes() == new


def test_a_part_that_is_longer_than_the_file_is_dropped(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].cuts = [50_000]
    refused(storage, library)
    next((library.folder / "downloads").glob("*.part")).write_bytes(bytes(1_000_000))

    record = get(storage, library, timeouts=Timeouts(attempts=2))

    assert library.path_of(record).read_bytes() == android_arm64()


def test_a_part_that_was_damaged_is_found_by_googles_checksum(storage: Storage, library: BinaryLibrary) -> None:
    md5 = base64.b64encode(hashlib.md5(android_arm64(), usedforsecurity=False).digest()).decode()
    storage.items[TFLITE] = Item(android_arm64(), cuts=[50_000], headers={"x-goog-hash": f"crc32c=AAAAAA==,md5={md5}"})
    refused(storage, library)
    part = next((library.folder / "downloads").glob("*.part"))
    part.write_bytes(part.read_bytes()[:-4] + b"oops")

    record = get(storage, library, timeouts=Timeouts(attempts=2))

    assert library.path_of(record).read_bytes() == android_arm64()


def test_a_cut_that_nobody_announced_is_seen_by_the_elf_headers(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE] = Item(android_arm64(), says_length=False, cuts=[50_000])

    assert "benchmark_model was cut short: it has 50000 bytes" in refused(storage, library)
    assert parts(library) == []


def test_a_chunked_answer_that_is_cut_is_seen(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE] = Item(android_arm64(), says_length=False, chunked=True, cuts=[50_000])

    assert "the connection broke" in refused(storage, library)


def test_each_cut_is_reported_before_the_next_attempt(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].cuts = [10_000, 20_000]
    heard = Heard()

    get(storage, library, timeouts=Timeouts(attempts=3), progress=heard)

    assert [note.rsplit(": ", 1)[-1] for note in heard.notes] == [
        f"it was cut after {size} of {len(android_arm64())} bytes; trying again" for size in (10_000, 30_000)
    ]


def test_a_fetch_that_was_killed_goes_on_where_it_ended(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].hangs_after = 70_000
    process = subprocess.Popen([sys.executable, "-c", FETCHING, str(library.folder), storage.url])
    deadline = time.monotonic() + 120
    while not (parts(library) and parts(library)[0] >= 8192) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = parts(library)[0]
    storage.items[TFLITE].hangs_after = None

    record = get(storage, library)

    assert storage.asked("Range") == [None, f"bytes={kept}-"]
    assert library.path_of(record).read_bytes() == android_arm64()


def test_processes_that_fetch_at_once_download_once(storage: Storage, library: BinaryLibrary) -> None:
    command = [sys.executable, "-c", FETCHING, str(library.folder), storage.url]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    said = {process.communicate()[0].strip() for process in running}

    assert said == {hashlib.sha256(android_arm64()).hexdigest()}
    assert storage.body_bytes == len(android_arm64())
    assert library.verify() == []
