"""What can happen to a pushed file between adbd and the disk."""

import errno
import os
from collections.abc import Iterator

from mbench.emulator.adbd.connection import LinkLost, Stream


class PushFaults:
    """Faults of pushes, each armed by setting its attribute.

    Attributes:
        drop_after_bytes: the link breaks when so many bytes of a push have been written; once.
        free_bytes: what still fits on the disk; None: no limit.
        corrupt_left: pushes to come that have one bit changed.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Have no faults."""
        self.drop_after_bytes: int | None = None
        self.free_bytes: int | None = None
        self.corrupt_left = 0
        self._changed = False
        self._written = 0

    def begin(self) -> None:
        """A push begins."""
        self._written, self._changed = 0, False

    def arrive(self, stream: Stream, data: memoryview) -> Iterator[memoryview]:
        """Yield what is to be written of the data.

        Raises:
            OSError: the disk is full.
            LinkLost: the link has been broken.
        """
        if self.free_bytes is not None:
            if len(data) > self.free_bytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.free_bytes -= len(data)
        if self.corrupt_left and data and not self._changed:
            self.corrupt_left -= 1
            self._changed = True
            changed = bytearray(data)
            changed[len(changed) // 2] ^= 0x10
            data = memoryview(changed)
        if self.drop_after_bytes is not None and self._written + len(data) >= self.drop_after_bytes:
            left = self.drop_after_bytes - self._written
            self.drop_after_bytes = None
            yield data[:left]
            stream.drop_link()
            raise LinkLost
        self._written += len(data)
        yield data
