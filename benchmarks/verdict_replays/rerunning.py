"""Re-runs that are drawn from a law of noise, and what they decide."""

from collections.abc import Callable

import numpy as np

from mbench.core.nights.verdicts import Rerun, Standing
from mbench.gate.confirm import FIRST_PAIRS, PAIRS, Confirmation, confirm

Noise = Callable[[int], np.ndarray]
"""Draws relative errors of so many runs, in the order in which they run."""


def rerun(noise: Noise, *, old_us: float, new_us: float, before: float, now: float) -> Confirmation:
    """Measure old and new in turn, first some pairs and then, where they do not decide, all of them."""
    errors = np.maximum(noise(2 * PAIRS), -0.9)
    old, new = old_us * (1 + errors[::2]), new_us * (1 + errors[1::2])
    said = None
    for pairs in (FIRST_PAIRS, PAIRS):
        values = Rerun(old_us=tuple(old[:pairs]), new_us=tuple(new[:pairs]), p_value=None, session="rerun")
        said = confirm(values, before=before, now=now)
        if not said.more:
            break
    assert said is not None
    return said


def confirmed(noise: Noise, *, ratio: float, suspected: float) -> bool:
    """Whether new files of a true ratio are confirmed that were suspected of another one."""
    said = rerun(noise, old_us=1e4, new_us=1e4 * ratio, before=1e4, now=1e4 * suspected)
    return said.standing is Standing.CONFIRMED
