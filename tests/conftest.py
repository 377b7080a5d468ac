"""How tests are searched, ordered and shared out; workers are pytest-xdist's and get whole modules.

By default hypothesis tries the same examples on every run, so that a failure stays until it is mended. `.ci/run` has it
explore with a fresh seed, which it prints; `--hypothesis-profile=search` looks at twenty times as many examples.
"""

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import settings

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


@pytest.fixture(scope="session")
def tensorflow_worker() -> Iterator[ProcessPoolExecutor]:
    """One process with tensorflow for all tests that call it: as in use, and ten seconds are paid once.

    The tests' own process cannot have it: `ai_edge_litert.profiling_info_pb2` and tensorflow define one message twice.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as worker:
        yield worker
