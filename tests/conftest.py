"""How tests are searched, ordered and shared out; workers are pytest-xdist's and get whole modules.

By default hypothesis tries the same examples on every run, so that a failure stays until it is mended. `.ci/run` has it
explore with a fresh seed, which it prints; `--hypothesis-profile=search` looks at twenty times as many examples.
"""

import gc
import os
import signal
import sys
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import settings

from mbench.core.processes.workers import end_with_parent

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("repeatable")

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of tests start mbench: let the first compile it for all
sys.dont_write_bytecode = False  # and tests, whose assertions pytest writes anew in each process otherwise
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell leaves it to what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)
if "MBENCH_TEST_DATA" in os.environ:  # mbench runs in folders of its own, where a relative path leads elsewhere
    os.environ["MBENCH_TEST_DATA"] = str(Path(os.environ["MBENCH_TEST_DATA"]).absolute())


SLOW_LIMIT_S = 1200
"""Of a test marked slow, which takes a minute or two where nothing else runs: time enough where much else does."""


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
    """Begin with the modules that take longest, so that no worker ends with one of them alone.

    Those of phones wait more than they compute: they are spread over the others, which keep the cores busy meanwhile.
    """
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_LIMIT_S))
    long = dict.fromkeys(item.path for item in items if item.get_closest_marker("tensorflow"))
    phones = [path for path in long if path.parent.name == "phones"]
    computing = [path for path in long if path.parent.name != "phones"]
    places = {path: place / len(paths) for paths in (phones, computing) for place, path in enumerate(paths)}
    items.sort(key=lambda item: places.get(item.path, 1.0))


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


@pytest.fixture(scope="session")
def tensorflow_worker() -> Iterator[ProcessPoolExecutor]:
    """One process with tensorflow for all tests that call it: as in use, and ten seconds are paid once.

    The tests' own process cannot have it: `ai_edge_litert.profiling_info_pb2` and tensorflow define one message twice.
    """
    context = get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=end_with_parent) as worker:
        yield worker
