"""What a phone does not show of its state: unknown, and so no sign that all was well."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Final

from mbench.core.results import Conditions, JobResult, MeasurementWarning, Run, WarningCode

SHOWN: Final[Mapping[str, str]] = {
    "thermal_status": "thermal status",
    "temperature_c": "temperatures",
    "battery_percent": "battery",
    "power": "power source",
    "frequency_max_khz": "allowed clocks",
    "governors": "governors",
    "busy_share": "others' load",
    "other_benchmarks": "other benchmarks",
    "screen_on": "screen",
    "doze": "deep idle",
}
"""What a phone shows of its state, by its field of the conditions, and what a person calls it."""

_SHOWN_OF: Final = attrgetter(*SHOWN)

HOST: Final = "host"
"""Profile of this machine, which is waited for by nothing and may well have no battery."""


def unknown_conditions(result: JobResult, runs: Sequence[Run]) -> Iterator[MeasurementWarning]:
    """Yield a doubt where some of these runs lack a condition both before and after them.

    Runs of which no state was read at all are left out: why it was not is a doubt of its own.
    """
    if result.device.profile == HOST:
        return
    unknown = tuple(_unknown(states) for run in runs if (states := _states(run)))
    if any(unknown) and (doubt := _doubt(unknown)) is not None:
        yield doubt


@cache
def _doubt(unknown: tuple[tuple[str, ...], ...]) -> MeasurementWarning | None:
    """Return the doubt of runs that do not show these conditions: the same of most jobs of a phone."""
    times = Counter(chain.from_iterable(unknown))
    never = [SHOWN[name] for name in SHOWN if times[name] == len(unknown)]
    rarely = [SHOWN[name] for name in SHOWN if name in times and SHOWN[name] not in never]
    said = [f"does not show its {_listed(never)}"] if never else []
    said += [f"shows its {_listed(rarely)} in some runs only"] if rarely else []
    if not said:
        return None
    return MeasurementWarning(
        code=WarningCode.UNKNOWN_CONDITIONS,
        message=f"the phone {' and '.join(said)}",
        advice="what is not shown is unknown, not fine: judge by drift, and by measuring again",
    )


def _states(run: Run) -> list[Conditions]:
    return [state for state in (run.conditions_before, run.conditions_after) if state is not None]


def _unknown(states: Sequence[Conditions]) -> tuple[str, ...]:
    """Return the names of what none of the states of a run shows, in the order of `SHOWN`."""
    first, *others = map(_SHOWN_OF, states)
    if None not in first:  # as good phones do, tens of thousands of times a report
        return ()
    values = zip(first, *others, strict=True)
    return tuple(name for name, each in zip(SHOWN, values, strict=True) if not any(value is not None for value in each))


def _listed(names: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
