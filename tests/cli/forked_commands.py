"""Processes of `mbench` that begin where its modules are imported: forked from one process that all of a worker share.

Each is a process of its own, with its folder, environment, streams and exit code; only the imports, half of what a
short command takes, are not made again. How a command starts and what it loads is shown by those that start anew.
"""

import atexit
import multiprocessing
import os
import runpy
import selectors
import sys
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

from mbench.cli.main import ENTRIES

IMPORTED = (
    "mbench.cli.main",
    *(f"mbench.cli.{entry.module}" for entry in ENTRIES.values()),
    "mbench.workflows.run.session",
    "mbench.workflows.run.dry_run",
    "mbench.workflows.reporting",
    "mbench.workflows.cache.command",
    "mbench.workflows.parsing",
    "mbench.workflows.binaries",
    "mbench.workflows.devices.device_list",
    "mbench.report.results.tables.terminal_tables",
)
"""What many commands share. No numpy, whose threads a fork would not take along."""

TESTS = Path(__file__).parents[1]

_STARTS_PYTHON = ("PYTHON", "LC_", "LANG")
_starting = threading.Lock()
"""Tests begin commands from several threads, and multiprocessing reaps in whichever begins the next."""
_started: list[bool] = []


def _which_start_python(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_STARTS_PYTHON)}


Ended = Callable[[], int]

SET_BY_MBENCH = "PYTHONSAFEPATH"
"""Stays set in a process in which mbench has started workers, as some tests let it do."""

_STARTED_WITH = {name: value for name, value in _which_start_python(os.environ).items() if name != SET_BY_MBENCH}
_STARTED_WITH |= {"PYTHONPATH": str(TESTS.parent), "LC_ALL": "C"}
"""What the shared process starts with, whichever command is the first: others may have variables of their own."""


def can_fork(environment: Mapping[str, str]) -> bool:
    """Whether a command with these variables would start as the shared process did."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return False
    with _starting:
        if not _started:
            _start_shared()
            _started.append(True)
    return _which_start_python(environment) == _STARTED_WITH


def _start_shared() -> None:
    """Start the process that all are forked from; fixtures do so before there are threads that read the environment."""
    from multiprocessing import forkserver

    multiprocessing.get_context("forkserver").set_forkserver_preload([*IMPORTED, __name__])
    ours = f"{_STARTED_WITH['PYTHONPATH']}{os.pathsep}{TESTS / 'cli'}"
    changed = _STARTED_WITH | {"PYTHONPATH": ours}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        forkserver.ensure_running()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def run_forked(
    arguments: list[str], *, folder: Path, environment: Mapping[str, str], timeout_s: float
) -> tuple[int, bytes, bytes]:
    """Return exit code (below zero: the signal that ended it), stdout and stderr of `mbench ARGUMENTS`.

    Raises:
        TimeoutExpired: it had not ended, and was killed.
    """
    reading, writing = zip(os.pipe(), os.pipe(), strict=True)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        process = _begin(arguments, folder, environment, (nothing.fileno(), *writing))
    try:
        out, err = _read(reading, time.monotonic() + timeout_s)
        ended = wait([process.sentinel], timeout_s)
        if not ended:
            raise TimeoutExpired(arguments, timeout_s)
    except TimeoutExpired:
        process.kill()
        raise
    finally:
        for end in reading:
            os.close(end)
        wait([process.sentinel])
        with _starting:
            process.join()
    assert process.exitcode is not None
    return process.exitcode, out, err


def show_forked(arguments: list[str], terminal: int, *, folder: Path, environment: Mapping[str, str]) -> Ended:
    """Begin `mbench ARGUMENTS` with stdout and stderr on a terminal, which is closed here.

    Returns:
        a function that waits for its end and returns its exit code.
    """
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        process = _begin(arguments, folder, environment, (nothing.fileno(), terminal, os.dup(terminal)))

    def ended() -> int:
        wait([process.sentinel])
        with _starting:
            process.join()
        assert process.exitcode is not None
        return process.exitcode

    return ended


def _begin(
    arguments: list[str], folder: Path, environment: Mapping[str, str], streams: tuple[int, ...]
) -> ForkServerProcess:
    with _starting:
        process = _Command(arguments, folder, dict(environment), streams)
        process.start()
        for end in streams[1:]:
            os.close(end)
    return process


class _Command(ForkServerProcess):
    """What is sent to the shared process: pickled there, so that it may hold what can be pickled alone."""

    def __init__(self, arguments: list[str], folder: Path, environment: dict[str, str], streams: tuple[int, ...]):
        super().__init__()
        self._of = arguments, str(folder), environment
        self._streams: Any = streams

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_streams": [DupFd(each) for each in self._streams]}

    def run(self) -> None:
        """Be `python -m mbench ARGUMENTS`."""
        arguments, folder, environment = self._of
        for number, stream in enumerate([each.detach() for each in self._streams]):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = [folder, *(entry for entry in sys.path if TESTS not in (Path(entry), *Path(entry).parents))]
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, "w" if number else "r", closefd=False)  # noqa: SIM115
            for number in range(3)
        )
        sys.argv = ["mbench", *arguments]
        assert set(IMPORTED) <= sys.modules.keys(), "the shared process could not import mbench"
        try:
            runpy.run_module("mbench", run_name="__main__", alter_sys=True)
        finally:
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()


def _read(ends: tuple[int, ...], until: float) -> list[bytes]:
    """Return what comes out of pipes until all who hold their other ends have closed them."""
    read = {end: bytearray() for end in ends}
    with selectors.DefaultSelector() as selector:
        for end in ends:
            selector.register(end, selectors.EVENT_READ)
        while selector.get_map():
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise TimeoutExpired("mbench", 0)
            for key, _ in selector.select(left_s):
                part = os.read(key.fd, 1 << 16)
                read[key.fd] += part
                if not part:
                    selector.unregister(key.fd)
    return [bytes(each) for each in read.values()]
