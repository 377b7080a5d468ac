"""What worker processes do: prepare pictures, and ask a file.

They import little, and the LiteRT runtime with the first file, so that they are there at once.

Each process has one single-threaded interpreter and asks it one picture at a time: threads and batches gain nothing
where every core has its own process.
"""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.pictures.decoding import UPRIGHT, turned
from mbench.accuracy.pictures.input_form import PictureForm, picture_encoder
from mbench.accuracy.pictures.input_scaling import PixelScaling, Quantized
from mbench.core.errors import ArtifactError, UnreadableExample

if TYPE_CHECKING:
    from mbench.accuracy.pictures.recipes import CropAndResize
    from mbench.core.examples import Examples


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRows:
    """Rows of an array of pictures to fill.

    Attributes:
        examples: file with the pickled `Examples`.
        indices: of the examples; the first goes to row `first`.
        target: the `.npy` to write into, (n, resolution, width, 3).
        width: None: as wide as high.
        upright: whether pictures are turned as their EXIF says.
    """

    examples: Path
    indices: tuple[int, ...]
    first: int
    target: Path
    resolution: int
    width: int | None
    crop_and_resize: "CropAndResize"
    upright: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What was found of the pictures of some rows.

    Attributes:
        unreadable: row and reason of each that cannot be decoded.
        turned: how many their EXIF says to turn, whether that was done or not.
    """

    unreadable: list[tuple[int, str]]
    turned: int


def fill_rows(rows: PictureRows) -> Filled:
    """Decode, crop and resize examples into the array."""
    examples = _load_examples(rows.examples)
    pictures = np.load(rows.target, mmap_mode="r+")
    unreadable, turn = [], 0
    for row, index in enumerate(rows.indices, rows.first):
        try:
            picture, orientation = examples.picture(index), examples.orientation(index)
            turn += orientation != UPRIGHT
            picture = turned(picture, orientation) if rows.upright else picture
            pictures[row] = rows.crop_and_resize(picture, rows.resolution, rows.width)
        except UnreadableExample as error:
            unreadable.append((row, str(error)))
    return Filled(unreadable=unreadable, turned=turn)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A file as it is to be run.

    Attributes:
        builtin: by the runtime's own kernels alone; otherwise as an app gets it, by XNNPACK where it can.
        stamp: modification time in ns and size: a file that changed is loaded again.
    """

    path: Path
    builtin: bool
    stamp: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """An input or output: real = scale × (stored − zero_point), both None where it is not quantized.

    Attributes:
        open_sizes: whether a size other than the batch is open; `shape` has a 1 there that means nothing.
        quantized_as: of a float input: how the file's own operators store it first; None: they take it as it is.
        aliases: what signatures call it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | None
    zero_point: int | None
    open_sizes: bool = False
    quantized_as: Quantized | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensors:
    """All inputs and outputs of a file, in its order."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def read_tensors(file: ModelFile) -> Tensors:
    """Return a file's inputs and outputs.

    Raises:
        ArtifactError: the runtime does not take it.
    """
    from mbench.accuracy.host.quantize_operators import quantized_inputs

    interpreter = _loaded(file)
    taken, named = _signature_names(interpreter)
    inputs = interpreter.get_input_details()
    quantized = quantized_inputs(file.path) if any(_is_float(detail) for detail in inputs) else {}
    return Tensors(
        inputs=tuple(
            replace(
                tensor_of(detail),
                quantized_as=quantized.get(int(detail["index"])) if _is_float(detail) else None,
                aliases=tuple(taken.get((int(detail["index"]), str(detail["name"])), ())),
            )
            for detail in inputs
        ),
        outputs=tuple(
            replace(tensor_of(detail), aliases=tuple(named.get((int(detail["index"]), str(detail["name"])), ())))
            for detail in interpreter.get_output_details()
        ),
    )


def _is_float(detail: dict[str, Any]) -> bool:
    return bool(np.dtype(detail["dtype"]).kind == "f")


_Names = dict[tuple[int, str], list[str]]
"""By a tensor's index and name, which no tensor of another graph shares."""


def _signature_names(interpreter: Any) -> tuple[_Names, _Names]:
    """Return what signatures call inputs, and outputs."""
    taken: _Names = {}
    given: _Names = {}
    for key in filter(None, interpreter.get_signature_list()):
        runner = interpreter.get_signature_runner(key)
        for found, details in ((taken, runner.get_input_details()), (given, runner.get_output_details())):
            for alias, detail in details.items():
                names = found.setdefault((int(detail["index"]), str(detail["name"])), [])
                if alias not in names:
                    names.append(str(alias))
    return taken, given


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a file is asked.

    Attributes:
        pictures: a `.npy`, (n, h, w, 3) uint8, whose SHA-256 is `sha256`.
        form: how the input takes a picture.
        output: index of the only output that is wanted; None: all of them.
        keep: what of the outputs is wanted, as `mbench.accuracy.host.evaluator.Keep` says; None: all of them.
    """

    file: ModelFile
    pictures: Path
    sha256: str
    form: PictureForm
    scaling: PixelScaling
    output: int | None
    keep: Callable[[tuple[NDArray[Any], ...]], tuple[NDArray[Any], ...]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRows:
    """Rows of the pictures that one process is to ask about, one or more, each once."""

    asking: Asking
    rows: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a file answered, a row per picture.

    Attributes:
        numbers: (n,) whether all wanted outputs are numbers.
        outputs: (n, *shape without the batch of one) of each output, as stored; or what was kept of them.
    """

    numbers: NDArray[np.bool_]
    outputs: tuple[NDArray[Any], ...]


