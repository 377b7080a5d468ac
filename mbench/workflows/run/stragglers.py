"""Stragglers: a few devices that hold up many, so that what those have measured is shown meanwhile."""

import threading
from collections.abc import Callable, Sequence
from typing import Final

QUIET_S: Final = 10.0
"""Without an end, after which the rest is called late: devices that were measured alike end close together."""

FEW: Final = 5
"""One in so many devices, or a single one, is few."""


class Stragglers:
    """Reports once the devices that are still at work, when they are few and no other has ended for a while.

    Args:
        devices: all that are at work.
        tell: gets those that are left, in a thread of its own.
        quiet_s: how long no other must have ended.
    """

    def __init__(
        self, devices: Sequence[str], tell: Callable[[Sequence[str]], None], *, quiet_s: float = QUIET_S
    ) -> None:
        self._left, self._tell, self._quiet_s = list(devices), tell, quiet_s
        self._few = max(1, len(devices) // FEW)
        self._timer: threading.Timer | None = None
        self._reported = threading.Event()

    def ended(self, device: str) -> None:
        """Take note that a device has ended."""
        self.close()
        if device in self._left:
            self._left.remove(device)
        if 0 < len(self._left) <= self._few and not self._reported.is_set():
            self._timer = threading.Timer(self._quiet_s, self._say, (tuple(self._left),))
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Wait for nobody any more; when this returns, nothing is being reported any more either.

        A report of stragglers may write the same file as the end of the session does, and must not come after it.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()

    def _say(self, left: Sequence[str]) -> None:
        self._reported.set()
        self._tell(left)
