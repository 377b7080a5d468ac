"""How far pushing is and how fast it goes, for a person; nothing is said where nothing has to be sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mbench.core.ports import Clock, Progress


@dataclass(slots=True)
class PushProgress:
    """Hears of bytes while files are pushed.

    Attributes:
        progress: the device's.
        clock: its steady time gives the speed.
    """

    progress: Progress
    clock: Clock
    _bytes: int = field(default=0, init=False)
    _spent_s: float = field(default=0.0, init=False)
    _begun_s: float | None = field(default=None, init=False)

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
            self._begun_s = self.clock.monotonic()
            if not self._bytes:
                self.progress.start("pushing", None)
        self._bytes += count
        self.progress.step(self._so_far())

    def _end(self) -> None:
        self._spent_s, self._begun_s = self._passed_s(), None

    def finish(self) -> None:
        """Say what was sent, if anything was; files that are there already need no push."""
        if self._bytes:
            self.progress.finish()
            self.progress.note(f"pushed {self._so_far()}, verified by SHA-256")

    def _so_far(self) -> str:
        """Return megabytes, and a speed once there is one: hashing and renaming on the device take their part of it."""
        passed_s = self._passed_s()
        speed = f" at {self._bytes / 1e6 / passed_s:.1f} MB/s" if passed_s > 0 else ""
        return f"{self._bytes / 1e6:.1f} MB{speed}"

    def _passed_s(self) -> float:
        return self._spent_s + (0.0 if self._begun_s is None else self.clock.monotonic() - self._begun_s)
