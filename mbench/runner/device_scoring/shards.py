"""Shards: a part of the inputs as one file on the device, made as large as the device has room for."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mbench.core.errors import NoSpace
from mbench.core.ports import Transport
from mbench.files.disk import disk_errors
from mbench.files.hashes import hash_file
from mbench.runner.device_scoring.script import ShardOnDevice

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

SHARD_BYTES: Final = 64_000_000
"""A larger one would make a push that broke off dear, and fill a phone; each costs one process that is looked at."""


class Shards:
    """The shards of one array of inputs; one of them at a time lies on the device, always under the same path."""

    def __init__(
        self, transport: Transport, inputs: "npt.NDArray[Any]", *, path: str, part: Path, limit_bytes: int = SHARD_BYTES
    ) -> None:
        """Lay out the shards; nothing is pushed.

        Args:
            transport: the way to the device.
            inputs: (examples, …) of the model's own input type, little-endian; may be a memory map.
            path: of the shard on the device.
            part: of the shard on this host while it is pushed.
            limit_bytes: of one shard, if that holds one example.
        """
        self._transport, self._inputs, self._path, self._part = transport, inputs, path, part
        self._row_bytes = int(inputs[:1].nbytes)
        self._most = max(1, min(len(inputs), limit_bytes // max(1, self._row_bytes)))
        self._here: ShardOnDevice | None = None
        self._sha256 = ""
        self._doubted = False

    def holding(self, example: int) -> ShardOnDevice:
        """Return the shard that holds an example, pushed and proved; another one is removed before.

        Raises:
            NoSpace: the device has none even for one example.
            TransportError: the way to the device broke.
            StoreError: this host could not write it.
        """
        if self._here is None or not self._here.first <= example < self._here.end:
            self.remove()
            self._here = self._pushed(example)
        elif self._doubted:
            self._push(self._here.first, self._here.end)
        self._doubted = False
        return self._here

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 by path of the shard that lies on the device; empty where none does."""
        return {} if self._here is None else {self._path: self._sha256}

    def shrink(self) -> bool:
        """Make the next shard, which is a new one, half as large; say whether that was possible."""
        possible = self._most > 1
        self._most = max(1, self._most // 2)
        self._here = None
        return possible

    def doubt(self) -> None:
        """Let the shard be proved, or pushed again, before it is used again."""
        self._doubted = True

    def remove(self) -> None:
        """Remove the shard from the device.

        Raises:
            TransportError: the way to the device broke.
        """
        self._here = None
        self._transport.remove(self._path)

    def _pushed(self, first: int) -> ShardOnDevice:
        while True:
            end = min(first + self._most, len(self._inputs))
            try:
                self._push(first, end)
            except NoSpace:
                if not self.shrink():
                    raise
            else:
                return ShardOnDevice(path=self._path, first=first, end=end, row_bytes=self._row_bytes)

    def _push(self, first: int, end: int) -> None:
        with disk_errors("write the inputs to", self._part):
            self._inputs[first:end].tofile(self._part)
            self._sha256 = hash_file(self._part, limit_bytes=None)
        try:
            self._transport.push(self._part, self._path, sha256=self._sha256)
        finally:
            self._part.unlink(missing_ok=True)
