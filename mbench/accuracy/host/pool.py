"""Worker processes of this host, one per core, that live as long as there are pictures to prepare or files to score."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Final, Self, TypeVar

from mbench.core.processes.workers import end_with_parent, spawning, why_ended

Task = TypeVar("Task")
Answer = TypeVar("Answer")

PARTS_PER_WORKER: Final = 5
"""So many pieces of work for each, that none is waited for long at the end."""

LARGEST_PART: Final = 256


class WorkerDied(Exception):
    """A worker process ended without an answer; the text goes on behind "a process": how, and what to do."""


class HostPool:
    """Starts its processes with the first work, and again after one of them died; a context manager that ends them."""

    def __init__(self, workers: int | None = None) -> None:
        """Take `workers` processes; None: as many as this process may use cores."""
        self.workers = workers or _usable_cores()
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop(at_once=error is not None)

    def run(self, function: Callable[[Task], Answer], tasks: Sequence[Task]) -> Iterator[tuple[Task, Answer]]:
        """Yield each task with its answer, in the order in which they end.

        Args:
            function: of a module that worker processes can import.
            tasks: values that can be pickled.

        Raises:
            WorkerDied: one of the processes did.
            Exception: what `function` raised; work that has not begun is given up then.
        """
        executor = self._started()
        futures = {}
        try:
            futures.update({executor.submit(function, task): task for task in tasks})
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            why = why_ended([*(executor._processes or {}).values()], more_memory="free some, or take fewer workers")
            self._stop(at_once=True)
            raise WorkerDied(why) from error
        finally:
            for future in futures:
                future.cancel()

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(self.workers, mp_context=spawning(), initializer=be_a_worker)
        return self._executor

    def _stop(self, *, at_once: bool) -> None:
        executor, self._executor = self._executor, None
        if executor is None:
            return
        if at_once:
            for process in list((executor._processes or {}).values()):  # no public way until Python 3.14
                process.terminate()
        executor.shutdown(wait=True, cancel_futures=True)


def parts(count: int, workers: int, *, largest: int = LARGEST_PART) -> Iterator[slice]:
    """Yield consecutive pieces of `count` rows, for that many workers; none of more than `largest`, or 256."""
    size = min(LARGEST_PART, largest, max(1, count // (workers * PARTS_PER_WORKER)))
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def be_a_worker() -> None:
    """Leave Ctrl-C to the parent, and stderr to those who debug: the runtime greets there whenever it loads a file."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    if not os.environ.get("MBENCH_DEBUG"):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def _usable_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
