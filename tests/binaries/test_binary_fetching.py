"""Fetching binaries from a real server on this host: what is kept, what is pinned, what is not sent again."""

import hashlib
from pathlib import Path

import pytest
from elf_samples import MACHINES, android_arm64
from fetching_lab import ACCELERATOR, DATE, LITERT, TFLITE, Heard, get, pins, refused
from storage_server import Item, Storage

from mbench.binaries.library import BinaryLibrary

pytestmark = pytest.mark.usefixtures("no_proxies")


def test_a_fetched_binary_is_kept_with_where_it_came_from(storage: Storage, library: BinaryLibrary) -> None:
    record = get(storage, library)

    assert library.path_of(record).read_bytes() == android_arm64()
    assert (record.abi, record.system, record.flavour) == ("arm64-v8a", "android", "tflite")
    assert (record.source, record.version) == (storage.url + TFLITE, "latest")
    assert library.find("arm64-v8a", "tflite") == record


def test_what_was_first_seen_is_pinned(storage: Storage, library: BinaryLibrary) -> None:
    record = get(storage, library)

    pin = pins(library)[storage.url + TFLITE]
    assert (pin["sha256"], pin["size_bytes"]) == (record.sha256, record.size_bytes)
    assert pin["pinned_at"].startswith("20")


def test_nothing_of_a_download_is_left_behind(storage: Storage, library: BinaryLibrary) -> None:
    get(storage, library)

    assert list((library.folder / "downloads").iterdir()) == []


@pytest.mark.parametrize("validators", [{}, {"etag": None, "last_modified": DATE}])
def test_an_unchanged_file_is_not_sent_again(
    storage: Storage, library: BinaryLibrary, validators: dict[str, str | None]
) -> None:
    storage.items[TFLITE] = Item(android_arm64(), **validators)  # type: ignore[arg-type]
    first = get(storage, library)
    sent = storage.body_bytes

    again = get(storage, library)

    assert (again.sha256, storage.body_bytes) == (first.sha256, sent)
    assert len(storage.requests) == 2


def test_a_file_whose_server_knows_no_validators_is_sent_and_compared_again(
    storage: Storage, library: BinaryLibrary
) -> None:
    storage.items[TFLITE] = Item(android_arm64(), etag=None)
    first = get(storage, library)

    assert get(storage, library).sha256 == first.sha256
    assert storage.body_bytes == 2 * len(android_arm64())


def test_a_damaged_binary_is_sent_again(storage: Storage, library: BinaryLibrary) -> None:
    record = get(storage, library)
    library.path_of(record).write_bytes(b"damaged")

    get(storage, library)

    assert library.path_of(record).read_bytes() == android_arm64()


def test_a_removed_binary_is_sent_again_and_must_be_what_is_pinned(storage: Storage, library: BinaryLibrary) -> None:
    library.remove(get(storage, library).sha256)
    storage.items[TFLITE] = Item(android_arm64(b"other"))

    assert "is no longer what it was" in refused(storage, library)


def test_the_accelerator_lies_beside_litert(storage: Storage, library: BinaryLibrary) -> None:
    shared = small_shared_library()
    storage.items[LITERT] = Item(android_arm64())
    storage.items[ACCELERATOR] = Item(shared)

    record = get(storage, library, flavour="litert", version="2.2.0", accelerator=True)

    assert [(name, path.read_bytes()) for name, path in library.companions_of(record)] == [
        ("libLiteRtClGlAccelerator.so", shared)
    ]
    assert set(pins(library)) == {storage.url + LITERT, storage.url + ACCELERATOR}


def small_shared_library() -> bytes:
    """Return the shared library that the host's interpreter uses, as if for arm64."""
    found = sorted(Path("/lib/x86_64-linux-gnu").glob("libm.so.6"))
    if not found:
        pytest.skip("no libm.so.6 where it is on Debian")
    data = found[0].read_bytes()
    return data[:18] + MACHINES["arm64-v8a"].to_bytes(2, "little") + data[20:]


def test_a_program_in_the_accelerators_place_is_refused(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[LITERT] = storage.items[ACCELERATOR] = Item(android_arm64())

    said = refused(storage, library, flavour="litert", version="2.2.0", accelerator=True)

    assert said == f"{storage.url}{ACCELERATOR} is not a shared library; it is not kept."


def test_litert_is_fetched_without_its_accelerator_where_nobody_asks(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[LITERT] = Item(android_arm64())

    assert get(storage, library, flavour="litert", version="2.2.0").companions == ()


def test_progress_is_reported_in_kib(storage: Storage, library: BinaryLibrary) -> None:
    heard = Heard()

    get(storage, library, progress=heard)

    total = -(-len(android_arm64()) // 1024)
    assert heard.stages == [("fetch android_aarch64_benchmark_model, KiB", total)]
    assert heard.done == len(android_arm64()) // 1024
    assert heard.finished == 1


@pytest.mark.parametrize("how", [{"says_length": False}, {"says_length": False, "chunked": True}])
def test_a_server_that_does_not_say_the_size_is_believed_by_the_elf_headers(
    storage: Storage, library: BinaryLibrary, how: dict[str, bool]
) -> None:
    storage.items[TFLITE] = Item(android_arm64(), **how)  # type: ignore[arg-type]

    assert library.path_of(get(storage, library)).read_bytes() == android_arm64()


def test_redirections_are_followed(storage: Storage, library: BinaryLibrary) -> None:
    storage.items["/elsewhere"] = storage.items[TFLITE]
    storage.items[TFLITE] = Item(location=f"{storage.url}/elsewhere")

    assert get(storage, library).source == storage.url + TFLITE


def test_other_bytes_at_a_pinned_address_are_refused_with_both_hashes(storage: Storage, library: BinaryLibrary) -> None:
    first = get(storage, library)
    storage.items[TFLITE] = Item(android_arm64(b"new"), etag='"second"')

    said = refused(storage, library)

    assert first.sha256 in said
    assert hashlib.sha256(android_arm64(b"new")).hexdigest() in said
    assert pins(library)[storage.url + TFLITE]["sha256"] == first.sha256


def test_other_bytes_are_taken_and_pinned_where_they_are_accepted(storage: Storage, library: BinaryLibrary) -> None:
    first = get(storage, library)
    storage.items[TFLITE] = Item(android_arm64(b"new"), etag='"second"')

    second = get(storage, library, accept_new=True)

    assert pins(library)[storage.url + TFLITE]["sha256"] == second.sha256
    assert library.find("arm64-v8a", "tflite") == second
    assert {record.sha256 for record in library.records()} == {first.sha256, second.sha256}


def test_a_pin_file_that_cannot_be_read_stops_a_fetch(storage: Storage, library: BinaryLibrary) -> None:
    get(storage, library)
    (library.folder / "binaries.lock.json").write_text("{")

    assert "so a changed binary would go unseen" in refused(storage, library)
