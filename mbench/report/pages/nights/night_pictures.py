"""Small pictures of a night's page: a cell's nights as a line, and the runs of old and new files beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mbench.core.nights.summaries import SeriesSummary, SummaryPoint
from mbench.core.nights.verdicts import FindingClass, Rerun
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
        caption: what is drawn, and between which values.
        summary: the same with its nights, for who does not see it.
        line: the path from night to night; a gap has no number.
        since: where the finding began, in pixels; None where that night is not among them.
        none: the path of marks of nights without a number.
        last: place of the last number; None without any.
    """

    caption: str
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


def spark_of(one: SeriesSummary, since: str, kind: FindingClass = FindingClass.LATENCY) -> Spark | None:
    """Return the picture of a cell's nights; None where fewer than two have a number.

    Args:
        one: the cell.
        since: name of the night on which what is found began.
        kind: of what is found: of a fallback the delegated share is drawn, between none and all of the graph.
    """
    shares = kind is FindingClass.FALLBACK
    values = [point.delegated_share if shares else point.latency_us for point in one.points]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    length = HIGH - LANE - 6
    up = Scale(low=0, high=1, length=length, upward=True) if shares else scale_over(known, length=length, upward=True)
    across = Scale(low=0, high=max(len(values) - 1, 1), length=WIDE - 8)
    places = [across(number) + 4 for number in range(len(values))]
    course = [(x, None if value is None else up(value) + 3) for x, value in zip(places, values, strict=True)]
    caption = (
        _nodes_text(one.points) if shares else f"latency, {milliseconds(min(known))} to {milliseconds(max(known))} ms"
    )
    nights = f"{count_of(len(values), 'night')}, {one.points[0].day} to {one.points[-1].day}"
    return Spark(
        caption=caption,
        summary=f"{nights}: {caption}, {count_of(len(values) - len(known), 'night')} without a number",
        line=_line(course),
        since=next((x for x, point in zip(places, one.points, strict=True) if point.night == since), None),
        none="".join(f"M{x:.1f} {HIGH - LANE / 2 - 3:g}l5 5m0-5l-5 5" for x, y in course if y is None),
        last=next(((x, y) for x, y in reversed(course) if y is not None), None),
    )


def _nodes_text(points: Sequence[SummaryPoint]) -> str:
    """Return between which numbers of delegated nodes a cell's nights lie; some of them say it."""
    known = [
        (share, f"{point.delegated}/{point.nodes}") for point in points if (share := point.delegated_share) is not None
    ]
    return f"delegated nodes, {min(known)[1]} to {max(known)[1]}"


def _line(course: Sequence[tuple[float, float | None]]) -> str:
    """Return the path from night to night; a night without a number is a gap."""
    path, down = "", False
    for x, y in course:
        if y is not None:
            path += f"{'L' if down else 'M'}{x:.1f} {y:.1f}"
        down = y is not None
    return path


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
