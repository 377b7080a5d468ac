"""A build worker that dies of a foreign weights file is one error that says how, and a later one has a new worker."""

import os
import signal

import pytest

from mbench.core.errors import ArtifactError
from mbench.workflows.build.build_pool import answer_of, build_workers


def end(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGPROF, "was ended because it computed without end on a damaged file; name another one."),
        (signal.SIGKILL, "was ended by SIGKILL, as it is when memory runs out; free some, or build fewer at once."),
    ],
)
def test_a_worker_that_dies_says_how(number, said):
    with build_workers(1) as pool, pytest.raises(ArtifactError) as caught:
        answer_of(pool.submit(end, number), pool)
    assert str(caught.value) == f"the process that built it {said}"


def test_an_answer_is_handed_on():
    with build_workers(1) as pool:
        assert answer_of(pool.submit(abs, -3), pool) == 3
