"""From what an output stores to real values; worker processes start with it, so that it needs nothing but numpy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RealValues:
    """Keeps the only output as real values, scale × (stored − zero_point): (pictures, numbers) float32.

    Attributes:
        scale: None where the output is not quantized.
        zero_point: likewise.
    """

    scale: float | None
    zero_point: int | None

    def __call__(self, outputs: tuple[NDArray[Any], ...]) -> tuple[NDArray[np.float32]]:
        """Return the values."""
        (stored,) = outputs
        return (self.of(stored.reshape(len(stored), -1)),)

    def of(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Return the real values of an output, in its shape."""
        if self.scale is None:
            return stored.astype(np.float32)
        steps = stored.astype(np.float32) - np.float32(self.zero_point or 0)
        return (steps * np.float32(self.scale)).astype(np.float32)
