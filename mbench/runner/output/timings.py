"""The line, or block, of timings that ends a run, in the forms of all versions; and whether it agrees with the phases.

    Inference timings in us: Init: 115882, First inference: 101631, Warmup (avg): 66336.8, Inference (avg): 63742
    Average inference timings in us: Warmup: 24518.3, Init: 871, no stats: 24401.2         2018, 2019
    Average inference timings in us: Warmup: 24518.3, Init: 871, Inference: 24401.2Overall count=50 …   app, 2019

LiteRT's `benchmark_litert_model.h` prints a block of milliseconds with two decimals instead:

    ========== BENCHMARK RESULTS ==========
    Model initialization: 101.50 ms
    Warmup (first):       17.44 ms
    Warmup (avg):         16.90 ms (30 runs)
    Inference (avg):      16.09 ms (62 runs)
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mbench.core.numbers.numerals import REAL, WHOLE, printed, real
from mbench.core.results import Phase
from mbench.runner.output.lines import Complain, Line
from mbench.runner.output.phases import Phases

_CURRENT = re.compile(
    rf"Inference timings in us: Init: (?P<init>{WHOLE}), First inference: (?P<first>{WHOLE}), "
    rf"Warmup \(avg\): (?P<warmup>{REAL}), Inference \(avg\): (?P<average>{REAL})"
)
_EARLY = re.compile(
    rf"Average inference timings in us: Warmup: (?P<warmup>{REAL}), Init: (?P<init>{WHOLE}), "
    rf"(?:no stats|Inference): (?P<average>{REAL})(?:,? ?Overall .*)?"
)
_SESSION = re.compile(rf"Initialized session in ({REAL}) ?ms\.?")
_MODEL_SIZE = re.compile(rf"The input model file size \(MB\): ({REAL})")
BLOCK_TITLE = "========== BENCHMARK RESULTS =========="
_BLOCK = {
    "init": "Model initialization",
    "first": "Warmup (first)",
    "warmup": "Warmup (avg)",
    "average": "Inference (avg)",
    "least": "Inference (min)",
    "most": "Inference (max)",
}
_BLOCK_VALUE = re.compile(rf"\s*({REAL}) ms(?: \(({WHOLE}) runs\))?")
_BLOCK_STEP_US = 10.0
"""Two decimals of a millisecond."""
_SIX_DIGITS_OF_MS_ARE_US = 1000.0
"""Up to here `Initialized session in X ms` names the microsecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """What the end of the text says about time; `line` is where it says it."""

    line: Line
    init_us: int
    first_us: int | None


def read_timings(lines: Sequence[Line], phases: Phases, complain: Complain) -> Timings | None:
    """Return the timings, None where there are none or they contradict the phases."""
    found = [line for line in lines if re.match(r"(?:Average i|I)nference timings in us:", line.text)]
    for extra in found[1:]:
        complain(extra, "a second line of timings: the text holds more than one run")
    if found:
        return _from_line(found[0], lines, phases, complain)
    return _from_block(lines, phases, complain)


def read_model_mb(lines: Sequence[Line], complain: Complain) -> float | None:
    """Return the model file's size in units of 10⁶ bytes."""
    return _only_number(lines, "The input model file size (MB):", _MODEL_SIZE, complain)


def _from_line(line: Line, lines: Sequence[Line], phases: Phases, complain: Complain) -> Timings | None:
    found = _CURRENT.fullmatch(line.text) or _EARLY.fullmatch(line.text)
    average, warmup = (real(found["average"]), real(found["warmup"])) if found else (None, None)
    if found is None or average is None or warmup is None:
        complain(line, "these are not the timings of any known version")
        return None
    init_us = int(found["init"])
    first_us = int(found["first"]) if "first" in found.groupdict() else None
    session_ms = _session_ms(lines, complain)
    if session_ms is not None and printed(init_us / 1000) != session_ms:
        complain(line, f"Init differs from the {session_ms:g} ms of 'Initialized session'")
    for phase, mean, name in ((phases.measured, average, "Inference (avg)"), (phases.warmup, warmup, "Warmup (avg)")):
        if phase is not None and phase.avg_us is not None and printed(phase.avg_us) != mean:
            complain(line, f"{name} differs from the avg of its phase")
    if phases.warmup is None or phases.warmup.count == 0:
        first_us = first_us or None  # without a warm-up the tool prints a 0 that nobody measured
    elif first_us is not None and phases.warmup.first_us not in {None, first_us}:
        complain(line, "First inference differs from the first of the warm-up")
    if _stands_before(line, phases):
        complain(line, "timings before the phases have ended")
    return Timings(line=line, init_us=init_us, first_us=first_us)


