"""Asks a file about prepared pictures, on this host with all cores; it knows nothing of truths.

The kernels are those that hostbench times: `cpu` is what an app gets, XNNPACK where it can; `builtin` the runtime's
own.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.evaluator import Keep
from mbench.accuracy.host.pool import HostPool, WorkerDied, parts
from mbench.accuracy.host.prepared import Prepared
from mbench.accuracy.host.worker import Answers, AskedRows, Asking, ModelFile, Tensor, Tensors, ask, read_tensors
from mbench.accuracy.pictures.input_scaling import QUANTIZED, STORABLE, PixelScaling
from mbench.core.delegates import Delegate
from mbench.core.errors import ArtifactError, UnsupportedModel
from mbench.core.ports import Progress

HOST_DELEGATES: Final = (Delegate.CPU, Delegate.XNNPACK, Delegate.BUILTIN)

OUTPUT_BYTES: Final = 16 << 20
"""Of outputs that one process holds at once: 256 pictures' thousand scores are 1 MB, 23 raw SSD's of 91 classes 16."""

_OF_SCORES: Final = frozenset({"float32", "float16", "int8", "uint8", "int16"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file that the runtime takes, with what it says of its inputs and outputs."""

    file: ModelFile
    tensors: Tensors

    def picture_input(self) -> Tensor:
        """Return the one input, (1, r, r, 3), of a type that a picture can be given to.

        Raises:
            UnsupportedModel: it has other inputs.
        """
        tensor = _only(self.tensors.inputs, "input", "one picture")
        if len(tensor.shape) != 4 or tensor.shape[0] != 1 or tensor.shape[3] != 3 or tensor.shape[1] != tensor.shape[2]:
            raise UnsupportedModel(
                f"its input {tensor.name!r} has the shape {tensor.shape}, not (1, r, r, 3) of one square RGB picture."
            )
        if tensor.dtype not in STORABLE:
            raise UnsupportedModel(
                f"its input {tensor.name!r} takes {tensor.dtype}; pictures are given as {', '.join(sorted(STORABLE))}."
            )
        if tensor.dtype in QUANTIZED and tensor.scale is None:
            raise UnsupportedModel(
                f"its input {tensor.name!r} takes {tensor.dtype} without a scale, so nobody knows what its levels mean."
            )
        return tensor

    def scores_output(self) -> Tensor:
        """Return the one output, a score per class: (1, classes) or (classes,).

        Raises:
            UnsupportedModel: it has other outputs.
        """
        tensor = _only(self.tensors.outputs, "output", "a score per class")
        if not tensor.shape or max(tensor.shape) != np.prod(tensor.shape):
            raise UnsupportedModel(
                f"its output {tensor.name!r} has the shape {tensor.shape}, not (1, classes) of a score per class."
            )
        if tensor.dtype not in _OF_SCORES:
            raise UnsupportedModel(f"its output {tensor.name!r} is {tensor.dtype}, which is no score per class.")
        return tensor

    def scores(self) -> int:
        """Return how many scores its one output has.

        Raises:
            UnsupportedModel: it has other outputs.
        """
        return int(np.prod(self.scores_output().shape))

    @property
    def rows_at_once(self) -> int:
        """How many pictures' outputs one process holds at once."""
        one = sum(int(np.prod(tensor.shape)) * np.dtype(tensor.dtype).itemsize for tensor in self.tensors.outputs)
        return max(1, OUTPUT_BYTES // max(1, one))

    @property
    def reference_kernels(self) -> bool:
        """Whether it computes in 16-bit integers, for which the runtime has slow kernels alone."""
        return any(tensor.dtype == "int16" for tensor in self.tensors.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a file answered about prepared pictures, a row per asked example.

    Attributes:
        answered: (asked,): whether the example could be decoded and the outputs are numbers.
        outputs: (asked, …) of each output, as stored; or what was kept of them. Rows without an answer are 0.
        seconds: that it took, without preparing.
    """

    answered: NDArray[np.bool_]
    outputs: tuple[NDArray[Any], ...]
    seconds: float


def open_file(path: Path, *, delegate: Delegate, pool: HostPool) -> OpenedFile:
    """Load a file in a worker process, so that a damaged one does not end this process.

    Raises:
        ArtifactError: it cannot be read, or the runtime does not take it.
        UnsupportedModel: the delegate is none of this host's.
    """
    if delegate not in HOST_DELEGATES:
        names = ", ".join(map(str, HOST_DELEGATES))
        raise UnsupportedModel(f"this host scores by {names}, not by {delegate}; score that on the device.")
    try:
        stat = path.stat()
    except OSError as error:
        raise ArtifactError(f"could not read {path}: {error.strerror or error}. Check the path.") from error
    file = ModelFile(path=path, builtin=delegate == Delegate.BUILTIN, stamp=(stat.st_mtime_ns, stat.st_size))
    ((_, tensors),) = _run(pool, read_tensors, [file])
    return OpenedFile(file=file, tensors=tensors)


def answer(
    opened: OpenedFile,
    prepared: Prepared,
    scaling: PixelScaling,
    *,
    keep: Keep | None,
    pool: HostPool,
    progress: Progress,
) -> Answered:
    """Return what a file answers about each prepared picture.

    Args:
        opened: the file.
        prepared: pictures of its resolution.
        scaling: of the recipe that the pictures were prepared by.
        keep: what of the outputs is wanted; None: all, as they are stored.
        pool: the processes to ask it in.
        progress: told of pictures that are done; the stage is the caller's.

    Raises:
        UnsupportedModel: its input is no picture of the prepared size.
        ArtifactError: an inference failed, or the runtime crashed.
    """
    resolution = opened.picture_input().shape[1]
    if resolution != prepared.resolution:
        raise UnsupportedModel(
            f"it takes {resolution} x {resolution} pixels, and the pictures are prepared at {prepared.resolution}."
        )
    asking = Asking(file=opened.file, pictures=prepared.path, sha256=prepared.record.sha256, scaling=scaling, keep=keep)
    tasks = [
        AskedRows(asking=asking, start=rows.start, stop=rows.stop)
        for rows in parts(prepared.record.asked, pool.workers, largest=opened.rows_at_once)
    ]
    started = time.perf_counter()
    answers: dict[int, Answers] = {}
    for task, part in _run(pool, ask, tasks):
        answers[task.start] = part
        progress.step("builtin" if opened.file.builtin else "cpu", task.stop - task.start)
    seconds = time.perf_counter() - started
    return _joined([answers[task.start] for task in tasks], prepared.readable(), seconds)


def answer_some(
    opened: OpenedFile,
    prepared: Prepared,
    rows: NDArray[np.intp],
    scaling: PixelScaling,
    *,
    keep: Keep,
    pool: HostPool,
) -> Answered:
    """Return what a file answers about some of the prepared pictures, as `answer` does, a row for each.

    Args:
        opened: a file that `answer` took with the same pictures.
        prepared: pictures of its resolution.
        rows: (n,) which of them, each once.
        scaling: which real values they become.
        keep: what of the outputs is wanted.
        pool: the processes to ask it in.

    Raises:
        ArtifactError: an inference failed, or the runtime crashed.
    """
    asking = Asking(file=opened.file, pictures=prepared.path, sha256=prepared.record.sha256, scaling=scaling, keep=keep)
    tasks = [AskedRows(asking=asking, start=row, stop=row + 1) for row in map(int, rows)]
    started = time.perf_counter()
    answers = {task.start: part for task, part in _run(pool, ask, tasks)}
    seconds = time.perf_counter() - started
    return _joined([answers[task.start] for task in tasks], prepared.readable()[rows], seconds)


def _joined(answers: Sequence[Answers], readable: NDArray[np.bool_], seconds: float) -> Answered:
    outputs = tuple(np.concatenate(parts) for parts in zip(*(part.outputs for part in answers), strict=True))
    answered = readable & np.concatenate([part.numbers for part in answers])
    for output in outputs:
        output[~answered] = 0
    return Answered(answered=answered, outputs=outputs, seconds=seconds)


def _run(pool: HostPool, function: Any, tasks: Sequence[Any]) -> Any:
    """Yield what the pool yields; a crash becomes an error about the file."""
    try:
        yield from pool.run(function, tasks)
    except WorkerDied as error:
        raise ArtifactError(f"the process that ran it {error}, or build the file by another route.") from error


def _only(tensors: tuple[Tensor, ...], what: str, wanted: str) -> Tensor:
    if len(tensors) != 1:
        names = ", ".join(tensor.name for tensor in tensors)
        raise UnsupportedModel(f"it has {len(tensors)} {what}s ({names}), and scoring takes {wanted}.")
    return tensors[0]
