"""How much less one file gets right than another one, on the same examples, with the paired interval."""

from dataclasses import dataclass

from mbench.core.choices import MetricBetter
from mbench.core.errors import ArtifactError
from mbench.core.means import compare_values
from mbench.core.proportions import compare_scores
from mbench.core.scores import Metric, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What a file loses against another one; below 0 it gains.

    Attributes:
        amount: percentage points of right answers, or of a metric of values its unit.
        low, high: of 95 %: Newcombe's interval of right answers, Student's of values, both paired.
        examples: that both were asked.
    """

    amount: float
    low: float
    high: float
    examples: int

    @property
    def shown(self) -> bool:
        """Whether the examples show that something is lost."""
        return self.low > 0


def loss_between(reference: Score, score: Score) -> Loss:
    """Return what a score loses against that of a reference.

    Raises:
        ArtifactError: they cannot be compared example by example.
    """
    if (shares := compare_scores(reference, score)) is not None:
        points = (100 * each for each in (shares.difference, shares.interval.low, shares.interval.high))
        amount, low, high = points
        return Loss(amount=amount, low=low, high=high, examples=reference.asked)
    values = compare_values(reference, score)
    if values is None or values.interval is None:
        raise ArtifactError(
            "--keep-float auto:acc compares files example by example, and their answers to these cannot be: write "
            "auto:DB to go by signal to noise."
        )
    low, high = values.interval.low, values.interval.high
    if values.better is MetricBetter.LOWER:
        low, high = -high, -low
    return Loss(amount=values.gain, low=low, high=high, examples=values.examples)


def first_metric(score: Score) -> Metric:
    """Return the figure of merit that losses are of: right first answers, or the user's own."""
    return score.metrics[0]


def format_value(score: Score) -> str:
    """Return a score's figure as people read it: `96.1 %`, `0.83 mm`."""
    metric = first_metric(score)
    if metric.kind == "share":
        return f"{100 * metric.value:.1f} %"
    return f"{metric.value:.4g}{'' if metric.unit is None else f' {metric.unit}'}"


def format_amount(amount: float, score: Score) -> str:
    """Return a loss as people read it: `1.4 points`, `0.02 mm`."""
    metric, said = first_metric(score), f"{amount:.3g}"
    if metric.kind == "share":
        return f"{said} point{'' if said == '1' else 's'}"
    return f"{said}{'' if metric.unit is None else f' {metric.unit}'}"
