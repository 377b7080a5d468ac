"""Files to a device: adbd's sync service (AOSP packages/modules/adb, SYNC.TXT), and proof of what then lies there.

A file is sent under a name of its own and gets its final one only after the device has read it back with the right
SHA-256: a link that is lost in the middle leaves a truncated file behind, and no error code tells of flipped bytes.
"""

import shlex
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from adbutils import AdbError

from mbench.core.errors import TransportError
from mbench.core.numbers.numerals import whole
from mbench.devices.adb.streams import DeviceStream

SERVICE: Final = "sync:"

SMALL_S: Final = 20.0
"""For a command whose work does not grow with a file."""
UNKNOWN_FILE_S: Final = 180.0
"""For reading or removing files of a size that nobody has said."""

_SLOWEST_BYTES_PER_S: Final = 200_000
_SLOWEST_HASH_BYTES_PER_S: Final = 10_000_000
STALL_S: Final = 30.0
"""In which a device takes no byte of a file."""
_BLOCK_BYTES: Final = 1 << 16  # SYNC_DATA_MAX
_BLOCKS_AT_ONCE: Final = 8
_REGULAR_FILE: Final = 0o100000
_SPARE_BYTES: Final = 8 << 20
"""Storage that stays free after a push; Android itself gets into trouble on a full one."""

UNTOUCHED: Final = 3
"""Exit status of `commit_script`: what was read back is not what was to be there."""

_PREPARE_TEMPLATE = """{sweep}
mkdir -p {folder} || exit 1
if [ -d {target} ]; then echo {target} is a folder >&2; exit 1; fi
sum=-
if [ -f {target} ] && [ "$(wc -c <{target})" -eq {size} ]; then sum=$(sha256sum <{target}) || sum=-; fi
case $sum in {sha256}*) chmod {mode} {target} || exit 1 ;; esac
echo "$sum"
df -k {folder} 2>/dev/null
exit 0
"""
_COMMIT_TEMPLATE = """sum=$(sha256sum <{part}) || exit 1
echo "$sum"
case $sum in {sha256}*) ;; *) rm -f {part}; exit {untouched} ;; esac
if [ -d {target} ]; then echo {target} is a folder >&2; rm -f {part}; exit 1; fi
chmod {mode} {part} && mv -f {part} {target}
"""


def prepare_script(target: str, *, size_bytes: int, sha256: str, executable: bool, debris: tuple[str, ...]) -> str:
    """Return a script that makes a file's folder, sets its mode if it is there already, and prints two things.

    The first line is the hash of what is there, `-` for nothing or for another size; the rest is `df`'s table.
    """
    return _PREPARE_TEMPLATE.format(
        sweep=" ".join(["rm -f", *map(quoted_path, debris)]) if debris else ":",
        folder=quoted_path(target.rpartition("/")[0] or "/"),
        target=quoted_path(target),
        size=size_bytes,
        sha256=sha256,
        mode=_mode(executable),
    )


def commit_script(part: str, target: str, *, sha256: str, executable: bool) -> str:
    """Return a script that prints a part's hash and, if it is the right one, gives it its mode and its final name."""
    return _COMMIT_TEMPLATE.format(
        part=quoted_path(part),
        target=quoted_path(target),
        sha256=sha256,
        untouched=UNTOUCHED,
        mode=_mode(executable),
    )


def quoted_path(path: str) -> str:
    """Return a path for a shell that no command takes for an option."""
    return shlex.quote(path if path.startswith("/") else f"./{path}")


