"""Whether a phone is in a state to be measured, and waiting until it is."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mbench.core.clocks import caps, format_caps
from mbench.core.plain_text import whole_seconds
from mbench.core.ports import Clock, Progress
from mbench.core.results import Conditions
from mbench.devices.limits import Limits

_EMERGENCY: Final = 5
"""Android's thermal status from which on a phone switches things off, at last itself (android.os.PowerManager)."""

POLL_S: Final = 5.0
"""Between two readings while waiting. A phone that cools needs tens of seconds for a degree."""

CAPPED_S: Final = 60.0
"""Longest wait for clocks that are capped. A thermal engine lets go of them within it; a saver never does."""


class Decision(StrEnum):
    """What to do about a phone's state."""

    ACCEPT = "accept"
    WAIT = "wait"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A decision with its reasons.

    Attributes:
        reasons: why it was not accepted, in words; empty for `accept`.
        unknown: limits that could not be looked at, because the phone does not tell: not fine, but no reason to wait.
    """

    decision: Decision
    reasons: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """All reasons as one clause."""
        return "; ".join(self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """How waiting ended.

    Attributes:
        verdict: `accept`, or `give_up` with what still stood in the way.
        conditions: the last reading.
        waited_s: seconds that were spent.
    """

    verdict: Verdict
    conditions: Conditions
    waited_s: float


def verdict(conditions: Conditions, limits: Limits) -> Verdict:
    """Return whether to measure, wait or give up.

    Waiting cures heat, load and, while it charges, an empty battery; it does not cure an empty battery without a cable
    or a phone that is about to switch itself off.
    """
    hopeless = tuple(_hopeless(conditions, limits))
    waiting = tuple(_passing(conditions, limits))
    unknown = tuple(_unknown(conditions, limits))
    if hopeless:
        return Verdict(decision=Decision.GIVE_UP, reasons=hopeless, unknown=unknown)
    return Verdict(decision=Decision.WAIT if waiting else Decision.ACCEPT, reasons=waiting, unknown=unknown)


def wait_until_ready(
    read: Callable[[], Conditions], limits: Limits, clock: Clock, progress: Progress, limit_s: float
) -> Readiness:
    """Read conditions until they are accepted, hopeless, or the time is up; a countdown tells what is waited for.

    Args:
        read: reads the conditions.
        limits: of the phone's profile.
        clock: time.
        progress: hears every reading that is not accepted.
        limit_s: longest to wait.

    Raises:
        TransportError: from `read`.
    """
    begun = clock.monotonic()
    conditions = read()
    said = verdict(conditions, limits)
    if said.decision is not Decision.WAIT:
        return Readiness(verdict=said, conditions=conditions, waited_s=0.0)
    progress.start(f"waiting for the phone ({said.reason})", round(limit_s), unit="s")
    try:
        shown_s = 0
        while said.decision is Decision.WAIT:
            spent_s = clock.monotonic() - begun
            if spent_s >= limit_s:
                reasons = tuple(f"{reason}, still after {whole_seconds(spent_s)}" for reason in said.reasons)
                said = Verdict(decision=Decision.GIVE_UP, reasons=reasons, unknown=said.unknown)
                break
            progress.step(f"{said.reason}; {whole_seconds(limit_s - spent_s)} left", round(spent_s) - shown_s)
            shown_s = round(spent_s)
            clock.sleep(min(POLL_S, limit_s - spent_s))
            conditions = read()
            said = verdict(conditions, limits)
    finally:
        progress.finish()
    return Readiness(verdict=said, conditions=conditions, waited_s=clock.monotonic() - begun)


def wait_for_clocks(
    read: Callable[[], Conditions],
    seen: Conditions,
    cpus: Collection[int] | None,
    clock: Clock,
    progress: Progress,
    limit_s: float,
) -> Conditions:
    """Read conditions until no core that is pinned to is capped, or the time is up; return the last ones.

    Args:
        read: reads the conditions.
        seen: the last reading.
        cpus: cores that runs are pinned to; None where they may be on any.
        clock: time.
        progress: hears every reading with a cap.
        limit_s: longest to wait.

    Raises:
        TransportError: from `read`.
    """
    if not caps(seen, cpus):
        return seen
    begun, shown_s = clock.monotonic(), 0
    progress.start(f"waiting for the phone's clocks ({format_caps(caps(seen, cpus))})", round(limit_s), unit="s")
    try:
        while (capped := caps(seen, cpus)) and (spent_s := clock.monotonic() - begun) < limit_s:
            progress.step(f"{format_caps(capped)}; {whole_seconds(limit_s - spent_s)} left", round(spent_s) - shown_s)
            shown_s = round(spent_s)
            clock.sleep(min(POLL_S, limit_s - spent_s))
            seen = read()
    finally:
        progress.finish()
    return seen


def _hopeless(conditions: Conditions, limits: Limits) -> Iterator[str]:
    if conditions.thermal_status is not None and conditions.thermal_status >= _EMERGENCY:
        yield f"thermal status {conditions.thermal_status}: the phone is about to switch itself off"
    if _battery_low(conditions, limits) and conditions.power == "battery":
        yield f"battery at {conditions.battery_percent:.0f} %, below {limits.battery_percent_min:g} %, and no cable"


def _passing(conditions: Conditions, limits: Limits) -> Iterator[str]:
    status, allowed = conditions.thermal_status, limits.thermal_status_max
    if status is not None and allowed is not None and status > allowed:
        yield f"thermal status {status}, above {allowed}"
    heat = (
        ("skin", conditions.skin_temperature_c, limits.skin_temperature_c),
        ("hottest zone", conditions.temperature_c, limits.temperature_c),
        ("battery", conditions.battery_temperature_c, limits.battery_temperature_c),
    )
    for name, celsius, limit in heat:
        if celsius is not None and limit is not None and celsius > limit:
            yield f"{name} at {celsius:.1f} °C, above {limit:g} °C"
    if _battery_low(conditions, limits):
        yield f"battery at {conditions.battery_percent:.0f} %, below {limits.battery_percent_min:g} %"
    busy, share = conditions.busy_share, limits.busy_share
    if busy is not None and share is not None and busy > share:
        yield f"{busy:.0%} of the cores busy with other work, above {share:.0%}"
    if conditions.other_benchmarks:
        yield f"{conditions.other_benchmarks} other benchmark_model running"
    if conditions.doze:
        yield "the phone is in deep idle"


def _unknown(conditions: Conditions, limits: Limits) -> Iterator[str]:
    looked_at = (
        ("thermal_status_max", conditions.thermal_status),
        ("skin_temperature_c", conditions.skin_temperature_c),
        ("temperature_c", conditions.temperature_c),
        ("battery_temperature_c", conditions.battery_temperature_c),
        ("battery_percent_min", conditions.battery_percent),
        ("busy_share", conditions.busy_share),
    )
    for name, value in looked_at:
        if getattr(limits, name) is not None and value is None:
            yield name


def _battery_low(conditions: Conditions, limits: Limits) -> bool:
    percent, least = conditions.battery_percent, limits.battery_percent_min
    return percent is not None and least is not None and percent < least
