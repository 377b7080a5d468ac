"""Attempts: what became of each part, kept by the thread that ran it, because nothing is gathered through Dask."""

import json
import threading
from collections.abc import Sequence
from typing import Final

from mbench.core.errors import MbenchError
from mbench.farm.parts import PartInterrupted, PartTask, call


class Board:
    """The parts of one `run_parts`: begun at most once each, ended with an error or None."""

    def __init__(self, tasks: Sequence[PartTask], stop: threading.Event) -> None:
        self._tasks, self._stop = tasks, stop
        self._lock = threading.Lock()
        self._begun: set[int] = set()
        self._ends: dict[int, Exception | None] = {}

    def attempt(self, index: int) -> None:
        """Run a part, unless it was begun before or the session is being stopped. Raises nothing."""
        with self._lock:
            if index in self._begun or self._stop.is_set():
                return
            self._begun.add(index)
        self._ends[index] = _end_of(self._tasks[index])

    @property
    def running(self) -> bool:
        """Whether some part has begun and not ended."""
        with self._lock:
            return any(index not in self._ends for index in self._begun)

    def end(self, index: int, *, trouble: str | None) -> Exception | None:
        """Return how a part ended; `trouble` is the engine's word where it never ran it."""
        if index in self._ends:
            return self._ends[index]
        serial = self._tasks[index].serial
        if self._stop.is_set():
            what = "was still running when waiting was given up" if index in self._begun else "was not begun"
            return PartInterrupted(f"{serial}: interrupted; its part {what}. `mbench run --resume` goes on with it.")
        return MbenchError(f"{serial}: its part was not run: {trouble or 'the engine lost it'}. Try --resume.")


BOARDS: Final[dict[str, Board]] = {}
"""The boards of this process by token, from `run_parts`' beginning to its end."""


def attempt(token: str, index: int) -> None:
    """Run one part of one board: the function that Dask is given."""
    if (board := BOARDS.get(token)) is not None:
        board.attempt(index)


def _end_of(task: PartTask) -> Exception | None:
    """Run a part, and be the one broad catch around it: a part never takes the others along."""
    try:
        call(task.path, json.dumps(task.arguments))
    except Exception as error:  # whatever a part stumbles on is told with its phone
        return error
    except KeyboardInterrupt:
        return PartInterrupted(f"{task.serial}: its part was interrupted. `mbench run --resume` goes on with it.")
    except BaseException as error:  # SystemExit would end the worker's thread
        return MbenchError(f"{task.serial}: its part ended itself by {error!r}.")
    return None
