"""Worker processes: how they are started, what is said of their death, and their end when who started them was killed.

An executor's workers would else wait for work for ever.
"""

import fcntl
import multiprocessing
import os
import signal
import stat
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from mbench.core.errors import MbenchError
from mbench.core.processes.search_path import keep_children_safe

COMPUTED_TOO_LONG: Final = signal.SIGPROF
"""Ends a worker at its limit of computing (setitimer(2), ITIMER_PROF): no exception reaches native code."""

ENDED_CUT_OFF: Final = 71
"""Status of a worker whose pipes were closed by code that it ran: it cannot answer any more."""

_CRASHES: Final = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP}
)

_TOLD_S: Final = 1.0
_LOOK_S: Final = 0.02
"""An executor's own thread asks for a process' status too, and has it a moment before it is seen here."""

_OUT_OF_THE_WAY: Final = 900
"""Number of a descriptor: below the usual limit of 1024, and above those that programs close in a row."""

_OWN: Final[dict[int, tuple[int, int]]] = {}
"""What this process' descriptors were when it began, by number: device and inode."""


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
    _OWN.update(_pipes())
    threading.Thread(target=_watch, name="end-with-parent", daemon=True).start()


def end_if_cut_off() -> None:
    """End this process, with a status that says so, where code that it ran closed the pipes that it answers by.

    Else its answer would not arrive, or not end. Nothing happens in a process that `multiprocessing` did not start.
    """
    if any(_identity(descriptor) != known for descriptor, known in _OWN.items()):
        os._exit(ENDED_CUT_OFF)


def _pipes() -> dict[int, tuple[int, int]]:
    """Return the pipes that this process holds, where the system lists them; none in a process that is no worker.

    A copy of each is kept out of the way: who started this process would else see them closed, and end it unheard.
    """
    found: dict[int, tuple[int, int]] = {}
    if multiprocessing.parent_process() is None:
        return found
    with suppress(OSError):
        for number in sorted(int(entry.name) for entry in Path("/dev/fd").iterdir()):
            known = _identity(number, pipes=True)
            if number > 2 and known is not None:
                found[number] = known
                fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)
    return found


def _identity(descriptor: int, *, pipes: bool = False) -> tuple[int, int] | None:
    """Return what a descriptor is; None: it is closed, or not a pipe where one is asked for."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    if pipes and not (stat.S_ISFIFO(found.st_mode) or stat.S_ISSOCK(found.st_mode)):
        return None
    return found.st_dev, found.st_ino


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
    if code == ENDED_CUT_OFF:
        return (
            "was cut off: code that it ran closed file descriptors that are not its own (os.close, os.closerange); let "
            "it close what it opened itself"
        )
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
