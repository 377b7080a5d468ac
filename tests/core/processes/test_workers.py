"""What is said of a worker process that died: how it ended, and of memory only where it may be the reason."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress

import pytest

from mbench.core.errors import ArtifactError
from mbench.core.processes.workers import end_if_cut_off, end_with_parent, errors_alone, spawning, why_ended


def end(number: int) -> None:
    os.kill(os.getpid(), number)


def why(task: object, argument: int) -> str:
    with ProcessPoolExecutor(1, mp_context=spawning()) as pool:
        future = pool.submit(task, argument)
        with pytest.raises(BrokenProcessPool):
            future.result()
        return why_ended([*pool._processes.values()], more_memory="free some")


def test_a_killed_worker_may_have_had_no_memory():
    assert why(end, signal.SIGKILL) == "was ended by SIGKILL, as it is when memory runs out; free some"


def test_a_worker_that_computed_too_long_is_said_to_have():
    assert why(end, signal.SIGPROF) == ("was ended because it computed without end on a damaged file; name another one")


def test_a_crash_is_named():
    assert why(end, signal.SIGSEGV) == (
        "was ended by SIGSEGV: native code crashed, on a damaged file or without memory; free some"
    )


@pytest.mark.parametrize("status", [1, 7])
def test_a_status_is_named(status):
    assert why(os._exit, status) == f"ended with status {status}; what it printed says why"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_of_somebody_is_no_crash(number):
    assert why(end, number) == f"was ended by {number.name}, which somebody sent"


def test_a_real_time_signal_is_named_by_its_number():
    assert why(end, signal.SIGRTMIN + 6) == f"was ended by signal {signal.SIGRTMIN + 6}, which somebody sent"


def close_from(first: int) -> str:
    opened = os.open(os.devnull, os.O_RDONLY)
    if first == 0:
        os.close(opened)
    else:
        os.closerange(first, 256)
    end_if_cut_off()
    return "answered"


def replace_pipes(first: int) -> str:
    for descriptor in range(first, 64):
        with suppress(OSError):
            os.fstat(descriptor)
            os.dup2(os.open(os.devnull, os.O_RDONLY), descriptor)
    end_if_cut_off()
    return "answered"


@pytest.mark.parametrize("task", [close_from, replace_pipes])
def test_a_worker_whose_pipes_were_closed_says_so_by_its_status(task):
    with ProcessPoolExecutor(1, mp_context=spawning(), initializer=end_with_parent) as pool:
        future = pool.submit(task, 3)
        with pytest.raises(BrokenProcessPool):
            future.result()
        assert why_ended([*pool._processes.values()], more_memory="free some") == (
            "was cut off: code that it ran closed file descriptors that are not its own (os.close, os.closerange); let "
            "it close what it opened itself"
        )


def test_a_worker_that_closes_what_it_opened_answers():
    with ProcessPoolExecutor(1, mp_context=spawning(), initializer=end_with_parent) as pool:
        assert pool.submit(close_from, 0).result() == "answered"


def test_a_process_that_is_no_worker_has_nothing_to_be_cut_off_from():
    end_with_parent()
    end_if_cut_off()


def test_the_one_that_died_is_distinguished_from_those_that_were_asked_to_end():
    context = spawning()
    workers = [context.Process(target=end, args=(number,)) for number in (signal.SIGTERM, signal.SIGKILL)]
    workers += [context.Process(target=os._exit, args=(status,)) for status in (0, 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert why_ended(workers, more_memory="free some").startswith("was ended by SIGKILL")


def test_an_error_leaves_a_worker_without_what_caused_it():
    @errors_alone()
    def convert() -> None:
        try:
            raise ZeroDivisionError("of a framework")
        except ZeroDivisionError as error:
            raise ArtifactError("it cannot be converted") from error

    for _ in range(2):  # a decorator serves every call
        with pytest.raises(ArtifactError) as raised:
            convert()
        assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    with pytest.raises(ZeroDivisionError), errors_alone():
        raise ZeroDivisionError("of ours, which is a defect, keeps all")
