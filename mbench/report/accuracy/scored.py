"""Which score of a job's file stands in its row, and what it is called there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mbench.core.choices import Layout
from mbench.core.examples import DatasetFacts, Task
from mbench.core.results import JobResult
from mbench.core.scores import Metric, OwnMetric, Score
from mbench.report.render.number_format import SHORT_SHA, count_of

TOP1: Final = "top1"
TOP5: Final = "top5"

METRIC_NAMES: Final = {
    TOP1: "Top-1",
    TOP5: "Top-5",
    "mean_average_precision": "mAP",
    "coco_ap": "COCO AP",
    "verification_accuracy": "Verification",
}
"""What a person reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score under the name of its row.

    Attributes:
        name: of the file: a variant's, or the user's own.
        label: what lines call it: the name, and what else distinguishes it from others.
    """

    name: str
    score: Score
    label: str


def chosen_score(result: JobResult) -> Score | None:
    """Return the host's score, or the device's where only the device scored; None where outputs mean nothing."""
    return host_score(result) or device_score(result)


def host_score(result: JobResult) -> Score | None:
    """Return the last score from this host; None where there is none, or outputs mean nothing."""
    return _last(result, "host")


def device_score(result: JobResult) -> Score | None:
    """Return the last score from the device; None where there is none, or outputs mean nothing."""
    return _last(result, "device")


def scored_of(results: Sequence[JobResult]) -> tuple[Scored, ...]:
    """Return the scores that stand in a table's rows, each file once: its jobs differ in threads or delegate only."""
    return once_each((result.workload.artifact.name, chosen_score(result)) for result in results)


def once_each(named: Iterable[tuple[str, Score | None]]) -> tuple[Scored, ...]:
    """Return the scores without repetitions of one file at one place by one delegate, labelled apart.

    A label names the delegate where there are several, and the file's hash where two files bear one name. A file that
    was scored in two ways has two scores, whose labels name these.
    """
    found: dict[tuple[object, ...], tuple[str, Score]] = {}
    ways: dict[tuple[object, ...], set[str]] = {}
    for name, score in named:
        if score is not None:
            file, way = (score.artifact_sha256, score.second_sha256, score.place, score.delegate), _way_of(score)
            found.setdefault((*file, way), (name, score))
            ways.setdefault(file, set()).add(way)
    several = len({score.delegate for _, score in found.values()}) > 1
    hashes: dict[str, set[str]] = {}
    for name, score in found.values():
        hashes.setdefault(name, set()).add(score.artifact_sha256)
    return tuple(
        Scored(
            name=name,
            score=score,
            label=" ".join(
                (
                    name,
                    *([score.artifact_sha256[:SHORT_SHA]] if len(hashes[name]) > 1 else []),
                    *([score.delegate] if several else []),
                    *([f"({way})"] if len(ways[tuple(file)]) > 1 else []),
                )
            ),
        )
        for (*file, way), (name, score) in found.items()
    )


def dataset_label(facts: DatasetFacts) -> str:
    """Return what a table calls a split: `digits test`."""
    return f"{facts.name} {facts.split}"


def asked_pairs(score: Score) -> int | None:
    """Return how many pairs of faces were asked, None of other tasks; `asked` and `scored` count their pictures."""
    if score.dataset.task is not Task.VERIFICATION:
        return None
    return max((metric.examples for metric in score.metrics), default=None)


def pictures_noun(score: Score) -> str:
    """Return what `asked` and `scored` count: a picture of a pair is no example of its own."""
    return "picture" if score.dataset.task is Task.VERIFICATION else "example"


def form_label(score: Score) -> str:
    """Return how a file takes pictures and which output was judged, where not as usual: `nchw, gray, output 1 x`."""
    said = [str(score.layout)] if score.layout is not Layout.NHWC else []
    said += ["gray"] if score.gray else []
    said += [f"output {score.output.index} {score.output.name}"] if score.output is not None else []
    return ", ".join(said)


def metric_label(name: str) -> str:
    """Return what a person reads for a metric: `Top-1`, `Within 25 km`, `VAL at FAR 0.001`."""
    if name.startswith("val_at_far_"):
        return f"VAL at FAR {name.removeprefix('val_at_far_')}"
    return METRIC_NAMES.get(name) or name.replace("_", " ").capitalize()


def metric_header(metric: Metric, where: str = "") -> str:
    """Return the head of a metric's column: `Top-1 (%)`, `psnr (dB, higher is better)`.

    Args:
        metric: any of the column's.
        where: ` on device` where another column has the host's.
    """
    if metric.kind == "share":
        return f"{metric_label(metric.name)}{where} (%)"
    said = f"{metric.unit}, " if metric.unit is not None else ""
    return f"{metric.name}{where} ({said}{metric.better} is better)"


def metric_name(metric: Metric) -> str:
    """Return what lines and charts call a metric: a user's own values by their function's name."""
    return metric.name if metric.kind == "value" else metric_label(metric.name)


def metric_source(own: OwnMetric) -> str:
    """Return where a user's metric comes from: `psnr of nets.py sha256 0123456789ab`."""
    return f"{own.name} of {own.source} sha256 {own.sha256[:SHORT_SHA]}"


def metrics_by_header(metrics: Iterable[Metric]) -> dict[str, Metric]:
    """Return the first metric of each column, in the order in which they come."""
    found: dict[str, Metric] = {}
    for metric in metrics:
        found.setdefault(metric_header(metric), metric)
    return found


def of_column(metrics: Iterable[Metric], like: Metric) -> Metric | None:
    """Return the metric that stands in the same column as another one; None where there is none."""
    return next((each for each in metrics if metric_header(each) == metric_header(like)), None)


def _way_of(score: Score) -> str:
    """Return what a score's examples and their preparation are called, in full."""
    drawn = "" if score.selection_seed is None else f", seed {score.selection_seed}"
    cells = "" if score.cells_sha256 is None else f", cells {score.cells_sha256[:SHORT_SHA]}"
    pairs = asked_pairs(score)
    asked = count_of(score.asked, pictures_noun(score)) if pairs is None else count_of(pairs, "pair")
    examples = f"{dataset_label(score.dataset)} {score.dataset.sha256[:SHORT_SHA]}, {asked}{drawn}"
    labels = "" if score.labels_sha256 is None else f", labels {score.labels_sha256[:SHORT_SHA]}"
    offset = f", class 0 is output {score.label_offset}" if score.label_offset else ""
    taken = f", {said}" if (said := form_label(score)) else ""
    judged = "" if score.own_metric is None else f", {metric_source(score.own_metric)}"
    return f"{examples}, {score.preprocessing}{taken}{offset}{labels}{cells}{judged}"


def _last(result: JobResult, place: str) -> Score | None:
    if result.workload.artifact.latency_only:
        return None
    return next((score for score in reversed(result.scores) if score.place == place), None)
