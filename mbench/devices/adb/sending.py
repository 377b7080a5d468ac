"""Files to a phone: room seen to, sent under a name of their own, proved by the phone's own reading, then renamed."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final

from mbench.core.errors import DamagedFile, DeviceLost, NoSpace, TransportError
from mbench.devices.adb.door import AdbDoor
from mbench.devices.adb.errors import at_the_door
from mbench.devices.adb.pull import parse_hash
from mbench.devices.adb.remedies import REMEDIES
from mbench.devices.adb.shell import new_mark
from mbench.devices.adb.streams import DeviceStream
from mbench.devices.adb.sync import (
    SERVICE,
    STALL_S,
    UNTOUCHED,
    commit_script,
    frame_bytes,
    hash_s,
    missing_room,
    prepare_script,
    read_blocks,
    send_file,
    transfer_s,
)
from mbench.files.hashes import hash_file

_DAMAGE: Final = "the cable, the hub or the storage damages data"


class AdbSender:
    """Writes files on one phone, whole or not at all.

    Args:
        door: the phone's.
        slot: is held while a pushed file is sent.

    Attributes:
        sizes: bytes by path of the files that were pushed.
    """

    def __init__(self, door: AdbDoor, slot: AbstractContextManager[object]) -> None:
        self._door, self._slot = door, slot
        self._debris: set[str] = set()
        self.sizes: dict[str, int] = {}

    def push(
        self,
        source: Path,
        target: str,
        *,
        sha256: str,
        executable: bool = False,
        sent: Callable[[int], None] | None = None,
    ) -> None:
        """Write a file, unless its content is there already, and prove it by its hash; `sent` hears of bytes."""
        try:
            size_bytes = source.stat().st_size
        except OSError as error:
            raise TransportError(f"{self._door.serial}: could not push {source}: {error.strerror}.") from error
        self.sizes[target] = size_bytes
        if self._prepare(target, size_bytes, sha256=sha256, executable=executable):
            return
        with self._slot:
            if sent is not None:
                sent(0)
            frames = read_blocks(source)
            found = self._place(target, frames, size_bytes, sha256=sha256, executable=executable, sent=sent)
        if found != sha256:
            blame = _DAMAGE if _has_hash(source, sha256) else f"{source} has changed since it was hashed"
            raise DamagedFile(f"{self._door.serial}: {target} reads back as SHA-256 {found}, not {sha256}; {blame}.")

    def write(self, target: str, data: bytes, *, executable: bool = False) -> None:
        """Write a few bytes under a temporary name, then rename."""
        sha256 = hashlib.sha256(data).hexdigest()
        found = self._place(target, frame_bytes(data), len(data), sha256=sha256, executable=executable)
        if found != sha256:
            raise DamagedFile(f"{self._door.serial}: {target} reads back as SHA-256 {found}, not {sha256}; {_DAMAGE}.")

    def _prepare(self, target: str, size_bytes: int, *, sha256: str, executable: bool) -> bool:
        """Make a file's folder and see to its room; return whether the file is there already."""
        what = f"write {target}"
        debris = tuple(sorted(self._debris))
        text = prepare_script(target, size_bytes=size_bytes, sha256=sha256, executable=executable, debris=debris)
        end = self._door.script(text, what, timeout_s=hash_s(size_bytes))
        self._door.require(end, what)
        self._debris.clear()
        if parse_hash(end.stdout) == sha256:
            return True
        if lack := missing_room(end.stdout, size_bytes=size_bytes):
            raise NoSpace(f"{self._door.serial}: could not {what}: {lack}. {REMEDIES['full']}")
        return False

    def _place(
        self,
        target: str,
        frames: Iterator[memoryview],
        size_bytes: int,
        *,
        sha256: str,
        executable: bool,
        sent: Callable[[int], None] | None = None,
    ) -> str | None:
        """Send a file under a temporary name, rename it if its hash is right, and return the hash that was found."""
        what = f"write {target}"
        part = f"{target}.part.{new_mark()}"
        self._debris.add(part)
        until = time.monotonic() + transfer_s(size_bytes)
        try:
            with (
                at_the_door(self._door.serial, what),
                DeviceStream(self._door.server, self._door.address, SERVICE, until=until, stall_s=STALL_S) as stream,
            ):
                send_file(stream, part, frames, sent=sent)
            text = commit_script(part, target, sha256=sha256, executable=executable)
            end = self._door.script(text, what, timeout_s=hash_s(size_bytes))
            if end.exit_code != UNTOUCHED:
                self._door.require(end, what)
        except DeviceLost:
            raise
        except TransportError:
            self._sweep(part)
            raise
        self._debris.discard(part)
        return parse_hash(end.stdout)

    def _sweep(self, part: str) -> None:
        """Remove what a refused file has left; where that fails, the next push does it."""
        with suppress(TransportError):
            self._door.remove(part)
            self._debris.discard(part)


def _has_hash(source: Path, sha256: str) -> bool:
    try:
        return hash_file(source, limit_bytes=None) == sha256
    except OSError:
        return False