def ask(rows: AskedRows) -> Answers:
    """Return a file's answers, one picture at a time.

    Raises:
        ArtifactError: an inference failed.
    """
    outputs = _asker(rows.asking).outputs(rows.rows)
    numbers = are_numbers(outputs, len(rows.rows))
    for output in outputs:
        output[~numbers] = 0
    keep = rows.asking.keep
    if keep is None:
        return Answers(numbers=numbers, outputs=outputs)
    kept = keep(outputs)
    return Answers(numbers=numbers & are_numbers(kept, len(numbers)), outputs=kept)


def are_numbers(outputs: tuple[NDArray[Any], ...], count: int) -> NDArray[np.bool_]:
    """Return (count,): whether all outputs of a row are numbers."""
    numbers = np.ones(count, np.bool_)
    for output in outputs:
        if output.dtype.kind == "f":
            numbers &= ~np.isnan(output.reshape(count, -1)).any(axis=1)
    return numbers


class _Asker:
    """A loaded file with the pictures that it is asked about: made once for all rows of a process."""

    def __init__(self, asking: Asking) -> None:
        self._interpreter = _loaded(asking.file)
        (source,) = self._interpreter.get_input_details()
        self._source = int(source["index"])
        self._shape = tuple(int(size) for size in source["shape"])
        self._encode = picture_encoder(asking.form, asking.scaling, tensor_of(source))
        self._pictures = np.load(asking.pictures, mmap_mode="r").view(np.ndarray)
        self._targets = [
            (int(detail["index"]), without_batch(detail["shape"]), np.dtype(detail["dtype"]))
            for place, detail in enumerate(self._interpreter.get_output_details())
            if asking.output in {None, place}
        ]

    def outputs(self, rows: Sequence[int]) -> tuple[NDArray[Any], ...]:
        """Return each output, (rows, *shape without the batch of one), as stored."""
        interpreter, encode = self._interpreter, self._encode
        outputs = tuple(np.empty((len(rows), *shape), dtype) for _, shape, dtype in self._targets)
        targets = [(index, output) for (index, _, _), output in zip(self._targets, outputs, strict=True)]
        for row, picture in enumerate(rows):
            # Encoding one at a time stays in the processor's cache.
            interpreter.set_tensor(self._source, encode(self._pictures[picture : picture + 1]).reshape(self._shape))
            try:
                interpreter.invoke()
                for index, output in targets:
                    output[row] = interpreter.get_tensor(index).reshape(output.shape[1:])
            except (RuntimeError, ValueError) as error:  # ValueError also of an output that changes its size
                raise ArtifactError(refusal(error)) from error
        return outputs


@lru_cache(maxsize=1)
def _asker(asking: Asking) -> _Asker:
    return _Asker(asking)


def without_batch(shape: NDArray[np.integer]) -> tuple[int, ...]:
    """Return a shape without its batch of one, if it has one besides other sizes."""
    sizes = tuple(int(size) for size in shape)
    return sizes[1:] if len(sizes) > 1 and sizes[0] == 1 else sizes


def load_file(file: ModelFile) -> Any:
    """Return LiteRT's interpreter of a file, with its tensors allocated.

    Raises:
        ArtifactError: the runtime does not take it.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if file.builtin else OpResolverType.AUTO
    try:
        interpreter = Interpreter(str(file.path), num_threads=1, experimental_op_resolver_type=resolver)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ArtifactError(refusal(error)) from error
    return interpreter


_loaded = lru_cache(maxsize=1)(load_file)
"""The file that was loaded last."""


@lru_cache(maxsize=1)
def _load_examples(path: Path) -> "Examples":
    examples: Examples = pickle.loads(path.read_bytes())  # written by our parent, into a folder of its own
    return examples


def tensor_of(detail: dict[str, Any]) -> Tensor:
    """Return what the interpreter says of an input or output."""
    scale, zero_point = detail["quantization"]
    return Tensor(
        name=str(detail["name"]),
        shape=tuple(int(size) for size in detail["shape"]),
        dtype=np.dtype(detail["dtype"]).name,
        scale=float(scale) or None,
        zero_point=int(zero_point) if scale else None,
        open_sizes=any(
            size <= 1
            for size, said in zip(detail["shape"][1:], detail["shape_signature"][1:], strict=False)
            if said < 0
        ),
    )


def refusal(error: Exception) -> str:
    """Return the runtime's error about a file as one line."""
    lines: Sequence[str] = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"the LiteRT runtime does not run the file: {' '.join(dict.fromkeys(lines))} Build it by another route."
