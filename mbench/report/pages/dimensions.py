"""Dimensions: what one row can differ in from another, as an axis or a colour of a picture or as a filter."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mbench.core.builds.variants import Quantization, format_alpha, parse_variant
from mbench.core.errors import UsageError
from mbench.report.results.rows.row import Row


class Dimension(StrEnum):
    """Names of dimensions, as people read them."""

    WIDTH = "width multiplier"
    RESOLUTION = "resolution"
    THREADS = "threads"
    QUANTIZATION = "quantization"
    DELEGATE = "delegate"
    NETWORK = "network"


AXES: Final = (
    Dimension.WIDTH,
    Dimension.RESOLUTION,
    Dimension.THREADS,
    Dimension.QUANTIZATION,
    Dimension.DELEGATE,
)
"""What a picture can have across."""

HUES: Final = (
    Dimension.QUANTIZATION,
    Dimension.DELEGATE,
    Dimension.THREADS,
    Dimension.RESOLUTION,
    Dimension.WIDTH,
    Dimension.NETWORK,
)
"""What colours and marks stand for: the first of them that differs, and not in too much."""

MOST_HUES: Final = 6
"""Colours that can be told apart, each with a mark of its own."""

_ORDER: Final = {str(name): place for place, name in enumerate(Quantization)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row lies in each dimension; None where it has no such value, as a user's own file has no width."""

    values: tuple[tuple[Dimension, str | None], ...]

    def __getitem__(self, dimension: Dimension) -> str | None:
        """Return the text of one dimension."""
        return next(value for name, value in self.values if name is dimension)

    def without(self, dimension: Dimension) -> tuple[str | None, ...]:
        """Return the texts of all others: rows that agree in them differ in this one alone."""
        return tuple(value for name, value in self.values if name is not dimension)


def place_of(row: Row) -> Place:
    """Return where a row lies; a user's own file differs from others by its name alone."""
    try:
        variant = parse_variant(row.variant)
    except UsageError:
        sizes: tuple[str | None, ...] = (None, None, None)
        network = row.variant
    else:
        sizes = (format_alpha(variant.size.alpha), str(variant.size.resolution), str(variant.quantization))
        head = "" if variant.head.classes == 1000 else f" {variant.head.name}{variant.head.classes}"
        network = f"{variant.architecture}{head}"
    network += " (old)" if row.side == "old" else ""
    return Place(
        (
            (Dimension.WIDTH, sizes[0]),
            (Dimension.RESOLUTION, sizes[1]),
            (Dimension.THREADS, str(row.threads)),
            (Dimension.QUANTIZATION, sizes[2]),
            (Dimension.DELEGATE, row.delegate),
            (Dimension.NETWORK, network),
        )
    )


def in_order(values: Sequence[str | None]) -> tuple[str, ...]:
    """Return the different values that there are: numbers by size, quantizations by precision, others by name."""
    different = {value for value in values if value is not None}
    return tuple(sorted(different, key=_sorting))


def hue_of(places: Sequence[Place], *, beside: Dimension | None = None) -> Dimension | None:
    """Return what colours stand for; None where nothing that differs has few enough values.

    Args:
        places: those of all rows of a picture.
        beside: what stands across already.
    """
    for dimension in HUES:
        if dimension is not beside and 2 <= len(in_order([place[dimension] for place in places])) <= MOST_HUES:
            return dimension
    return None


def _sorting(value: str) -> tuple[int, float, str]:
    try:
        return 0, float(value), value
    except ValueError:
        return 1, _ORDER.get(value, len(_ORDER)), value
