"""Push slots: so many phones at a time may be pushed to, because they share a USB bus and this host's cores."""

import threading
from typing import Final

PUSHES_AT_ONCE: Final = 4

_LOCK: Final = threading.Lock()
_SLOTS: Final[dict[str, tuple[int, threading.BoundedSemaphore]]] = {}


def push_slots(slots: int = PUSHES_AT_ONCE, *, path: str = "this host") -> threading.BoundedSemaphore:
    """Return the semaphore that all pushes over one path share, to be held during each.

    Args:
        slots: how many may push at a time; a path keeps the number that it was first asked with.
        path: what they share: the host's USB by default, or an adb server's name.

    Raises:
        ValueError: the path has another number of slots already.
    """
    with _LOCK:
        kept, semaphore = _SLOTS.setdefault(path, (slots, threading.BoundedSemaphore(slots)))
    if kept != slots:
        raise ValueError(f"{path} has {kept} push slots already, not {slots}.")
    return semaphore
