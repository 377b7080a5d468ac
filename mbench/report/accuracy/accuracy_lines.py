"""Lines under a table that shows accuracy: what was scored how, what was not answered, what is better than what."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from mbench.core.examples import Task
from mbench.core.flips import Flips, flips_between
from mbench.core.scores import Metric, Score
from mbench.report.accuracy.paired_scores import (
    MOST_COMPARED,
    Comparison,
    Drop,
    Drops,
    alike,
    compare_all,
    drops_against_float,
    quantized_as,
)
from mbench.report.accuracy.scored import (
    TOP1,
    Scored,
    asked_pairs,
    dataset_label,
    form_label,
    metric_label,
    metric_name,
    metric_source,
    pictures_noun,
)
from mbench.report.accuracy.value_changes import value_lines, without_quantization
from mbench.report.render.number_format import SHORT_SHA, UNKNOWN, count_of, percent_of, points

MOST_NAMES: Final = 5
"""Of rows or examples in one line; all are counted."""

WITH_FIRST_ANSWER: Final = (Task.CLASSIFICATION, Task.GEOLOCATION)
"""Tasks whose answers are one of several classes; elsewhere the highest output is not an answer."""

MOST_PAIRS: Final = 6

_TEST = "McNemar's exact test on the same examples"
_TEST_OF_VALUES = "Student's paired test on the same examples"


def accuracy_lines(scored: Sequence[Scored], *, on: str = "") -> Iterator[str]:
    """Yield what the accuracies of a table rest on; nothing without scores.

    Args:
        scored: each file once, all of one place.
        on: ` on device` where scores of another place stand beside them.
    """
    yield from _grounds(scored, on)
    yield from _sources(scored, on)
    yield from _unanswered(scored, on)
    yield from _doubts(scored, on)
    yield from _agreements(scored)
    groups = alike(scored)
    for group in groups:
        yield from _comparison(group, on=on, several=len(groups) > 1)
    for group in groups:
        if group[0].score.values is not None:
            yield from value_lines(group, on)
            continue
        yield from _drops(group, on)
        yield from _same_answers(group, on)


def named_some(names: Sequence[str], *, total: int | None = None) -> str:
    """Return the first few names, and how many more there are: `a, b, c, d, e and 3 more`."""
    shown = names[:MOST_NAMES]
    more = (len(names) if total is None else total) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _grounds(scored: Sequence[Scored], on: str) -> Iterator[str]:
    grounds = _shared(scored, _ground)
    for ground, members in grounds.items():
        whose = "" if len(grounds) == 1 else f" of {named_some(members)}"
        yield f"Accuracy{on}{whose}: {ground}."


def _sources(scored: Sequence[Scored], on: str) -> Iterator[str]:
    """Yield where the examples come from, and by which licence, once for each data set."""
    said = [each for each in scored if each.score.provenance is not None or each.score.licence is not None]
    for source in _shared(said, _source):
        yield f"Examples{on}: {source}."


def _source(score: Score) -> str:
    licence = "licence not known" if score.licence is None else f"licence: {score.licence}"
    return f"{dataset_label(score.dataset)} is {score.provenance or UNKNOWN}; {licence}"


def _ground(score: Score) -> str:
    dataset = score.dataset
    offset = f", class 0 is output {score.label_offset}" if score.label_offset else ""
    cells = "" if score.cells_sha256 is None else f", cells sha256 {score.cells_sha256[:SHORT_SHA]}"
    labels = "" if score.labels_sha256 is None else f", outputs by labels sha256 {score.labels_sha256[:SHORT_SHA]}"
    taken = f", {said}" if (said := form_label(score)) else ""
    judged = "" if score.own_metric is None else f", by {metric_source(score.own_metric)}"
    place = f"on the device by delegate {score.delegate}"
    if score.place == "host":
        place = f"on the host by LiteRT {score.runtime or UNKNOWN}, delegate {score.delegate}"
    intervals = sorted({metric.interval for metric in score.metrics if metric.interval is not None})
    over = "examples" if asked_pairs(score) is None else "pairs"
    how = {"wilson": "by Wilson", "bootstrap": f"by bootstrap over {over}", "student": f"by Student's t over {over}"}
    said = f"; 95 % intervals {' or '.join(how[name] for name in intervals)}" if intervals else ""
    return (
        f"{dataset_label(dataset)}, {_asked(score)}, sha256 {dataset.sha256[:SHORT_SHA]}; preprocessing "
        f"{score.preprocessing}{taken}{offset}{labels}{cells}{judged}; scored {place}{said}"
    )


def _asked(score: Score) -> str:
    """Return what was asked, of how much: `360 examples`, `7 pairs drawn with seed 0, of 14 of 40 pictures`."""
    noun, every = pictures_noun(score), score.dataset.examples
    drawn = "" if score.selection_seed is None else f" drawn with seed {score.selection_seed}"
    pictures = count_of(every, noun) if score.asked == every else f"{score.asked} of {count_of(every, noun)}"
    pairs = asked_pairs(score)
    if pairs is None:
        return pictures if score.asked == every else f"{pictures}{drawn}"
    return f"{count_of(pairs, 'pair')}{drawn}, of {pictures}"


def _unanswered(scored: Sequence[Scored], on: str) -> Iterator[str]:
    for said, members in _shared([each for each in scored if each.score.scored < each.score.asked], _missing).items():
        whose = "" if len(members) == len(scored) else f", {named_some(members)}"
        yield f"Without an answer{on}, counted as wrong{whose}: {said}."


def _doubts(scored: Sequence[Scored], on: str) -> Iterator[str]:
    """Yield each doubt once, with the rows that it is about."""
    members: dict[str, list[str]] = {}
    for each in scored:
        for doubt in each.score.doubts:
            members.setdefault(doubt, []).append(each.label)
    for doubt, labels in members.items():
        whose = "" if len(labels) == len(scored) else f" of {named_some(labels)}"
        yield f"Warning, accuracy{on}{whose}: {doubt}."


def _missing(score: Score) -> str:
    count = score.asked - score.scored
    names = f": {named_some(score.failed, total=count)}" if score.failed else ""
    return f"{count} of {count_of(score.asked, pictures_noun(score))}{names}"


def _agreements(scored: Sequence[Scored]) -> Iterator[str]:
    compared = [each for each in scored if each.score.agreement is not None]
    for said, members in _shared(compared, _agreement).items():
        yield f"Device against host, {named_some(members)}: {said}."


def _agreement(score: Score) -> str:
    agreement = score.agreement
    if agreement is None:
        return UNKNOWN
    step = "" if agreement.largest_step is None else f"; {_step(agreement.largest_step)}"
    if score.dataset.task not in WITH_FIRST_ANSWER or score.own_metric is not None:
        return f"{count_of(agreement.examples, pictures_noun(score))} compared{step}"
    differ = agreement.examples - agreement.same_top1
    names = f"; differing: {named_some(agreement.differing, total=differ)}" if agreement.differing else ""
    return f"same first answer on {agreement.same_top1} of {count_of(agreement.examples, 'example')}{step}{names}"


def _step(largest: float) -> str:
    return f"one output differs by {largest:.3g} at most" if largest else "all outputs are equal"


def _comparison(group: Sequence[Scored], *, on: str, several: bool) -> Iterator[str]:
    where = on
    if several:
        score = group[0].score
        where = f"{on} ({dataset_label(score.dataset)}, {count_of(score.asked, 'example')}, {score.preprocessing})"
    name = _judged(group)
    if len(group) > MOST_COMPARED:
        yield f"{name}{where}: {len(group)} files are not compared with each other, {MOST_COMPARED} at most would be."
    elif (comparison := compare_all(group)) is not None:
        test = _TEST if group[0].score.values is None else _TEST_OF_VALUES
        yield f"{name}{where}: {_verdict(comparison, test)}."


def _judged(group: Sequence[Scored]) -> str:
    """Return what is compared: a user's metric, or else top-1."""
    score = group[0].score
    return metric_name(score.metrics[0]) if score.own_metric is not None else metric_label(TOP1)


