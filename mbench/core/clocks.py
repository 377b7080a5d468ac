"""Clocks: cores that are not allowed to run as fast as their hardware can."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from mbench.core.results import Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A core's highest clock now, and what its hardware has, in kHz."""

    core: int
    allowed_khz: int
    hardware_khz: int


def caps(conditions: Conditions, cpus: Collection[int] | None) -> tuple[Cap, ...]:
    """Return the caps on the given cores, in core order; a core of which a clock is not known has none.

    Args:
        conditions: the device's state.
        cpus: cores that runs are pinned to; None where they may be on any.
    """
    return tuple(cap for cap in _all_caps(conditions) if cpus is None or cap.core in cpus)


def lowest(found: Sequence[Cap]) -> tuple[Cap, ...]:
    """Return the lowest of each core's caps, in core order."""
    by_clock = sorted(found, key=lambda cap: (cap.core, cap.allowed_khz))
    first: dict[int, Cap] = {}
    for cap in by_clock:
        first.setdefault(cap.core, cap)
    return tuple(first.values())


def format_caps(found: Sequence[Cap]) -> str:
    """Return `cores 4, 5 at 1209600 of 2419200 kHz, core 7 at 1420800 of 2841600 kHz`; alike cores stand together."""
    alike: dict[tuple[int, int], list[int]] = {}
    for cap in found:
        alike.setdefault((cap.allowed_khz, cap.hardware_khz), []).append(cap.core)
    return ", ".join(
        f"core{'s' if len(cores) > 1 else ''} {', '.join(map(str, cores))} at {allowed} of {hardware} kHz"
        for (allowed, hardware), cores in alike.items()
    )


def _all_caps(conditions: Conditions) -> Iterator[Cap]:
    # Of a core that is switched off one list may say less than the other.
    pairs = zip(conditions.frequency_max_khz or (), conditions.frequency_hardware_khz or (), strict=False)
    for core, (allowed, hardware) in enumerate(pairs):
        if allowed is not None and hardware is not None and allowed < hardware:
            yield Cap(core=core, allowed_khz=allowed, hardware_khz=hardware)
