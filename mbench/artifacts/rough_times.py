"""How long files take beside each other, roughly: to weigh one way of building against another, never to be quoted."""

import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mbench.artifacts.running import captured_stderr, quantize

ROUNDS: Final = 7
"""Files take turns, so that what slows the host slows all of them."""

ROUND_S: Final = 0.03
"""Of inferences, of each file in each round."""

MOST_INFERENCES: Final = 200


def rough_median_us(files: Sequence[bytes], inputs: Mapping[str, NDArray[Any]]) -> tuple[float, ...]:
    """Return the median inference of each file, as an app with one thread gets it.

    Args:
        files: of one network, which the runtime takes.
        inputs: of one inference, by the tensors' names, with the batch.
    """
    with captured_stderr():
        interpreters = [_ready(data, inputs) for data in files]
        times: list[list[float]] = [[] for _ in interpreters]
        for _ in range(ROUNDS):
            for interpreter, found in zip(interpreters, times, strict=True):
                found.append(_round_us(interpreter))
    return tuple(median(found) for found in times)


def _ready(data: bytes, inputs: Mapping[str, NDArray[Any]]) -> Interpreter:
    interpreter = Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], quantize(inputs[str(detail["name"])], detail))
    interpreter.invoke()
    return interpreter


def _round_us(interpreter: Interpreter) -> float:
    found: list[float] = []
    until = time.perf_counter() + ROUND_S
    while not found or (time.perf_counter() < until and len(found) < MOST_INFERENCES):
        began = time.perf_counter()
        interpreter.invoke()
        found.append(1e6 * (time.perf_counter() - began))
    return median(found)
