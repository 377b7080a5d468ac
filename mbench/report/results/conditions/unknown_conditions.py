"""What a phone does not show of its state: unknown, and so no sign that all was well."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    read = [states for run in runs if (states := _states(run))]
    unknown = [_unknown(states) for states in read]
    if not any(unknown):
        return
    times = Counter(chain.from_iterable(unknown))
    never = [SHOWN[name] for name in SHOWN if times[name] == len(read)]
    rarely = [SHOWN[name] for name in SHOWN if 0 < times[name] < len(read)]
    said = [f"does not show its {_listed(never)}"] if never else []
    said += [f"shows its {_listed(rarely)} in some runs only"] if rarely else []
    if said:
        yield MeasurementWarning(
            code=WarningCode.UNKNOWN_CONDITIONS,
            message=f"the phone {' and '.join(said)}",
            advice="what is not shown is unknown, not fine: judge by drift, and by measuring again",
        )


def _states(run: Run) -> list[Conditions]:
    return [state for state in (run.conditions_before, run.conditions_after) if state is not None]


def _unknown(states: Sequence[Conditions]) -> Iterable[str]:
    """Return the names of what none of the states of a run shows."""
    first, *others = map(_SHOWN_OF, states)
    if None not in first:  # as good phones do, tens of thousands of times a report
        return ()
    absent = {name for name, value in zip(SHOWN, first, strict=True) if value is None}
    for values in others:
        absent.difference_update([name for name, value in zip(SHOWN, values, strict=True) if value is not None])
    return absent


def _listed(names: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
