"""The pool of worker processes: what becomes of its work when a process dies, fails or is no longer wanted."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from mbench.accuracy.host.pool import LARGEST_PART, HostPool, WorkerDied, parts


def own_id(_):
    return os.getpid()


def die(_):
    os._exit(3)


def fail(task):
    raise ValueError(f"task {task}")


def wait(_):
    time.sleep(3600)


def test_processes_live_on_from_one_piece_of_work_to_the_next():
    with HostPool(1) as pool:
        first, second = ({answer for _, answer in pool.run(own_id, range(4))} for _ in range(2))
    assert first == second


def test_answers_come_with_their_tasks():
    with HostPool(2) as pool:
        assert dict(pool.run(abs, [-3, -2, 5])) == {-3: 3, -2: 2, 5: 5}


def test_a_process_that_dies_is_one_error_and_the_next_work_has_a_new_one():
    with HostPool(1) as pool:
        with pytest.raises(WorkerDied, match="ended with status 3"):
            list(pool.run(die, [1, 2, 3]))
        assert dict(pool.run(abs, [-3])) == {-3: 3}


def test_an_error_of_one_task_gives_up_those_that_have_not_begun():
    with HostPool(1) as pool:
        with pytest.raises(ValueError, match="task 0"):
            list(pool.run(fail, range(100)))
        assert dict(pool.run(abs, [-3])) == {-3: 3}


def test_an_interrupt_ends_the_processes_at_once():
    with pytest.raises(KeyboardInterrupt), HostPool(2) as pool:  # noqa: PT012
        work = pool.run(own_id, [1, 2])
        children = [psutil.Process(process_id) for _, process_id in work]
        for _ in pool.run(wait_or_go, [False, True, True]):
            raise KeyboardInterrupt
    assert not any(child.is_running() for child in children)


def wait_or_go(waiting):
    if waiting:
        wait(None)


@pytest.mark.parametrize(("count", "workers"), [(1, 1), (7, 4), (1000, 2), (50_000, 8), (0, 2)])
def test_parts_cover_each_row_once_and_none_is_large(count, workers):
    pieces = list(parts(count, workers))
    assert [row for piece in pieces for row in range(piece.start, piece.stop)] == list(range(count))
    assert all(piece.stop - piece.start <= LARGEST_PART for piece in pieces)


PARENT = """
import os, sys, time
from mbench.accuracy.host.pool import HostPool

if __name__ == "__main__":
    with HostPool(1) as pool:
        list(pool.run(abs, [1]))
        print(*pool._executor._processes, flush=True)
        time.sleep(3600)
"""


def test_a_process_does_not_outlive_a_parent_that_was_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    gone, alive = psutil.wait_procs([worker], timeout=120)
    for process in alive:
        process.kill()
    assert gone == [worker]
