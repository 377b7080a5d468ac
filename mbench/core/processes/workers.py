"""Worker processes: how they are started, what is said of their death, and their end when who started them was killed.

An executor's workers would else wait for work for ever.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Final

from mbench.core.errors import MbenchError
from mbench.core.processes.search_path import keep_children_safe

COMPUTED_TOO_LONG: Final = signal.SIGPROF
"""Ends a worker at its limit of computing (setitimer(2), ITIMER_PROF): no exception reaches native code."""

_CRASHES: Final = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP}
)

_TOLD_S: Final = 1.0
_LOOK_S: Final = 0.02
"""An executor's own thread asks for a process' status too, and has it a moment before it is seen here."""


def spawning() -> SpawnContext:
    """Return multiprocessing's way to start processes anew, whose modules do not come from the working directory."""
    keep_children_safe()
    return multiprocessing.get_context("spawn")  # noqa: TID251 - the one place


@contextmanager
def errors_alone() -> Iterator[None]:
    """Let mbench's errors leave the block without what caused them; for functions that worker processes call.

    Where tensorflow's test tools have found `tblib` (which the extra `farm` brings), an error travels with its causes:
    whoever reads a converter's own error imports tensorflow for it, and dies where both have defined one message.
    """
    try:
        yield
    except MbenchError as error:
        error.__cause__ = error.__context__ = None
        error.__suppress_context__ = True
        raise


def end_with_parent() -> None:
    """Let this process end, at once and without cleaning up, when the process that started it is gone.

    Nothing happens in a process that `multiprocessing` did not start.
    """
    threading.Thread(target=_watch, name="end-with-parent", daemon=True).start()


def why_ended(workers: Collection[BaseProcess], *, more_memory: str) -> str:
    """Return how the first of an executor's workers ended, and what to do: `was ended by SIGKILL, as …`.

    Args:
        workers: all of them: when one dies, the executor ends the others by SIGTERM.
        more_memory: what to do where memory ran out, such as `free some`.
    """
    until = time.monotonic() + _TOLD_S
    while (code := _first_end(workers)) is None and time.monotonic() < until:
        time.sleep(_LOOK_S)
    code = code or next((worker.exitcode for worker in workers if worker.exitcode), None)
    if code is None:
        return f"died; {more_memory}"
    if code >= 0:
        return f"ended with status {code}; what it printed says why"
    if -code == COMPUTED_TOO_LONG:
        return "was ended because it computed without end on a damaged file; name another one"
    name = _name(-code)
    if -code == signal.SIGKILL:
        return f"was ended by {name}, as it is when memory runs out; {more_memory}"
    if -code in _CRASHES:
        return f"was ended by {name}: native code crashed, on a damaged file or without memory; {more_memory}"
    return f"was ended by {name}, which somebody sent"


def _name(number: int) -> str:
    """Return a signal's name: `SIGSEGV`, or `signal 40` where Python has none, as of most real-time ones."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _first_end(workers: Collection[BaseProcess]) -> int | None:
    """Return the exit code of one that nobody asked to end."""
    codes = [worker.exitcode for worker in workers]
    return next((code for code in codes if code not in (None, 0, 1, -signal.SIGTERM)), None)


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
