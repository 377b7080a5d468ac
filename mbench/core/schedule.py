"""Schedule: in which order jobs run, and when one has been measured enough."""

import random
from collections.abc import Sequence

from mbench.core.results import MeasuringRules
from mbench.core.statistics import bootstrap_interval, median


def block_order(jobs: Sequence[str], *, seed: int, block: int) -> tuple[str, ...]:
    """Return the jobs of one block in its own seeded order: never all runs of one variant in a row."""
    order = sorted(jobs)
    random.Random(f"{seed}/{block}").shuffle(order)
    return tuple(order)


def measured_enough(medians_us: Sequence[float], rules: MeasuringRules) -> bool:
    """Whether a job needs no further run: its interval is narrower than the target, or a bound is met."""
    if len(medians_us) < rules.min_runs:
        return False
    if len(medians_us) >= rules.max_runs:
        return True
    interval = bootstrap_interval(medians_us, seed=rules.seed)
    return interval is not None and interval.relative_half_width(median(medians_us)) <= rules.target_interval
