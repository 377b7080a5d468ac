"""Inputs as a user wants them fed: shapes and files of values, matched with the inputs that a file has.

`--input-shape NAME:1,224,224,3` fixes what a file leaves open, or asks for another batch; `--input NAME:FILE` feeds a
user's own values. A name may hold colons itself (`serving_default_x:0`), so the file decides where it ends.
"""

import hashlib
import re
import shlex
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import Final

import numpy as np

from mbench.artifacts.asked_inputs import AskedInputs
from mbench.artifacts.inspection import UNFILLABLE, TensorFacts, has_open_size
from mbench.core.errors import ArtifactError
from mbench.core.workloads import InputTensor

_SHAPE: Final = re.compile(r"[1-9][0-9]{0,8}(?:,[1-9][0-9]{0,8})*|")
"""Sizes, or nothing for a single value."""

PICTURE_RANK: Final = 4
CHANNELS: Final = frozenset({1, 3, 4})
PICTURE_SIDE: Final = 224
"""Pixels; the size of most networks for pictures."""


def input_tensors(
    inputs: Sequence[TensorFacts], asked: AskedInputs, keep: Callable[[Path], bytes]
) -> tuple[InputTensor, ...]:
    """Return all inputs of a file, in order, as they are to be fed; none where nothing was asked.

    Args:
        inputs: what the file has.
        asked: what was typed.
        keep: reads a file of values.

    Raises:
        ArtifactError: an input that the file has not, or a shape or a number of bytes that does not fit it.
    """
    if not asked:
        return ()
    shapes = {name: _shape(inputs, name, text) for name, text in _by_name(inputs, asked.shapes, "--input-shape")}
    files = dict(_by_name(inputs, asked.files, "--input"))
    return tuple(
        InputTensor(
            name=tensor.name,
            shape=shapes.get(tensor.name, tensor.shape),
            values_sha256=_values(tensor, shapes.get(tensor.name), Path(files[tensor.name]), keep)
            if tensor.name in files
            else None,
        )
        for tensor in inputs
    )


def unfed_input(inputs: Sequence[TensorFacts], fed: Sequence[InputTensor], asked: AskedInputs) -> str | None:
    """Return which input can still not be fed, as one sentence; None where all can."""
    shaped = {tensor.name for tensor in inputs if any(text.startswith(f"{tensor.name}:") for text in asked.shapes)}
    valued = {each.name for each in fed if each.values_sha256 is not None}
    for tensor in inputs:
        if tensor.dtype in UNFILLABLE and tensor.name not in valued:
            return (
                f"its input {tensor.name!r} takes {tensor.dtype} values, which mbench cannot generate; give them by "
                f"--input {shlex.quote(f'{tensor.name}:FILE')}."
            )
    unshaped = [tensor for tensor in inputs if has_open_size(tensor) and tensor.name not in shaped]
    if not unshaped:
        return None
    shape = unshaped[0].shape_signature or unshaped[0].shape
    more = f" (and {len(unshaped) - 1} more inputs)" if len(unshaped) > 1 else ""
    return (
        f"its input {unshaped[0].name!r} has no fixed shape but {shape}{more}; give it one, such as "
        f"{' '.join(map(_example, unshaped))}, or convert it with a fixed one."
    )


def _example(tensor: TensorFacts) -> str:
    """Return an option that gives a tensor a shape, as a shell takes it: what is open is 1, of a picture 224 pixels."""
    shape = tensor.shape_signature or tensor.shape
    picture = len(shape) == PICTURE_RANK and shape[-1] in CHANNELS
    guesses = (1, PICTURE_SIDE, PICTURE_SIDE, 1) if picture else (1,) * len(shape)
    sizes = ",".join(str(size if size > 0 else guess) for size, guess in zip(shape, guesses, strict=True))
    return f"--input-shape {shlex.quote(f'{tensor.name}:{sizes}')}"


def _by_name(inputs: Sequence[TensorFacts], texts: Sequence[str], option: str) -> list[tuple[str, str]]:
    """Return what each text says of which input."""
    named: dict[str, str] = {}
    for text in texts:
        name = max((each.name for each in inputs if text.startswith(f"{each.name}:")), key=len, default=None)
        if name is None:
            names = ", ".join(repr(each.name) for each in inputs)
            raise ArtifactError(f"it has no input that {option} {text} names; its inputs are {names}.")
        if name in named:
            raise ArtifactError(f"{option} names its input {name!r} twice.")
        named[name] = text[len(name) + 1 :]
    return list(named.items())


def _shape(inputs: Sequence[TensorFacts], name: str, text: str) -> tuple[int, ...]:
    tensor = next(each for each in inputs if each.name == name)
    if not _SHAPE.fullmatch(text):
        raise ArtifactError(
            f"--input-shape {name}:{text} is not a shape; write sizes of 1 or more, such as {_example(tensor)}."
        )
    shape = tuple(map(int, text.split(","))) if text else ()
    rank = len(tensor.shape_signature or tensor.shape)
    if len(shape) != rank:
        raise ArtifactError(
            f"--input-shape {name}:{text} has {len(shape)} dimensions; the input {name!r} has {rank}: write such as "
            f"{_example(tensor)}."
        )
    return shape


def _values(tensor: TensorFacts, shape: tuple[int, ...] | None, path: Path, keep: Callable[[Path], bytes]) -> str:
    data = keep(path)
    if not data:
        raise ArtifactError(f"{path} is empty; it must hold the values of input {tensor.name!r}.")
    try:
        needed = prod(shape if shape is not None else tensor.shape) * np.dtype(tensor.dtype).itemsize
    except TypeError:  # text, and types narrower than a byte
        needed = len(data)
    if len(data) != needed:
        shown = "×".join(map(str, shape if shape is not None else tensor.shape)) or "1"
        raise ArtifactError(
            f"{path} has {len(data)} bytes; input {tensor.name!r} takes {needed}: {shown} {tensor.dtype} values, raw."
        )
    return hashlib.sha256(data).hexdigest()
