"""What adbutils and the system raise, translated at the door."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from adbutils import AdbError

from mbench.core.errors import DeviceLost, NoSpace, TransportError
from mbench.devices.adb.remedies import REMEDIES

_FOREIGN: Final = (AdbError, OSError, EOFError, struct.error, AssertionError, ValueError)
"""All that was seen to come out of adbutils 2.12: a lost link alone appears as five of them."""

_UNAUTHORIZED: Final = ("device unauthorized", "device still authorizing")
NO_SPACE: Final = "No space left on device"
"""ENOSPC, as adbd and Android's shell say it."""

_GONE: Final = ("device offline", "closed", "no device", "device still connecting", "connect to adb server failed")


@contextmanager
def at_the_door(serial: str, what: str) -> Iterator[None]:
    """Turn what adbutils and sockets raise into ours, saying on which device what was tried and what came back.

    Raises:
        DeviceLost: the device or the server did not answer, or the connection ended too early.
        NoSpace: the device's storage is full.
        TransportError: the device answered and refused.
    """
    try:
        yield
    except _FOREIGN as error:
        raise translated(error, serial=serial, what=what) from error


def translated(error: BaseException, *, serial: str, what: str) -> TransportError:
    """Return our error for a foreign one."""
    words = " ".join(str(error).split("\n", maxsplit=1)[0].split()).rstrip(".")
    if isinstance(error, struct.error) or words.startswith("invalid literal for int()"):
        words = "what it answered is not adb's protocol"
    if words.startswith(_UNAUTHORIZED):
        return TransportError(f"{serial}: could not {what}: {words}. {REMEDIES['unauthorized']}")
    if NO_SPACE in words:
        return NoSpace(f"{serial}: could not {what}: {words}. {REMEDIES['full']}")
    if isinstance(error, ConnectionRefusedError) or words.startswith("connect to adb server"):
        return DeviceLost(f"{serial}: could not {what}: {words}. {REMEDIES['server']}")
    if isinstance(error, TimeoutError):
        return DeviceLost(f"{serial}: could not {what}: {words or 'no answer in time'}. {REMEDIES['frozen']}")
    if words.startswith(_GONE) or words.endswith("not found") or isinstance(error, (OSError, EOFError)):
        return DeviceLost(f"{serial}: could not {what}: {words or type(error).__name__}. {REMEDIES['lost']}")
    return TransportError(f"{serial}: could not {what}: {words or type(error).__name__}.")
