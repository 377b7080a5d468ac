"""Engine: runs one part per phone, all at the same time, on this host; the store is the truth, not the engine.

The caller's thread hears of ends and of Ctrl-C; Dask lives in a thread of its own; each phone's part has a thread,
which keeps how the part ended on the board, from where the caller's thread takes it.
"""

import asyncio
import queue
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from mbench.core.errors import MbenchError
from mbench.farm.attempts import BOARDS, Board
from mbench.farm.parts import PartTask
from mbench.farm.settings import quiet_dask

GRACE_S: Final = 120.0
"""How long an interrupted session waits for the runs that are going on; a second interrupt ends the wait."""

_LOOK_S: Final = 0.2
_CLOSE_S: Final = 15.0

OnEnd = Callable[[str, Exception | None], None]


def run_parts(
    tasks: Sequence[PartTask],
    *,
    on_end: OnEnd,
    stop: threading.Event | None = None,
    grace_s: float = GRACE_S,
) -> dict[str, Exception | None]:
    """Run parts, those of different phones at the same time, and return how each phone's ended: None is well.

    A part that fails takes no other along. Where `stop` is set, or on KeyboardInterrupt, no further part begins, and
    the running ones, which ask `mbench.farm.lending.stop_requested` between their runs, have `grace_s` to end.

    Args:
        tasks: what to run.
        on_end: called in this thread with serial and error as each part ends.
        stop: set by whoever wants the session to end; set here on KeyboardInterrupt.
        grace_s: seconds that running parts have after a stop; who still runs then is left alone, as a daemon thread.

    Returns:
        By serial; of a phone with several parts that failed, the first error.

    Raises:
        KeyboardInterrupt: after the running parts have ended, or their time has.
    """
    stop = threading.Event() if stop is None else stop
    if not tasks:
        return {}
    token = secrets.token_hex(8)
    board = BOARDS[token] = Board(tasks, stop)
    try:
        with quiet_dask():
            return _Driver(token, tasks, board, stop, on_end, grace_s).to_the_end()
    finally:
        del BOARDS[token]


class _Driver:
    """Hears of ends in the caller's thread, and bounds the waiting once a stop was asked for."""

    def __init__(
        self,
        token: str,
        tasks: Sequence[PartTask],
        board: Board,
        stop: threading.Event,
        on_end: OnEnd,
        grace_s: float,
    ) -> None:
        self._tasks, self._board, self._stop, self._on_end = tasks, board, stop, on_end
        self._grace_s = grace_s
        self._give_up_at: float | None = None
        self._waiting = set(range(len(tasks)))
        self._errors: dict[str, Exception | None] = {}
        self._loop = _LoopThread(token, tasks)

    def to_the_end(self) -> dict[str, Exception | None]:
        """Return how each phone's parts ended."""
        try:
            self._loop.start()
            self._hear()
        except BaseException:  # an interrupt, on_end's own error, or the engine's
            self._stop.set()
            self._hear()
            self._outwait_running()
            raise
        finally:
            self._loop.close(abandon=bool(self._waiting))
        for index in sorted(self._waiting):
            self._end(index, None)
        return self._errors

    def _hear(self) -> None:
        """Pass on ends until there is none left, or the time after a stop is over."""
        while self._waiting and not self._out_of_patience():
            try:
                said = self._loop.ends.get(timeout=_LOOK_S)
            except queue.Empty:
                if not self._loop.alive:
                    return
                continue
            if isinstance(said, BaseException):
                raise MbenchError(f"the engine of the farm failed: {said!r}. Try --resume.") from said
            index, trouble = said
            self._waiting.discard(index)
            self._end(index, trouble)

    def _outwait_running(self) -> None:
        """Where the engine itself has failed, nobody tells of the ends of what it began."""
        while self._board.running and not self._out_of_patience():
            time.sleep(_LOOK_S)

    def _out_of_patience(self) -> bool:
        if not self._stop.is_set():
            return False
        if self._give_up_at is None:
            self._give_up_at = time.monotonic() + self._grace_s
        return time.monotonic() >= self._give_up_at

    def _end(self, index: int, trouble: str | None) -> None:
        serial, error = self._tasks[index].serial, self._board.end(index, trouble=trouble)
        if self._errors.get(serial) is None:
            self._errors[serial] = error
        self._on_end(serial, error)


class _LoopThread:
    """The thread in which Dask lives: an event loop of its own, because this thread must hear Ctrl-C."""

    def __init__(self, token: str, tasks: Sequence[PartTask]) -> None:
        self.ends: queue.SimpleQueue[tuple[int, str | None] | BaseException] = queue.SimpleQueue()
        self._token, self._tasks = token, tasks
        self._ready = threading.Event()
        self._give_up: Callable[[], object] | None = None
        self._thread = threading.Thread(target=self._live, name="farm-engine", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether more can be heard."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin, and return when `close` can be told."""
        self._thread.start()
        self._ready.wait()

    def close(self, *, abandon: bool) -> None:
        """Wait until Dask is gone; `abandon` parts that still run."""
        if abandon and self._give_up is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._give_up()
        if self.alive:
            self._thread.join(_CLOSE_S)

    def _live(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # what ends this thread is raised in the one that waits for it
            self._ready.set()
            self.ends.put(error)

    async def _run(self) -> None:
        from mbench.farm.cluster import run_tasks  # imports distributed

        loop, give_up = asyncio.get_running_loop(), asyncio.Event()
        self._give_up = lambda: loop.call_soon_threadsafe(give_up.set)
        self._ready.set()
        await run_tasks(
            self._token,
            self._tasks,
            ended=lambda index, trouble: self.ends.put((index, trouble)),
            give_up=give_up,
        )
