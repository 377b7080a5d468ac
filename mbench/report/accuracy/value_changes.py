"""Lines on a user's metric of values: what quantization changes about it, on the same examples."""

from collections.abc import Iterator, Sequence

from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.variants import Variant
from mbench.core.means import MeanDifference, compare_values
from mbench.report.accuracy.paired_scores import float_networks, quantized_as
from mbench.report.accuracy.scored import Scored, metric_name
from mbench.report.render.number_format import SHORT_SHA, change_number, count_of

_Members = Sequence[tuple[Variant | OwnVariant, Scored]]


def value_lines(group: Sequence[Scored], on: str) -> Iterator[str]:
    """Yield how values change against fp32, or of two files against the first; nothing without such a file.

    Args:
        group: one group of `alike`, of a metric of values.
        on: ` on device` where scores of another place stand beside them.
    """
    networks = [*float_networks(group)]
    said = [f"{without_quantization(variant)}: {_changes(base, others)}" for variant, base, others in networks]
    against = "fp32"
    if not networks and len(group) == 2:
        first, second = group
        against, change = first.label, compare_values(second.score, first.score)
        said = [] if change is None else [f"{second.label}: {_text(change)}"]
    if not said:
        return
    metric = group[0].score.metrics[0]
    unit = "" if metric.unit is None else f" in {metric.unit}"
    what = (
        f"Change of {metric_name(metric)}{on} against {against}{unit} [95 % interval by Student's t, paired over the "
        f"same {count_of(group[0].score.asked, 'example')}]; {metric.better} is better"
    )
    if len(said) == 1:
        yield f"{what}: {said[0]}."
        return
    yield f"{what}:"
    yield from (f"Change, {each}." for each in said)


def without_quantization(variant: Variant | OwnVariant) -> str:
    """Return a variant's name without its quantization."""
    return str(variant).removesuffix(f"_{variant.quantization}")


def _changes(base: Scored, others: _Members) -> str:
    found = []
    for variant, scored in others:
        change = compare_values(scored.score, base.score)
        if change is not None:
            several = sum(quantized_as(variant) == quantized_as(other) for other, _ in others) > 1
            sha = f" {scored.score.artifact_sha256[:SHORT_SHA]}" if several else ""
            found.append(f"{quantized_as(variant)}{sha} {_text(change)}")
    return ", ".join(found)


def _text(change: MeanDifference) -> str:
    interval = change.interval
    return change_number(change.difference, None if interval is None else (interval.low, interval.high))
