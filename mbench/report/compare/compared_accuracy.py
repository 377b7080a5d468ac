"""Accuracy of a comparison: each two files on the same examples, by top-1 or by a user's own metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mbench.core.choices import MetricBetter
from mbench.core.means import compare_values
from mbench.core.numbers.statistics import Interval
from mbench.core.proportions import compare_scores, holm_adjusted
from mbench.core.results import JobResult
from mbench.core.scores import Metric, Score
from mbench.core.workloads import Document
from mbench.report.accuracy.paired_scores import LEVEL, Against, against_base
from mbench.report.accuracy.scored import TOP1, Scored, chosen_score, metric_label, metric_source
from mbench.report.compare.cells import CellPair

Files = tuple[object, ...]
"""What distinguishes two scored files from others."""


class ComparedAccuracy(Document):
    """How the new file's answers compare with the old one's to the same examples.

    Attributes:
        metric: `top1`, or the name of a user's own function.
        kind: whether it is a share of right answers, or a mean of values.
        unit: of values; null: they have none.
        better: which way it gets better.
        old, new: of the metric: shares, 0 to 1, or means in `unit`.
        change: the new one minus the old one; of shares, -1 to 1, with Newcombe's 95 % interval, of values with
            Student's.
        p: McNemar's, or of Student's paired test, after Holm's correction over all files that are compared.
        verdict: `better`, `worse` or `no difference shown`.
        against: what becomes of single answers, as rows have it.
    """

    dataset: str
    examples: int
    metric: str
    kind: Literal["share", "value"]
    unit: str | None
    better: MetricBetter
    old: float
    new: float
    change: float
    change_ci: tuple[float, float]
    p: float
    verdict: Literal["better", "worse", "no difference shown"]
    against: Against


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What a test over pairs of answers says.

    Attributes:
        gain: how much better the new file is; below 0 it is worse.
        p: before any correction.
    """

    new: Score
    metrics: tuple[Metric, Metric]
    difference: float
    interval: Interval
    gain: float
    p: float
    against: Against


def compared_accuracies(pairs: Sequence[CellPair]) -> dict[Files, ComparedAccuracy]:
    """Return how scored files compare, each two files once; the tests are corrected over all of them."""
    found: dict[Files, _Change] = {}
    for pair in pairs:
        change = _change(pair)
        if change is not None:
            found[files_of(pair)] = change
    adjusted = holm_adjusted([change.p for change in found.values()])
    return {files: _compared(change, p) for (files, change), p in zip(found.items(), adjusted, strict=True)}


def files_of(pair: CellPair) -> Files:
    """Return what distinguishes two scored files from others: a file is scored once, whatever devices time it."""
    sides = [(chosen_score(result), result.workload.artifact.sha256) for result in (pair.old, pair.new)]
    return tuple(
        (sha256, score and (score.place, score.delegate, score.dataset, score.preprocessing, score.own_metric))
        for score, sha256 in sides
    )


def accuracy_refusal(pair: CellPair) -> str | None:
    """Return why the accuracies of a cell's sides are not compared; None where they are, or a side has none.

    Nor of a data set whose task has no such thing as a right answer to each example.
    """
    old, new = (chosen_score(result) for result in (pair.old, pair.new))
    if old is None or new is None or not old.metrics or not new.metrics:
        return None
    if old.own_metric != new.own_metric:
        return f"other metrics: {_judge(old)}; {_judge(new)}"
    if old.place != new.place:
        return f"one was scored on the {old.place}, the other on the {new.place}"
    if not old.comparable(new):
        return "other examples, or prepared otherwise"
    if old.own_metric is not None and _change(pair) is None:
        return f"{old.own_metric.name} of each example is not kept, or there is but one"
    return None


def _judge(score: Score) -> str:
    """Return what gave a score's metric: `top1`, or a user's function with its hash, unit and direction."""
    own = score.own_metric
    if own is None:
        return metric_label(score.metrics[0].name)
    unit = "" if own.unit is None else f" in {own.unit}"
    return f"{metric_source(own)}{unit}, {own.better} is better"


def _change(pair: CellPair) -> _Change | None:
    old, new = (chosen_score(result) for result in (pair.old, pair.new))
    if old is None or new is None or old.place != new.place:
        return None
    before, after = _judged(old), _judged(new)
    against = against_base(_scored(pair, old, pair.old), _scored(pair, new, pair.new))
    if before is None or after is None or against is None:
        return None
    if (shares := compare_scores(new, old)) is not None:
        difference, interval, gain, p = shares.difference, shares.interval, shares.difference, shares.p
    elif (values := compare_values(new, old)) is not None and values.interval is not None:
        difference, interval, gain, p = values.difference, values.interval, values.gain, values.p
    else:
        return None
    return _Change(
        new=new, metrics=(before, after), difference=difference, interval=interval, gain=gain, p=p, against=against
    )


def _judged(score: Score) -> Metric | None:
    """Return the metric that hits or values are of; None: neither top-1 nor a user's own."""
    if score.own_metric is not None:
        return score.metric(score.own_metric.name)
    return score.metric(TOP1)


def _scored(pair: CellPair, score: Score, result: JobResult) -> Scored:
    return Scored(name=pair.name, score=score, label=result.workload.name)


def _compared(change: _Change, p: float) -> ComparedAccuracy:
    before, after = change.metrics
    return ComparedAccuracy(
        dataset=f"{change.new.dataset.name} {change.new.dataset.split}",
        examples=change.new.asked,
        metric=after.name,
        kind=after.kind,
        unit=after.unit,
        better=after.better,
        old=before.value,
        new=after.value,
        change=change.difference,
        change_ci=(change.interval.low, change.interval.high),
        p=p,
        verdict="no difference shown" if p >= LEVEL else "better" if change.gain > 0 else "worse",
        against=change.against,
    )
