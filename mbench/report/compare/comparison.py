"""A comparison as machines read it; its names are stable, part of the format. Unknown is null."""

from dataclasses import dataclass
from typing import Final, Literal

from mbench.core.conclusions import latency_samples_us
from mbench.core.numbers.comparisons import Compared, Ratio, geometric_mean
from mbench.core.results import JobResult, MeasurementWarning, Status
from mbench.core.workloads import Document
from mbench.report.compare.cells import By, CellPair, Matched, Side, cell_name
from mbench.report.compare.compared_accuracy import (
    ComparedAccuracy,
    accuracy_refusal,
    compared_accuracies,
    files_of,
)
from mbench.report.compare.differences import Difference, differences, refusal, same_model
from mbench.report.results.rows.job_rows import row_of

SEED: Final = 0
"""Of the bootstrap, so that the same documents always give the same intervals."""


class ComparedSide(Document):
    """One side of a cell.

    Attributes:
        median_us: median over runs of each run's median inference.
        samples_us: each run's.
        warnings: doubts about it, those that a table shows.
    """

    session: str
    variant: str
    device: str
    model: str | None
    status: Status
    error_class: str | None
    artifact_sha256: str | None
    binary_sha256: str | None
    size_bytes: int | None
    median_us: float | None
    samples_us: tuple[float, ...]
    init_us: float | None
    peak_memory_kib: float | None
    delegate_nodes: str | None
    top1: float | None
    warnings: tuple[MeasurementWarning, ...]


class ComparedCell(Document):
    """A cell that both sides have.

    Attributes:
        ratio: new over old; null where the two are not comparable.
        ratio_ci: 95 % interval; null where there are too few runs for one.
        p_value: of the signed-rank test over blocks; null where old and new were not timed in turn.
        blocks: in which both were timed; 0 likewise.
        verdict: `faster`, `slower`, `no difference shown` or `incomparable`.
        reason: why it is incomparable; else null.
        other_phone: whether another phone of the same model stands on the other side.
        accuracy: null where not both were scored on the same examples.
        accuracy_reason: why both sides were scored and are not compared; else null.
    """

    variant: str
    delegate: str
    threads: int
    device: str
    ratio: float | None
    ratio_ci: tuple[float, float] | None
    p_value: float | None
    blocks: int
    verdict: Literal["faster", "slower", "no difference shown", "incomparable"]
    reason: str | None
    other_phone: bool
    old: ComparedSide
    new: ComparedSide
    accuracy: ComparedAccuracy | None
    accuracy_reason: str | None


class GeometricMean(Document):
    """Of the ratios of the cells that both sides have and that are comparable."""

    ratio: float
    ratio_ci: tuple[float, float] | None
    cells: int


class OnlyOne(Document):
    """A cell that one side alone has."""

    variant: str
    delegate: str
    threads: int
    device: str
    status: Status


class Comparison(Document):
    """All of it.

    Attributes:
        by: what distinguishes the sides.
        paired: whether old and new were timed in turn, in the same blocks.
        cells: what changed most beyond its noise first; what is incomparable last.
        geometric_mean: null where no cell has a ratio.
        repeated: results left out because a later one of the same side is of the same cell.
    """

    old: str
    new: str
    by: By
    paired: bool
    differs: tuple[Difference, ...]
    cells: tuple[ComparedCell, ...]
    geometric_mean: GeometricMean | None
    only_old: tuple[OnlyOne, ...]
    only_new: tuple[OnlyOne, ...]
    repeated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    pair: CellPair
    reason: str | None
    samples: Compared
    ratio: Ratio | None


def compare(old: Side, new: Side, matched: Matched, *, by: By) -> Comparison:
    """Return the comparison of two sides whose cells are paired."""
    judged = sorted((_judged(pair) for pair in matched.pairs), key=_order)
    accuracies = compared_accuracies(matched.pairs)
    known = [each for each in judged if each.ratio is not None]
    mean = geometric_mean([each.samples for each in known], seed=SEED)
    return Comparison(
        old=old.label,
        new=new.label,
        by=by,
        paired=bool(matched.pairs) and all(pair.blocks for pair in matched.pairs),
        differs=differences(matched.pairs),
        cells=tuple(_cell(each, accuracies.get(files_of(each.pair))) for each in judged),
        geometric_mean=None
        if mean is None
        else GeometricMean(ratio=mean.value, ratio_ci=_ends(mean), cells=len(known)),
        only_old=tuple(_only(result, old) for result in matched.only_old),
        only_new=tuple(_only(result, new) for result in matched.only_new),
        repeated=matched.repeated,
    )


