"""Inputs of a user's network: what they are, and arrays for them, real or synthetic.

Examples are mappings from input name to an array of one inference, batch included, in the input's own type.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.errors import ArtifactError
from mbench.models.tflite.calibration import synthetic_inputs

Example = Mapping[str, npt.NDArray[Any]]

PICTURE_RANK: Final = 4
CHANNELS: Final = frozenset({1, 3, 4})

SYNTHETIC_STEPS: Final = 9
"""Points of a random curve along an axis that is not a picture's: smooth, as signals are."""

MOST_ELEMENTS: Final = 1 << 28
"""Of one input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInput:
    """One input of a network.

    Attributes:
        shape: with the batch; −1 where nothing says a size.
        dtype: numpy's name for it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.name} ({'×'.join(map(str, self.shape)) or 'a single number'} {self.dtype})"


def with_shapes(inputs: Sequence[OwnInput], asked: Sequence[str]) -> tuple[OwnInput, ...]:
    """Return inputs with the shapes that were asked for, and a batch of one where it was left open.

    Args:
        inputs: as the network has them.
        asked: `NAME:SIZES` each.

    Raises:
        ArtifactError: a shape of no input, that is not one or does not fit; or a size is open still.
    """
    shapes = dict(_asked_shape(text, inputs) for text in asked)
    fixed = tuple(_fixed(each, shapes.get(each.name)) for each in inputs)
    for each in fixed:
        if -1 in each.shape:
            example = ",".join(str(size) if size > 0 else "64" for size in each.shape)
            raise ArtifactError(
                f"its input {each.name!r} has no fixed size ({_sizes(each.shape)}); give it one, such as "
                f"--input-shape {each.name}:{example}."
            )
        if prod(each.shape) > MOST_ELEMENTS:
            raise ArtifactError(f"its input {each} has more than {MOST_ELEMENTS} values.")
    return fixed


def _fixed(one: OwnInput, asked: tuple[int, ...] | None) -> OwnInput:
    shape = (1, *one.shape[1:]) if one.shape[:1] == (-1,) else one.shape
    if asked is None:
        return OwnInput(name=one.name, shape=shape, dtype=one.dtype)
    fits = len(asked) == len(one.shape) and all(have in (-1, want) for have, want in zip(one.shape, asked, strict=True))
    if not fits:
        raise ArtifactError(
            f"--input-shape {one.name}:{','.join(map(str, asked))} does not fit its input {one.name!r}, which is "
            f"{_sizes(one.shape)}."
        )
    return OwnInput(name=one.name, shape=asked, dtype=one.dtype)


def _asked_shape(text: str, inputs: Sequence[OwnInput]) -> tuple[str, tuple[int, ...]]:
    name, _, sizes = text.rpartition(":")
    if name not in {each.name for each in inputs}:
        raise ArtifactError(f"--input-shape {text}: its inputs are {_listed(inputs)}.")
    if not re.fullmatch(r"[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*", sizes):
        raise ArtifactError(f"--input-shape {text} is not a shape; write sizes of 1 or more, such as {name}:1,64.")
    return name, tuple(map(int, sizes.split(",")))


def synthetic_examples(inputs: Sequence[OwnInput], count: int, *, seed: int) -> list[Example]:
    """Return synthetic examples: smooth blobs for pictures, smooth curves for signals, 0 and 1 for whole numbers.

    Real numbers lie in [-1, 1]. Whole numbers may be the rows of a table, which has two at least.
    """
    arrays = {each.name: _synthetic(each, count, seed + place) for place, each in enumerate(inputs)}
    return [{name: values[place] for name, values in arrays.items()} for place in range(count)]


def _synthetic(one: OwnInput, count: int, seed: int) -> npt.NDArray[Any]:
    """Return (count, *shape)."""
    dtype = np.dtype(one.dtype)
    source = np.random.Generator(np.random.PCG64(seed))
    if dtype.kind in "iub":
        return source.integers(0, 2, (count, *one.shape)).astype(dtype)
    if (square := _picture(one)) is not None:
        batch, side, channels, axes = square
        maps = synthetic_inputs(count * batch, (1, side, side, channels), seed=seed)
        return np.ascontiguousarray(maps.reshape(count, batch, side, side, channels).transpose(axes)).astype(dtype)
    if len(one.shape) > 1:
        return np.stack([_curve(one.shape, source) for _ in range(count)]).astype(dtype)
    return source.uniform(-1, 1, (count, *one.shape)).astype(dtype)


