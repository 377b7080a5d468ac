"""Every run in its time: how far it lies from its job's median, above temperature, clocks and load on the same axis.

So a device that throttles is seen: runs climb while temperatures do and clocks fall.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Final

from mbench.core.conclusions import latency_samples_us
from mbench.core.numbers.statistics import median
from mbench.core.results import Conditions, JobResult, Pass, Run, Status
from mbench.report.pages.drawing import Panel, Point, Scale, Series, Tick, joined, scale_over
from mbench.report.render.number_format import count_of

MOST_RUNS: Final = 9000
"""Of all panels."""

LEAST_SHOWN: Final = 5.0
"""Percent that the axis of latencies reaches on both sides of the median at least."""

MOST_SHOWN: Final = 60.0
"""Percent that it reaches at most; what lies beyond stands at its edge."""

WIDTH: Final = 860
_HEIGHT, _STRIP = 170, 54
_COLUMN: Final = 4
"""Pixels of a strip that show two readings at most."""
KHZ_PER_MHZ: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRuns:
    """The pictures of one device, one below the other on one axis of time; the first shows the runs."""

    device: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dot:
    key: str
    run: Run
    percent: float
    low: float | None
    high: float | None


def run_charts(results: Sequence[tuple[int, JobResult]]) -> tuple[tuple[DeviceRuns, ...], tuple[str, ...]]:
    """Return the pictures of each device, and what is not drawn.

    Args:
        results: each with the number of its row on the page.
    """
    devices: dict[str, list[tuple[int, JobResult]]] = {}
    for number, result in results:
        devices.setdefault(result.device.serial, []).append((number, result))
    shown: list[DeviceRuns] = []
    left = MOST_RUNS
    for place, (device, members) in enumerate(devices.items()):
        dots = [dot for number, result in members for dot in _dots(number, result)]
        if len(dots) > left:
            said = f"Drawn are the runs of the first {place} of {len(devices)} devices; each row shows its own."
            return tuple(shown), (said,)
        left -= len(dots)
        if dots:
            shown.append(_device(device, dots))
    return tuple(shown), () if shown else ("No run gave a latency.",)


def _dots(number: int, result: JobResult) -> Iterator[_Dot]:
    """Yield the runs that gave a latency, in percent of their job's median."""
    timed = [(place, run) for place, run in enumerate(result.runs) if run.purpose is Pass.LATENCY]
    samples = {place: found[0] for place, run in timed if (found := latency_samples_us([run]))}
    if not samples or not (middle := median([*samples.values()])):
        return
    for place, run in timed:
        if place in samples and run.status is Status.OK and run.measured is not None:
            low, high = (None if end is None else 100 * (end / middle - 1) for end in _ends(run))
            yield _Dot(
                key=f"{number}.{place}", run=run, percent=100 * (samples[place] / middle - 1), low=low, high=high
            )


def _ends(run: Run) -> tuple[int | None, int | None]:
    return (None, None) if run.measured is None else (run.measured.p5_us, run.measured.p95_us)


def _device(device: str, dots: Sequence[_Dot]) -> DeviceRuns:
    ordered = sorted(dots, key=lambda dot: dot.run.started_at)
    first = ordered[0].run.started_at
    minutes = [_minutes(dot.run.started_at, first) for dot in ordered]
    ends = [
        _minutes(dot.run.conditions_after.taken_at, first) for dot in ordered if dot.run.conditions_after is not None
    ]
    across = scale_over([*minutes, *ends], length=WIDTH, margin=0.02)
    runs, beyond = _runs_panel(device, ordered, minutes, across)
    strips = [
        _strip("Temperature (°C)", device, across, _readings(ordered, first, _temperature)),
        _strip("Clock of the run's cores (MHz)", device, across, _readings(ordered, first, clock_mhz)),
        _strip("Load by others (%)", device, across, _readings(ordered, first, others_load)),
    ]
    unknown = [name for name, strip in zip(("temperature", "clocks", "load"), strips, strict=True) if strip is None]
    notes = [*beyond]
    if unknown:
        notes.append(f"Not known of this device: {', '.join(unknown)}.")
    panels = (runs, *(strip for strip in strips if strip is not None))
    return DeviceRuns(device=device, panels=panels, notes=tuple(notes))


