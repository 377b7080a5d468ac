"""Where binaries are published, and what to do where none is kept."""

import pytest

from mbench.binaries.advice import advice
from mbench.binaries.published import find_published
from mbench.binaries.records import ABIS, Flavour, System
from mbench.core.errors import UsageError

NIGHTLY = "https://storage.googleapis.com/tensorflow-nightly-public/prod/tensorflow/release/lite/tools/nightly/latest/"
LITERT = "https://storage.googleapis.com/litert/binaries/"


@pytest.mark.parametrize(
    ("flavour", "abi", "system", "version", "url"),
    [
        ("tflite", "arm64-v8a", None, "latest", f"{NIGHTLY}android_aarch64_benchmark_model"),
        ("tflite", "armeabi-v7a", None, "latest", f"{NIGHTLY}android_arm_benchmark_model"),
        ("tflite", "x86_64", None, "latest", f"{NIGHTLY}linux_x86-64_benchmark_model"),
        ("tflite", "arm64-v8a", "linux", "latest", f"{NIGHTLY}linux_aarch64_benchmark_model"),
        ("tflite", "armeabi-v7a", "linux", "latest", f"{NIGHTLY}linux_arm_benchmark_model"),
        ("litert", "arm64-v8a", None, "latest", f"{LITERT}latest/android_arm64/benchmark_model"),
        ("litert", "arm64-v8a", "linux", "nightly", f"{LITERT}nightly/linux_arm64/benchmark_model"),
        ("litert", "x86_64", None, "2.2.0", f"{LITERT}2.2.0/linux_x86_64/benchmark_model"),
    ],
)
def test_an_address_is_the_published_one(
    flavour: Flavour, abi: str, system: System | None, version: str, url: str
) -> None:
    assert find_published(abi=abi, flavour=flavour, version=version, system=system).url == url


def test_litert_has_its_accelerator_in_the_same_folder() -> None:
    published = find_published(abi="arm64-v8a", flavour="litert", version="latest", system=None)

    assert published.accelerator_url == f"{LITERT}latest/android_arm64/libLiteRtClGlAccelerator.so"


@pytest.mark.parametrize("abi", ABIS)
@pytest.mark.parametrize("flavour", ["tflite", "litert"])
def test_advice_is_one_line_that_names_the_way_to_build(abi: str, flavour: Flavour) -> None:
    said = advice(abi, flavour)

    assert "\n" not in said
    assert "bazel build -c opt --config=android_" in said


def test_advice_names_the_published_binary_where_there_is_one() -> None:
    assert "`mbench binary fetch --abi arm64-v8a --flavour tflite`" in advice("arm64-v8a", "tflite")


def test_advice_says_where_none_is_published() -> None:
    assert "and none is published" in advice("armeabi-v7a", "litert")


def test_advice_says_that_a_linux_binary_does_not_start_on_android() -> None:
    assert "starts on Linux and not on Android" in advice("x86_64", "tflite")


def test_advice_for_an_unknown_abi_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="Choose from arm64-v8a, armeabi-v7a, x86_64, x86"):
        advice("mips", "tflite")
