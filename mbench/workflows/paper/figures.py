"""Figures 4 and 5 of the paper, and accuracy against latency, over the sixteen networks of its grid."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mbench.core.builds.variants import parse_variant
from mbench.core.errors import UsageError
from mbench.core.results import JobResult
from mbench.paper.counting import Rule
from mbench.paper.references import CHECKPOINT_ACCURACIES, PAPER_ACCURACIES, find_series
from mbench.paper.suites import network_of
from mbench.report.accuracy.scored import TOP1, chosen_score, dataset_label
from mbench.report.charts.figures import Figure, Point, write_pictures
from mbench.report.paper.measured_columns import Measured, Way
from mbench.report.render.number_format import MILLION, US_PER_MS
from mbench.report.results.rows.job_rows import row_of
from mbench.workflows.paper.suites import slug
from mbench.workflows.paper.tables import Shown

COST_TITLES: Final = {
    "mult_adds": "Mult-adds (million)",
    "parameters": "Parameters (million)",
    "latency": "Latency (ms), median over runs with its 95 % interval",
}

PRINTED: Final = "printed in the paper"
CHECKPOINT: Final = "published checkpoint of 2017-06-14"
IMAGENET: Final = "imagenet"


def write_figure(shown: Shown, folder: Path) -> tuple[Path, ...]:
    """Write the pictures of a suite that has some; return their paths.

    Raises:
        UsageError: the suite is no figure, or there is nothing to draw.
    """
    if shown.suite.figure is None:
        raise UsageError(f"suite {shown.name} is no figure; leave --output out.")
    figure = suite_figure(shown)
    if figure is None:
        raise UsageError(f"suite {shown.name}: nothing to draw: mbench run --suite {shown.name} measures it.")
    return write_pictures(figure, folder, slug(shown.name))


def suite_figure(shown: Shown) -> Figure | None:
    """Return the picture of a suite; None where none of its points is known."""
    kind = shown.suite.figure or "mult_adds"
    measured = Measured(shown.results, [(network,) for network in shown.networks])
    points = tuple(_timed(shown, measured) if kind == "latency" else _counted(shown, measured, kind))
    if not points:
        return None
    return Figure(
        title=shown.suite.title,
        subtitle=_subtitle(measured, kind),
        cost_title=COST_TITLES[kind],
        accuracy_title=f"Top-1 (%) on {_data_set(points)}",
        colours="Run as" if kind == "latency" and len(measured.ways) > 1 else "Resolution (px)",
        points=tuple(sorted(points, key=lambda point: (point.source, -_side(point), point.label))),
        front=kind == "latency",
    )


def _counted(shown: Shown, measured: Measured, kind: str) -> Iterator[Point]:
    """Yield each network at what was counted of it; published accuracies only where no other data set was measured."""
    scored = {result.workload.artifact.sha256: result for result in measured.results if _measured_top1(result)}
    foreign = [result for result in scored.values() if not _on_imagenet(result)]
    for network in shown.networks:
        cost = _cost(shown, network, kind)
        if cost is not None and not foreign and (reference := _reference(network)) is not None:
            yield _point(network, cost, *reference)
    for network in shown.networks:
        for result in scored.values():
            if (result in foreign or not foreign) and result in _of_network(measured, network):
                cost = _own_cost(shown, result, network, kind)
                if cost is not None:
                    yield _point(network, cost, *_top1(result))


def _timed(shown: Shown, measured: Measured) -> Iterator[Point]:
    """Yield each network at its measured latency, with its measured accuracy or else the published one."""
    several = len(measured.ways) > 1
    any_scored = any(_measured_top1(result) for result in measured.results)
    for network in shown.networks:
        for way in measured.ways:
            (result,) = measured.of((network,), way)
            if result is None:
                continue
            row = row_of(result)
            accuracy = (_top1(result) if _measured_top1(result) else None) if any_scored else _reference(network)
            if row.latency_median_us is None or accuracy is None:
                continue
            low, high = row.latency_ci_us or (None, None)
            yield Point(
                label=_short(network),
                cost=row.latency_median_us / US_PER_MS,
                low=None if low is None else low / US_PER_MS,
                high=None if high is None else high / US_PER_MS,
                accuracy=accuracy[0],
                colour=way.label if several else _resolution(network),
                source=accuracy[1],
                network=network,
            )


def _of_network(measured: Measured, network: str) -> list[JobResult]:
    return [result for way in measured.ways for result in measured.of((network,), way) if result is not None]


def _point(network: str, cost: float, accuracy: float, source: str) -> Point:
    return Point(
        label=_short(network),
        cost=cost,
        accuracy=accuracy,
        colour=_resolution(network),
        source=source,
        network=network,
    )


def _cost(shown: Shown, network: str, kind: str) -> float | None:
    counts = shown.counted.counts(network)
    if counts is None:
        return None
    number = counts.mult_adds if kind == "mult_adds" else counts.parameters_by(Rule.UNFOLDED, batch_norm=True)
    return None if number is None else number / MILLION


def _own_cost(shown: Shown, result: JobResult, network: str, kind: str) -> float | None:
    """Return the cost of the very file that was scored, whose head may be another one."""
    artifact = result.workload.artifact
    if network_of(parse_variant(artifact.name)) == network:
        return _cost(shown, network, kind)
    number = artifact.mult_adds if kind == "mult_adds" else artifact.parameters
    return None if number is None else number / MILLION


def _reference(network: str) -> tuple[float, str] | None:
    """Return what the paper prints of a network, or else what was published of it right afterwards."""
    for series, source in ((PAPER_ACCURACIES, PRINTED), (CHECKPOINT_ACCURACIES, CHECKPOINT)):
        if (value := find_series(series).values.get(network)) is not None:
            return value, source
    return None


def _measured_top1(result: JobResult) -> bool:
    score = chosen_score(result)
    return score is not None and score.metric(TOP1) is not None


def _on_imagenet(result: JobResult) -> bool:
    score = chosen_score(result)
    return score is not None and score.dataset.name.startswith(IMAGENET)


def _top1(result: JobResult) -> tuple[float, str]:
    score = chosen_score(result)
    metric = None if score is None else score.metric(TOP1)
    if score is None or metric is None:
        raise ValueError(f"{result.job} has no top-1")
    quantization = parse_variant(result.workload.artifact.name).quantization
    return 100 * metric.value, f"measured here, {dataset_label(score.dataset)}, {quantization}"


def _data_set(points: tuple[Point, ...]) -> str:
    sources = dict.fromkeys(point.source for point in points)
    names = [source.split(", ")[1] if source.startswith("measured here") else "ImageNet" for source in sources]
    return ", ".join(dict.fromkeys(names))


def _subtitle(measured: Measured, kind: str) -> str:
    if kind != "latency":
        return "Counted from built files; arXiv 1704.04861, section 4.2"
    ways: tuple[Way, ...] = measured.ways
    device = next((result.device for result in measured.results), None)
    what = ways[0].label if len(ways) == 1 else f"{len(ways)} ways of running"
    return f"{what} on {device.soc or device.serial if device else '?'}; dashed: the Pareto front"


def _short(network: str) -> str:
    """Return `0.75-160`."""
    size = parse_variant(f"{network}_fp32").size
    return f"{size.alpha:g}-{size.resolution}" if size.alpha != 1 else f"1.0-{size.resolution}"


def _resolution(network: str) -> str:
    return str(parse_variant(f"{network}_fp32").size.resolution)


def _side(point: Point) -> int:
    return int(point.label.rpartition("-")[2])
