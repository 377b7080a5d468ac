"""What a worker process does with a file and a user's arrays: give it one example at a time, by the inputs' names."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.worker import Answers, ModelFile, are_numbers, load_file, refusal, tensor_of, without_batch
from mbench.core.errors import ArtifactError

_LARGEST = {dtype: np.iinfo(dtype) for dtype in ("int8", "uint8", "int16", "int32", "int64", "uint32", "uint64")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayAsking:
    """What a file is asked.

    Attributes:
        arrays: the `.npy` of each input, in the file's order.
        output: index of the only output that is wanted; None: all of them.
    """

    file: ModelFile
    arrays: tuple[Path, ...]
    output: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedExamples:
    """Examples that one process is to ask about."""

    asking: ArrayAsking
    rows: Sequence[int]


def ask_arrays(task: AskedExamples) -> Answers:
    """Return a file's answers, one example at a time.

    Raises:
        ArtifactError: an inference failed.
    """
    interpreter, arrays, wanted = _opened(task.asking)
    outputs = tuple(np.empty((len(task.rows), *shape), dtype) for _, shape, dtype in wanted)
    for place, row in enumerate(task.rows):
        for (index, shape, encode), array in arrays:
            interpreter.set_tensor(index, encode(array[row]).reshape(shape))
        try:
            interpreter.invoke()
            for (index, _, _), output in zip(wanted, outputs, strict=True):
                output[place] = interpreter.get_tensor(index).reshape(output.shape[1:])
        except (RuntimeError, ValueError) as error:  # ValueError also of an output that changes its size
            raise ArtifactError(refusal(error)) from error
    numbers = are_numbers(outputs, len(task.rows))
    for output in outputs:
        output[~numbers] = 0
    return Answers(numbers=numbers, outputs=outputs)


@lru_cache(maxsize=1)
def _opened(asking: ArrayAsking) -> tuple[Any, list[Any], list[Any]]:
    interpreter = load_file(asking.file)
    arrays = [
        ((int(detail["index"]), tuple(map(int, detail["shape"])), _Encode(detail)), np.load(path, mmap_mode="r"))
        for detail, path in zip(interpreter.get_input_details(), asking.arrays, strict=True)
    ]
    wanted = [
        (int(detail["index"]), without_batch(detail["shape"]), np.dtype(detail["dtype"]))
        for place, detail in enumerate(interpreter.get_output_details())
        if asking.output in {None, place}
    ]
    return interpreter, arrays, wanted


class _Encode:
    """Real values of an input as it stores them: stored = round(real / scale) + zero point, within its type."""

    def __init__(self, detail: dict[str, Any]) -> None:
        tensor = tensor_of(detail)
        self._dtype, self._scale, self._zero = np.dtype(tensor.dtype), tensor.scale, tensor.zero_point or 0

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        if self._scale is None or self._dtype.kind not in "iu":
            return np.ascontiguousarray(values, self._dtype)
        stored = np.rint(values.astype(np.float64) / self._scale) + self._zero
        limits = _LARGEST[self._dtype.name]
        encoded: NDArray[Any] = np.clip(stored, limits.min, limits.max).astype(self._dtype)
        return encoded
