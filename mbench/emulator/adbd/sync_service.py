"""adbd's sync: service: stat, list, push and pull, versions 1 and 2, without compression."""

import errno
import os
import stat
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from mbench.emulator.adbd import sync_records
from mbench.emulator.adbd.connection import LinkLost, Stream
from mbench.emulator.adbd.sync_records import REQUEST, format_fail

_PATH_LIMIT_BYTES = 1024
_READ_BYTES = 1 << 18


class FileSystem(Protocol):
    """What the service asks of its phone's folder."""

    def locate(self, path: str, *, follow: bool = True) -> Path:
        """Return where a path of the phone lies on this host.

        Raises:
            OSError: no such directory on the way to it, or too many symbolic links.
        """

    def writable(self, folder: Path) -> bool:
        """Whether adbd may make files in a folder."""


class Pushes(Protocol):
    """What can happen to a push on its way to the disk."""

    def begin(self) -> None:
        """A push begins."""

    def arrive(self, stream: Stream, data: memoryview) -> Iterator[memoryview]:
        """Yield what is to be written of the data; may break the link or raise OSError (a full disk)."""


class SyncService:
    """One sync: stream, request after request."""

    def __init__(self, stream: Stream, files: FileSystem, pushes: Pushes) -> None:
        self._stream, self._files, self._pushes = stream, files, pushes
        self._rest = memoryview(b"")
        self._answers: dict[bytes, Callable[[bytes, str], Awaitable[None]]] = {
            b"STAT": self._stat_v1,
            b"STA2": self._stat_v2,
            b"LST2": self._stat_v2,
            b"LIST": self._list,
            b"LIS2": self._list,
            b"RECV": self._send_file,
            b"RCV2": self._send_file,
            b"SEND": self._take_file_v1,
            b"SND2": self._take_file_v2,
        }

    async def run(self) -> None:
        """Answer until QUIT, a refused push or the end of the stream."""
        with suppress(EOFError):
            while True:
                name, length = REQUEST.unpack(await self._exactly(REQUEST.size))
                if name == b"QUIT":
                    return
                answer = self._answers.get(name)
                if answer is None or length > _PATH_LIMIT_BYTES:
                    await self._stream.write(format_fail(f"unknown command {name.decode('latin-1')!r}"))
                    return
                path = (await self._exactly(length)).decode("utf-8", "surrogateescape")
                try:
                    await answer(name, path)
                except _RefusedError as refusal:
                    await self._stream.write(format_fail(str(refusal)))
                    return

    async def _stat_v1(self, _: bytes, path: str) -> None:
        try:
            found = os.lstat(self._files.locate(path, follow=False))
        except OSError:
            found = None
        await self._stream.write(sync_records.format_stat_v1(found))

    async def _stat_v2(self, name: bytes, path: str) -> None:
        try:
            found = os.lstat(self._files.locate(path, follow=name == b"STA2"))
        except OSError as error:
            await self._stream.write(sync_records.format_stat_v2(name, None, error.errno or errno.EIO))
        else:
            await self._stream.write(sync_records.format_stat_v2(name, found))

    async def _list(self, name: bytes, path: str) -> None:
        v2 = name == b"LIS2"
        form = sync_records.format_entry_v2 if v2 else sync_records.format_entry_v1
        answer = bytearray()
        with suppress(OSError):
            folder = self._files.locate(path)
            for entry in [".", "..", *sorted(path.name for path in folder.iterdir())]:
                with suppress(OSError):
                    answer += form(os.fsencode(entry), os.lstat(folder / entry))
        await self._stream.write(bytes(answer) + sync_records.format_end(v2=v2))

    async def _send_file(self, name: bytes, path: str) -> None:
        if name == b"RCV2":
            await self._exactly(8)
        try:
            with open(self._files.locate(path), "rb", opener=_open_at_once) as file:
                while block := file.read(_READ_BYTES):
                    view = memoryview(block)
                    chunks = bytearray()
                    for start in range(0, len(view), sync_records.CHUNK_BYTES):
                        chunk = view[start : start + sync_records.CHUNK_BYTES]
                        chunks += REQUEST.pack(b"DATA", len(chunk))
                        chunks += chunk
                    await self._stream.write(bytes(chunks))
        except OSError as error:
            step = "read" if isinstance(error, IsADirectoryError) else "open"
            await self._stream.write(format_fail(f"{step} failed: {_reason(error)}"))
        else:
            await self._stream.write(REQUEST.pack(b"DONE", 0))

    async def _take_file_v1(self, _: bytes, spec: str) -> None:
        path, comma, mode = spec.rpartition(",")
        if not comma or not mode.isdecimal():
            raise _RefusedError("missing , in ID_SEND")
        await self._take_file(path, int(mode), dry_run=False)

    async def _take_file_v2(self, _: bytes, path: str) -> None:
        word, mode, flags = _SEND_V2.unpack(await self._exactly(_SEND_V2.size))
        if word != b"SND2" or flags & ~sync_records.DRY_RUN:
            raise _RefusedError(f"unsupported flags: {flags:d}")
        await self._take_file(path, mode, dry_run=bool(flags & sync_records.DRY_RUN))

    async def _take_file(self, path: str, mode: int, *, dry_run: bool) -> None:
        self._pushes.begin()
        if stat.S_ISLNK(mode):
            await self._take_link(path)
        else:
            await self._take_data(path, mode, dry_run=dry_run)
        await self._stream.write(REQUEST.pack(b"OKAY", 0))

    async def _take_data(self, path: str, mode: int, *, dry_run: bool) -> None:
        try:
            target = None if dry_run else self._prepare(path)
            descriptor = os.open(
                os.devnull if target is None else target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            await self._swallow()
            raise _RefusedError(f"couldn't create file: {_reason(error)}") from error
        try:
            if target is not None:
                os.fchmod(descriptor, sync_records.spread_mode(mode))
            mtime = await self._write_to(descriptor)
            if target is not None:
                os.utime(descriptor, (mtime, mtime))
        except OSError as error:
            if target is not None:
                target.unlink(missing_ok=True)
            await self._swallow()
            raise _RefusedError(f"write failed: {_reason(error)}") from error
        finally:
            os.close(descriptor)

    async def _write_to(self, descriptor: int) -> int:
        """Write DATA as it comes and return the time that DONE tells."""
        while True:
            name, length = REQUEST.unpack(await self._exactly(REQUEST.size))
            if name == b"DONE":
                return int(length)
            if name != b"DATA" or length > sync_records.CHUNK_BYTES:
                raise _RefusedError(f"invalid data message: {name.decode('latin-1')} {length}")
            self._left = length
            while self._left:
                piece = await self._some(self._left)
                self._left -= len(piece)
                for part in self._pushes.arrive(self._stream, piece):
                    _write_fully(descriptor, part)

    async def _take_link(self, path: str) -> None:
        name, length = REQUEST.unpack(await self._exactly(REQUEST.size))
        goal = await self._exactly(length) if name == b"DATA" else b""
        await self._exactly(REQUEST.size)
        try:
            self._prepare(path).symlink_to(os.fsdecode(goal.rstrip(b"\0")))
        except OSError as error:
            raise _RefusedError(f"failed to create symlink: {_reason(error)}") from error

    def _prepare(self, path: str) -> Path:
        """Return where the file goes, with its parents made and whatever was there before gone."""
        target = self._files.locate(path, follow=False)
        folder = target.parent
        while not folder.exists():
            folder = folder.parent
        if not self._files.writable(folder):
            raise PermissionError(errno.EACCES, "Permission denied")
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() and not target.is_symlink():
            raise IsADirectoryError(errno.EISDIR, "Is a directory")
        target.unlink(missing_ok=True)
        return target

    async def _swallow(self) -> None:
        """Read the rest of a refused file, so that the client comes to listen."""
        left, self._left = self._left, 0
        await self._skip(left)
        while True:
            name, length = REQUEST.unpack(await self._exactly(REQUEST.size))
            if name != b"DATA":
                return
            await self._skip(length)

    async def _skip(self, length: int) -> None:
        while length:
            length -= len(await self._some(length))

    _left = 0

    async def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            parts += await self._some(count - len(parts))
        return bytes(parts)

    async def _some(self, limit: int) -> memoryview:
        """Return up to `limit` bytes as they came.

        Raises:
            EOFError: the other side has closed the stream.
        """
        if not self._rest:
            data = await self._stream.receive()
            if data is None:
                raise EOFError
            # At once, so that the next bytes travel while these are written: files wait for nobody.
            with suppress(LinkLost):
                await self._stream.consumed()
            self._rest = memoryview(data)
        piece, self._rest = self._rest[:limit], self._rest[limit:]
        return piece


_SEND_V2 = struct.Struct("<4sII")


class _RefusedError(Exception):
    """A push that adbd does not take; the sentence is for the client."""


def _open_at_once(path: str, flags: int) -> int:
    """Open a file, also a named pipe that nobody writes to: all phones would wait for its other end."""
    return os.open(path, flags | os.O_NONBLOCK)


def _write_fully(descriptor: int, data: memoryview) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
