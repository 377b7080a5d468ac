"""Push slots: so many phones of one adb server may be pushed to at a time, as they share that host's USB and cores."""

import threading
from typing import Final

PUSHES_AT_ONCE: Final = 4

_LOCK: Final = threading.Lock()
_SLOTS: Final[dict[str, threading.BoundedSemaphore]] = {}


def push_slots(server: str) -> threading.BoundedSemaphore:
    """Return the semaphore that all pushes through one adb server share, to be held while bytes are sent."""
    with _LOCK:
        return _SLOTS.setdefault(server, threading.BoundedSemaphore(PUSHES_AT_ONCE))
