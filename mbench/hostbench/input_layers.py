"""What the four `--input_layer*` flags say about the inputs, in the order of the model's inputs.

The grammar is that of TFLite's `benchmark_tflite_model.cc`: `--input_layer=a,b --input_layer_shape=1,8:1,4
--input_layer_value_range=a,0,9 --input_layer_value_files=b:/path/of::b.bin` (`::` is a colon within a name or a path).
"""

import re
from dataclasses import dataclass
from typing import NoReturn

from mbench.hostbench import streams
from mbench.hostbench.flags import parse_int32

_DECIMAL = re.compile(r"\s*[+-]?\d+\s*")


@dataclass(slots=True)
class InputLayer:
    """One input: its shape, and the range (low, high, both inclusive) or the file that its values come from."""

    name: str
    shape: tuple[int, ...]
    value_range: tuple[int, int] | None = None
    value_file: str | None = None


def parse_input_layers(names: str, shapes: str, ranges: str, files: str) -> tuple[InputLayer, ...]:
    """Reads the values of the four flags; all empty means that the model's own shapes and random values are used.

    Raises:
      BenchmarkFailed: The flags contradict each other; the reason is on stderr.
    """
    name_items = names.split(",") if names else []
    shape_items = shapes.split(":") if shapes else []
    if len(name_items) != len(shape_items):
        streams.fail(
            f"The number of items in --input_layer_shape ({shapes}, with {len(shape_items)} items) must match the "
            f"number of items in --input_layer ({names}, with {len(name_items)} items). For example "
            "--input_layer=input1,input2 --input_layer_shape=1,224,224,4:1,20"
        )
    layers: list[InputLayer] = []
    for name, text in zip(name_items, shape_items, strict=True):
        shape = _parse_shape(text)
        if -1 in shape:
            streams.fail(
                "Any unknown sizes in the shapes (-1's) must be replaced with the size you want to benchmark with."
            )
        layers.append(InputLayer(name, shape))
    for item in ranges.split(":") if ranges else []:
        _apply_range(layers, names, item)
    for item in files.split(",") if files else []:
        _apply_file(layers, names, item)
    return tuple(layers)


def split_name_and_file(item: str) -> tuple[str, str]:
    """Splits `name:path` at its one single colon; the tool's SplitInputLayerNameAndValueFile.

    Raises:
      BenchmarkFailed: There is no such colon, or more than one.
    """
    delimiter = -1
    position = 0
    while position < len(item) - 1:
        if item[position] == ":":
            if item[position + 1] == ":":
                position += 1
            elif delimiter < 0:
                delimiter = position
            else:
                _fail_file_item(item, "contains more than one delimiter.")
        position += 1
    if delimiter < 0:
        _fail_file_item(item, "doesn't contain any delimiter.")
    return item[:delimiter].replace("::", ":"), item[delimiter + 1 :].replace("::", ":")


def _fail_file_item(item: str, reason: str) -> NoReturn:
    # The tool prints its status code, kTfLiteError, as a third line.
    streams.fail(f"{item} {reason}", f"Wrong input value file item specified: {item}", "1")


def _parse_shape(text: str) -> tuple[int, ...]:
    # std::getline yields no item after a trailing comma.
    items = text.removesuffix(",").split(",") if text else []
    shape = [parse_int32(item) for item in items]
    if None in shape:
        streams.fatal(f"Incorrect size string specified: {text}")
    return tuple(size for size in shape if size is not None)


def _find(layers: list[InputLayer], name: str, names: str) -> InputLayer:
    layer = next((layer for layer in layers if layer.name == name), None)
    if layer is None:
        streams.fatal(f"Cannot find the corresponding input_layer name({name}) in --input_layer as {names}")
    return layer


def _apply_range(layers: list[InputLayer], names: str, item: str) -> None:
    parts = item.split(",")
    if len(parts) != 3:
        streams.fail(f"Wrong input value range item specified: {item}")
    name, low_text, high_text = parts
    layer = _find(layers, name, names)
    if not (_DECIMAL.fullmatch(low_text) and _DECIMAL.fullmatch(high_text)) or int(low_text) > int(high_text):
        streams.fail(f"Wrong low and high value of the input value range specified: {item}")
    layer.value_range = (int(low_text), int(high_text))


def _apply_file(layers: list[InputLayer], names: str, item: str) -> None:
    name, path = split_name_and_file(item)
    layer = _find(layers, name, names)
    if layer.value_range is not None:
        streams.warn(
            f"The input_name:{name} appears both in input_layer_value_files and input_layer_value_range. The "
            "input_layer_value_range of the input_name will be ignored."
        )
    layer.value_file = path
