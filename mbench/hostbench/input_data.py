"""The values that a model is fed: random but always the same, or read from files.

Ranges and order follow TFLite's `tflite/tools/utils.cc`: one generator, `std::mt19937` with its default seed, serves
all inputs in turn; uint8 0..254, int8 -127..127, int32 and int64 0..99, floats -0.5..0.5, bool 0 or 1. That file gives
int16 no range, so these inputs are zeros. Draws are turned into numbers as LLVM's libc++ does, the C++ library of
Android.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import RandomState  # lazily loaded by numpy: it would count as memory of the model

from mbench.hostbench import streams
from mbench.hostbench.input_layers import InputLayer

_MT19937_DEFAULT_SEED = 5489  # C++ standard, [rand.predef]
_RANGES = {
    "int64": (0, 99),
    "uint32": (0, 99),
    "int32": (0, 99),
    "int16": (0, 0),
    "uint8": (0, 254),
    "int8": (-127, 127),
    "bool": (0, 1),
}
_FLOATS = ("float32", "float64")
_STRING = b"we're have some friends over saturday to hang out in the yard"

Array = np.ndarray[Any, Any]


class RandomValues:
    """Draws the numbers that the tool draws."""

    def __init__(self) -> None:
        self._generator = RandomState(_MT19937_DEFAULT_SEED)

    def integers(self, low: int, high: int, count: int) -> Array:
        """Returns whole numbers from `low` to `high`, both included.

        libc++ `uniform_int_distribution`: the low bits of a draw, drawn anew if they are too large.
        """
        span = high - low + 1
        if span == 1:
            return np.full(count, low, np.int64)
        mask = np.uint32((1 << (span - 1).bit_length()) - 1)
        kept = np.empty(0, np.int64)
        while len(kept) < count:
            bits = self._draws(count - len(kept)) & mask
            kept = np.concatenate([kept, bits[bits < span].astype(np.int64)])
        return kept + low

    def floats(self, low: float, high: float, count: int) -> Array:
        """Returns float32 numbers from `low` up to `high` (libc++ `generate_canonical`: a draw over 2**32)."""
        unit = self._draws(count).astype(np.float32) / np.float32(2**32)
        return unit * np.float32(high - low) + np.float32(low)

    def _draws(self, count: int) -> Array:
        return np.frombuffer(self._generator.bytes(4 * count), "<u4")


def make_inputs(interpreter: Any, layers: tuple[InputLayer, ...]) -> list[tuple[int, Array]]:
    """Returns the tensor index and the values of every input of an allocated interpreter.

    Aborts the process, as the tool does, on a file that cannot be read or has the wrong size and on a type it cannot
    fill.
    """
    random = RandomValues()
    inputs: list[tuple[int, Array]] = []
    for position, tensor in enumerate(interpreter.get_input_details()):
        layer = layers[position] if layers else None
        if layer is not None and layer.value_file is not None:
            values = _read_values(tensor, layer.value_file)
        else:
            values = _random_values(tensor, random, layer.value_range if layer is not None else None)
        inputs.append((int(tensor["index"]), values))
    return inputs


def _random_values(tensor: Any, random: RandomValues, value_range: tuple[int, int] | None) -> Array:
    shape = tuple(int(size) for size in tensor["shape"])
    count = int(np.prod(shape, dtype=np.int64))
    type_name = np.dtype(tensor["dtype"]).name
    if type_name == "float16":
        streams.fatal(f"Populating the tensor {tensor['name']} of type FLOAT16 is disabled.")
    if type_name.startswith("bytes"):
        return np.full(shape, _STRING, dtype=object)
    if type_name in _FLOATS:
        low, high = value_range if value_range is not None else (-0.5, 0.5)
        return random.floats(low, high, count).astype(tensor["dtype"]).reshape(shape)
    if type_name not in _RANGES:
        streams.fatal(f"Don't know how to populate tensor {tensor['name']} of type {type_name}")
    first, last = value_range if value_range is not None and type_name != "bool" else _RANGES[type_name]
    return random.integers(first, last, count).astype(tensor["dtype"]).reshape(shape)


def _read_values(tensor: Any, path: str) -> Array:
    try:
        content = Path(path).read_bytes()
    except OSError:
        streams.fatal(f"Failed to read the input_layer_value_file:{path}")
    shape = tuple(int(size) for size in tensor["shape"])
    count = int(np.prod(shape, dtype=np.int64))
    dtype = np.dtype(tensor["dtype"])
    if dtype.kind == "S":
        # Each string ends with a null byte; the last one need not.
        strings = content.removesuffix(b"\0").split(b"\0") if content else []
        if len(strings) != count:
            streams.fatal(
                f"The number of string in the input_layer_value_file({path}) is {len(strings)}. It should be {count}."
            )
        return np.array(strings, dtype=object).reshape(shape)
    size_bytes = count * dtype.itemsize
    if len(content) != size_bytes:
        streams.fatal(f"The size of {path} is {len(content)} bytes. It should be {size_bytes} bytes.")
    return np.frombuffer(content, dtype).reshape(shape)
