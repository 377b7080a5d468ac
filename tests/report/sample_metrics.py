"""Scores by users' own metrics, for the tests of comparisons and their pages."""

from collections.abc import Sequence
from statistics import fmean

import sample_scores as scored
from compare_samples import compared

from mbench.core.choices import MetricBetter
from mbench.core.means import mean_interval
from mbench.core.results import JobResult
from mbench.core.scores import Metric, OwnMetric, Score, pack_values
from mbench.report.compare.comparison import Comparison

PSNR = OwnMetric(name="psnr", source="m.py", sha256="f" * 64, unit="dB")
ERROR = OwnMetric(name="error", source="m.py", sha256="f" * 64, better=MetricBetter.LOWER)
RIGHT = OwnMetric(name="right", source="m.py", sha256="f" * 64)
OLD, NEW = "1" * 64, "2" * 64
BEFORE = [30.0 + place % 7 for place in range(10)]


def after(change: float) -> list[float]:
    """Return values that differ from `BEFORE` by a change ± 1: Student's t of ten is 3 × the change."""
    return [value + change + (1 if place % 2 else -1) for place, value in enumerate(BEFORE)]


def value_score(values: Sequence[float], sha256: str, own: OwnMetric = PSNR, /, **changes) -> Score:
    interval = mean_interval(values)
    metric = Metric(
        name=own.name,
        kind="value",
        value=fmean(values),
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        interval=None if interval is None else "student",
        examples=len(values),
        unit=own.unit,
        better=own.better,
    )
    fields = {"metrics": (metric,), "hits": None, "values": pack_values(values), "own_metric": own}
    whole = scored.score([False] * len(values), sha256).model_dump() | fields | changes
    return Score.model_validate(whole)


def valued(name: str, values: Sequence[float], sha256: str, own: OwnMetric = PSNR, /, **changes) -> JobResult:
    return scored.scored_result(name, scores=(value_score(values, sha256, own, **changes),), sha256=sha256)


def judged_right(name: str, wrong: range, sha256: str) -> JobResult:
    hits = scored.hits_but(wrong)
    metrics = (scored.share("right", sum(hits), len(hits)),)
    made = scored.score(hits, sha256, metrics=metrics, own_metric=RIGHT)
    return scored.scored_result(name, scores=(made,), sha256=sha256)


def both_metrics() -> Comparison:
    """Return a comparison of two cells: one by values that got worse, one by right answers that got fewer."""
    old = [valued("net", BEFORE, OLD), judged_right("other", range(0), "3" * 64)]
    new = [valued("net", after(-0.76), NEW), judged_right("other", range(30), "4" * 64)]
    return compared(old, new)
