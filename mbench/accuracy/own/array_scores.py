"""The score of one file on a user's arrays, from this host's answers."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.evaluator import Evaluator
from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.host.pool import HostPool, WorkerDied, parts
from mbench.accuracy.host.sampling import asks_all, drawn_pictures
from mbench.accuracy.host.score import host_runtime
from mbench.accuracy.host.worker import Answers, Tensor
from mbench.accuracy.own.array_examples import ArrayExamples
from mbench.accuracy.own.asking import ArrayAsking, AskedExamples, ask_arrays
from mbench.core.delegates import Delegate
from mbench.core.errors import ArtifactError, UnsupportedModel
from mbench.core.ports import Progress
from mbench.core.scores import NAMED_FAILURES, Score, pack_hits, pack_values

AS_GIVEN: Final = "as given"
"""What stands for the preprocessing of arrays."""


def score_arrays(
    opened: OpenedFile,
    examples: ArrayExamples,
    evaluator: Evaluator,
    *,
    asked: int | None,
    seed: int,
    artifact_sha256: str,
    delegate: Delegate,
    pool: HostPool,
    progress: Progress,
) -> Score:
    """Return how well a file does by a user's metric.

    Args:
        opened: the file.
        examples: the user's.
        evaluator: of this file's answers to these examples.
        asked: how many, drawn by `seed`; None: all.
        seed: of the draw.
        artifact_sha256: of the file.
        delegate: what it was opened for.
        pool: the processes to ask it in.
        progress: gets news of examples that are done; the stage is the caller's.

    Raises:
        UnsupportedModel: its inputs are others than the arrays, or the metric has no value for its answers.
        ArtifactError: the runtime does not run it, or the metric fails.
    """
    rows = drawn_pictures(examples, asked, seed)
    asking = ArrayAsking(file=opened.file, arrays=fitting_arrays(opened, examples), output=evaluator.output)
    started = time.perf_counter()
    answered, outputs = _answers(asking, rows, opened.rows_at_once, pool, progress)
    seconds = time.perf_counter() - started
    worth = evaluator.evaluate(outputs, answered, rows)
    return Score(
        artifact_sha256=artifact_sha256,
        place="host",
        delegate=str(delegate),
        runtime=host_runtime(),
        dataset=examples.facts,
        preprocessing=AS_GIVEN,
        output=opened.scored_output(evaluator.output),
        asked=len(rows),
        scored=int(answered.sum()),
        failed=tuple(examples.name(int(rows[row])) for row in np.flatnonzero(~answered)[:NAMED_FAILURES]),
        selection_seed=None if asks_all(examples, asked) else seed,
        metrics=worth.metrics,
        hits=None if worth.hits is None else pack_hits(worth.hits),
        own_metric=evaluator.own_metric,
        values=None if worth.values is None else pack_values(worth.values),
        doubts=worth.doubts,
        seconds=round(seconds, 3),
    )


def fitting_arrays(opened: OpenedFile, examples: ArrayExamples) -> tuple[Path, ...]:
    """Return the array of each of a file's inputs, in its order.

    Raises:
        UnsupportedModel: they have other names, shapes or types.
    """
    inputs, paths = opened.tensors.inputs, examples.inputs()
    names = examples.record.names
    if len(inputs) != len(paths):
        raise UnsupportedModel(f"its inputs are {_listed(inputs)}, and {examples.source} has {len(paths)} arrays.")
    chosen = paths if names is None else tuple(_path(each, names, paths, inputs, examples.source) for each in inputs)
    for each, path in zip(inputs, chosen, strict=True):
        _refuse_unfit(each, np.load(path, mmap_mode="r"), examples.source)
    return chosen


def _path(tensor: Tensor, names: Sequence[str], paths: Sequence[Path], inputs: Sequence[Tensor], source: str) -> Path:
    called = (tensor.name, *tensor.aliases)
    found = [path for name, path in zip(names, paths, strict=True) if name in called]
    if len(found) != 1:
        raise UnsupportedModel(f"its inputs are {_listed(inputs)}, and {source} has {', '.join(names)}.")
    return found[0]


def _refuse_unfit(tensor: Tensor, array: NDArray[Any], source: str) -> None:
    if tensor.open_sizes:
        raise UnsupportedModel(f"its input {_name(tensor)} has no fixed size; convert the file with one.")
    shape, given = tensor.shape, array.shape[1:]
    if given not in (shape, shape[1:] if shape[:1] == (1,) else shape):
        raise UnsupportedModel(f"its input {_name(tensor)} is {shape}, and {source} has {given} for each example.")
    if array.dtype.kind == "f" and np.dtype(tensor.dtype).kind != "f" and tensor.scale is None:
        raise UnsupportedModel(f"its input {_name(tensor)} takes {tensor.dtype}, and {source} has {array.dtype}.")


def _answers(
    asking: ArrayAsking, rows: NDArray[np.intp], largest: int, pool: HostPool, progress: Progress
) -> tuple[NDArray[np.bool_], tuple[NDArray[Any], ...]]:
    tasks = [
        AskedExamples(asking=asking, rows=rows[part].tolist())
        for part in parts(len(rows), pool.workers, largest=largest)
    ]
    found: dict[int, Answers] = {}
    try:
        for task, part in pool.run(ask_arrays, tasks):
            found[task.rows[0]] = part
            progress.step("builtin" if asking.file.builtin else "cpu", len(task.rows))
    except WorkerDied as error:
        raise ArtifactError(f"the process that ran it {error}, or build the file by another route.") from error
    ordered = [found[task.rows[0]] for task in tasks]
    outputs = tuple(np.concatenate(each) for each in zip(*(part.outputs for part in ordered), strict=True))
    return np.concatenate([part.numbers for part in ordered]), outputs


def _name(tensor: Tensor) -> str:
    return tensor.aliases[0] if tensor.aliases else tensor.name


def _listed(inputs: Sequence[Tensor]) -> str:
    return ", ".join(map(_name, inputs))
