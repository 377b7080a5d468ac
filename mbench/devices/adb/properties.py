"""Android's properties: the text of `getprop`, and the identity that they give a phone."""

import re
from collections.abc import Mapping
from typing import Final

EMULATED: Final = "ro.mbench.emulated"
"""Set on mbench's own emulated phones, whose timings are the host's."""

_PROPERTY = re.compile(r"^\[([^\]\n]+)\]: \[(.*?)\]$(?=\n\[[^\]\n]+\]: \[|\n*\Z)", re.DOTALL | re.MULTILINE)


def parse_properties(text: str) -> dict[str, str]:
    """Return properties by name; a value may have several lines.

    One line of the text: `[ro.product.model]: [Pixel 4]`.
    """
    return dict(_PROPERTY.findall(text.replace("\r\n", "\n")))


def named(properties: Mapping[str, str], *names: str) -> str | None:
    """Return the first of these properties that says something."""
    return next((value for name in names if (value := properties.get(name, "").strip())), None)


def soc(properties: Mapping[str, str]) -> str | None:
    """Return the system on chip: its model since Android 12, before that the name of the board's platform."""
    return named(properties, "ro.soc.model", "ro.board.platform", "ro.hardware")


def abis(properties: Mapping[str, str]) -> tuple[str, ...]:
    """Return what kinds of programs the device runs, best first."""
    return tuple(filter(None, (named(properties, "ro.product.cpu.abilist", "ro.product.cpu.abi") or "").split(",")))