def missing_room(prepared: bytes, *, size_bytes: int) -> str | None:
    """Say how much room a file lacks, by what `prepare_script` printed; None where it fits, or nobody knows.

    Example of the table (`df -k`): `/dev/block/dm-5 52428800 31457280 20971520 60% /data`.
    """
    fields = prepared.decode("utf-8", "replace").rstrip().rpartition("\n")[2].split()
    share = next((place for place, field in enumerate(fields) if field.endswith("%") and place), None)
    free_kib = None if share is None else whole(fields[share - 1])
    if free_kib is None:
        return None
    free_bytes = free_kib * 1024
    if size_bytes + _SPARE_BYTES <= free_bytes:
        return None
    return (
        f"{size_bytes / 1e6:.1f} MB and {_SPARE_BYTES / 1e6:.1f} MB to spare are needed, {free_bytes / 1e6:.1f} MB are "
        "free on the device"
    )


def transfer_s(size_bytes: int) -> float:
    """Return the seconds after which sending so many bytes hangs."""
    return SMALL_S + size_bytes / _SLOWEST_BYTES_PER_S


def hash_s(size_bytes: int) -> float:
    """Return the seconds after which reading so many bytes on the device hangs."""
    return SMALL_S + size_bytes / _SLOWEST_HASH_BYTES_PER_S


def read_blocks(source: Path) -> Iterator[memoryview]:
    """Yield a file's bytes framed as the sync service takes them; a view is valid until the next one.

    Raises:
        TransportError: the file cannot be read.
    """
    frame = bytearray((8 + _BLOCK_BYTES) * _BLOCKS_AT_ONCE)
    view = memoryview(frame)
    try:
        with source.open("rb", buffering=0) as file:
            while filled := _fill(file.readinto, view):
                yield view[:filled]
    except OSError as error:
        raise TransportError(f"could not read {source}: {error.strerror or error}.") from error


def frame_bytes(data: bytes) -> Iterator[memoryview]:
    """Yield bytes framed as the sync service takes them."""
    for start in range(0, len(data), _BLOCK_BYTES):
        block = data[start : start + _BLOCK_BYTES]
        yield memoryview(b"DATA" + struct.pack("<I", len(block)) + block)


def send_file(
    stream: DeviceStream, path: str, frames: Iterator[memoryview], *, sent: Callable[[int], None] | None = None
) -> None:
    """Send a file and wait for adbd's word that it is written.

    Args:
        stream: a connection to the sync service.
        path: the file on the device.
        frames: what is in it, framed.
        sent: gets the number of further bytes after each piece.

    Raises:
        AdbError: adbd refused, in its words.
        OSError: TimeoutError among them.
        EOFError: the connection ended before adbd's word.
    """
    try:
        name = f"{path},{_REGULAR_FILE | 0o644}".encode()
        stream.send(b"SEND" + struct.pack("<I", len(name)) + name)
        for frame in frames:
            stream.send(frame)
            if sent is not None:
                sent(len(frame) - 8 * -(-len(frame) // (8 + _BLOCK_BYTES)))
        stream.send(b"DONE" + struct.pack("<I", int(time.time())))
    except (BrokenPipeError, ConnectionResetError) as error:
        raise _last_words(stream) or error from None
    _accepted(stream)


def _accepted(stream: DeviceStream) -> None:
    word, length = struct.unpack("<4sI", stream.read(8))
    if word == b"FAIL":
        raise AdbError(stream.read(min(length, _BLOCK_BYTES)).decode("utf-8", "replace"))
    if word != b"OKAY":
        raise ValueError(f"adbd answered {word!r} to a file")


def _last_words(stream: DeviceStream) -> AdbError | None:
    """Return what adbd said before it hung up."""
    try:
        _accepted(stream)
    except AdbError as error:
        return error
    except (OSError, EOFError, ValueError):
        pass
    return None


def _fill(readinto: Callable[[memoryview], int | None], view: memoryview) -> int:
    """Fill a view with framed blocks; return the bytes filled, 0 at the file's end."""
    place = 0
    for _ in range(_BLOCKS_AT_ONCE):
        count = readinto(view[place + 8 : place + 8 + _BLOCK_BYTES]) or 0
        if not count:
            break
        struct.pack_into("<4sI", view, place, b"DATA", count)
        place += 8 + count
    return place


def _mode(executable: bool) -> str:
    return "755" if executable else "644"