def _verdict(comparison: Comparison, how: str) -> str:
    over = f"Holm's correction over {comparison.pairs} pairs, " if comparison.pairs > 1 else ""
    test = f"({how}, {over}5 % level)"
    better = [f"{each.first.label} > {each.second.label}" for each in comparison.better]
    if comparison.best is not None:
        others = "the other" if comparison.pairs == 1 else "each of the others"
        return f"{comparison.best.label} is better than {others} {test}"
    if not better:
        return f"no row is better than another {test}"
    pairs = ", ".join(better) if len(better) <= MOST_PAIRS else f"{len(better)} of {comparison.pairs} pairs"
    return f"no row is better than all others {test}; pairs that differ: {pairs}"


def _drops(group: Sequence[Scored], on: str) -> Iterator[str]:
    found = drops_against_float(group)
    if not found:
        return
    examples = count_of(group[0].score.asked, "example")
    what = f"in points [95 % interval by Newcombe's method 10, paired over the same {examples}]; below 0 it is a gain"
    name = "top-1" if group[0].score.own_metric is None else _judged(group)
    if len(found) == 1:
        yield f"Drop of {name}{on} against fp32, {what}: {_network(found[0])}."
        return
    yield f"Drop of {name}{on} against fp32, {what}:"
    yield from (f"Drop, {_network(drops)}." for drops in found)


