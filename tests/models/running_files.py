"""Runs `.tflite` files and reads off what the runtime does with them."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import Model

Floats = npt.NDArray[np.float32]


def load(path: Path) -> Interpreter:
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def answer(path: Path, examples: Floats) -> Floats:
    """Return (n, classes) answers to (n, r, r, 3) examples, quantizing and dequantizing where the file asks for it."""
    interpreter = load(path)
    (entry,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()
    answers = []
    for example in examples:
        interpreter.set_tensor(entry["index"], quantized(example[None], entry))
        interpreter.invoke()
        answers.append(dequantized(interpreter.get_tensor(end["index"])[0], end))
    return np.array(answers)


def quantized(values: Floats, tensor: dict[str, Any]) -> npt.NDArray[Any]:
    if tensor["dtype"] is np.float32:
        return values
    scale, zero = tensor["quantization"]
    limits = np.iinfo(tensor["dtype"])
    return np.clip(np.round(values / scale) + zero, limits.min, limits.max).astype(tensor["dtype"])


def dequantized(values: npt.NDArray[Any], tensor: dict[str, Any]) -> Floats:
    if tensor["dtype"] is np.float32:
        return values
    scale, zero = tensor["quantization"]
    return ((values.astype(np.float32) - zero) * scale).astype(np.float32)


def signal_to_noise_db(reference: Floats, answers: Floats) -> float:
    return float(10 * np.log10(np.sum(reference**2) / np.sum((reference - answers) ** 2)))


def nodes_if_wholly_delegated(path: Path) -> int | None:
    """Return the number of nodes if XNNPACK took all of them, which one node from input to output shows, else None."""
    interpreter = load(path)
    nodes = interpreter._get_ops_details()
    delegates = [node for node in nodes if node["op_name"] == "DELEGATE"]
    (entry,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()
    ends = len(delegates) == 1 and (entry["index"] in delegates[0]["inputs"], list(delegates[0]["outputs"]))
    return len(nodes) - 1 if ends == (True, [end["index"]]) else None


def misaligned_buffers(path: Path, bytes_: int) -> list[int]:
    """Return the indices of weights that do not begin at a multiple of `bytes_`."""
    model = Model.GetRootAsModel(path.read_bytes(), 0)
    misaligned = []
    for index in range(model.BuffersLength()):
        table = model.Buffers(index)._tab
        data = table.Offset(4)  # field `data`
        if data and table.Vector(data) % bytes_:
            misaligned.append(index)
    return misaligned
