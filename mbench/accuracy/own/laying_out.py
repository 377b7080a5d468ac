"""What a worker process does with a user's arrays or generator: lay its examples out as files, one array an input.

FOLDER/input0.npy     a row for each example, as the user gave it
FOLDER/labels.pickle  as `plain_labels.together` returns them; read by worker processes alone
FOLDER/record.json    a `LaidOut`
"""

import hashlib
import itertools
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from mbench.accuracy.own.plain_labels import together
from mbench.core.builds.own_recipes import PythonName
from mbench.core.errors import ArtifactError
from mbench.core.numbers.bounds import Sha256
from mbench.core.numbers.limits import MOST_EXAMPLES
from mbench.core.processes.user_code import call_python, load_python
from mbench.core.processes.workers import errors_alone
from mbench.core.workloads import Document
from mbench.files.plain_arrays import read_plain_arrays
from mbench.files.printed import printed_log
from mbench.files.python_source import refuse_changed

LABELS: Final = "labels"
"""The array of a `.npz` that is no input; `labels/NAME` gives a dict of them."""

RECORD: Final = "record.json"
LABELS_FILE: Final = "labels.pickle"


class LaidOut(Document):
    """What a folder of examples holds.

    Attributes:
        names: of the inputs; None: they came in the inputs' order.
        inputs: how many there are.
        sha256: over all inputs and labels.
    """

    format_version: Literal[1] = 1
    names: tuple[str, ...] | None
    inputs: int
    examples: int
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class LayOut:
    """What is to be laid out.

    Attributes:
        arrays: a `.npz` file; None: `code` gives the examples.
        folder: where to; it exists, and is empty.
        source: what messages call it.
        log: file for what the user's code prints.
        timeout_s: for all of that code.
    """

    arrays: Path | None
    code: PythonName | None
    folder: Path
    source: str
    log: Path
    timeout_s: float


@errors_alone()
def lay_out(task: LayOut) -> LaidOut:
    """Lay examples out and return what there is.

    Raises:
        ArtifactError: they cannot be read, the user's code fails, or they do not fit each other.
    """
    with printed_log(task.log):
        named, labels = _arrays(task) if task.arrays is not None else _generated(task)
    return _written(task, named, labels)


def _arrays(task: LayOut) -> tuple[Mapping[str, npt.NDArray[Any]], Any]:
    assert task.arrays is not None
    found = read_plain_arrays(task.arrays, source=task.source)
    several = {name.removeprefix(f"{LABELS}/"): found[name] for name in found if name.startswith(f"{LABELS}/")}
    labels: Any = several or found.get(LABELS)
    if labels is None:
        raise ArtifactError(f"{task.source} has {', '.join(found) or 'no arrays'}; one must be called {LABELS}.")
    return {name: array for name, array in found.items() if name.partition("/")[0] != LABELS}, labels


def _generated(task: LayOut) -> tuple[Mapping[str, npt.NDArray[Any]], Any]:
    assert task.code is not None
    refuse_changed(task.code)
    source = load_python(task.code, timeout_s=task.timeout_s, longer="--metric-timeout")

    def take() -> list[Any]:
        given = source() if callable(source) else source
        if not isinstance(given, Iterable):
            raise ArtifactError(f"{task.source} gives {type(given).__name__}, not examples one after another.")
        return list(itertools.islice(given, MOST_EXAMPLES + 1))

    taken = call_python(take, what=task.source, timeout_s=task.timeout_s, longer="--metric-timeout")
    if len(taken) > MOST_EXAMPLES:
        raise ArtifactError(f"{task.source} yields more than {MOST_EXAMPLES} examples; let it end.")
    if not taken:
        raise ArtifactError(f"{task.source} yields no example.")
    inputs, labels = zip(*_pairs(taken, task.source), strict=True)
    return _columns(inputs, task.source), together(labels, source=task.source)


def _pairs(taken: Sequence[Any], source: str) -> Iterator[tuple[Any, Any]]:
    for place, each in enumerate(taken):
        if not isinstance(each, (tuple, list)) or len(each) != 2:
            raise ArtifactError(f"{source}: example {place} is not a pair (inputs, label).")
        yield each[0], each[1]


def _columns(inputs: Sequence[Any], source: str) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of each input, by name, or by place where they came in order."""
    named = [_named(each) for each in inputs]
    for place, each in enumerate(named):
        if each.keys() != named[0].keys():
            raise ArtifactError(
                f"{source}: example {place} has {', '.join(each)} and the first one {', '.join(named[0])}."
            )
        for name, array in each.items():
            if array.shape != named[0][name].shape:
                raise ArtifactError(
                    f"{source}: input {name} of example {place} is {array.shape}, and {named[0][name].shape} of the "
                    "first one."
                )
    return {name: np.stack([each[name] for each in named]) for name in named[0]}


def _named(inputs: Any) -> dict[str, npt.NDArray[Any]]:
    if isinstance(inputs, Mapping):
        return {str(name): np.asarray(value) for name, value in inputs.items()}
    values = inputs if isinstance(inputs, (tuple, list)) else [inputs]
    return {f"#{place}": np.asarray(value) for place, value in enumerate(values)}


def _written(task: LayOut, named: Mapping[str, npt.NDArray[Any]], labels: Any) -> LaidOut:
    if not named:
        raise ArtifactError(f"{task.source} has labels and no input.")
    lengths = {len(array) for array in named.values()}
    if lengths == {0}:
        raise ArtifactError(f"{task.source} holds no example.")
    digest = hashlib.sha256()
    for place, (name, array) in enumerate(named.items()):
        if array.dtype.kind not in "biuf":
            raise ArtifactError(f"{task.source}: input {name} holds {array.dtype}, not numbers.")
        if not np.isfinite(array).all():
            raise ArtifactError(f"{task.source}: input {name} holds NaN or infinity.")
        if array.dtype.kind == "f" and np.abs(array).max() > np.finfo(np.float32).max:
            raise ArtifactError(f"{task.source}: input {name} holds numbers beyond those of 32 bits.")
        path = task.folder / f"input{place}.npy"
        np.save(path, array)
        digest.update(f"{name} ".encode() + path.read_bytes())
    pickled = pickle.dumps(labels, protocol=5)
    (task.folder / LABELS_FILE).write_bytes(pickled)
    digest.update(pickled)
    names = None if next(iter(named)).startswith("#") else tuple(named)
    record = LaidOut(names=names, inputs=len(named), examples=lengths.pop(), sha256=digest.hexdigest())
    (task.folder / RECORD).write_text(record.model_dump_json(indent=1))
    return record
