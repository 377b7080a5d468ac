"""Small pictures of a night's page: a cell's nights as a line, and the runs of old and new files beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mbench.core.nights.summaries import SeriesSummary
from mbench.core.nights.verdicts import Rerun
from mbench.core.numbers.statistics import median
from mbench.report.pages.drawing import Scale, scale_over
from mbench.report.render.number_format import count_of, milliseconds

WIDE: Final = 240
HIGH: Final = 48
LANE: Final = 10
"""Below the line, where nights without a number are marked."""

RUNS_WIDE: Final = 360
LANE_OF_RUNS: Final = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """A cell's last nights.

    Attributes:
        summary: what it shows, for who does not see it.
        line: the path from night to night; a gap has no number.
        since: where the finding began, in pixels; None where that night is not among them.
        none: the path of marks of nights without a number.
        last: place of the last number; None without any.
    """

    summary: str
    line: str
    since: float | None
    none: str
    last: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLane:
    """Runs of one file: their dots, their median, and what they are in words."""

    name: str
    text: str
    dots: str
    middle: float | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunPicture:
    """Runs of old and new files on one scale, a lane each."""

    summary: str
    lanes: tuple[RunLane, ...]
    height: int


def spark_of(one: SeriesSummary, since: str) -> Spark | None:
    """Return the picture of a cell's nights; None where fewer than two have a number.

    Args:
        one: the cell.
        since: name of the night on which what is found began.
    """
    known = [point.latency_us for point in one.points if point.latency_us is not None]
    if len(known) < 2:
        return None
    across = Scale(low=0, high=max(len(one.points) - 1, 1), length=WIDE - 8)
    up = scale_over(known, length=HIGH - LANE - 6, upward=True)
    line, none, down, last, began = "", "", False, None, None
    for number, point in enumerate(one.points):
        x = across(number) + 4
        if point.night == since:
            began = x
        if point.latency_us is None:
            none += f"M{x:.1f} {HIGH - LANE / 2 - 3:g}l5 5m0-5l-5 5"
            down = False
            continue
        y = up(point.latency_us) + 3
        line += f"{'L' if down else 'M'}{x:.1f} {y:.1f}"
        down, last = True, (x, y)
    days = f"{one.points[0].day} to {one.points[-1].day}"
    summary = (
        f"{count_of(len(one.points), 'night')}, {days}: {milliseconds(min(known))} to {milliseconds(max(known))} ms, "
        f"{count_of(one.without, 'night')} without a number"
    )
    return Spark(summary=summary, line=line, since=began, none=none, last=last)


def rerun_picture(rerun: Rerun | None) -> RerunPicture | None:
    """Return runs of old and new files beside each other; None where nothing was measured again."""
    if rerun is None or not rerun.new_us:
        return None
    scale = scale_over([*rerun.old_us, *rerun.new_us], length=RUNS_WIDE - 16)
    lanes = [
        _lane(name, samples, scale, place)
        for place, (name, samples) in enumerate((("old", rerun.old_us), ("new", rerun.new_us)))
    ]
    summary = f"Measured again in turn: {'; '.join(f'{lane.name} {lane.text}' for lane in lanes)}"
    return RerunPicture(summary=summary, lanes=tuple(lanes), height=LANE_OF_RUNS * len(lanes))


def _lane(name: str, samples: Sequence[float], scale: Scale, place: int) -> RunLane:
    at = LANE_OF_RUNS * (place + 0.5)
    middle = median(samples) if samples else None
    text = "no old file" if middle is None else f"{milliseconds(middle)} ms, {count_of(len(samples), 'run')}"
    return RunLane(
        name=name,
        text=text,
        dots="".join(f"M{scale(value) + 8:.1f} {at:g}h0" for value in samples),
        middle=None if middle is None else scale(middle) + 8,
        at=at,
    )
