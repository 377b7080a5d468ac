"""`memory`: the peak of the memory pass grew. One pass a night, so limits are wider than those of latency."""

from typing import Final

import numpy as np

from mbench.core.verdicts import Finding, FindingClass
from mbench.gate.course import follow
from mbench.gate.levels import Limits
from mbench.gate.tonight import Tonight, known_places

LIMITS: Final = Limits(relative=0.10, absolute=2048.0, noise=4.0, nights=5)
"""A tenth, 2 MiB (an allocator keeps pools of as much), and four times the noise, since nobody measures it again."""


def judge_memory(tonight: Tonight) -> tuple[Finding, ...]:
    """Return that a cell needs more memory than in the nights before, and since when."""
    series = tonight.series
    places = known_places(np.isfinite(series.memory_kib) & (series.memory_kib > 0))
    if places is None:
        return ()
    values = series.memory_kib[places]
    worse = follow(values, series.epoch[places], LIMITS, {}).worse
    if worse is None:
        return ()
    now = float(np.median(values[worse.since :]))
    words = (
        f"{now:.0f} KiB, {worse.before:.0f} before: {now / worse.before - 1:+.1%}, at least {LIMITS.relative:.0%}, "
        f"{LIMITS.absolute:.0f} KiB and {LIMITS.noise:.0f} × noise of {worse.noise:.1%}"
    )
    return (
        tonight.finding(
            FindingClass.MEMORY, since=int(places[worse.since]), before=worse.before, now=now, unit="KiB", because=words
        ),
    )
