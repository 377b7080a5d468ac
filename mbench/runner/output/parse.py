"""Reads the text that benchmark_model prints, in all its versions and both its flavours: pure, strict, never crashing.

A place where a number must stand either holds one or makes the text a failure that names the line. Every number of
the result stands in the text (memory in MB of 1024 KiB becomes KiB, LiteRT's ms become µs).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mbench.core.error_classes import INVOKE, LAUNCH, MODEL, OUTPUT, TIMEOUT, USAGE, ErrorClass, Failure, crash
from mbench.core.results import MeasurementWarning, Status, WarningCode
from mbench.runner.output.delegates import not_applied, read_delegation, uncounted
from mbench.runner.output.exit_status import NOT_STARTED, TIMEOUT_STATUS, signal_end
from mbench.runner.output.failures import FAILED_LINE, class_of, decisive_line, launch_line
from mbench.runner.output.lines import OWN, STARTED, Line, read_lines, shortened
from mbench.runner.output.memory import memory_doubt, read_memory
from mbench.runner.output.parsed import ParsedText
from mbench.runner.output.phases import Phases, read_phases
from mbench.runner.output.timings import BLOCK_TITLE, Timings, read_model_mb, read_timings

_PARAMETER = re.compile(r"([^:\[\]]+): \[(.*)\]")
_UNCONSUMED = "Unconsumed cmdline flags:"
_TFLITE = re.compile(r"(?:Average i|I)nference timings in us:|Loaded model |Graph: \[|\t?--input_layer_value_files=")
_LOADED = ("Loaded model ", "Loading model from:", "Initialized session in", "Running benchmark")
_LITERT = re.compile(rf"{re.escape(BLOCK_TITLE)}|\t?--use_npu=|Loading model from: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What stands in a text, before it is judged."""

    lines: tuple[Line, ...]
    phases: Phases
    timings: Timings | None
    unconsumed: tuple[str, ...]
    complaints: tuple[str, ...]
    exit_code: int | None

    @property
    def started(self) -> bool:
        return any(line.text == STARTED for line in self.lines) or _app_began(self.lines)

    @property
    def failed_line(self) -> bool:
        return any(line.text == FAILED_LINE for line in self.lines)


def parse_text(stdout: str, stderr: str = "", *, exit_code: int | None) -> ParsedText:
    """Return what benchmark_model's output says.

    Args:
        stdout: standard output, or both streams in one.
        stderr: standard error, which holds most lines about delegates and errors.
        exit_code: status that the process ended with, 128 + signal as a shell says it; None where nobody knows.
    """
    lines = read_lines(stdout, stderr)
    complaints: list[str] = []

    def complain(line: Line, reason: str) -> None:
        complaints.append(f"{line}: {reason}")

    phases = read_phases(lines, complain)
    timings = read_timings(lines, phases, complain)
    memory, memory_kind = read_memory(lines, complain)
    delegation = read_delegation(lines, complain)
    model_mb = read_model_mb(lines, complain)
    parameters = _parameters(lines)
    reading = _Reading(
        lines=lines,
        phases=phases,
        timings=timings,
        unconsumed=_unconsumed(lines),
        complaints=tuple(complaints),
        exit_code=exit_code,
    )
    failure = _failure(reading)
    doubts = [memory_doubt(memory), _time_limit(phases)]
    return ParsedText(
        status=Status.OK if failure is None else Status.FAILED,
        error_class=failure.error_class if failure else None,
        message=failure.message if failure else None,
        tool=_tool(lines),
        warmup=phases.warmup,
        measured=phases.measured,
        init_us=timings.init_us if timings else None,
        first_us=timings.first_us if timings else None,
        memory=memory,
        delegates=delegation.coverage,
        parameters=parameters,
        unconsumed=reading.unconsumed,
        warnings=(
            *not_applied(lines, parameters, delegation, ready=bool(phases.targets)),
            *(doubt for doubt in doubts if doubt is not None),
            *uncounted(lines),
        ),
        started=reading.started,
        failed_line=reading.failed_line,
        target_runs=phases.targets,
        created=delegation.created,
        applied=delegation.applied,
        gpu_api=delegation.gpu_api,
        gpu_kernels=delegation.gpu_kernels,
        gpu_split=delegation.gpu_split,
        model_mb=model_mb,
        memory_kind=memory_kind,
        errors=tuple(line.text for line in lines if line.level in {"ERROR", "FATAL"}),
        notices=tuple(line.text for line in lines if line.level == "WARN" and not line.text.startswith("linker:")),
    )


def _app_began(lines: Sequence[Line]) -> bool:
    """Say whether the text begins as the app's logcat does, which has the echo of the settings and no `STARTING!`."""
    first = next((line for line in lines if _PARAMETER.fullmatch(line.text) or line.text.startswith(_LOADED)), None)
    return first is not None and first.logcat and not first.text.startswith(_LOADED)


