"""Runs a `.tflite` file on given inputs, in real values; it never times anything."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Final

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mbench.artifacts.flatbuffer import read_model
from mbench.core.errors import ArtifactError, UnsupportedModel

RUNS_NOT: Final = "the LiteRT runtime does not run the file"
"""What begins the message about a file that the runtime refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutputs:
    """What a file answered.

    Attributes:
        values: (examples, *output shape, without the batch if the inputs were) float32, real values.
        step: smallest difference that a quantized output can show, 0 for a float one.
    """

    values: NDArray[np.float32]
    step: float


def run_file(data: bytes, inputs: NDArray[np.float32]) -> RunOutputs:
    """Run a file of one input and one output on each example: see `run_outputs`.

    Raises:
        UnsupportedModel: it has several inputs or outputs, or takes others than these.
        ArtifactError: it is no `.tflite` file, or the runtime does not take it.
    """
    outputs = run_outputs(data, inputs)
    if len(outputs) != 1:
        names = ", ".join(outputs)
        raise UnsupportedModel(f"verification takes one output, the file has {len(outputs)}: {names}.")
    (only,) = outputs.values()
    return only


Inputs = NDArray[np.float32] | Mapping[str, NDArray[Any]]
"""Of an only input; or of each by its tensor's name, with the batch."""


def run_outputs(data: bytes, inputs: Inputs) -> dict[str, RunOutputs]:
    """Run a file on each example, with one thread, and return each output by its name.

    Integer inputs and outputs are converted by the tensors' own scale and zero point.

    Args:
        data: the `.tflite` file.
        inputs: real values of an only input: (examples, *input shape without the batch of one), or with the batch
            whatever it is, and then so are the outputs; or by name, with the batch: those of each input.

    Raises:
        UnsupportedModel: it takes others than these.
        ArtifactError: it is no `.tflite` file, or the runtime does not take it.
    """
    # The runtime may die on damaged offsets instead of refusing them; our reader does not.
    read_model(data)
    with captured_stderr() as chatter:
        try:
            interpreter = Interpreter(model_content=data, num_threads=1)
            interpreter.allocate_tensors()
            targets = interpreter.get_output_details()
            if isinstance(inputs, Mapping):
                answers = _answers_by_name(interpreter, inputs, targets)
            else:
                source = _only(interpreter.get_input_details())
                _check_input(source, inputs)
                answers = [_invoke(interpreter, source, targets, example) for example in inputs]
        except (RuntimeError, ValueError) as error:
            raise ArtifactError(_refusal(f"{error}\n{chatter.read()}")) from error
    return {
        str(target["name"]): RunOutputs(values=np.stack(values), step=float(target["quantization"][0]))
        for target, values in zip(targets, zip(*answers, strict=True), strict=True)
    }


def _answers_by_name(
    interpreter: Interpreter, inputs: Mapping[str, NDArray[Any]], targets: list[dict[str, Any]]
) -> list[list[NDArray[np.float32]]]:
    """Return what the file answers to each example."""
    sources = interpreter.get_input_details()
    for source in sources:
        shape = tuple(int(size) for size in source["shape"])
        given = inputs.get(str(source["name"]))
        if given is None or given.shape[1:] != shape or len(given) == 0:
            got = "nothing" if given is None else f"{given.shape}"
            raise UnsupportedModel(f"the file's input {source['name']!r} has shape {shape}, the examples {got}.")
    answers = []
    for place in range(len(inputs[str(sources[0]["name"])]) if sources else 0):
        for source in sources:
            interpreter.set_tensor(source["index"], quantize(inputs[str(source["name"])][place], source))
        interpreter.invoke()
        answers.append([dequantize(interpreter.get_tensor(target["index"]), target) for target in targets])
    return answers


def _only(details: list[dict[str, Any]]) -> dict[str, Any]:
    if len(details) != 1:
        names = ", ".join(str(detail["name"]) for detail in details)
        raise UnsupportedModel(f"verification takes one input, the file has {len(details)}: {names}.")
    return details[0]


def _check_input(source: dict[str, Any], inputs: NDArray[np.float32]) -> None:
    shape = tuple(int(size) for size in source["shape"])
    if shape not in {(1, *inputs.shape[1:]), inputs.shape[1:]} or len(inputs) == 0:
        raise UnsupportedModel(f"the file takes inputs of shape {shape}, the examples have shape {inputs.shape}.")


def _invoke(
    interpreter: Interpreter, source: dict[str, Any], targets: list[dict[str, Any]], example: NDArray[np.float32]
) -> list[NDArray[np.float32]]:
    alone = example.ndim < len(source["shape"])
    interpreter.set_tensor(source["index"], quantize(example[np.newaxis] if alone else example, source))
    interpreter.invoke()
    answers = [dequantize(interpreter.get_tensor(target["index"]), target) for target in targets]
    return [answer[0] for answer in answers] if alone else answers


def quantize(values: NDArray[Any], tensor: dict[str, Any]) -> NDArray[Any]:
    """Return real values as a tensor stores them: round(value / scale) + zero point, cut to the type's range."""
    dtype = np.dtype(tensor["dtype"])
    scale, zero_point = tensor["quantization"]
    if dtype.kind == "f" or scale == 0:
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    stored: NDArray[Any] = np.clip(np.round(values / scale) + zero_point, limits.min, limits.max).astype(dtype)
    return stored


def dequantize(stored: NDArray[Any], tensor: dict[str, Any]) -> NDArray[np.float32]:
    """Return the real values of what a tensor stores: scale × (stored − zero point)."""
    scale, zero_point = tensor["quantization"]
    if stored.dtype.kind == "f" or scale == 0:
        return stored.astype(np.float32)
    values: NDArray[np.float32] = ((stored.astype(np.float64) - zero_point) * scale).astype(np.float32)
    return values


def _refusal(said: str) -> str:
    """Return one line of what the runtime raised and wrote, without the chatter of every start."""
    lines = (line.strip() for line in said.splitlines())
    reasons = dict.fromkeys(line for line in lines if line and not line.startswith(("INFO:", "WARNING:")))
    return f"{RUNS_NOT}: {' '.join(reasons)} Build it by another route."


@dataclass(frozen=True, slots=True, kw_only=True)
class Chatter:
    """What a library wrote to stderr meanwhile."""

    stream: IO[bytes] | None = field(repr=False)

    def read(self) -> str:
        """Return all of it."""
        if self.stream is None:
            return ""
        self.stream.seek(0)
        return self.stream.read().decode(errors="replace")


@contextmanager
def captured_stderr() -> Iterator[Chatter]:
    """Keep what C++ writes to file descriptor 2 (such as the runtime's INFO lines) from the user's terminal.

    It is the process's own descriptor: what other threads write meanwhile goes the same way.
    """
    _flush_stderr()
    try:
        terminal = os.dup(2)
    except OSError:
        # A daemon may have closed its stderr: then there is nothing to keep clean.
        yield Chatter(stream=None)
        return
    try:
        with tempfile.TemporaryFile() as stream:
            os.dup2(stream.fileno(), 2)
            try:
                yield Chatter(stream=stream)
            finally:
                _flush_stderr()
                os.dup2(terminal, 2)
    finally:
        os.close(terminal)


def _flush_stderr() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
