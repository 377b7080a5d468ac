"""The foot of a table in a terminal, four lines at most: doubts first, then conditions, then where the whole foot is.

Where the lines are too short, whole parts are left out, the least important first; doubts are counted then.
"""

from collections.abc import Iterator, Sequence

from mbench.core.plain_text import one_line
from mbench.core.results import JobResult
from mbench.report.accuracy.scored import dataset_label, scored_of
from mbench.report.render.fitting import broken_text
from mbench.report.render.number_format import count_of
from mbench.report.render.short_feet import MOST_LINES, pointer_lines
from mbench.report.results.feet.foot_lines import configuration, latency_only_lines, runs_line
from mbench.report.results.feet.footnotes import Footnotes
from mbench.report.results.rows.phone_medians import by_model, model_name


def short_foot(
    results: Sequence[JobResult],
    notes: Footnotes,
    *,
    width: int,
    pointers: Sequence[str],
    beside_latency: str,
) -> tuple[str, ...]:
    """Return at most four lines of at most `width` columns.

    Args:
        results: those of the table.
        notes: what its rows are noted for.
        width: columns of the terminal.
        pointers: what says where more is, the longest first: the first that fits into two lines is taken.
        beside_latency: what stands beside a latency.
    """
    kinds = _doubt_kinds(results, notes)
    pointer = pointer_lines(pointers, width, fits=lambda most: not kinds or len(_all_kinds(kinds, width)) <= most)
    doubts = _doubts(results, notes, kinds, width, most=MOST_LINES - len(pointer) - 1)
    said = _whole_parts([*_conditions(results, beside_latency)], width, most=MOST_LINES - len(pointer) - len(doubts))
    return (*doubts, *said, *pointer)


def _doubts(
    results: Sequence[JobResult], notes: Footnotes, kinds: Sequence[str], width: int, *, most: int
) -> list[str]:
    """Return what must not be missed, in as much detail as the lines bear: advice goes first, then which rows."""
    device = results[0].device
    said = []
    if device.invented:
        said.append("Synthetic latencies: no model ran and nothing was measured.")
    elif device.emulated:
        said.append("Emulated: the timings are those of the host, not a phone's.")
    others = [*latency_only_lines(results)]
    for detail in ([*said, *notes.serious, *others], [*said, *notes.brief, *others]):
        lines = [line for text in detail for line in _broken(text, width)]
        if len(lines) <= most:
            return lines
    return _counted(kinds, width, most)


def _doubt_kinds(results: Sequence[JobResult], notes: Footnotes) -> list[str]:
    """Return the least that can be said of each doubt, the most serious first."""
    device = results[0].device
    kinds = [*notes.kinds]
    if device.invented:
        kinds.insert(0, "synthetic latencies (nothing was measured)")
    elif device.emulated:
        kinds.insert(0, "emulated (the host's timings)")
    if any(result.workload.artifact.latency_only for result in results):
        kinds.append("latency only (outputs mean nothing)")
    return kinds


def _all_kinds(kinds: Sequence[str], width: int) -> list[str]:
    return _broken(f"Doubts: {'; '.join(kinds)}.", width)


def _counted(kinds: Sequence[str], width: int, most: int) -> list[str]:
    """Return as many kinds as there is space for, and how many more there are."""
    for shown in range(len(kinds), 0, -1):
        left = len(kinds) - shown
        lines = _all_kinds([*kinds[:shown], *([f"and {left} more"] if left else [])], width)
        if len(lines) <= most:
            return lines
    return _broken(f"{count_of(len(kinds), 'doubt')}.", width)[:most]


def _whole_parts(parts: Sequence[str], width: int, *, most: int) -> list[str]:
    """Return the first parts of a sentence, as many as fit, at least the beginning of the first."""
    for shown in range(len(parts), 0, -1):
        lines = _broken(f"{'; '.join(parts[:shown])}.", width)
        if len(lines) <= most:
            return lines
    return _broken(parts[0], width)[:most]


def _conditions(results: Sequence[JobResult], beside_latency: str) -> Iterator[str]:
    """Yield how the rows were measured, the most important first."""
    yield _devices(results)
    yield runs_line(results).replace(" × ≥ ", " of at least ")
    yield beside_latency
    yield configuration(results)
    asked = dict.fromkeys(
        f"{dataset_label(each.score.dataset)}, {count_of(each.score.asked, 'example')}" for each in scored_of(results)
    )
    if asked:
        yield f"accuracy on {' and on '.join(asked)}"
    yield results[0].binary.tool


def _devices(results: Sequence[JobResult]) -> str:
    devices = {(profile, model): len(its) for (profile, model), its in by_model(results).items()}
    if sum(devices.values()) == 1:
        device = results[0].device
        return device.serial if device.model is None else f"{device.serial} ({device.model})"
    return ", ".join(f"{count} × {model_name(*model)}" for model, count in devices.items())


def _broken(text: str, width: int) -> list[str]:
    return broken_text(one_line(text), width)
