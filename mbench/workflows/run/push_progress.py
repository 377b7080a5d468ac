"""How far pushing is and how fast it goes, for a person; nothing is said where nothing has to be sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mbench.core.ports import Clock, Progress


class PushProgress:
    """Hears of bytes while files are pushed.

    Args:
        progress: the device's.
        clock: its steady time gives the speed.
    """

    def __init__(self, progress: Progress, clock: Clock) -> None:
        self._progress, self._clock = progress, clock
        self._bytes, self._spent_s = 0, 0.0
        self._begun_s: float | None = None

    @contextmanager
    def file(self) -> Iterator[Callable[[int], None]]:
        """Yield what hears of a file's bytes; waiting for a turn or for a lost device is no part of its time."""
        try:
            yield self._sent
        finally:
            self._end()

    def _sent(self, count: int) -> None:
        """Take note of further bytes; 0 is the beginning of a push."""
        if count == 0:
            self._end()
            self._begun_s = self._clock.monotonic()
            if not self._bytes:
                self._progress.start("pushing", None)
        self._bytes += count
        self._progress.step(self._so_far())

    def _end(self) -> None:
        self._spent_s, self._begun_s = self._passed_s(), None

    def finish(self) -> None:
        """Say what was sent, if anything was; files that are there already need no push."""
        if self._bytes:
            self._progress.finish()
            self._progress.note(f"pushed {self._so_far()}, proved by SHA-256")

    def _so_far(self) -> str:
        """Return megabytes, and a speed once there is one: hashing and renaming on the device take their part of it."""
        passed_s = self._passed_s()
        speed = f" at {self._bytes / 1e6 / passed_s:.1f} MB/s" if passed_s > 0 else ""
        return f"{self._bytes / 1e6:.1f} MB{speed}"

    def _passed_s(self) -> float:
        return self._spent_s + (0.0 if self._begun_s is None else self._clock.monotonic() - self._begun_s)
