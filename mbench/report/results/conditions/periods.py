"""Periods: a resumed session may have been measured on several days, and the device may have changed between them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from mbench.core.conclusions import latency_samples_us
from mbench.core.numbers.statistics import CLOCK_STEP_US, GROUP_GAP, median
from mbench.core.results import MeasurementWarning, Run, WarningCode

Span = tuple[datetime, datetime]
"""From when to when."""

PAUSE: Final = timedelta(hours=6)
"""A longer one between a run's end and the next one's beginning begins another period. The runs of a job are a block
of all jobs apart, waits for a hot or lost phone included, which takes far less; a night takes more."""

IN_DAYS_FROM: Final = timedelta(hours=48)
"""A pause that is said in days; shorter ones are in hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Runs between which nobody made a long pause, in order of time."""

    runs: tuple[Run, ...]
    ended_at: datetime

    @property
    def began_at(self) -> datetime:
        """When its first run began."""
        return self.runs[0].started_at


def spans_of(runs: Iterable[Run]) -> tuple[Span, ...]:
    """Return from when to when each period of runs was, the earliest first; of no runs none."""
    return joined_spans((run.started_at, run.started_at + timedelta(seconds=run.wall_s)) for run in runs)


def joined_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans that others make up, between which nobody made a long pause, the earliest first."""
    joined: list[Span] = []
    for began_at, ended_at in sorted(spans):
        if joined and began_at - joined[-1][1] <= PAUSE:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ended_at))
        else:
            joined.append((began_at, ended_at))
    return tuple(joined)


def periods_of(runs: Sequence[Run]) -> list[Period]:
    """Return the periods that runs were measured in, the earliest first; of no runs none."""
    ordered = sorted(runs, key=lambda run: run.started_at)
    return [
        Period(runs=tuple(run for run in ordered if began_at <= run.started_at <= ended_at), ended_at=ended_at)
        for began_at, ended_at in spans_of(ordered)
    ]


def runs_apart(runs: Sequence[Run]) -> Iterator[MeasurementWarning]:
    """Yield a doubt where the latency runs of one job are of several periods, with their levels where these differ."""
    began = [run.started_at for run in runs]
    if not began or max(began) - min(began) <= PAUSE:
        return  # as nearly always; whenever they ended, that is one period
    if len(spans := spans_of(runs)) < 2:
        return
    periods = periods_of(runs)
    days = beginnings(spans)
    samples = [latency_samples_us(period.runs) for period in periods]
    levels = [median(each) for each in samples if each]
    middle = median([sample for each in samples for sample in each]) if levels else 0
    said = f"runs of {listed(days)}, {pause_text(spans)} apart, count together"
    apart = max(levels) - min(levels) if levels else 0
    if apart > max(GROUP_GAP * middle, 2 * CLOCK_STEP_US):
        each = [f"{len(own)} around {median(own):g} µs on {day}" for own, day in zip(samples, days, strict=True) if own]
        said += f" although they differ by {apart / max(middle, CLOCK_STEP_US):.0%}: {', '.join(each)}"
    else:
        said += "; their levels do not differ"
    yield MeasurementWarning(
        code=WarningCode.RUNS_APART, message=said, advice="measure again in one go before you rely on a difference"
    )


def pause_text(spans: Sequence[Span]) -> str:
    """Return the longest pause between two periods: `3 days`, `9 hours`."""
    longest = max(later - earlier for (_, earlier), (later, _) in pairwise(spans))
    if longest >= IN_DAYS_FROM:
        return f"{round(longest / timedelta(days=1))} days"
    return f"{round(longest / timedelta(hours=1))} hours"


def beginnings(spans: Sequence[Span]) -> list[str]:
    """Return the day on which each period began, with the time where two began on one day."""
    days = [f"{began_at.astimezone(UTC):%Y-%m-%d}" for began_at, _ in spans]
    return days if len(set(days)) == len(days) else [moment_text(began_at) for began_at, _ in spans]


def moment_text(moment: datetime) -> str:
    """Return a moment to the minute: `2026-01-15 09:30`, UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def listed(texts: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last
