"""Where benchmark_model binaries are published, and for which processors and systems.

Sources: developers.google.com/edge/litert/models/measurement (tflite), developers.google.com/edge/litert/next/benchmark
and the constants of google-ai-edge/LiteRT's command line tool (litert). Nothing but `latest` is published for tflite.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mbench.binaries.records import Abi, Flavour, System, parse_abi
from mbench.core.errors import UsageError

BASE_URLS: Final[Mapping[Flavour, str]] = {
    "tflite": "https://storage.googleapis.com/tensorflow-nightly-public/prod/tensorflow/release/lite/tools/nightly",
    "litert": "https://storage.googleapis.com/litert/binaries",
}

ACCELERATOR_NAME: Final = "libLiteRtClGlAccelerator.so"
"""LiteRT's GPU accelerator, which its benchmark_model loads from its own folder."""

LATEST: Final = "latest"

_TFLITE: Final[Mapping[tuple[System, Abi], str]] = {
    ("android", "arm64-v8a"): "android_aarch64",
    ("android", "armeabi-v7a"): "android_arm",
    ("linux", "x86_64"): "linux_x86-64",
    ("linux", "arm64-v8a"): "linux_aarch64",
    ("linux", "armeabi-v7a"): "linux_arm",
}
_LITERT: Final[Mapping[tuple[System, Abi], str]] = {
    ("android", "arm64-v8a"): "android_arm64",
    ("linux", "x86_64"): "linux_x86_64",
    ("linux", "arm64-v8a"): "linux_arm64",
}
_PLATFORMS: Final[Mapping[Flavour, Mapping[tuple[System, Abi], str]]] = {"tflite": _TFLITE, "litert": _LITERT}

_LITERT_VERSION: Final = re.compile(r"latest|nightly|[0-9]+(\.[0-9]+){1,3}[A-Za-z0-9.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One published binary.

    Attributes:
        accelerator_url: of the GPU accelerator library, None where the flavour has none.
    """

    url: str
    abi: Abi
    system: System
    flavour: Flavour
    version: str
    accelerator_url: str | None


def find_published(
    *, abi: str, flavour: Flavour, version: str, system: System | None, base_urls: Mapping[Flavour, str] = BASE_URLS
) -> Published:
    """Return where a binary is published.

    Args:
        abi: Android's name of the processor.
        flavour: which of the two programs.
        version: `latest`; for litert also `nightly` or a release such as `2.2.0`.
        system: None means Android's where one is published for this ABI, else Linux'.
        base_urls: a flavour's folder, for mirrors; without a slash at the end.

    Raises:
        UsageError: none is published so, or an address is not HTTP's.
    """
    known = parse_abi(abi)
    system = system or published_system(known, flavour) or "android"
    platform = _PLATFORMS[flavour].get((system, known))
    if platform is None or not _is_published_version(flavour, version):
        raise UsageError(
            f"no {flavour} benchmark_model {version} is published for {known} on {system}; "
            f"{describe_published(flavour)}."
        )
    base = base_urls[flavour].rstrip("/")
    if not base.startswith(("https://", "http://")):
        raise UsageError(f"{base} is no http or https address; binaries are fetched from those alone.")
    folder = f"{base}/{version}/{platform}"
    return Published(
        url=f"{folder}_benchmark_model" if flavour == "tflite" else f"{folder}/benchmark_model",
        abi=known,
        system=system,
        flavour=flavour,
        version=version,
        accelerator_url=f"{folder}/{ACCELERATOR_NAME}" if flavour == "litert" else None,
    )


def published_system(abi: Abi, flavour: Flavour) -> System | None:
    """Return the system that a binary is published for, Android first; None where there is none."""
    systems: tuple[System, ...] = ("android", "linux")
    return next((system for system in systems if (system, abi) in _PLATFORMS[flavour]), None)


def describe_published(flavour: Flavour) -> str:
    """Return what exists of a flavour: `tflite is published as latest, for android (arm64-v8a, …) and linux (…)`."""
    abis: dict[System, list[Abi]] = {}
    for system, abi in _PLATFORMS[flavour]:
        abis.setdefault(system, []).append(abi)
    places = " and ".join(f"{system} ({', '.join(names)})" for system, names in abis.items())
    versions = "latest" if flavour == "tflite" else "latest, nightly or a release such as 2.2.0"
    return f"{flavour} is published as {versions}, for {places}"


def _is_published_version(flavour: Flavour, version: str) -> bool:
    return version == LATEST if flavour == "tflite" else _LITERT_VERSION.fullmatch(version) is not None
