"""Periods: a resumed session may have been measured on several days, and the device may have changed between them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from mbench.core.conclusions import latency_samples_us
from mbench.core.results import JobResult, MeasurementWarning, Run, WarningCode
from mbench.core.statistics import CLOCK_STEP_US, GROUP_GAP, median

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


def periods_of(runs: Iterable[Run]) -> list[Period]:
    """Return the periods that runs were measured in, the earliest first; of no runs none."""
    periods: list[tuple[list[Run], datetime]] = []
    for run in sorted(runs, key=lambda run: run.started_at):
        ended_at = run.started_at + timedelta(seconds=run.wall_s)
        if periods and run.started_at - periods[-1][1] <= PAUSE:
            together, before = periods.pop()
            together.append(run)
            periods.append((together, max(before, ended_at)))
        else:
            periods.append(([run], ended_at))
    return [Period(runs=tuple(together), ended_at=ended_at) for together, ended_at in periods]


def runs_apart(runs: Sequence[Run]) -> Iterator[MeasurementWarning]:
    """Yield a doubt where the latency runs of one job are of several periods, with their levels where these differ."""
    periods = periods_of(runs)
    if len(periods) < 2:
        return
    days = _beginnings(periods)
    samples = [latency_samples_us(period.runs) for period in periods]
    levels = [median(each) for each in samples if each]
    middle = median([sample for each in samples for sample in each]) if levels else 0
    said = f"runs of {_listed(days)}, {_pause_text(periods)} apart, count together"
    apart = max(levels) - min(levels) if levels else 0
    if apart > max(GROUP_GAP * middle, 2 * CLOCK_STEP_US):
        each = [f"{len(own)} around {median(own):g} µs on {day}" for own, day in zip(samples, days, strict=True) if own]
        said += f" although they differ by {apart / max(middle, CLOCK_STEP_US):.0%}: {', '.join(each)}"
    else:
        said += "; their levels do not differ"
    yield MeasurementWarning(
        code=WarningCode.RUNS_APART, message=said, advice="measure again in one go before you rely on a difference"
    )


def period_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield a line for each session of these results that was measured in several periods: from when to when each."""
    sessions: dict[str, list[Run]] = {}
    for result in results:
        sessions.setdefault(result.session, []).extend(result.runs)
    for session, runs in sessions.items():
        periods = periods_of(runs)
        if len(periods) > 1:
            spans = _listed([f"{_moment(each.began_at)} to {_moment(each.ended_at)}" for each in periods])
            apart = f"{len(periods)} periods, {_pause_text(periods)} apart"
            yield f"Session {session} was measured in {apart}: {spans} (UTC)."


def _pause_text(periods: Sequence[Period]) -> str:
    """Return the longest pause between two periods: `3 days`, `9 hours`."""
    longest = max(later.began_at - earlier.ended_at for earlier, later in pairwise(periods))
    if longest >= IN_DAYS_FROM:
        return f"{round(longest / timedelta(days=1))} days"
    return f"{round(longest / timedelta(hours=1))} hours"


def _beginnings(periods: Sequence[Period]) -> list[str]:
    """Return the day on which each period began, with the time where two began on one day."""
    days = [f"{each.began_at.astimezone(UTC):%Y-%m-%d}" for each in periods]
    return days if len(set(days)) == len(days) else [_moment(each.began_at) for each in periods]


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _listed(texts: Sequence[str]) -> str:
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last
