"""How to get a binary where none is kept."""

from typing import Final

from mbench.binaries.published import published_system
from mbench.binaries.records import Abi, Flavour, parse_abi

_BAZEL_CONFIGS: Final[dict[Abi, str]] = {
    "arm64-v8a": "android_arm64",
    "armeabi-v7a": "android_arm",
    "x86_64": "android_x86_64",
    "x86": "android_x86",
}
"""Names in `.bazelrc` of tensorflow and of google-ai-edge/LiteRT."""

_TARGETS: Final[dict[Flavour, str]] = {
    "tflite": "//tflite/tools/benchmark:benchmark_model",
    "litert": "//litert/tools:benchmark_model",
}
"""In google-ai-edge/LiteRT."""


def advice(abi: str, flavour: Flavour) -> str:
    """Return one line that says how to get a binary for a device.

    Raises:
        UsageError: unknown ABI.
    """
    known = parse_abi(abi)
    system = published_system(known, flavour)
    build = f"build one with `bazel build -c opt --config={_BAZEL_CONFIGS[known]} {_TARGETS[flavour]}` (in LiteRT)"
    add = f"`mbench binary add FILE --flavour {flavour}`"
    missing = f"no {flavour} benchmark_model for {known} is kept"
    if system is None:
        return f"{missing} and none is published: {build} and add it with {add}."
    fetch = f"`mbench binary fetch --abi {known} --flavour {flavour}`"
    where = "" if system == "android" else ", which starts on Linux and not on Android"
    return f"{missing}: fetch the published one{where}, with {fetch}, or {build} and add it with {add}."
