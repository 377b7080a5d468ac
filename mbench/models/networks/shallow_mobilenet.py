"""The shallow MobileNet of Table 5: Table 1 without its five blocks of 14×14×512 (Howard et al., arXiv 1704.04861).

The paper compares it with the narrow one, α = 0.75: at a like cost, thin beats shallow by three points.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.chains import Row, build_chain, chain
from mbench.models.networks.layers import Layer
from mbench.models.networks.mobilenet_v1 import LEAST_CHANNELS, TABLE_1

LEFT_OUT: Final = frozenset(f"conv_{kind}_{block}" for block in range(7, 12) for kind in ("dw", "pw"))
"""The paper's "5×"."""

TABLE_5: Final[tuple[Row, ...]] = tuple(row for row in TABLE_1 if row[0] not in LEFT_OUT)
"""What is left keeps its names, so a weights file of the whole network fits layer by layer."""


def layers(alpha: float, classes: int) -> tuple[Layer, ...]:
    """Return the 18 layers at width multiplier `alpha`."""
    return chain(TABLE_5, alpha, classes, least_channels=LEAST_CHANNELS)


def build(size: Size, head: Head, *, dropout: float = 0.0) -> Any:
    """Return the Keras model, untrained: see `mbench.models.networks.chains.build_chain`."""
    return build_chain("shallow_mobilenet", layers(size.alpha, head.classes), size, head, dropout=dropout)
