"""The real clock."""

import time
from datetime import datetime

from mbench.core.ports import utc_now


class SystemClock:
    """Wall-clock and steady time of this host."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        return utc_now()

    def monotonic(self) -> float:
        """Return seconds on the steady clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
