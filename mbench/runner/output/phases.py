"""The two measured phases, each a `Running benchmark …` line and the stat line that ends it.

    Running benchmark for at least 10 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
    count=16 first=77975 curr=56409 min=42099 max=84643 avg=63742 std=13845 p5=42099 median=64236 p95=84643

The stat line varies (TensorFlow `tsl/util/stats_calculator.h`, `Stat::OutputToStream`):

    count=0 p5=0 median=0 p95=0                         nothing was run
    count=1 curr=101605 p5=101605 …                     one inference: no first, min, max, avg, std
    count=50 curr=2(all same) p5=2 …                    fifty equal ones: likewise
    count=50 first=… avg=24401.2 std=181                before TensorFlow 2.19: no percentiles
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mbench.core.numbers.numerals import WHOLE, printed, real, whole
from mbench.core.results import Phase
from mbench.runner.output.lines import Complain, Line

_RUNNING = re.compile(rf"Running benchmark for (?:at least )?({WHOLE}) iterations(?: .*)?")
_ALL_SAME = re.compile(rf"(\bcurr={WHOLE})\(all same\)")
_INTEGERS = {
    "first": "first_us",
    "curr": "current_us",
    "min": "min_us",
    "max": "max_us",
    "std": "std_us",
    "p5": "p5_us",
    "median": "median_us",
    "p95": "p95_us",
}
_KNOWN = {"count", "avg", *_INTEGERS}
_ORDERED = (("min_us", "p5_us"), ("p5_us", "median_us"), ("median_us", "p95_us"), ("p95_us", "max_us"),
            ("min_us", "median_us"), ("median_us", "max_us"), ("min_us", "first_us"), ("first_us", "max_us"),
            ("min_us", "current_us"), ("current_us", "max_us"), ("min_us", "max_us"))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """What the phases of a text say.

    Attributes:
        targets: inferences asked for, of every phase that began.
        warmup: the first phase, None where it did not end well.
        measured: the second, likewise; None too where a third makes it doubtful which one counts.
        last: last line that belongs to a phase, None without any.
        open: whether the text ends within a phase.
    """

    targets: tuple[int, ...] = ()
    warmup: Phase | None = None
    measured: Phase | None = None
    last: Line | None = None
    open: bool = False


def read_phases(lines: Sequence[Line], complain: Complain) -> Phases:
    """Return the phases: one machine with two states, so that `count=` counts only where a stat line must stand."""
    targets, ended = list[int | None](), list[Phase | None]()
    last, is_open = None, False
    for line in lines:
        if line.text.startswith("Running benchmark for"):
            if is_open:
                complain(line, "a phase begins before the one before it has printed its numbers")
                ended.append(None)
            targets.append(_target(line, complain))
            if len(targets) == 3:
                complain(line, "a third phase: the text holds more than one run")
            last, is_open = line, True
        elif line.text.startswith("count="):
            if not is_open:
                complain(line, "numbers outside of any phase")
                continue
            ended.append(parse_stat(line, complain))
            last, is_open = line, False
    return Phases(
        targets=tuple(target for target in targets if target is not None),
        warmup=ended[0] if ended else None,
        measured=ended[1] if len(ended) > 1 and len(targets) == 2 else None,
        last=last,
        open=is_open,
    )


def _target(line: Line, complain: Complain) -> int | None:
    if found := _RUNNING.fullmatch(line.text):
        return int(found[1])
    complain(line, "it does not say how many iterations")
    return None


def parse_stat(line: Line, complain: Complain) -> Phase | None:
    """Return the numbers of one stat line, None after a complaint."""
    fields = _fields(line, complain)
    if fields is None:
        return None
    count = int(fields.pop("count"))
    if count == 0:
        return Phase(count=0)
    all_same = count == 1 or _ALL_SAME.search(line.text) is not None
    if all_same or "avg" not in fields:
        reason = _expand_equal(fields, all_same=all_same)
        if reason is not None:
            complain(line, reason)
            return None
    phase = Phase(
        count=count,
        avg_us=fields["avg"],
        **{ours: int(fields[theirs]) for theirs, ours in _INTEGERS.items() if theirs in fields},
    )
    if reason := _contradiction(phase):
        complain(line, reason)
        return None
    return phase


def _fields(line: Line, complain: Complain) -> dict[str, float] | None:
    """Return the numbers by the tool's keys; keys that nobody knows yet are left out."""
    fields: dict[str, float] = {}
    for token in _ALL_SAME.sub(r"\1", line.text).split():
        key, equals, number = token.partition("=")
        if not equals or not key.isidentifier() or key in fields:
            complain(line, f"{token!r} is not one field of a stat line")
            return None
        if key not in _KNOWN:
            continue
        value = real(number) if key == "avg" else whole(number)
        if value is None or value < 0:
            complain(line, f"{token!r} holds no number that can be")
            return None
        fields[key] = value
    return fields


def _expand_equal(fields: dict[str, float], *, all_same: bool) -> str | None:
    """Fill in what the tool leaves out where all inferences took equally long; return why that is impossible."""
    if not all_same:
        return "no avg, although the inferences are not said to be all the same"
    if "curr" not in fields:
        return "neither avg nor curr"
    equal = fields["curr"]
    expected = dict.fromkeys(fields, equal) | {"std": 0, "avg": printed(equal)}
    if any(value != expected[key] for key, value in fields.items()):
        return "the inferences are said to be all the same, but the numbers differ"
    fields |= dict.fromkeys(("first", "min", "max", "avg"), equal) | {"std": 0}
    return None


def _contradiction(phase: Phase) -> str | None:
    for low, high in _ORDERED:
        small, large = getattr(phase, low), getattr(phase, high)
        if small is not None and large is not None and small > large:
            return f"{low.removesuffix('_us')} is greater than {high.removesuffix('_us')}"
    if phase.avg_us is None or phase.min_us is None or phase.max_us is None:
        return None
    if not printed(phase.min_us) <= printed(phase.avg_us) <= printed(phase.max_us):
        return "avg does not lie between min and max"
    return None
