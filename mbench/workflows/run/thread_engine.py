"""The engine of one host: a thread for each device, from the standard library alone."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from mbench.core.errors import MbenchError, PartInterrupted
from mbench.core.parts import Part

GRACE_S: Final = 120.0
"""How long an interrupted session waits for the runs that are going on; a second interrupt ends the wait."""

_LOOK_S: Final = 0.2

OnEnd = Callable[[str, Exception | None], None]


class ThreadEngine:
    """Runs each device's parts in a thread of its own; keeps the promises of `mbench.core.ports.Engine`.

    Args:
        context: what parts of this process share and what cannot travel: progress, transports, locks.
        grace_s: seconds that running parts have after a stop; who still runs then is left alone, as a daemon thread.
    """

    def __init__(self, context: object, *, grace_s: float = GRACE_S) -> None:
        self._context, self._grace_s = context, grace_s

    def run(self, parts: Sequence[Part], *, on_end: OnEnd, stop: threading.Event) -> dict[str, Exception | None]:
        """Run all parts; see `mbench.core.ports.Engine`."""
        running = _Running(parts, self._context, stop, on_end, self._grace_s)
        try:
            running.start()
            running.follow()
        except BaseException:  # an interrupt, or on_end's own error
            stop.set()
            running.follow()
            raise
        finally:
            running.give_up()
        return running.errors


class _Running:
    """The parts of one call, followed from the caller's thread, which alone hears of ends and of Ctrl-C."""

    def __init__(
        self, parts: Sequence[Part], context: object, stop: threading.Event, on_end: OnEnd, grace_s: float
    ) -> None:
        self.errors: dict[str, Exception | None] = {}
        self._parts, self._context, self._stop, self._on_end = parts, context, stop, on_end
        self._grace_s = grace_s
        self._give_up_at: float | None = None
        self._ends: queue.SimpleQueue[tuple[int, Exception | None]] = queue.SimpleQueue()
        self._waiting = set(range(len(parts)))
        self._begun: set[int] = set()

    def start(self) -> None:
        """Start a thread for each device; it takes the device's longest part first."""
        by_device: dict[str, list[int]] = {}
        for index in sorted(self._waiting, key=lambda index: -self._parts[index].expected_s):
            by_device.setdefault(self._parts[index].device, []).append(index)
        for device, indices in by_device.items():
            threading.Thread(target=self._run_device, args=(indices,), name=f"part {device}", daemon=True).start()

    def follow(self) -> None:
        """Pass on ends until there is none left, or the time after a stop is over."""
        while self._waiting and not self._out_of_time():
            try:
                index, error = self._ends.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            self._end(index, error)

    def give_up(self) -> None:
        """Say of what has not ended by now that it was interrupted."""
        for index in sorted(self._waiting):
            what = "was still running when waiting was given up" if index in self._begun else "was not begun"
            self._end(index, _interrupted(self._parts[index], f"interrupted; its part {what}."))

    def _run_device(self, indices: Sequence[int]) -> None:
        for index in indices:
            if self._stop.is_set():
                error: Exception | None = _interrupted(self._parts[index], "interrupted; its part was not begun.")
            else:
                self._begun.add(index)
                error = _end_of(self._parts[index], self._context)
            self._ends.put((index, error))

    def _out_of_time(self) -> bool:
        if not self._stop.is_set():
            return False
        if self._give_up_at is None:
            self._give_up_at = time.monotonic() + self._grace_s
        return time.monotonic() >= self._give_up_at

    def _end(self, index: int, error: Exception | None) -> None:
        device = self._parts[index].device
        self._waiting.discard(index)
        if self.errors.get(device) is None:
            self.errors[device] = error
        self._on_end(device, error)


def _end_of(part: Part, context: object) -> Exception | None:
    """Run a part, and be the one broad catch around it: a part never takes the others along."""
    try:
        part.resolve()(context, *part.arguments)
    except Exception as error:  # whatever a part stumbles on is reported with its device
        return error
    except KeyboardInterrupt:
        return _interrupted(part, "its part was interrupted.")
    except BaseException as error:  # SystemExit would end the thread without a word
        return MbenchError(f"{part.device}: its part ended itself by {error!r}.")
    return None


def _interrupted(part: Part, what: str) -> PartInterrupted:
    return PartInterrupted(f"{part.device}: {what} `mbench run --resume` goes on with it.")
