"""Sweeps: axes, their published values, and the product of several axes."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mbench.core.builds.variants import POST_TRAINING, Quantization, Size, parse_quantization
from mbench.core.delegates import EVERYWHERE, Delegate, parse_delegate, split_delegates
from mbench.core.errors import UsageError
from mbench.core.numbers.limits import MOST_THREADS
from mbench.core.numbers.numerals import whole
from mbench.core.suggestions import did_you_mean


class Axis(StrEnum):
    """What a sweep varies."""

    ALPHA = "alpha"
    RESOLUTION = "resolution"
    QUANTIZATION = "quantization"
    THREADS = "threads"
    DELEGATE = "delegate"


PUBLISHED: dict[Axis, tuple[str, ...]] = {
    Axis.ALPHA: ("1.0", "0.75", "0.5", "0.25"),  # paper, Table 6
    Axis.RESOLUTION: ("224", "192", "160", "128"),  # paper, Table 7
    Axis.QUANTIZATION: POST_TRAINING,
    Axis.THREADS: ("1", "2", "4"),
    Axis.DELEGATE: tuple(map(str, EVERYWHERE)),
}
"""Values of `--sweep AXIS` without values of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One axis and its values as the user typed them."""

    axis: Axis
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of the product of all sweeps."""

    alpha: float = 1.0
    resolution: int = 224
    quantization: Quantization = Quantization.INT8
    threads: int = 1
    delegate: Delegate = Delegate.CPU


def parse_sweep(text: str) -> Sweep:
    """Return the sweep of `AXIS` or `AXIS=v1,v2`, every value checked.

    Raises:
        UsageError: unknown axis or a value that the axis does not have.
    """
    name, given, listed = text.partition("=")
    if name not in set(Axis):
        raise UsageError(f"unknown sweep axis {name!r}.{did_you_mean(name, list(Axis))}")
    axis = Axis(name)
    values = _listed(axis, listed) if given else PUBLISHED[axis]
    if not values:
        raise UsageError(f"--sweep {text} names no value; --sweep {axis} takes {', '.join(PUBLISHED[axis])}.")
    parsed = [parse_value(axis, value) for value in values]
    if len(set(parsed)) != len(parsed):
        raise UsageError(f"--sweep {text} names a value twice.")
    return Sweep(axis=axis, values=values)


def parse_value(axis: Axis, text: str) -> float | int | str | Delegate:
    """Return one value of an axis in its own type.

    Raises:
        UsageError: not a value of this axis.
    """
    match axis:
        case Axis.QUANTIZATION:
            return parse_quantization(text)
        case Axis.DELEGATE:
            return parse_delegate(text)
        case Axis.ALPHA:
            return Size(alpha=_number(axis, text)).alpha
        case Axis.RESOLUTION:
            return Size(resolution=_whole(axis, text)).resolution
        case Axis.THREADS:
            if not 1 <= (threads := _whole(axis, text)) <= MOST_THREADS:
                raise UsageError(f"threads must be at least 1 and at most {MOST_THREADS}.")
            return threads


def expand(sweeps: Sequence[Sweep], **fixed: object) -> Iterator[Point]:
    """Yield every point of the product, the first sweep varying slowest; `fixed` sets the axes that do not vary.

    Raises:
        UsageError: an axis swept twice.
    """
    axes = [sweep.axis for sweep in sweeps]
    if len(set(axes)) != len(axes):
        raise UsageError(f"axis {max(axes, key=axes.count)!s} is swept twice; name all its values in one --sweep.")
    for values in itertools.product(*(sweep.values for sweep in sweeps)):
        varied = {axis.value: parse_value(axis, value) for axis, value in zip(axes, values, strict=True)}
        yield Point(**(fixed | varied))  # type: ignore[arg-type]  # each axis parses to its field's type


def _listed(axis: Axis, text: str) -> tuple[str, ...]:
    if axis is Axis.DELEGATE:
        return split_delegates(text)
    return tuple(value.strip() for value in text.split(",") if value.strip())


def _number(axis: Axis, text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?|\.\d+", text):
        raise UsageError(f"{axis} {text!r} is no positive decimal number, such as 0.75.")
    return float(text)


def _whole(axis: Axis, text: str) -> int:
    number = whole(text)
    if number is None:
        raise UsageError(f"{axis} {text[:20]!r} is not a positive whole number.")
    return number
