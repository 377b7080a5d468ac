"""Fetching binaries from real servers on this host: right, wrong, cut, changed, slow, and through a proxy."""

import base64
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elf_samples import MACHINES, android_arm64, host_program, linux_arm64, small_32_bit
from full_disk import fill, small_disk
from storage_server import Item, Proxying, Storage, serving

from mbench.binaries.downloading import Patience
from mbench.binaries.fetching import fetch
from mbench.binaries.library import BinaryLibrary
from mbench.binaries.records import BinaryRecord
from mbench.core.errors import ArtifactError, MbenchError, UsageError

TFLITE = "/tflite/latest/android_aarch64_benchmark_model"
LITERT = "/litert/2.2.0/android_arm64/benchmark_model"
ACCELERATOR = "/litert/2.2.0/android_arm64/libLiteRtClGlAccelerator.so"
QUICK = Patience(silence_s=0.4, window_s=0.4, window_bytes=1000, attempts=1)
"""For servers that stand still; a busy host may be as slow to answer."""
ONCE = Patience(silence_s=20.0, window_s=20.0, window_bytes=1000, attempts=1)
DATE = "Wed, 01 May 2024 12:00:00 GMT"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
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


def get(storage: Storage | str, library: BinaryLibrary, **more: Any) -> BinaryRecord:
    url = storage if isinstance(storage, str) else storage.url
    asked = {"abi": "arm64-v8a", "flavour": "tflite", "patience": ONCE, **more}
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
    """Progress that writes down what it is told."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None]] = []
        self.notes: list[str] = []
        self.done = self.finished = 0

    def start(self, title: str, total: int | None) -> None:
        self.stages.append((title, total))

    def step(self, label: str, count: int = 0) -> None:
        self.done += count

    def grow(self, extra: int) -> None:
        raise AssertionError("sizes are known")

    def finish(self) -> None:
        self.finished += 1

    def note(self, text: str) -> None:
        self.notes.append(text)


# What is right.


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


def test_progress_is_told_in_kib(storage: Storage, library: BinaryLibrary) -> None:
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


# What changes.


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


# What is cut.


def test_a_download_that_was_cut_goes_on_where_it_ended(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].cuts = [50_000]

    record = get(storage, library, patience=Patience(attempts=2))

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

    get(storage, library, patience=Patience(attempts=2))

    assert storage.asked("If-Range") == [None, DATE]


def test_without_a_validator_a_cut_download_starts_over(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE] = Item(android_arm64(), etag=None, cuts=[50_000])

    record = get(storage, library, patience=Patience(attempts=2))

    assert storage.asked("Range") == [None, None]
    assert library.path_of(record).read_bytes() == android_arm64()


def test_a_server_that_knows_no_ranges_starts_over(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].ranges = False
    storage.items[TFLITE].cuts = [50_000]

    record = get(storage, library, patience=Patience(attempts=2))

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

    record = get(storage, library, patience=Patience(attempts=2))

    assert library.path_of(record).read_bytes() == new


def test_a_part_that_is_longer_than_the_file_is_dropped(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].cuts = [50_000]
    refused(storage, library)
    next((library.folder / "downloads").glob("*.part")).write_bytes(bytes(1_000_000))

    record = get(storage, library, patience=Patience(attempts=2))

    assert library.path_of(record).read_bytes() == android_arm64()


def test_a_part_that_was_damaged_is_found_by_googles_checksum(storage: Storage, library: BinaryLibrary) -> None:
    md5 = base64.b64encode(hashlib.md5(android_arm64(), usedforsecurity=False).digest()).decode()
    storage.items[TFLITE] = Item(android_arm64(), cuts=[50_000], headers={"x-goog-hash": f"crc32c=AAAAAA==,md5={md5}"})
    refused(storage, library)
    part = next((library.folder / "downloads").glob("*.part"))
    part.write_bytes(part.read_bytes()[:-4] + b"oops")

    record = get(storage, library, patience=Patience(attempts=2))

    assert library.path_of(record).read_bytes() == android_arm64()


def test_a_cut_that_nobody_announced_is_seen_by_the_elf_headers(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE] = Item(android_arm64(), says_length=False, cuts=[50_000])

    assert "benchmark_model was cut short: it has 50000 bytes" in refused(storage, library)
    assert parts(library) == []


def test_a_chunked_answer_that_is_cut_is_seen(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE] = Item(android_arm64(), says_length=False, chunked=True, cuts=[50_000])

    assert "the connection broke" in refused(storage, library)


def test_each_cut_is_told_before_the_next_attempt(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].cuts = [10_000, 20_000]
    heard = Heard()

    get(storage, library, patience=Patience(attempts=3), progress=heard)

    assert [note.rsplit(": ", 1)[-1] for note in heard.notes] == [
        f"it was cut after {size} of {len(android_arm64())} bytes; trying again" for size in (10_000, 30_000)
    ]


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


def test_a_fetch_that_was_killed_goes_on_where_it_ended(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].hangs_after = 70_000
    process = subprocess.Popen([sys.executable, "-c", FETCHING, str(library.folder), storage.url])
    deadline = time.monotonic() + 20
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


# What is wrong.


def test_a_missing_file_names_its_address_and_what_exists(storage: Storage, library: BinaryLibrary) -> None:
    said = refused(storage, library, flavour="litert", version="9.9.9")

    assert f"{storage.url}/litert/9.9.9/android_arm64/benchmark_model" in said
    assert "404" in said
    assert "litert is published as latest, nightly or a release such as 2.2.0, for android (arm64-v8a)" in said


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (403, "It may not exist: tflite is published as latest"),
        (407, "The proxy wants a name and password"),
        (429, "Try again later"),
        (503, "Try again later"),
        (401, "Fetch it by hand and add the file"),
    ],
)
def test_a_refusal_says_what_to_do(storage: Storage, library: BinaryLibrary, status: int, advice: str) -> None:
    storage.items[TFLITE].status = status

    said = refused(storage, library)

    assert f"the server answered {status}" in said
    assert advice in said


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html>\n<title>Log in</title>", b"\n <html>", b"<?xml version='1.0'?><Error/>"]
)
def test_a_web_page_is_no_binary(storage: Storage, library: BinaryLibrary, page: bytes) -> None:
    storage.items[TFLITE] = Item(page)

    assert "answered with a web page and not with a program" in refused(storage, library)
    assert not (library.folder / "binaries.lock.json").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"#!/bin/sh\n", "is no ELF file"),
        (b"", "is empty"),
        (host_program(), "is for x86_64 on linux, not for arm64-v8a on android"),
        (linux_arm64(), "is for arm64-v8a on linux, not for arm64-v8a on android"),
        (small_32_bit(MACHINES["armeabi-v7a"]), "is for armeabi-v7a on android, not for arm64-v8a on android"),
        (android_arm64()[:-10], "was cut short"),
    ],
)
def test_another_file_than_a_whole_program_for_the_device_is_not_kept(
    storage: Storage, library: BinaryLibrary, body: bytes, message: str
) -> None:
    storage.items[TFLITE] = Item(body)

    said = refused(storage, library)

    assert said.startswith(storage.url + TFLITE)
    assert message in said
    assert not (library.folder / "binaries.lock.json").exists()


def test_a_compressed_answer_is_refused(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].headers = {"Content-Encoding": "gzip"}

    assert "comes compressed although it was asked not to" in refused(storage, library)


def test_a_file_of_absurd_size_is_refused_before_it_comes(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE] = Item(says_length=False, headers={"Content-Length": str(1 << 40)})

    assert "has 1099511627776 bytes, far too many for a benchmark_model" in refused(storage, library)


def test_an_unchanged_answer_to_a_first_question_is_refused(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].status = 304

    assert "is said to be unchanged although nothing was known of it" in refused(storage, library)


def test_a_server_that_stands_still_is_given_up(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].hangs_after = 50_000
    began = time.monotonic()

    assert "no byte came for 0.4 s" in refused(storage, library, patience=QUICK)
    assert time.monotonic() - began < 5
    assert parts(library) == [50_000]


def test_a_server_that_drips_is_given_up(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].drips = 0.02
    began = time.monotonic()

    assert "bytes came in 0.4 s (1 attempts)" in refused(storage, library, patience=QUICK)
    assert time.monotonic() - began < 5


def test_a_server_that_breaks_off_without_an_answer_is_tried_again(library: BinaryLibrary) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        said = refused(f"http://127.0.0.1:{deaf.getsockname()[1]}", library, patience=QUICK)
    assert "the server said nothing for 0.4 s (1 attempts)" in said or "no server answered for 0.4 s" in said


def test_a_port_where_nobody_listens_is_one_line(library: BinaryLibrary) -> None:
    with serving() as (gone, _):
        url = gone.url

    assert "Connection refused. Check the network" in refused(url, library)


def test_a_name_that_cannot_be_resolved_is_one_line(library: BinaryLibrary) -> None:
    assert "the name storage.invalid (or the proxy's) could not be resolved" in refused(
        "http://storage.invalid", library
    )


def test_a_redirection_that_never_ends_is_one_line(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE] = Item(location=storage.url + TFLITE)

    assert "the server answered 302" in refused(storage, library)


@pytest.mark.parametrize(
    "asked",
    [
        {"abi": "x86"},
        {"version": "2.19.0"},
        {"flavour": "litert", "abi": "armeabi-v7a"},
        {"flavour": "litert", "version": "../../x"},
        {"abi": "x86_64", "system": "android"},
    ],
)
def test_what_is_not_published_is_not_asked_for(
    storage: Storage, library: BinaryLibrary, asked: dict[str, str]
) -> None:
    assert "is published" in refused(storage, library, **asked)
    assert storage.requests == []


def test_tflite_has_no_accelerator(storage: Storage, library: BinaryLibrary) -> None:
    with pytest.raises(UsageError, match="tflite has no accelerator library"):
        get(storage, library, accelerator=True)


def test_a_mirror_must_speak_http(library: BinaryLibrary) -> None:
    assert "is no http or https address" in refused("file:///etc", library)


# What stands in between.


def test_the_proxy_of_the_environment_is_used(
    storage: Storage, library: BinaryLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Proxying, behind=storage.url) as (proxy, server):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")

        record = get("http://storage.invalid", library, patience=Patience())

    assert library.path_of(record).read_bytes() == android_arm64()
    assert [path for path, _ in proxy.requests] == [f"http://storage.invalid{TFLITE}"]


def test_a_proxy_that_is_gone_is_one_line(
    storage: Storage, library: BinaryLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as (gone, _):
        url = gone.url
    monkeypatch.setenv("http_proxy", url)

    assert "behind a proxy set http_proxy and https_proxy" in refused(storage, library)


@pytest.mark.parametrize("proxy", ["http://host:port", "http:///nowhere", "http://[::1", "socks5://127.0.0.1:9"])
def test_a_proxy_that_is_no_address_is_one_line(
    storage: Storage, library: BinaryLibrary, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)

    assert "could not be fetched: " in refused(storage, library)


@pytest.fixture
def secure_storage(tmp_path: Path) -> Iterator[tuple[Storage, Path]]:
    """A server with a certificate of its own; return the certificate too."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this host")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 "
        f"-keyout {key.name} -out {certificate.name}".split(),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    with serving() as (storage, server):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        storage.url = storage.url.replace("http:", "https:")
        storage.items[TFLITE] = Item(android_arm64())
        yield storage, certificate