def slower_than(comparison: Comparison, percent: float) -> tuple[str, ...]:
    """Return why a bound on slowing down is not shown to be kept, a clause a cell; none where it is kept.

    A cell misses it that is surely slower, and by more than so many percent. One that has a number on the old side
    and none to compare with it on the new side misses it too: nobody knows.
    """
    said = [
        f"{cell.variant} {cell.delegate} ×{cell.threads} on {cell.device}: {100 * (cell.ratio - 1):.1f} % slower"
        for cell in comparison.cells
        if cell.ratio is not None and cell.verdict == "slower" and 100 * (cell.ratio - 1) > percent
    ]
    said += [
        f"{cell.variant} {cell.delegate} ×{cell.threads} on {cell.device}: {cell.reason or 'no latency to compare'}"
        for cell in comparison.cells
        if cell.ratio is None and cell.old.status is Status.OK
    ]
    said += [
        f"{one.variant} {one.delegate} ×{one.threads} on {one.device}: not in {comparison.new}"
        for one in comparison.only_old
        if one.status is Status.OK
    ]
    return tuple(said)


def _judged(pair: CellPair) -> _Judged:
    reason = refusal(pair)
    samples = Compared(
        old_us=tuple(latency_samples_us(pair.old.runs)),
        new_us=tuple(latency_samples_us(pair.new.runs)),
        pairs=pair.blocks,
    )
    ratio = None if reason else samples.ratio(seed=SEED)
    if ratio is None and reason is None:
        reason = "one of them has no latency that the program's clock shows"
    return _Judged(pair=pair, reason=reason, samples=samples, ratio=ratio)


def _order(judged: _Judged) -> tuple[bool, float, float]:
    if judged.ratio is None:
        return True, 0.0, 0.0
    return False, -judged.ratio.beyond_noise, -abs(judged.ratio.value - 1)


def _cell(judged: _Judged, accuracy: ComparedAccuracy | None) -> ComparedCell:
    pair, ratio, workload = judged.pair, judged.ratio, judged.pair.new.workload
    return ComparedCell(
        variant=pair.name,
        delegate=str(workload.delegate),
        threads=workload.threads,
        device=pair.new.device.serial,
        ratio=None if ratio is None else ratio.value,
        ratio_ci=None if ratio is None else _ends(ratio),
        p_value=None if ratio is None else ratio.p_value,
        blocks=len(pair.blocks),
        verdict="incomparable" if ratio is None else ratio.change.value,
        reason=judged.reason,
        other_phone=same_model(pair),
        old=_side(pair.old),
        new=_side(pair.new),
        accuracy=accuracy,
        accuracy_reason=None if accuracy is not None else accuracy_refusal(pair),
    )


def _side(result: JobResult) -> ComparedSide:
    row = row_of(result)
    return ComparedSide(
        session=row.session,
        variant=row.variant,
        device=row.device,
        model=result.device.model,
        status=row.status,
        error_class=row.error_class,
        artifact_sha256=row.artifact_sha256,
        binary_sha256=row.binary_sha256,
        size_bytes=row.size_bytes,
        median_us=row.latency_median_us,
        samples_us=tuple(latency_samples_us(result.runs)),
        init_us=row.init_us,
        peak_memory_kib=row.peak_memory_kib,
        delegate_nodes=row.delegate_nodes,
        top1=row.top1,
        warnings=row.warnings,
    )


def _only(result: JobResult, side: Side) -> OnlyOne:
    return OnlyOne(
        variant=cell_name(result, side.names),
        delegate=str(result.workload.delegate),
        threads=result.workload.threads,
        device=result.device.serial,
        status=result.status,
    )


def _ends(ratio: Ratio) -> tuple[float, float] | None:
    return None if ratio.low is None or ratio.high is None else (ratio.low, ratio.high)
