"""Errors that a worker process raises arrive whole; messages name no time and no size of nothing."""

import pickle
from fractions import Fraction
from pathlib import Path

import pytest

from mbench.core.errors import (
    ArtifactError,
    ChangedFiles,
    CommandTimeout,
    DiskError,
    HostDiskError,
    LockHeld,
    MbenchError,
    RunFailed,
)
from mbench.core.plain_text import whole_mib, whole_seconds


@pytest.mark.parametrize(
    "error",
    [
        ArtifactError("damaged"),
        ChangedFiles("changed", hashes={"/x": None}),
        CommandTimeout("late", argv=("ls",), deadline_s=3.0),
        DiskError("full", path=Path("x"), code=28),
        HostDiskError("full", path=Path("x"), code=None),
        LockHeld(Path("x"), waited_s=2.0),
        RunFailed("failed", error_class="io"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_a_worker_process_arrives_with_all_that_it_says(error: MbenchError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.__dict__) == (type(error), str(error), error.__dict__)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0, "1 s"), (0.02, "1 s"), (1.0, "1 s"), (1.4, "1 s"), (1.6, "2 s"), (59.6, "60 s")]
)
def test_no_time_is_said_to_be_nothing(seconds: float, said: str) -> None:
    assert whole_seconds(seconds) == said


@pytest.mark.parametrize(
    ("size_bytes", "said"), [(0, "less than 1 MiB"), ((1 << 20) - 1, "less than 1 MiB"), (1 << 20, "1 MiB")]
)
def test_no_size_is_said_to_be_nothing(size_bytes: int, said: str) -> None:
    assert whole_mib(size_bytes) == said


def test_what_a_framework_hangs_on_an_error_stays_in_its_process() -> None:
    error = ArtifactError("it cannot be converted")
    error.__dict__.update(foreign=Fraction(1, 3), path=Path("model.tflite"), count=3)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.__dict__) == (str(error), {"path": Path("model.tflite"), "count": 3})
