"""Memory lines of all versions. The tool's MB are 1024 KiB, its numbers growth of the resident peak since the start.

Memory footprint delta from the start of the tool (MB): init=5.06641 overall=5.44922     since TensorFlow 2.5
Peak memory footprint (MB): init=0 overall=12.8672                                       2.2 to 2.4
Overall peak memory footprint (MB) via periodic monitoring: 26.4609                      asked for only
Init footprint:       26.10 MB                                                           LiteRT, with two more
"""

import re
from collections.abc import Sequence
from typing import Literal

from mbench.core.numbers.limits import LARGEST
from mbench.core.numbers.numerals import REAL, real
from mbench.core.results import MeasurementWarning, Memory, WarningCode
from mbench.runner.output.lines import Complain, Line

KIB_PER_MB = 1024
"""`mem_footprint_kb / 1024.0` (LiteRT `tflite/tools/benchmark/benchmark_model.cc`)."""

Kind = Literal["delta", "peak"]

_GROWTH: dict[str, Kind] = {
    "Memory footprint delta from the start of the tool (MB):": "delta",
    "Peak memory footprint (MB):": "peak",
}
_GROWTH_VALUES = re.compile(rf" init=({REAL}) overall=({REAL})")
_SINGLE = {
    "Overall peak memory footprint (MB) via periodic monitoring:": ("peak_kib", re.compile(rf" ({REAL})")),
    "Init footprint:": ("init_kib", re.compile(rf"\s+({REAL}) MB")),
    "Overall footprint:": ("overall_kib", re.compile(rf"\s+({REAL}) MB")),
    "Peak memory:": ("peak_kib", re.compile(rf"\s+({REAL}) MB")),
}


def read_memory(lines: Sequence[Line], complain: Complain) -> tuple[Memory | None, Kind | None]:
    """Return the memory in KiB and what the tool calls it; None, None where the text has no such line."""
    values: dict[str, float] = {}
    kind: Kind | None = None
    for line in lines:
        for title, named in _GROWTH.items():
            if line.text.startswith(title):
                kind = named
                _take(values, ("init_kib", "overall_kib"), _GROWTH_VALUES, line, title, complain)
        for title, (field, form) in _SINGLE.items():
            if line.text.startswith(title):
                _take(values, (field,), form, line, title, complain)
    if not values:
        return None, None
    return Memory(**values), kind


def _take(
    values: dict[str, float],
    fields: tuple[str, ...],
    form: re.Pattern[str],
    line: Line,
    title: str,
    complain: Complain,
) -> None:
    found = form.fullmatch(line.text.removeprefix(title))
    numbers = [real(text) for text in found.groups()] if found else []
    if not numbers or any(number is None or not 0 <= number * KIB_PER_MB <= LARGEST for number in numbers):
        complain(line, "no memory numbers where they must stand")
    elif any(field in values for field in fields):
        complain(line, "memory is said twice: the text holds more than one run")
    else:
        values |= {
            field: number * KIB_PER_MB for field, number in zip(fields, numbers, strict=True) if number is not None
        }


def memory_doubt(memory: Memory | None) -> MeasurementWarning | None:
    """Return a warning for two zeros: a resident peak inherited over fork and exec hides all growth."""
    if memory is None or memory.init_kib != 0 or memory.overall_kib != 0:
        return None
    return MeasurementWarning(
        code=WarningCode.NO_MEMORY,
        message="the tool saw no growth of its resident peak, which it inherits from the process that started it",
        advice="Start benchmark_model from a small shell.",
    )
