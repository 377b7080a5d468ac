"""Architectures by name."""

from types import ModuleType
from typing import Final

from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean
from mbench.models import mobilenet_v1

ARCHITECTURES: Final = {"mobilenet_v1": mobilenet_v1}
"""Each module offers `layers(alpha, classes)` and `build(size, head, dropout=…)`; importing it loads no tensorflow."""


def find_architecture(name: str) -> ModuleType:
    """Return the module of an architecture.

    Raises:
        UsageError: unknown, with the nearest name.
    """
    if name not in ARCHITECTURES:
        raise UsageError(f"unknown architecture {name!r}.{did_you_mean(name, list(ARCHITECTURES))}")
    return ARCHITECTURES[name]
