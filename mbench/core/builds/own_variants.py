"""Variants of a user's own network, and the names that say all of them: `mynet_width0.5_160_int8`.

A name is that of the network, then what its builder was asked for, then the quantization, joined by `_`; within each
part `-` stands where Python has `_`. So a name lasts from night to night, whatever the files' bytes are.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from mbench.core.builds.variants import Quantization, Variant, format_alpha, parse_quantization, parse_variant
from mbench.core.errors import UsageError

LONGEST_NAME: Final = 80

RECIPE: Final = "recipe"
KEEP_FLOAT: Final = "keep_float"
QUANTIZERS: Final = frozenset({RECIPE, KEEP_FLOAT})
"""Parameters in names that say how a network is quantized, and not what a builder was asked for."""

_NETWORK: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_WORD: Final = re.compile(r"[A-Za-z0-9.+-]+")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_PARAMETER: Final = re.compile(r"(?P<key>[A-Za-z-]+)(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<named>[^=]+)=(?P<value>.+)")
_RESOLUTION: Final = re.compile(r"[0-9]{1,9}")
_ALPHA: Final = re.compile(r"[0-9]+\.[0-9]{2,30}")


LONGEST_VARIANT: Final = 160
"""Of a variant, in characters: files have 255, and what else stands in theirs (delegate, threads, process) up to 90."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnVariant:
    """A user's network with what its builder was asked for and its quantization fixed.

    `str(variant)` is its name; `parse_own_variant` is the inverse.

    Attributes:
        network: its name, without `_`.
        alpha: width multiplier, of builders that take one and were asked for it; resolution: likewise, in pixels.
        parameters: the others that were asked for, in the builder's order: name as in Python, value as text.
    """

    network: str
    alpha: float | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    resolution: int | None = None
    quantization: Quantization = Quantization.INT8

    def __post_init__(self) -> None:
        if not _NETWORK.fullmatch(self.network):
            raise UsageError(f"a network's name is letters, digits, '.', '+' and '-', not {self.network!r}.")
        for name, value in self.parameters:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
                raise UsageError(
                    f"the parameter {name!r} cannot stand in a variant's name; call it by a letter from a to z, then "
                    "letters, digits and '_'."
                )
            if not _WORD.fullmatch(value):
                raise UsageError(
                    f"{name} {value!r} cannot stand in a variant's name: letters, digits, '.', '+' and '-' can."
                )
        if (length := len(str(self))) > LONGEST_VARIANT:
            raise UsageError(
                f"the variant's name {str(self)[:40]}… has {length} characters, and may have {LONGEST_VARIANT}, since "
                "files are called by it; ask for shorter values."
            )

    @property
    def network_variant(self) -> "OwnVariant":
        """The same in float32: what all quantizations of one network, however they are made, have in common."""
        plain = tuple(each for each in self.parameters if each[0] not in QUANTIZERS)
        return replace(self, parameters=plain, quantization=Quantization.FP32)

    @property
    def quantized_as(self) -> str:
        """How it is quantized: `int8`, `keep-float=auto_int8`."""
        said = [_format_parameter(name, value) for name, value in self.parameters if name in QUANTIZERS]
        return "_".join([*said, self.quantization])

    def __str__(self) -> str:
        parts = [self.network]
        if self.alpha is not None:
            parts.append(format_alpha(self.alpha))
        parts += [_format_parameter(name, value) for name, value in self.parameters]
        if self.resolution is not None:
            parts.append(str(self.resolution))
        return "_".join([*parts, self.quantization])


def parse_own_variant(name: str) -> OwnVariant:
    """Return the variant that a name says.

    Raises:
        UsageError: the name is not one, with an example.
    """
    network, *parts = name.split("_")
    if not parts:
        raise _not_a_name(name)
    quantization = parse_quantization(parts.pop())
    alpha = float(parts.pop(0)) if parts and _ALPHA.fullmatch(parts[0]) else None
    resolution = int(parts.pop()) if parts and _RESOLUTION.fullmatch(parts[-1]) else None
    parsed = OwnVariant(
        network=network,
        alpha=alpha,
        parameters=tuple(_parse_parameter(name, part) for part in parts),
        resolution=resolution,
        quantization=quantization,
    )
    if str(parsed) != name:
        raise _not_a_name(name)
    return parsed


def network_name(text: str) -> str:
    """Return what a file's stem or a Python name is called in names: `my_net.v2` as `my-net.v2`."""
    plain = re.sub(r"[^A-Za-z0-9.+]+", "-", text).strip("-.+")[:LONGEST_NAME].rstrip("-.+")
    return plain or "network"


def quantization_of(name: str) -> Quantization | None:
    """Return the quantization that a built file's name ends with, of mbench's or a user's network; None of another."""
    variant = parse_any_variant(name)
    return None if variant is None else variant.quantization


def parse_any_variant(name: str) -> Variant | OwnVariant | None:
    """Return the variant of mbench's or a user's network that a name says; None: it is neither's."""
    for parse in (parse_variant, parse_own_variant):
        try:
            return parse(name)
        except UsageError:
            continue
    return None


def is_of_mbench(name: str) -> bool:
    """Whether a file's name is that of a variant of mbench's own networks."""
    try:
        parse_variant(name)
    except UsageError:
        return False
    return True


def _format_parameter(name: str, value: str) -> str:
    """Return `width0.5`, or `act=relu6` where a name and its value could not be told apart."""
    key = name.replace("_", "-")
    apart = _NUMBER.fullmatch(value) and not any(each.isdigit() for each in key)
    return f"{key}{value}" if apart else f"{key}={value}"


def _parse_parameter(name: str, part: str) -> tuple[str, str]:
    match = _PARAMETER.fullmatch(part)
    if match is None:
        raise _not_a_name(name)
    key, value = (match["key"], match["number"]) if match["key"] else (match["named"], match["value"])
    return key.replace("-", "_"), value


def _not_a_name(name: str) -> UsageError:
    return UsageError(f"{name!r} is not a name of your own network's variant; one looks like mynet_width0.5_160_int8.")
