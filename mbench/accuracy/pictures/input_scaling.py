"""From levels of 0 to 255 to what an input tensor stores: real values, or integers by the tensor's own scale.

Imported by worker processes: numpy alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

LEVELS: Final = 256

MOST_STEPS: Final = 8
"""So many places where a table is not "one more" are cheaper to add than the table is to look up."""

QUANTIZED: Final = frozenset({"int8", "uint8", "int16"})
STORABLE: Final = QUANTIZED | {"float32"}
"""Types of input tensors that a picture can be given to."""


class StoredTensor(Protocol):
    """What is to be known of an input tensor: real = scale × (stored − zero_point)."""

    @property
    def dtype(self) -> str:
        """Its type, such as `uint8`."""

    @property
    def scale(self) -> float | None:
        """None where it is not quantized."""

    @property
    def zero_point(self) -> int | None:
        """None where it is not quantized."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantized:
    """How real values are stored: real = scale × (stored − zero_point)."""

    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelScaling:
    """The real values that a network was trained on: (level / divisor − mean) / deviation, in float32, in this order.

    Attributes:
        mean: of each channel, in the network's order of channels.
        channels: the network's order; pictures are RGB.
    """

    divisor: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)
    channels: Literal["rgb", "bgr"] = "rgb"

    @property
    def alike(self) -> bool:
        """Whether a level means the same in each channel."""
        return len(set(self.mean)) == 1 and len(set(self.deviation)) == 1

    def real_values(self, levels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the real values of (…, width, 3) levels, whose channels have the network's order already."""
        values = levels.astype(np.float32, order="C")
        lines = values.reshape(-1, levels.shape[-2] * 3)  # numpy is slow on axes of three
        if self.divisor != 1:
            lines /= np.float32(self.divisor)
        lines -= self._along(lines, self.mean)
        if set(self.deviation) != {1.0}:
            lines /= self._along(lines, self.deviation)
        return values

    def _along(self, lines: NDArray[np.float32], numbers: tuple[float, float, float]) -> NDArray[np.float32]:
        return np.array(numbers[:1] if self.alike else numbers * (lines.shape[1] // 3), np.float32)


def input_encoder(scaling: PixelScaling, tensor: StoredTensor) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    """Return what makes a tensor's stored values of pictures; its tables are made once.

    It takes (n, h, w, 3) RGB levels, cropped and resized, and gives (n, h, w, 3) in the tensor's type and the network's
    order of channels; the pictures themselves where a level is stored as it is.

    Args:
        scaling: of the recipe that they were prepared by.
        tensor: of `STORABLE` type; quantized where it is an integer.
    """
    if tensor.dtype == "float32":
        encode: Callable[[NDArray[np.uint8]], NDArray[Any]] = scaling.real_values
    else:
        table = stored_levels(scaling, tensor)
        encode = _level_map(table[:, 0]) if (table == table[:, :1]).all() else _channel_maps(table)
    if scaling.channels == "bgr":
        return lambda pictures: encode(pictures[..., ::-1])
    return encode


def stored_levels(scaling: PixelScaling, tensor: StoredTensor) -> NDArray[Any]:
    """Return (256, 3): how a quantized tensor stores each level of each channel.

    Raises:
        ValueError: the tensor is no quantized one.
    """
    levels = np.repeat(np.arange(LEVELS, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    return stored_values(scaling.real_values(levels), tensor)


def stored_values(real: NDArray[np.floating], tensor: StoredTensor) -> NDArray[Any]:
    """Return how a quantized tensor stores real values, in their shape.

    round(real / scale) + zero point, halves away from zero, cut to the type's range, as the runtime's QUANTIZE does
    (google-ai-edge/LiteRT `tflite/kernels/internal/reference/quantize.h`, `AffineQuantize`).

    Raises:
        ValueError: the tensor is no quantized one.
    """
    if tensor.dtype not in QUANTIZED or not tensor.scale:
        raise ValueError(f"a tensor of type {tensor.dtype} with scale {tensor.scale} does not say what it stores")
    limits = np.iinfo(tensor.dtype)
    steps = real.astype(np.float64) / tensor.scale
    rounded = np.copysign(np.floor(np.abs(steps) + 0.5), steps)
    stored: NDArray[Any] = np.clip(rounded + (tensor.zero_point or 0), limits.min, limits.max).astype(tensor.dtype)
    return stored


def _channel_maps(table: NDArray[Any]) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    """Return a function that maps each channel's levels by its own column."""
    maps = [_level_map(table[:, channel]) for channel in range(3)]

    def encode(pictures: NDArray[np.uint8]) -> NDArray[Any]:
        stored = np.empty(pictures.shape, table.dtype)
        for channel, encode_channel in enumerate(maps):
            stored[..., channel] = encode_channel(pictures[..., channel])
        return stored

    return encode


def _level_map(table: NDArray[Any]) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    """Return a function that gives table[levels], by the cheapest way to the same values.

    Indexing makes eight bytes of each index first. Tables of one byte hardly ever differ from "level plus a constant"
    by more than a few steps, which is arithmetic modulo 256: a twentieth of the time.
    """
    if table.dtype.itemsize > 1:
        return lambda levels: np.asarray(table[levels])
    shifts = table.view(np.uint8) - np.arange(LEVELS, dtype=np.uint8)
    changes = np.diff(shifts)
    steps = [(np.uint8(before + 1), changes[before]) for before in np.flatnonzero(changes)]
    if len(steps) > MOST_STEPS:
        text = table.tobytes()
        return lambda levels: np.frombuffer(levels.tobytes().translate(text), table.dtype).reshape(levels.shape)

    def encode(levels: NDArray[np.uint8]) -> NDArray[Any]:
        if not steps and not shifts[0]:
            return levels.view(table.dtype)
        stored: NDArray[np.uint8] = levels + shifts[0]
        for level, step in steps:
            reached = (levels >= level).view(np.uint8)
            stored += reached if step == 1 else reached * step
        return np.asarray(stored.view(table.dtype))

    return encode
