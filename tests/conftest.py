"""How tests are searched, ordered and shared out; workers are pytest-xdist's and get whole modules.

By default hypothesis tries the same examples on every run, so that a failure stays until it is mended. `.ci/run` has it
explore with a fresh seed, which it prints; `--hypothesis-profile=search` looks at twenty times as many examples.
"""

import gc
import os
import signal
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from mbench.core.processes.workers import end_with_parent

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("repeatable")

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of tests start mbench: let the first compile it for all
sys.dont_write_bytecode = False  # and tests, whose assertions pytest writes anew in each process otherwise
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell leaves it to what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as nohup leaves it
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
if "MBENCH_TEST_DATA" in os.environ:  # mbench runs in folders of its own, where a relative path leads elsewhere
    os.environ["MBENCH_TEST_DATA"] = str(Path(os.environ["MBENCH_TEST_DATA"]).absolute())


SLOW_LIMIT_S = 1200
"""Of a test marked slow, which takes a minute or two where nothing else runs: time enough where much else does."""


LONGEST = (
    *("test_architecture_counts", "test_two_stage_detectors", "test_training_fits", "test_heads_and_embeddings"),
    *("test_frozen_phones", "test_nights", "test_many_hosts", "test_farm", "test_phone_losses", "test_phone_endings"),
    *("test_farm_networks", "test_farm_processes", "test_train_command", "test_run_dataset", "test_suite_command"),
    *("test_own_networks_in_files", "test_own_builders_run", "test_run_endings", "test_keep_float"),
)
"""Modules that take half a minute and more, as measured; a name that is missing costs time alone."""

COMPUTING_WORKERS = 2
"""So many of xdist's workers begin with the modules that call tensorflow, which each of them imports once."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among ten thousand tests, neither while they are made nor after each module."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that take longest, so that no worker ends with one of them alone."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_LIMIT_S))
    places = {name: place for place, name in enumerate(LONGEST)}
    long = {item.path: len(places) for item in items if item.get_closest_marker("tensorflow")}
    items.sort(key=lambda item: places.get(item.path.stem, long.get(item.path, len(places) + 1)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    """Share out by `Sharing`, unless another way is asked for by `--dist`."""
    return Sharing(config, log) if config.getvalue("dist") == "loadfile" else None


class Sharing(LoadFileScheduling):
    """Whole modules, in order: some workers begin with what computes, the others with phones, which mostly wait."""

    def _assign_work_unit(self, node: object) -> None:
        first, last = ("models", "phones") if self.nodes.index(node) < COMPUTING_WORKERS else ("phones", "models")
        rooms = {scope: Path(scope).parts[1] for scope in self.workqueue}
        self.workqueue.move_to_end(min(rooms, key=lambda scope: (rooms[scope] != first, rooms[scope] == last)), False)
        super()._assign_work_unit(node)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Let a module fail itself for what it has left open, and no other test in which it happens to be found."""
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path != item.path:
            left = _collected()
            if left:
                pytest.fail("a test of this module left something open: " + "; ".join(left), pytrace=False)


def _collected() -> list[str]:
    """Collect garbage, and return what it complained of; `PYTHONTRACEMALLOC=9` has it say where that was made."""
    left: list[str] = []
    before = sys.unraisablehook
    sys.unraisablehook = lambda found: left.append(f"{found.exc_value} ({found.object!r}){_made(found.object)}")
    try:
        gc.collect()
    finally:
        sys.unraisablehook = before
    return left


def _made(thing: object) -> str:
    trace = tracemalloc.get_object_traceback(thing) if tracemalloc.is_tracing() else None
    return "" if trace is None else "\n" + "\n".join(trace.format())


class TensorflowWorker:
    """A pool of one process; where a test has lost that process, the next test gets another one."""

    def __init__(self) -> None:
        self._pool = self._begun()

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> "Future[Any]":
        """Call a function there; see `concurrent.futures.Executor.submit`."""
        try:
            return self._pool.submit(function, *arguments, **named)
        except BrokenProcessPool:
            self._pool = self._begun()
            return self._pool.submit(function, *arguments, **named)

    def shutdown(self) -> None:
        """End its process."""
        self._pool.shutdown()

    @staticmethod
    def _begun() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), initializer=end_with_parent)


@pytest.fixture(scope="session")
def tensorflow_worker() -> Iterator[TensorflowWorker]:
    """One process with tensorflow for all tests that call it: as in use, and ten seconds are paid once.

    The tests' own process cannot have it: `ai_edge_litert.profiling_info_pb2` and tensorflow define one message twice.
    """
    worker = TensorflowWorker()
    try:
        yield worker
    finally:
        worker.shutdown()