def _no_beginning(lines: Sequence[Line]) -> str:
    """Say what stands where the output should begin."""
    said = "this is not benchmark_model's output from its beginning"
    if near := next((line for line in lines if STARTED in line.text), None):
        before, _, after = near.text.partition(STARTED)
        where = " and ".join(f"{shortened(what, 40)!r} {place} it" for what, place in
                             ((before, "before"), (after, "after")) if what)  # fmt: skip
        return f"{said}: {near.stream} line {near.number} holds {STARTED!r} with {where}; cut that away"
    first = next((line for line in lines if OWN.match(line.text) or _PARAMETER.fullmatch(line.text)), None)
    if first is None:
        return f"{said}: no line {STARTED!r}"
    return f"{said}: no line {STARTED!r} before {first}; send the log from that line on"


def _parameters(lines: Sequence[Line]) -> dict[str, str]:
    """Return the tool's echo of its settings; of a setting printed twice the first counts, as for the tool."""
    settings: dict[str, str] = {}
    for line in lines:
        if line.text.startswith(_LOADED):
            break
        if line.level in {None, "INFO"} and (found := _PARAMETER.fullmatch(line.text)):
            settings.setdefault(found[1].strip(), found[2])
    return settings


def _unconsumed(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(
        argument
        for line in lines
        if line.text.startswith(_UNCONSUMED)
        for argument in line.text.removeprefix(_UNCONSUMED).split() or (_UNCONSUMED,)
    )


def _tool(lines: Sequence[Line]) -> Literal["tflite", "litert"] | None:
    if any(_LITERT.match(line.text) for line in lines):
        return "litert"
    return "tflite" if any(_TFLITE.match(line.text) for line in lines) else None


def _time_limit(phases: Phases) -> MeasurementWarning | None:
    if phases.measured is None or len(phases.targets) != 2 or phases.measured.count >= phases.targets[1]:
        return None
    return MeasurementWarning(
        code=WarningCode.TIME_LIMITED,
        message=f"{phases.measured.count} inferences were measured of the {phases.targets[1]} asked for",
        advice="Raise --max_secs, or ask for fewer inferences.",
    )


def _failure(reading: _Reading) -> Failure | None:
    """Return the error class and message of the first thing that is wrong, None for a complete, faultless text."""
    return _ended_badly(reading) or _said_so(reading) or _incomplete(reading)


def _ended_badly(reading: _Reading) -> Failure | None:
    """Evaluate by the exit status, and by what shells and linkers say instead of the tool."""
    ended = signal_end(reading.exit_code)
    if ended is not None and not (ended.name == "SIGBUS" and not reading.started):
        return Failure(ended.error_class, _message(reading, f"ended by {ended.name}"))
    launch = launch_line(reading.lines) if not reading.started else None
    if ended is not None or launch is not None or (reading.exit_code in NOT_STARTED and not reading.started):
        shown = launch or decisive_line(reading.lines)
        return Failure(
            LAUNCH, shortened(shown.text) if shown else f"did not start: status {reading.exit_code}, no output"
        )
    if reading.exit_code == TIMEOUT_STATUS:
        return Failure(TIMEOUT, _message(reading, "ended at its deadline (status 124)"))
    if reading.exit_code is None and any(line.level == "FATAL" for line in reading.lines):
        return Failure(crash("SIGABRT"), _message(reading, "aborted"))  # TFLITE_LOG(FATAL) calls abort()
    return None


def _said_so(reading: _Reading) -> Failure | None:
    """Evaluate by what the tool itself says went wrong."""
    if reading.unconsumed:
        return Failure(USAGE, f"{_UNCONSUMED} {' '.join(reading.unconsumed)}")
    whole = reading.started and reading.timings is not None and not reading.failed_line
    if reading.exit_code in {None, 0} and (whole or not (reading.failed_line or class_of(reading.lines))):
        return None
    known = class_of(reading.lines)
    if known is None and whole:
        return Failure(OUTPUT, f"ended with status {reading.exit_code} although its output is complete")
    if known is None and not reading.started and decisive_line(reading.lines) is None:
        known = LAUNCH
    return Failure(known or _stage(reading), _message(reading, f"ended with status {reading.exit_code}"))


def _incomplete(reading: _Reading) -> Failure | None:
    """Evaluate the text by itself: started, two whole phases, timings, and no line that is not what it should be."""
    if not reading.started:
        return Failure(OUTPUT, _no_beginning(reading.lines))
    if reading.complaints:
        return Failure(OUTPUT, reading.complaints[0])
    if reading.phases.measured is None:
        return Failure(OUTPUT, f"the output ends before the measured phase does; {_last_words(reading)}")
    if reading.phases.measured.count == 0:
        return Failure(OUTPUT, "no inference was measured: the measured phase says count=0")
    if reading.timings is None:
        return Failure(OUTPUT, f"the output ends before the timings; {_last_words(reading)}")
    return None


def _stage(reading: _Reading) -> ErrorClass:
    """Return the class of an unknown failure by how far the text comes."""
    return INVOKE if reading.phases.targets else MODEL


def _message(reading: _Reading, otherwise: str) -> str:
    line = decisive_line(reading.lines)
    if line is not None:
        return shortened(line.text)
    return f"{otherwise}; {_last_words(reading)}"


def _last_words(reading: _Reading) -> str:
    out = [line for line in reading.lines if line.stream == "stdout"] or list(reading.lines)
    return f"its last line is {shortened(out[-1].text)!r}" if out else "it printed nothing"
