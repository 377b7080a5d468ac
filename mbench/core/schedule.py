"""Schedule: in which order jobs run, and when one has been measured enough."""

import random
from collections.abc import Sequence

from mbench.core.job_pairs import JobPair
from mbench.core.numbers.statistics import bootstrap_interval, median
from mbench.core.results import MeasuringRules


def block_order(jobs: Sequence[str], *, seed: int, block: int, pairs: Sequence[JobPair] = ()) -> tuple[str, ...]:
    """Return the jobs of one block in its own seeded order: never all runs of one variant in a row.

    The two jobs of a pair stand side by side. A seeded coin says which is first in the first block, and they change
    places from block to block (ABBA), so that what drifts steadily is the same for both.
    """
    left = set(jobs)
    units: list[tuple[str, ...]] = []
    for pair in pairs:
        if {pair.old, pair.new} <= left:
            left -= {pair.old, pair.new}
            units.append(_in_turn(pair, seed=seed, block=block))
    units += [(job,) for job in left]
    units.sort(key=min)
    random.Random(f"{seed}/{block}").shuffle(units)
    return tuple(job for unit in units for job in unit)


def _in_turn(pair: JobPair, *, seed: int, block: int) -> tuple[str, str]:
    old_first = random.Random(f"{seed}/{pair.old}/{pair.new}").random() < 0.5
    return (pair.old, pair.new) if old_first == (block % 2 == 0) else (pair.new, pair.old)


def measured_enough(medians_us: Sequence[float], rules: MeasuringRules) -> bool:
    """Whether a job needs no further run: its interval is narrower than the target, or a bound is met."""
    if len(medians_us) < rules.min_runs:
        return False
    if len(medians_us) >= rules.max_runs:
        return True
    interval = bootstrap_interval(medians_us, seed=rules.seed)
    return interval is not None and interval.relative_half_width(median(medians_us)) <= rules.target_interval
