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
from mbench.accuracy.pictures.input_form import PictureForm, picture_form
from mbench.accuracy.pictures.input_scaling import QUANTIZED, STORABLE, PixelScaling
from mbench.core.choices import Layout
from mbench.core.delegates import Delegate
from mbench.core.errors import ArtifactError, UnsupportedModel
from mbench.core.numbers.limits import LONGEST_TENSOR_NAME
from mbench.core.ports import Progress
from mbench.core.scores import ScoredOutput

HOST_DELEGATES: Final = (Delegate.CPU, Delegate.XNNPACK, Delegate.BUILTIN)

OUTPUT_BYTES: Final = 16 << 20
"""Of outputs that one process holds at once: 256 pictures' thousand scores are 1 MB, 23 raw SSD's of 91 classes 16."""

_OF_SCORES: Final = frozenset({"float32", "float16", "int8", "uint8", "int16"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file that the runtime takes, with what it says of its inputs and outputs.

    Attributes:
        layout: where its input has the channels, as the user said; None: by its shape.
        output: name or index of the output that the user chose; None: none was chosen.
    """

    file: ModelFile
    tensors: Tensors
    layout: Layout | None = None
    output: str | None = None

    def picture_input(self) -> Tensor:
        """Return the one input, a picture in one of the forms of `picture_form`, of a type that it can be given to.

        Raises:
            UnsupportedModel: it has other inputs.
        """
        tensor = _only(self.tensors.inputs, "input", "one picture")
        if tensor.open_sizes:
            raise UnsupportedModel(
                f"its input {tensor.name!r} has no fixed height and width; convert the file with those of its training."
            )
        _ = picture_form(tensor.name, tensor.shape, self.layout)
        if tensor.dtype not in STORABLE:
            raise UnsupportedModel(
                f"its input {tensor.name!r} takes {tensor.dtype}; pictures are given as {', '.join(sorted(STORABLE))}."
            )
        if tensor.dtype in QUANTIZED and tensor.scale is None:
            raise UnsupportedModel(
                f"its input {tensor.name!r} takes {tensor.dtype} without a scale, so nobody knows what levels mean; "
                "convert the file with one: 1 and zero point 0 for levels as they are."
            )
        return tensor

    def picture_form(self) -> PictureForm:
        """Return how its one input takes a picture.

        Raises:
            UnsupportedModel: it has other inputs.
        """
        tensor = self.picture_input()
        return picture_form(tensor.name, tensor.shape, self.layout)

    def judged_output(self) -> int:
        """Return the index of the output that is judged where one is: the only one, or the one that the user chose.

        Raises:
            UnsupportedModel: it has several and none was chosen, or none, or not one, of that name.
        """
        outputs = self.tensors.outputs
        if self.output is not None:
            return _chosen(outputs, self.output)
        if len(outputs) != 1:
            several = "; choose one by --output NAME" if outputs else ""
            raise UnsupportedModel(
                f"it has {len(outputs)} outputs ({_named(outputs)}), and scoring takes a score per class{several}."
            )
        return 0

    def scored_output(self, index: int | None) -> ScoredOutput | None:
        """Return what a score says of the output that it is about: nothing where that goes without saying.

        Args:
            index: of the output; None: all of them.
        """
        if index is None or len(self.tensors.outputs) == 1:
            return None
        return ScoredOutput(index=index, name=self.tensors.outputs[index].name[:LONGEST_TENSOR_NAME])

    def scores_output(self) -> Tensor:
        """Return the output that is judged, a score per class: (1, classes) or (classes,).

        Raises:
            UnsupportedModel: it has other outputs.
        """
        tensor = self.tensors.outputs[self.judged_output()]
        if not tensor.shape or max(tensor.shape) != np.prod(tensor.shape):
            raise UnsupportedModel(
                f"its output {tensor.name!r} has the shape {tensor.shape}, not (1, classes) of a score per class."
            )
        if tensor.dtype not in _OF_SCORES:
            raise UnsupportedModel(f"its output {tensor.name!r} is {tensor.dtype}, which is no score per class.")
        return tensor

    def scores(self) -> int:
        """Return how many scores the output that is judged has.

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


def open_file(
    path: Path, *, delegate: Delegate, pool: HostPool, layout: Layout | None = None, output: str | None = None
) -> OpenedFile:
    """Load a file in a worker process, so that a damaged one does not end this process.

    Args:
        path: of the file.
        delegate: of this host.
        pool: the processes to load it in.
        layout: where its input has the channels, as the user said; None: by its shape.
        output: name or index of the output that the user chose; None: none was chosen.

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
    return OpenedFile(file=file, tensors=tensors, layout=layout, output=output)


def answer(
    opened: OpenedFile,
    prepared: Prepared,
    scaling: PixelScaling,
    *,
    keep: Keep | None,
    output: int | None = None,
    pool: HostPool,
    progress: Progress,
) -> Answered:
    """Return what a file answers about each prepared picture.

    Args:
        opened: the file.
        prepared: pictures of its resolution.
        scaling: of the recipe that the pictures were prepared by.
        keep: what of the outputs is wanted; None: all, as they are stored.
        output: index of the only output that is wanted; None: all of them.
        pool: the processes to ask it in.
        progress: gets news of pictures that are done; the stage is the caller's.

    Raises:
        UnsupportedModel: its input is no picture of the prepared size.
        ArtifactError: an inference failed, or the runtime crashed.
    """
    form = opened.picture_form()
    if (form.height, form.width) != (prepared.resolution, prepared.width):
        raise UnsupportedModel(
            f"it takes {form.width} x {form.height} pixels, and the pictures are prepared at {prepared.width} x "
            f"{prepared.resolution}."
        )
    asking = _asking(opened, prepared, scaling, keep, output)
    tasks = [
        AskedRows(asking=asking, rows=range(rows.start, rows.stop))
        for rows in parts(prepared.record.asked, pool.workers, largest=opened.rows_at_once)
    ]
    started = time.perf_counter()
    answers: dict[int, Answers] = {}
    for task, part in _run(pool, ask, tasks):
        answers[task.rows[0]] = part
        progress.step("builtin" if opened.file.builtin else "cpu", len(task.rows))
    seconds = time.perf_counter() - started
    return _joined([answers[task.rows[0]] for task in tasks], prepared.readable(), seconds)


def answer_some(
    opened: OpenedFile,
    prepared: Prepared,
    rows: NDArray[np.intp],
    scaling: PixelScaling,
    *,
    keep: Keep,
    output: int | None = None,
    pool: HostPool,
) -> Answered:
    """Return what a file answers about some of the prepared pictures, as `answer` does, a row for each.

    Args:
        opened: a file that `answer` took with the same pictures.
        prepared: pictures of its resolution.
        rows: (n,) which of them, each once.
        scaling: which real values they become.
        keep: what of the outputs is wanted.
        output: index of the only output that is wanted; None: all of them.
        pool: the processes to ask it in.

    Raises:
        ArtifactError: an inference failed, or the runtime crashed.
    """
    asking = _asking(opened, prepared, scaling, keep, output)
    tasks = [
        AskedRows(asking=asking, rows=rows[part].tolist())
        for part in parts(len(rows), pool.workers, largest=opened.rows_at_once)
    ]
    started = time.perf_counter()
    answers = {task.rows[0]: part for task, part in _run(pool, ask, tasks)}
    seconds = time.perf_counter() - started
    return _joined([answers[task.rows[0]] for task in tasks], prepared.readable()[rows], seconds)


def _asking(
    opened: OpenedFile, prepared: Prepared, scaling: PixelScaling, keep: Keep | None, output: int | None
) -> Asking:
    return Asking(
        file=opened.file,
        pictures=prepared.path,
        sha256=prepared.record.sha256,
        form=opened.picture_form(),
        scaling=scaling,
        output=output,
        keep=keep,
    )


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
        raise UnsupportedModel(f"it has {len(tensors)} {what}s ({_named(tensors)}), and scoring takes {wanted}.")
    return tensors[0]


def _chosen(outputs: tuple[Tensor, ...], said: str) -> int:
    """Return the index of the output that a user named: by its tensor's name, a signature's name for it, or its index.

    Raises:
        UnsupportedModel: there is none, or several are called so.
    """
    found = [place for place, tensor in enumerate(outputs) if said in {tensor.name, *tensor.aliases}]
    if not found and said.isascii() and said.isdigit() and len(said) < 5 and int(said) < len(outputs):
        found = [int(said)]
    if len(found) != 1:
        how_many = f"{len(found)} outputs" if found else "no output"
        raise UnsupportedModel(
            f"it has {how_many} called {said!r}; --output takes a name or a number of {_named(outputs)}."
        )
    return found[0]


def _named(tensors: tuple[Tensor, ...]) -> str:
    """Return what tensors are called, by index: `0 scores (1, 10), 1 StatefulPartitionedCall:1 = boxes (1, 4)`."""
    names = [" = ".join(dict.fromkeys((tensor.name, *tensor.aliases))) for tensor in tensors]
    return ", ".join(f"{place} {name} {tensors[place].shape}" for place, name in enumerate(names))
