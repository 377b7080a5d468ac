"""What else this machine does while a benchmark measures: figures that were taken beside other work are not kept.

A benchmark loads the machine itself, so what counts during it is the processor time that it did not use.
"""

import os
import threading
import time
from dataclasses import dataclass
from typing import Final

import psutil

from mbench.devices.host.load import MOST_LOAD, load_per_core

LIMIT: Final = MOST_LOAD
"""Load for each core, before and during, above which figures are not kept."""
_EVERY_S: Final = 1.0
_IDLE: Final = ("idle", "iowait", "guest", "guest_nice")  # a guest's time is counted in `user`, too


class OthersLoad:
    """A context manager: the processors that others kept busy within it, as a share of all.

    Attributes:
        per_core: in [0, 1], known at the end.
    """

    def __init__(self) -> None:
        self.per_core = 0.0
        self._own = OwnTime(psutil.Process())
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "OthersLoad":
        self._own.look()
        self._begun = time.monotonic(), _busy_s(), self._own.seconds
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.join()
        begun, busy_s, own_s = self._begun
        self._own.look()
        self.per_core = share(
            busy_s=_busy_s() - busy_s,
            own_s=self._own.seconds - own_s,
            seconds=time.monotonic() - begun,
            cores=os.cpu_count() or 1,
        )

    def _look(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self._own.look()


@dataclass
class OwnTime:
    """The processor time of a process and of all that it started; each `look` brings it up to date.

    Attributes:
        process: the first of them.
        seconds: what they used so far, with those that ended and were waited for.
    """

    process: psutil.Process
    seconds: float = 0.0

    def look(self) -> None:
        """Add up what is running now; time that was seen once stays where a process ends and nobody waits for it."""
        now = 0.0
        for process in (self.process, *self.process.children(recursive=True)):
            try:
                now += sum(process.cpu_times()[:4])  # its own and that of the children that it waited for
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        self.seconds = max(self.seconds, now)


def share(*, busy_s: float, own_s: float, seconds: float, cores: int) -> float:
    """Return what others used of the processors, as a share of all cores over `seconds`."""
    return max(0.0, busy_s - own_s) / (seconds * cores)


def load_before() -> float:
    """Return the load average of the last minute, for each core."""
    return load_per_core()


def doubt(per_core: float, when: str) -> str | None:
    """Return why figures that were taken at this load are not to be kept; None where they are."""
    if per_core <= LIMIT:
        return None
    return f"the load {when} was {per_core:.2f} per core, above {LIMIT}"


def _busy_s() -> float:
    times = psutil.cpu_times()._asdict()
    return float(sum(value for name, value in times.items() if name not in _IDLE))