def test_a_server_that_cannot_be_trusted_is_refused(
    secure_storage: tuple[Storage, Path], library: BinaryLibrary
) -> None:
    said = refused(secure_storage[0], library)

    assert "could not be trusted" in said
    assert "SSL_CERT_FILE" in said


def test_a_trusted_server_is_fetched_from(
    secure_storage: tuple[Storage, Path], library: BinaryLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, certificate = secure_storage
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    assert get(storage, library, patience=Patience()).source.startswith("https:")


def test_a_redirection_out_of_https_is_refused(
    secure_storage: tuple[Storage, Path], storage: Storage, library: BinaryLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure, certificate = secure_storage
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure.items[TFLITE] = Item(location=storage.url + TFLITE)

    assert "which is not https" in refused(secure, library)
    assert storage.requests == []


def test_a_full_disk_is_one_line_and_keeps_what_was_there(storage: Storage, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=800) as disk:
        library = BinaryLibrary(disk / "binaries")
        get(storage, library)
        fill(disk)
        storage.items[TFLITE] = Item(android_arm64(b"new"), etag='"second"')

        said = refused(storage, library, accept_new=True)

        assert "No space left on device" in said
        assert parts(library) == []


def test_a_disk_that_fills_while_a_download_comes_is_given_back(storage: Storage, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=64) as disk:
        library = BinaryLibrary(disk / "binaries")

        assert "could not write the download in" in refused(storage, library)

        assert parts(library) == []


def test_a_disk_that_is_full_after_the_download_keeps_no_download_on_it(storage: Storage, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=200) as disk:  # one copy of the binary, not two
        library = BinaryLibrary(disk / "binaries")

        assert "No space left on device" in refused(storage, library)

        assert parts(library) == []
        assert not (library.folder / "records").exists()


def test_a_folder_that_may_not_be_written_is_one_line(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ArtifactError, match="could not fetch a binary into") as caught:
        get(storage, BinaryLibrary(tmp_path / "file" / "binaries"))
    assert os.linesep not in str(caught.value)
