"""What runs and times one inference: the interpreter, or the compiled model with a profiler.

The timed region is the runtime's Invoke() and nothing else. Both ends are clock readings cut to whole microseconds, as
TFLite's `tflite/profiling/time.cc` cuts them.
"""

import os
import time
from collections.abc import Callable
from typing import Any, Protocol

from mbench.hostbench import streams
from mbench.hostbench.file_facts import FileSubgraph
from mbench.hostbench.input_data import Array
from mbench.hostbench.litert_c import CompiledModel, LiteRtError
from mbench.hostbench.loading import LoadedModel, report_runtime_errors
from mbench.hostbench.op_profile import OpProfile, check_events
from mbench.hostbench.parameters import Parameters

Inference = tuple[int, bool]  # microseconds, and whether it succeeded


class Engine(Protocol):
    """Runs one inference at a time. A failing one has written its ERROR lines."""

    def input_writer(self, inputs: list[tuple[int, Array]]) -> Callable[[], None]:
        """Returns a function that writes the values of all inputs, given by tensor index."""
        ...

    def warm_up(self) -> Inference:
        """Runs and times an inference of the warm-up."""
        ...

    def measure(self) -> Inference:
        """Runs and times an inference that counts."""
        ...

    def read_outputs(self) -> list[bytes]:
        """Returns the raw bytes of each output after the last inference, in the graph's order."""
        ...


class InterpreterEngine:
    """Runs the interpreter.

    It calls the C++ method that Interpreter.invoke() wraps, which halves the cost of the call (0.3 against 0.6 us) and
    raises the same errors. The interpreter's own invoke() and allocate_tensors() must not be called any more.
    """

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        self.warm_up = self.measure = _timed(interpreter._interpreter.Invoke)

    def input_writer(self, inputs: list[tuple[int, Array]]) -> Callable[[], None]:
        """Returns a function that writes all inputs into the interpreter's tensors."""
        set_tensor = self._interpreter.set_tensor

        def write() -> None:
            for index, values in inputs:
                set_tensor(index, values)

        return write

    def read_outputs(self) -> list[bytes]:
        """Returns the outputs' bytes in the order of get_output_details()."""
        outputs = self._interpreter.get_output_details()
        return [self._interpreter.get_tensor(tensor["index"]).tobytes() for tensor in outputs]


def _timed(invoke: Callable[[], object]) -> Callable[[], Inference]:
    clock_ns = time.perf_counter_ns

    def run() -> Inference:
        start_ns = clock_ns()
        try:
            invoke()
        except (RuntimeError, ValueError) as exc:
            end_ns = clock_ns()
            report_runtime_errors(str(exc))
            return end_ns // 1000 - start_ns // 1000, False
        end_ns = clock_ns()
        return end_ns // 1000 - start_ns // 1000, True

    return run


class ProfiledEngine:
    """Runs the compiled model under its profiler, whose own event gives the duration of Invoke().

    Raises:
      LiteRtError: This release of the runtime has no profiler that is known here, or it answers implausibly.
    """

    def __init__(self, parameters: Parameters, loaded: LoadedModel, subgraphs: tuple[FileSubgraph, ...]) -> None:
        self._delegation = loaded.delegation
        self._subgraph_count = len(subgraphs)
        self._outputs = loaded.interpreter.get_output_details()
        self._model = CompiledModel(
            os.fsencode(parameters.graph),
            num_threads=max(1, parameters.num_threads),
            use_xnnpack=parameters.use_xnnpack is not False,
        )
        self._model.prepare(
            {int(tensor["index"]): tensor["shape"].tolist() for tensor in loaded.interpreter.get_input_details()},
            {int(tensor["index"]): tensor["shape"].tolist() for tensor in self._outputs},
        )
        self.profile = OpProfile(subgraphs, loaded.delegation)

    def input_writer(self, inputs: list[tuple[int, Array]]) -> Callable[[], None]:
        """Returns a function that writes all inputs into the compiled model's buffers."""
        contents = [(index, values.tobytes()) for index, values in inputs]

        def write() -> None:
            for index, content in contents:
                self._model.write_input(index, content)

        return write

    def warm_up(self) -> Inference:
        """Runs one inference whose operators are not kept."""
        return self._run(keep=False)

    def measure(self) -> Inference:
        """Runs one inference and keeps its operators."""
        return self._run(keep=True)

    def read_outputs(self) -> list[bytes]:
        """Returns the outputs' bytes in the order of the interpreter's get_output_details()."""
        return [self._model.read_output(int(tensor["index"])) for tensor in self._outputs]

    def _run(self, *, keep: bool) -> Inference:
        start_ns = time.perf_counter_ns()
        try:
            events = self._model.run()
        except LiteRtError as exc:
            end_ns = time.perf_counter_ns()
            streams.error(f"{exc}.")  # the runtime has written its own reason before
            return end_ns // 1000 - start_ns // 1000, False
        invoke_us = check_events(events, self._delegation, self._subgraph_count)
        if keep:
            self.profile.add_run(events)
        return invoke_us, True