def _network(drops: Drops) -> str:
    said = []
    for drop in drops.drops:
        paired = drop.difference
        low, high = paired.interval.low, paired.interval.high
        said.append(f"{_quantization(drop, drops)} {points(paired.difference, low, high, paired.counts.examples)}")
    return f"{without_quantization(drops.variant)}: {', '.join(said)}"


def _same_answers(group: Sequence[Scored], on: str) -> Iterator[str]:
    """Yield how many first answers stay the same, and what becomes of the others: of quantizations, or of two files."""
    networks = drops_against_float(group)
    how = "in % [95 % interval by Wilson]"
    for drops in networks:
        said = [
            f"{_quantization(drop, drops)} {flips_text(drop.flips)}" for drop in drops.drops if drop.flips is not None
        ]
        if said:
            yield f"Same first answer{on} as fp32, {how}, {without_quantization(drops.variant)}: {', '.join(said)}."
    if not networks and len(group) == 2:
        first, second = group
        if (flips := flips_between(first.score, second.score)) is not None:
            yield f"Same first answer{on} as {first.label}, {how}, {second.label}: {flips_text(flips)}."


def flips_text(flips: Flips) -> str:
    """Return `98.3 [96.4, 99.2] (right to wrong 4, wrong to right 2, wrong to another wrong 0)`."""
    low, high = flips.interval.low, flips.interval.high
    same = Metric(name="same_answer", value=flips.agreement, low=low, high=high, examples=flips.examples)
    return (
        f"{percent_of(same)} (right to wrong {flips.right_to_wrong}, wrong to right {flips.wrong_to_right}, "
        f"wrong to another wrong {flips.wrong_to_wrong})"
    )


def _quantization(drop: Drop, drops: Drops) -> str:
    """Return what a drop is of, with the file's hash where two files have one quantization."""
    quantization = quantized_as(drop.variant)
    several = sum(quantized_as(each.variant) == quantization for each in drops.drops) > 1
    return f"{quantization} {drop.scored.score.artifact_sha256[:SHORT_SHA]}" if several else quantization


def _shared(scored: Sequence[Scored], describe: Callable[[Score], str]) -> dict[str, list[str]]:
    """Return the descriptions of scores, and the labels of those that each describes."""
    members: dict[str, list[str]] = {}
    for each in scored:
        members.setdefault(describe(each.score), []).append(each.label)
    return members