def _runs_panel(
    device: str, dots: Sequence[_Dot], minutes: Sequence[float], across: Scale
) -> tuple[Panel, tuple[str, ...]]:
    reach = _reach([dot.percent for dot in dots])
    up = Scale(low=-reach, high=reach, length=_HEIGHT, upward=True)
    points = tuple(
        Point(
            x=across(minute),
            y=up(dot.percent),
            key=dot.key,
            up=None
            if dot.low is None or dot.high is None
            else (round(up(dot.low)), round(up(dot.high))),  # whole pixels: thousands of them,
        )
        for dot, minute in zip(dots, minutes, strict=True)
    )
    beyond = sum(abs(dot.percent) > reach for dot in dots)
    notes = (f"Beyond ±{reach:.0f} %, drawn at the edge: {count_of(beyond, 'run')}.",) if beyond else ()
    panel = Panel(
        title=device,
        summary=f"{len(dots)} runs on {device} in time, in percent of their job's median, "
        "each with its 5th to 95th percentile.",
        width=WIDTH,
        height=_HEIGHT,
        x_title="Minutes since the first run",
        y_title="From its median (%)",
        x_ticks=across.ticks(10),
        y_ticks=up.ticks(),
        series=(Series(label="runs", number=0, points=points),),
    )
    return panel, notes


def _whole(low: float, high: float) -> tuple[float, float]:
    """Return ends in whole pixels, which are shorter: there are thousands."""
    return round(low), round(high)


def _reach(percents: Sequence[float]) -> float:
    """Return how far the axis goes on both sides: to the run that 98 of 100 do not exceed, and somewhat further."""
    far = sorted(map(abs, percents))
    most = far[min(int(0.98 * len(far)), len(far) - 1)] * 1.3
    return min(max(most, LEAST_SHOWN), MOST_SHOWN)


_Reading = tuple[float, float]
"""Minutes, and what was read then."""


def _readings(
    dots: Sequence[_Dot], first: datetime, read: Callable[[Conditions, str | None], float | None]
) -> list[list[_Reading]]:
    """Return what was read before and after runs, in pieces: where something is not known, a piece ends."""
    pieces: list[list[_Reading]] = [[]]
    for dot in dots:
        for state in (dot.run.conditions_before, dot.run.conditions_after):
            value = None if state is None else read(state, dot.run.cpus)
            if state is None or value is None:
                pieces.append([])
            else:
                pieces[-1].append((_minutes(state.taken_at, first), value))
    return [piece for piece in pieces if piece]


def _thinned(piece: Sequence[_Reading], across: Scale) -> list[_Reading]:
    """Return the lowest and the highest of the readings that share four pixels: no more of them can be seen."""
    columns: dict[int, list[_Reading]] = {}
    for reading in piece:
        columns.setdefault(int(across(reading[0]) / _COLUMN), []).append(reading)
    return [
        reading
        for members in columns.values()
        for reading in sorted({min(members, key=itemgetter(1)), max(members, key=itemgetter(1))})
    ]


def _strip(title: str, device: str, across: Scale, pieces: Sequence[Sequence[_Reading]]) -> Panel | None:
    if not pieces:
        return None
    up = scale_over([value for piece in pieces for _, value in piece], length=_STRIP, upward=True, margin=0.1)
    placed = [
        [Point(x=across(minute), y=up(value), key="") for minute, value in _thinned(piece, across)] for piece in pieces
    ]
    low, high = up.low, up.high
    return Panel(
        title=title,
        summary=f"{title} on {device} on the same axis of time.",
        width=WIDTH,
        height=_STRIP,
        x_title="",
        y_title="",
        x_ticks=tuple(Tick(at=tick.at, text="") for tick in across.ticks(10)),
        y_ticks=up.ticks(3) or (Tick(at=up(low), text=f"{low:.3g}"), Tick(at=up(high), text=f"{high:.3g}")),
        series=(),
        lines=tuple((1, joined(points)) for points in placed),
    )


def _temperature(state: Conditions, cpus: str | None) -> float | None:
    return state.temperature_c


def clock_mhz(state: Conditions, cpus: str | None) -> float | None:
    """Return the mean clock of a run's cores, of all where it says none; a core that is off does not count."""
    cores = cores_of(cpus)
    clocks = state.frequency_khz or ()
    known = [clock for core, clock in enumerate(clocks) if clock is not None and (not cores or core in cores)]
    return sum(known) / len(known) / KHZ_PER_MHZ if known else None


def others_load(state: Conditions, cpus: str | None = None) -> float | None:
    """Return what others used of a run's cores in percent, of all cores where that alone is known."""
    share = state.busy_share if state.pinned_busy_share is None else state.pinned_busy_share
    return None if share is None else 100 * share


@lru_cache(maxsize=1024)
def cores_of(cpus: str | None) -> tuple[int, ...]:
    """Return the cores that the kernel says a run was allowed: `0-2,7` are four; none where it says nothing."""
    cores: list[int] = []
    for part in (cpus or "").split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and (not last or last.isdecimal()):
            cores.extend(range(int(first), int(last or first) + 1))
    return tuple(cores)


def _minutes(moment: datetime, first: datetime) -> float:
    return (moment - first).total_seconds() / 60
