"""What a worker process does with a user's metric: call it on a part of the examples at a time."""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.own.plain_labels import rows_of
from mbench.core.builds.own_recipes import PythonName
from mbench.core.errors import ArtifactError
from mbench.core.processes.user_code import call_python, load_python
from mbench.core.processes.workers import errors_alone
from mbench.files.printed import printed_log
from mbench.files.python_source import refuse_changed

MOST_ROWS: Final = 256
MOST_BYTES: Final = 64 << 20
"""Of one call: so many examples, and so many bytes of their outputs."""

LONGER: Final = "--metric-timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutput:
    """One output of all asked examples: real = scale × (stored − zero point), where it has a scale.

    Attributes:
        path: a `.npy`, a row for each.
        shape: of one example, which a device's answers do not keep.
    """

    name: str
    path: Path
    shape: tuple[int, ...]
    scale: float | None
    zero_point: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricCall:
    """A metric and what it is asked about.

    Attributes:
        code: the function.
        outputs: of the file: of several the function gets a dict, of one the array.
        labels: of the asked examples, in order; or the file of those of all examples.
        rows: of a file: which of its examples were asked.
        log: file for what the function prints.
        timeout_s: for each call.
    """

    code: PythonName
    outputs: tuple[StoredOutput, ...]
    labels: NDArray[Any] | Path
    rows: tuple[int, ...]
    log: Path
    timeout_s: float


@errors_alone()
def call_metric(task: MetricCall) -> NDArray[Any]:
    """Return what a metric says of each example: bool, or float64.

    Raises:
        ArtifactError: it failed, or does not give a number for each.
    """
    what = f"--metric {task.code}"
    with printed_log(task.log):
        refuse_changed(task.code)
        function = load_python(task.code, timeout_s=task.timeout_s, longer=LONGER)
        if not callable(function):
            raise ArtifactError(f"{what} is a {type(function).__name__}, not a function of outputs and labels.")
        arrays = [np.load(each.path, mmap_mode="r") for each in task.outputs]
        found: list[NDArray[Any]] = []
        for start in range(0, len(task.rows), step := _rows_at_once(arrays)):
            rows = range(start, min(start + step, len(task.rows)))
            called = partial(function, _outputs(task.outputs, arrays, rows), _labels(task, rows))
            said: Any = call_python(called, what=what, timeout_s=task.timeout_s, longer=LONGER)
            found.append(_checked(said, len(rows), what))
    if len({part.dtype.kind for part in found}) > 1:
        raise ArtifactError(f"{what} gives bool of some examples and numbers of others; give one of both.")
    return np.concatenate(found)


def _rows_at_once(arrays: Sequence[NDArray[Any]]) -> int:
    one = sum(4 * int(np.prod(array.shape[1:])) for array in arrays)
    return max(1, min(MOST_ROWS, MOST_BYTES // max(1, one)))


def _outputs(
    outputs: Sequence[StoredOutput], arrays: Sequence[NDArray[Any]], rows: range
) -> NDArray[Any] | Mapping[str, NDArray[Any]]:
    real = {
        each.name: _real(each, np.array(array[rows.start : rows.stop]))
        for each, array in zip(outputs, arrays, strict=True)
    }
    return next(iter(real.values())) if len(real) == 1 else real


def _real(output: StoredOutput, stored: NDArray[Any]) -> NDArray[Any]:
    shaped = stored.reshape(len(stored), *output.shape)
    if output.scale is None or stored.dtype.kind not in "iu":
        return shaped
    return ((shaped.astype(np.float32) - np.float32(output.zero_point)) * np.float32(output.scale)).astype(np.float32)


def _labels(task: MetricCall, rows: range) -> Any:
    if isinstance(task.labels, Path):
        return rows_of(_loaded(task.labels), task.rows[rows.start : rows.stop])
    return task.labels[rows.start : rows.stop].copy()


@lru_cache(maxsize=1)
def _loaded(path: Path) -> Any:
    return pickle.loads(path.read_bytes())  # plain values, written by a process of ours


def _checked(said: Any, count: int, what: str) -> NDArray[Any]:
    """Return one bool or number for each example."""
    try:
        values = np.asarray(said)
    except ValueError as error:  # a list of unequal lists
        raise ArtifactError(f"{what} gives lists of unequal lengths; return one number or bool for each.") from error
    if np.ma.is_masked(said):  # what lies below a mask is no answer
        raise ArtifactError(f"{what} gives masked values; return one number or bool for each.")
    if values.shape == (count, 1):
        values = values[:, 0]
    if values.dtype.kind not in "biuf":
        kind = type(said).__name__ if values.dtype.kind == "O" else str(values.dtype)
        raise ArtifactError(f"{what} gives {kind} for {count} examples; return one number or bool for each.")
    if values.shape != (count,):
        raise ArtifactError(
            f"{what} gives {_how_many(values)} for {count} examples; return one number or bool for each."
        )
    return values if values.dtype.kind == "b" else values.astype(np.float64)


def _how_many(values: NDArray[Any]) -> str:
    if values.ndim == 0:
        return "one value"
    if values.ndim == 1:
        return "1 value" if len(values) == 1 else f"{len(values)} values"
    return f"an array of {'×'.join(map(str, values.shape))}"
