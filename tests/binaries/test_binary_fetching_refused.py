"""Answers that are no binary for the device, and servers that give none, end a fetch with one line."""

import socket

import pytest
from elf_samples import MACHINES, android_arm64, host_program, linux_arm64, small_32_bit
from fetching_lab import QUICK, TFLITE, get, parts, refused
from storage_server import Item, Storage, serving

from mbench.binaries.library import BinaryLibrary
from mbench.core.errors import UsageError

pytestmark = pytest.mark.usefixtures("no_proxies")


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
        (401, "Fetch the file by hand and add it"),
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

    assert "answered with a web page and not with a benchmark_model" in refused(storage, library)
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

    assert "the server answered 304" in refused(storage, library)


def test_a_server_that_stands_still_is_given_up(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].hangs_after = 50_000

    assert "no byte came for 0.4 s" in refused(storage, library, timeouts=QUICK)
    assert parts(library) == [50_000]


def test_a_server_that_drips_is_given_up(storage: Storage, library: BinaryLibrary) -> None:
    storage.items[TFLITE].drips = 0.02

    assert "bytes came in 0.4 s (1 attempts)" in refused(storage, library, timeouts=QUICK)


def test_a_server_that_breaks_off_without_an_answer_is_tried_again(library: BinaryLibrary) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        said = refused(f"http://127.0.0.1:{deaf.getsockname()[1]}", library, timeouts=QUICK)
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
