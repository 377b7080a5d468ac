"""What decides the bytes of a build besides its recipe: versions, read without importing anything heavy."""

from importlib import metadata
from typing import Final

BUILDER_VERSION: Final = 2
"""To be raised with every change of this wing that changes the files it builds; it is part of each recipe's digest."""

DISTRIBUTIONS: Final = ("ai-edge-litert", "keras", "litert-quantizer", "numpy")

TORCH: Final = ("litert-torch", "torch")
"""Likewise of PyTorch networks, which the extra `torch` brings."""

TENSORFLOW: Final = ("tensorflow", "tensorflow-cpu")
"""The same package under the names it is installed by; recorded as `tensorflow`."""


def toolchain(*, torch: bool = False) -> tuple[tuple[str, str], ...]:
    """Return sorted (distribution, version) pairs of what builds; a missing one is left out.

    Args:
        torch: whether PyTorch networks are built.

    Versions are those of the installed distributions, so that a cached artifact is found without tensorflow.
    """
    pairs = [(name, version) for name in (*DISTRIBUTIONS, *(TORCH if torch else ())) if (version := _version(name))]
    tensorflow = next((version for name in TENSORFLOW if (version := _version(name))), None)
    if tensorflow is not None:
        pairs.append(("tensorflow", tensorflow))
    pairs.append(("mbench-builder", str(BUILDER_VERSION)))
    return tuple(sorted(pairs))


def lacks_torch() -> bool:
    """Whether what converts PyTorch networks is not installed."""
    return any(_version(name) is None for name in TORCH)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