def _from_block(lines: Sequence[Line], phases: Phases, complain: Complain) -> Timings | None:
    values: dict[str, float] = {}
    runs: dict[str, int] = {}
    end: Line | None = None
    for line, name, rest in _block_rows(lines):
        found = _BLOCK_VALUE.fullmatch(rest)
        value = real(found[1]) if found else None
        if found is None or value is None or value < 0 or name in values:
            complain(line, "this is not one value in ms of LiteRT's results")
            return None
        values[name], end = value * 1000, line
        if found[2]:
            runs[name] = int(found[2])
    if end is None or not {"init", "average"} <= values.keys():
        return None
    for phase, name in ((phases.warmup, "warmup"), (phases.measured, "average")):
        if phase is not None and runs.get(name, phase.count) != phase.count:
            complain(end, f"{_BLOCK[name]} has other runs than its phase has inferences")
    for name, exact in _exact(phases):
        if name in values and exact is not None and abs(values[name] - exact) > _BLOCK_STEP_US:
            complain(end, f"{_BLOCK[name]} differs from the numbers of its phase")
    session_ms = _session_ms(lines, complain)
    if session_ms is not None and printed(session_ms) < _SIX_DIGITS_OF_MS_ARE_US:
        if abs(session_ms * 1000 - values["init"]) > _BLOCK_STEP_US:
            complain(end, f"{_BLOCK['init']} differs from 'Initialized session'")
        values["init"] = session_ms * 1000
    first = _first_of_block(values.get("first"), phases.warmup)
    return Timings(line=end, init_us=round(values["init"]), first_us=first)


def _block_rows(lines: Sequence[Line]) -> Iterator[tuple[Line, str, str]]:
    """Yield the block's lines that we read, each with our name for it and the text after its colon."""
    started = False
    for line in lines:
        started = started or line.text == BLOCK_TITLE
        name, colon, rest = line.text.partition(":")
        for ours, theirs in _BLOCK.items():
            if started and colon and name == theirs:
                yield line, ours, rest


def _exact(phases: Phases) -> tuple[tuple[str, float | None], ...]:
    warmup, measured = phases.warmup or Phase(count=0), phases.measured or Phase(count=0)
    return (
        ("first", warmup.first_us),
        ("warmup", warmup.avg_us),
        ("average", measured.avg_us),
        ("least", measured.min_us),
        ("most", measured.max_us),
    )


def _first_of_block(rounded_us: float | None, warmup: Phase | None) -> int | None:
    if warmup is None or warmup.count == 0 or rounded_us is None:
        return None
    return warmup.first_us if warmup.first_us is not None else round(rounded_us)


def _stands_before(line: Line, phases: Phases) -> bool:
    return phases.last is not None and phases.last.stream == line.stream and line.number < phases.last.number


def _session_ms(lines: Sequence[Line], complain: Complain) -> float | None:
    return _only_number(lines, "Initialized session in", _SESSION, complain)


def _only_number(lines: Sequence[Line], start: str, form: re.Pattern[str], complain: Complain) -> float | None:
    found = [line for line in lines if line.text.startswith(start)]
    for extra in found[1:]:
        complain(extra, "it stands twice: the text holds more than one run")
    if not found:
        return None
    match = form.fullmatch(found[0].text)
    value = real(match[1]) if match else None
    if value is None or value < 0:
        complain(found[0], "no number where one must stand")
        return None
    return value
