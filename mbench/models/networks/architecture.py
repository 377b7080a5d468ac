"""An architecture: how a network family is built, and which sizes and heads it has.

Building a model imports tensorflow; this module does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mbench.core.builds.variants import IMAGENET_HEAD, MIN_RESOLUTION, Head, HeadKind, Size, format_alpha
from mbench.core.errors import UsageError
from mbench.models.networks.heads import POOLED_KINDS
from mbench.models.networks.layers import Layer

Shape = tuple[int, int, int, int]

NO_HEAD: Final = frozenset({HeadKind.NONE})

ONE_WIDTH: Final = (1.0,)
"""Of networks without a width multiplier."""

_STANDARD_SIZE: Final = Size()


def picture_shape(size: Size) -> Shape:
    """Return the shape of one RGB picture: (1, r, r, 3)."""
    return (1, size.resolution, size.resolution, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A network family with free parameters.

    Attributes:
        name: as it stands in variants' names.
        title: what it is and where it was published.
        build: gives the functional Keras model for an inference, whose weights are to be set; those that can be
            trained take `dropout` as well.
        default: the size that is meant where nobody names one.
        head: the same of the head.
        alphas: width multipliers that it has; None: any.
        resolutions: those that it has; None: any from `least_resolution` up.
        heads: kinds of heads that it has.
        input_shape: of one input, the batch of one included.
        layers: gives the chain of layers for a width and a number of classes, which training and seeding go by; None:
            it is no chain.
        building_kib: memory that one family of it takes at most while it is built.
        finish: what is put behind each built file, whatever its quantization: it takes and gives the file's bytes.
    """

    name: str
    title: str
    build: Callable[..., Any]
    default: Size = _STANDARD_SIZE
    head: Head = IMAGENET_HEAD
    alphas: tuple[float, ...] | None = None
    resolutions: tuple[int, ...] | None = None
    least_resolution: int = MIN_RESOLUTION
    heads: frozenset[HeadKind] = POOLED_KINDS
    input_shape: Callable[[Size], Shape] = picture_shape
    layers: Callable[[float, int], tuple[Layer, ...]] | None = None
    building_kib: int = 2 << 20
    finish: Callable[[bytes], bytes] | None = None

    def check(self, size: Size, head: Head) -> None:
        """Refuse a size or a head that it does not have.

        Raises:
            UsageError: it has none such, and which it has.
        """
        if self.alphas is not None and size.alpha not in self.alphas:
            has = "no width multiplier" if self.alphas == ONE_WIDTH else f"the widths {_listed(self.alphas)} alone"
            raise UsageError(f"{self.name} has {has}, so alpha cannot be {format_alpha(size.alpha)}; leave alpha out.")
        if self.resolutions is not None and size.resolution not in self.resolutions:
            raise UsageError(f"{self.name} takes {_listed(self.resolutions)} px, not {size.resolution}.")
        if size.resolution < self.least_resolution:
            raise UsageError(f"{self.name} takes at least {self.least_resolution} px, not {size.resolution}.")
        self._check_head(head)

    def _check_head(self, head: Head) -> None:
        if self.heads == NO_HEAD:
            if head != self.head:
                raise UsageError(f"{self.name} has no head, so no {head.name} either.")
        elif head.kind not in self.heads:
            kinds = _listed(sorted(self.heads))
            raise UsageError(f"{self.name} has no head of kind {head.kind}; it has {kinds}.")


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))
