"""What is said of a worker process that died: how it ended, and of memory only where it may be the reason."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from mbench.core.workers import spawning, why_ended


def end(number: int) -> None:
    os.kill(os.getpid(), number)


def wait_for(seconds: float) -> None:
    signal.pause()


def why(task: object, argument: int, *, workers: int = 1) -> str:
    with ProcessPoolExecutor(workers, mp_context=spawning()) as pool:
        others = [pool.submit(wait_for, 60.0) for _ in range(workers - 1)]
        future = pool.submit(task, argument)
        with pytest.raises(BrokenProcessPool):
            future.result()
        said = why_ended([*pool._processes.values()], more_memory="free some")
        assert all(isinstance(other.exception(), BrokenProcessPool) for other in others)
    return said


def test_a_killed_worker_may_have_had_no_memory():
    assert why(end, signal.SIGKILL) == "was ended by SIGKILL, as it is when memory runs out; free some"


def test_a_worker_that_computed_too_long_is_said_to_have():
    assert why(end, signal.SIGPROF) == ("was ended because it computed without end on a damaged file; name another one")


def test_a_crash_is_named():
    assert why(end, signal.SIGSEGV) == (
        "was ended by SIGSEGV: native code crashed, on a damaged file or without memory; free some"
    )


def test_a_status_is_named():
    assert why(os._exit, 7) == "ended with status 7; what it printed says why"


def test_the_one_that_died_is_told_from_those_that_were_told_to_end():
    assert why(end, signal.SIGKILL, workers=3).startswith("was ended by SIGKILL")
