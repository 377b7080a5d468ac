"""Faults that a seed draws, for trying what a night does with phones that are not well; one seed, the same faults."""

import random
from collections.abc import Sequence
from typing import Final

from mbench.emulator.phone.faults import Fault, FaultKind

ONE_IN: Final = 4
"""Phones of which one is not well for good; of fewer, one as well."""

LASTING: Final = (
    Fault(kind=FaultKind.LOCK),
    Fault(kind=FaultKind.BATTERY, level=5),
    Fault(kind=FaultKind.SAVER),
    Fault(kind=FaultKind.HEALTH, value="dead"),
)
"""What does not pass by itself: such a phone is not measured on."""

PASSING: Final = (
    Fault(kind=FaultKind.DROP, run=4),
    Fault(kind=FaultKind.REBOOT, run=4, seconds=3.0),
    Fault(kind=FaultKind.KILL, run=4),
)
"""What befalls a phone once, in a run."""


def seeded_faults(seed: int, serials: Sequence[str]) -> dict[str, Fault]:
    """Return the faults of phones by serial: lasting ones of every fourth, and a passing one of one that is well."""
    chance = random.Random(seed)
    drawn = chance.sample(sorted(serials), len(serials))
    ill = max(1, len(drawn) // ONE_IN)
    found = {serial: chance.choice(LASTING) for serial in drawn[:ill]}
    return found | {serial: chance.choice(PASSING) for serial in drawn[ill : ill + 1]}


def in_words(fault: Fault) -> str:
    """Return a fault as a person reads it."""
    return f"{fault.kind}" if fault.run is None else f"{fault.kind} in its benchmark {fault.run}"
