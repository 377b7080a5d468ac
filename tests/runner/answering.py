"""A small quantized classifier, what it answers on this host, and what is needed to ask a device about it."""

import hashlib

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from emit_mobilenet import Emitter, options

from mbench.core.delegates import Delegate
from mbench.core.ports import SilentProgress
from mbench.core.workloads import ArtifactFacts, OutputFacts, RunSettings, Workload
from mbench.runner.device_scoring.device import AnswerRequest

CLASSES = 10
SIDE = 8
SHAPE = (1, SIDE, SIDE, 3)


def classifier() -> bytes:
    """Return a file of one fully connected layer from int8 (1, 8, 8, 3) to int8 (1, 10)."""
    random = np.random.default_rng(7)
    pixels = SIDE * SIDE * 3
    emitter = Emitter()
    source = emitter.tensor("picture", SHAPE, "int8", scale=1 / 127.5, zero_point=-1)
    flat = emitter.tensor("flat", (1, pixels), "int8", scale=1 / 127.5, zero_point=-1)
    shape = emitter.constant("shape", np.array([1, pixels], np.int32))
    weights = emitter.constant("w", random.integers(-127, 128, (CLASSES, pixels)).astype(np.int8), scale=0.01)
    bias = emitter.constant("b", random.integers(-500, 500, CLASSES).astype(np.int32), scale=0.01 / 127.5)
    scores = emitter.tensor("scores", (1, CLASSES), "int8", scale=0.25)
    emitter.operator("RESHAPE", [source, shape], [flat], options("ReshapeOptions", newShape=[1, pixels]))
    emitter.operator("FULLY_CONNECTED", [flat, weights, bias], [scores], options("FullyConnectedOptions"))
    return emitter.finish([source], [scores])


def inputs(count: int) -> np.ndarray:
    """Return random pictures as the classifier stores them, (count, 8, 8, 3) int8."""
    return np.random.default_rng(1).integers(-128, 128, (count, *SHAPE[1:])).astype(np.int8)


def host_answers(model: bytes, stored: np.ndarray) -> np.ndarray:
    """Return what the runtime answers in this process, (count, outputs)."""
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    rows = []
    for row in stored:
        interpreter.set_tensor(source, row[np.newaxis])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(target)[0])
    return np.array(rows)


def workload(
    model: bytes, *, delegate: Delegate = Delegate.CPU, outputs: int = CLASSES, dtype: str = "int8"
) -> Workload:
    artifact = ArtifactFacts(
        name="file:classifier@0123456789ab",
        sha256=hashlib.sha256(model).hexdigest(),
        size_bytes=len(model),
        mult_adds=None,
        parameters=None,
        activation_bytes=None,
        outputs=(OutputFacts(dtype=dtype, elements=outputs, zero_point=0),),
    )
    return Workload(artifact=artifact, delegate=delegate, threads=1, settings=RunSettings())


def request(
    model: bytes, stored: np.ndarray, *, at: str, folder: str, delegate: Delegate = Delegate.CPU
) -> AnswerRequest:
    asked = workload(model, delegate=delegate)
    assert asked.artifact.outputs is not None
    return AnswerRequest(
        workload=asked,
        inputs=stored,
        input_shape=SHAPE,
        outputs=asked.artifact.outputs,
        model=at,
        folder=folder,
    )


class Notes(SilentProgress):
    """Progress that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.steps = 0

    def note(self, text: str) -> None:
        self.said.append(text)

    def step(self, label: str, count: int = 0) -> None:
        self.steps += count
