"""The summary of LiteRT's benchmark in Python (`ai_edge_litert/tools/benchmark_litert_model.py`), another tool.

    ========================================
     BENCHMARK RESULTS
    ========================================
    Model initialization:  3.32 ms
    Warmup (first):        0.72 ms
    Warmup (avg):          0.69 ms (5 runs)
    Inference (avg):       0.68 ms (50 runs)
    Inference (min):       0.66 ms
    Inference (max):       0.81 ms
    Inference (median):    0.67 ms
    Inference (std):       0.02 ms
    Inference (p5):        0.66 ms
    Inference (p95):       0.72 ms
    Fully accelerated:     True

It times in Python, so its numbers are not benchmark_model's. It prints hundredths of a millisecond: of a time that it
prints as 0.00 nothing is known but that it is shorter.
"""

import re
from collections.abc import Iterator, Sequence

from mbench.core.error_classes import OUTPUT, TIMEOUT, Failure
from mbench.core.numbers.numerals import REAL, WHOLE, real
from mbench.core.results import MeasurementWarning, Phase, Status, WarningCode
from mbench.runner.output.delegates import read_delegation
from mbench.runner.output.exit_status import TIMEOUT_STATUS, signal_end
from mbench.runner.output.lines import Line, read_lines
from mbench.runner.output.parsed import ParsedText

TITLE = "BENCHMARK RESULTS"
_MS = re.compile(rf"({REAL}) ms(?: \(({WHOLE}) runs\))?")
_NEEDED = ("Model initialization", "Inference (avg)", "Inference (min)", "Inference (max)", "Inference (median)")
_SETTINGS = ("Model", "Accelerators", "Num threads", "Using signature", "Fully accelerated")
_STEP_US = 10.0
Values = dict[str, int | None]
"""Times in microseconds by the names of the rows; None: shorter than what is printed."""
_COARSE = 0.01
"""Share of the median: half of the ±2 % that a run of mbench aims at."""


def is_python_summary(text: str) -> bool:
    """Say whether a text holds this summary: its title stands on a line of its own, between two rules."""
    lines = [line.text for line in read_lines(text, "")]
    return TITLE in lines and not any(line.startswith("Running benchmark for ") for line in lines)


def read_python_summary(stdout: str, stderr: str, *, exit_code: int | None) -> ParsedText:
    """Return what the summary says, in the units of benchmark_model's; the log before it names settings.

    Args:
        stdout: standard output, or both streams in one.
        stderr: standard error.
        exit_code: status that the process ended with; None where nobody knows.
    """
    lines = read_lines(stdout, stderr)
    values, runs, complaint = _values(lines)
    missing = [name for name in _NEEDED if name not in values]
    count = runs.get("Inference (avg)")
    if complaint is None and (missing or not count):
        complaint = f"the summary lacks {', '.join(missing) or 'the number of its runs'}"
    if complaint is None and not _in_order(values):
        complaint = "the median does not lie between minimum and maximum"
    failure = _ended_badly(exit_code) or (None if complaint is None else Failure(OUTPUT, complaint))
    said = {
        "status": Status.OK if failure is None else Status.FAILED,
        "error_class": None if failure is None else failure.error_class,
        "message": None if failure is None else f"this is LiteRT's benchmark in Python, and {failure.message}",
    }
    if complaint is not None:
        return ParsedText.model_validate(said | {"tool": "litert-python", "started": True})
    settings = dict(_settings(lines))
    read = ParsedText(
        status=Status.OK,
        tool="litert-python",
        warmup=_warmup(values, runs),
        measured=_measured(values, runs["Inference (avg)"]),
        init_us=values["Model initialization"],
        first_us=values.get("Warmup (first)"),
        delegates=read_delegation(lines, lambda line, reason: None).coverage,
        parameters=settings,
        warnings=tuple(_doubts(values["Inference (median)"], settings)),
        started=True,
    )
    return read.model_copy(update=said)


def _ended_badly(exit_code: int | None) -> Failure | None:
    """Return why the process is not to be believed by its exit status."""
    if (ended := signal_end(exit_code)) is not None:
        return Failure(ended.error_class, f"it was ended by {ended.name}")
    if exit_code == TIMEOUT_STATUS:
        return Failure(TIMEOUT, f"it was ended at its deadline (status {TIMEOUT_STATUS})")
    return Failure(OUTPUT, f"it ended with status {exit_code}") if exit_code else None


def _in_order(values: Values) -> bool:
    low, middle, high = (values[f"Inference ({name})"] or 0 for name in ("min", "median", "max"))
    return low <= middle <= high


def _values(lines: Sequence[Line]) -> tuple[Values, dict[str, int], str | None]:
    """Return the summary's rows in microseconds, the runs that some of them count, and what is wrong with one."""
    values, runs, started = Values(), dict[str, int](), False
    for line in lines:
        started = started or line.text == TITLE
        name, colon, rest = line.text.partition(":")
        if not (started and colon and name.startswith(("Model initialization", "Warmup (", "Inference ("))):
            continue
        found = _MS.fullmatch(rest.strip())
        value = real(found[1]) if found else None
        if found is None or value is None or value < 0 or name in values:
            return values, runs, f"{line} is not one value in ms"
        values[name] = round(value * 1000) or None
        if found[2]:
            runs[name] = int(found[2])
    return values, runs, None


def _measured(values: Values, count: int) -> Phase:
    return Phase(
        count=count,
        min_us=values["Inference (min)"],
        max_us=values["Inference (max)"],
        avg_us=values["Inference (avg)"],
        std_us=values.get("Inference (std)"),
        p5_us=values.get("Inference (p5)"),
        median_us=values["Inference (median)"],
        p95_us=values.get("Inference (p95)"),
    )


def _warmup(values: Values, runs: dict[str, int]) -> Phase | None:
    count = runs.get("Warmup (avg)")
    if not count:
        return None
    return Phase(count=count, first_us=values.get("Warmup (first)"), avg_us=values["Warmup (avg)"])


def _settings(lines: Sequence[Line]) -> Iterator[tuple[str, str]]:
    """Yield what the log says of its settings; Python's `logging` puts time, level and name before each."""
    for line in lines:
        text = line.text.partition("benchmark_litert_model: ")[2] or line.text
        name, colon, value = text.partition(":")
        if colon and name in _SETTINGS:
            yield name, value.strip()


def _doubts(median_us: int | None, settings: dict[str, str]) -> Iterator[MeasurementWarning]:
    asked = [name for name in settings.get("Accelerators", "").split(" | ") if name not in {"", "CPU"}]
    if asked and settings.get("Fully accelerated") == "False":
        yield MeasurementWarning(
            code=WarningCode.PARTLY_DELEGATED,
            message=f"the model was not executed by {' and '.join(asked)} alone",
            advice="Read the numbers as those of accelerator and CPU together.",
        )
    if median_us is None:
        yield MeasurementWarning(
            code=WarningCode.BELOW_CLOCK,
            message="the median is printed as 0.00 ms: it is shorter than the summary shows",
            advice="Ask for the JSON file of the tool, or measure with benchmark_model.",
        )
    elif _COARSE * median_us < _STEP_US:
        yield MeasurementWarning(
            code=WarningCode.COARSE_CLOCK,
            message="the summary is printed in steps of 0.01 ms, which is more than 1 % of its median",
            advice="Ask for the JSON file of the tool, or measure with benchmark_model.",
        )
