"""Arrays as weights files hold them: what they are is known before one is read, and what a `.npz` says of its own.

An array is read where its shape is the one that is wanted, so that no file decides how much memory it takes.
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from tokenize import TokenError
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.files.archives import Archive

KINDS: Final = "fiu"
"""Of numbers that can be weights: floats and integers (numpy's `dtype.kind`)."""

MOST_ITEM_BYTES: Final = 8
"""Of a number; wider floats differ from machine to machine."""

_HEADER_BYTES: Final = 1 << 14
"""Of a `.npy`: numpy reads headers of 10 000 (numpy.lib.format, `max_header_size`)."""

_SUFFIX: Final = ".npy"
_READERS: Final = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
ODD_HEADER: Final = (
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    TokenError,
    RecursionError,
    MemoryError,
    OverflowError,
)
"""What numpy lets through of a header, which is a Python expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArray:
    """An array of a file that has not been read.

    Attributes:
        values: reads it; a `ValueError` says what is wrong with it.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    values: Callable[[], npt.NDArray[Any]]

    @property
    def holds_numbers(self) -> bool:
        """Whether it could be weights by its type."""
        return self.dtype.kind in KINDS and self.dtype.itemsize <= MOST_ITEM_BYTES


class StoredArrays:
    """The arrays of a `.npz`, by name.

    Args:
        data: the file's bytes.

    Raises:
        ValueError: no archive, or one that is refused.
    """

    def __init__(self, data: bytes) -> None:
        self._archive = Archive(data)
        self.names = tuple(name.removesuffix(_SUFFIX) for name in self._archive.names if name.endswith(_SUFFIX))

    def find(self, name: str) -> StoredArray | None:
        """Return an array by name; None where there is none.

        Raises:
            ValueError: it is no array.
        """
        member = name + _SUFFIX
        if name not in self.names:
            return None
        stream = io.BytesIO(self._archive.head(member, size=_HEADER_BYTES))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of headers that Python 2 wrote
                shape, in_fortran_order, dtype = _READERS[np.lib.format.read_magic(stream)](stream)
        except ODD_HEADER as error:
            reason = (str(error).splitlines() or [""])[0][:200]
            raise ValueError(f"{name} is no array: {type(error).__name__} {reason}") from error
        start, size = stream.tell(), prod(shape) * dtype.itemsize

        def values() -> npt.NDArray[Any]:
            content = self._archive.read(member, limit_bytes=start + size)[start:]
            if len(content) != size:
                raise ValueError(f"{name} has {len(content)} bytes, and its shape wants {size}")
            array = np.frombuffer(content, dtype)
            return array.reshape(shape[::-1]).T if in_fortran_order else array.reshape(shape)

        return StoredArray(shape=tuple(shape), dtype=dtype, values=values)