def _picture(one: OwnInput) -> tuple[int, int, int, tuple[int, ...]] | None:
    """Return batch, side, channels, and how the axes of (count, batch, side, side, channels) lie; None: no picture."""
    if len(one.shape) != PICTURE_RANK:
        return None
    batch, first, second, third = one.shape
    if first == second > 1 and third in CHANNELS:
        return batch, first, third, (0, 1, 2, 3, 4)
    if second == third > 1 and first in CHANNELS:
        return batch, second, first, (0, 1, 4, 2, 3)
    return None


def _curve(shape: tuple[int, ...], source: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return one inference's values: along the second axis a random curve, each of the others its own."""
    points = source.uniform(-1, 1, (SYNTHETIC_STEPS, shape[0], *shape[2:]))
    places = np.linspace(0, SYNTHETIC_STEPS - 1, shape[1])
    low = np.minimum(places.astype(int), SYNTHETIC_STEPS - 2)
    share = (places - low).reshape(-1, *([1] * (points.ndim - 1)))
    return np.asarray(np.moveaxis(points[low] * (1 - share) + points[low + 1] * share, 0, 1))


def checked_examples(given: Iterable[Any], inputs: Sequence[OwnInput], *, source: str) -> Iterator[Example]:
    """Yield a user's examples by input name, in the inputs' own shapes and types.

    Args:
        given: a mapping by input name each, or a sequence in the inputs' order, or the array of an only input; with or
            without a batch of one.
        inputs: of the network.
        source: what messages call them.

    Raises:
        ArtifactError: an example has other names, shapes or types than the inputs, or holds NaN or infinity.
    """
    for place, each in enumerate(given):
        named = _by_name(each, inputs, f"{source}: example {place}")
        yield {one.name: _checked(named[one.name], one, f"{source}: example {place}") for one in inputs}


def _by_name(given: Any, inputs: Sequence[OwnInput], where: str) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        names = {str(name) for name in given}
        if names != {each.name for each in inputs}:
            raise ArtifactError(
                f"{where} has {', '.join(sorted(names)) or 'no arrays'}; its inputs are {_listed(inputs)}."
            )
        return given
    values = list(given) if isinstance(given, (tuple, list)) else [given]
    if len(values) != len(inputs):
        raise ArtifactError(f"{where} has {len(values)} arrays; its inputs are {_listed(inputs)}.")
    return {each.name: value for each, value in zip(inputs, values, strict=True)}


def _checked(value: Any, one: OwnInput, where: str) -> npt.NDArray[Any]:
    values = np.asarray(value)
    if values.shape == one.shape[1:] and one.shape[:1] == (1,):
        values = values[None]
    if values.shape != one.shape:
        raise ArtifactError(f"{where} is {_sizes(values.shape)} for input {one}.")
    wanted = np.dtype(one.dtype)
    if values.dtype.kind not in "fiub" or (values.dtype.kind == "f" and wanted.kind != "f"):
        raise ArtifactError(f"{where} holds {values.dtype} for input {one}.")
    if not np.isfinite(values).all():
        raise ArtifactError(f"{where} holds NaN or infinity for input {one.name!r}.")
    if values.dtype != wanted and values.size and _beyond(values, wanted):
        raise ArtifactError(f"{where} holds numbers beyond those of input {one}.")
    return np.ascontiguousarray(values, wanted)


def _beyond(values: npt.NDArray[Any], wanted: np.dtype[Any]) -> bool:
    """Whether a type cannot hold some of the numbers, which would become others or infinity."""
    if wanted.kind == "b":
        return not np.isin(values, (0, 1)).all()
    limits: Any = np.iinfo(wanted) if wanted.kind in "iu" else np.finfo(wanted)
    return not limits.min <= values.min() <= values.max() <= limits.max


def _listed(inputs: Sequence[OwnInput]) -> str:
    return ", ".join(map(str, inputs))


def _sizes(shape: Sequence[int]) -> str:
    return "×".join("?" if size < 0 else str(size) for size in shape) or "a single number"
