"""Compute rates: multiply-adds a device gets done in a second, by network and by layer type, beside its peak.

The rate of a network is its multiply-adds over its median latency. The rate of a layer type is its multiply-adds over
its operators' time in a profiling run, whose sums are larger than an unprofiled inference: shares of it are worth more
than its microseconds. One GMAC/s is one million multiply-adds a millisecond.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mbench.core.reasons import PeakUnknown
from mbench.core.results import JobResult, OperatorTime, Pass, Status
from mbench.report.model_files.layers import InspectedLayer
from mbench.report.render.number_format import ABSENT, MILLION, significant
from mbench.report.render.text_table import Cell, Column, TableValues, right_column
from mbench.report.results.columns.latency_text import latency_text
from mbench.report.results.conditions.provenance import ComparableResults, group_by_provenance
from mbench.report.results.feet.foot_lines import provenance_lines
from mbench.report.results.feet.footnotes import footnotes_of, row_labels
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.rows.row import Row

OTHERS: Final = "others"
"""Layers without multiply-adds: pooling, softmax, conversions."""

_DEPTHWISE: Final = ("DWCONV", "DEPTHWISE")
"""How kernels of depthwise convolutions are called: by XNNPACK, and by everybody else."""

_MULTIPLYING: Final = (*_DEPTHWISE, "CONVOLUTION", "CONV_", "_CONV", "FULLY CONNECTED", "FULLY_CONNECTED", "GEMM")
"""Not `CONV` alone: XNNPACK's `Convert` changes types and multiplies nothing."""

DEFINITION: Final = (
    "GMAC/s: multiply-adds over median latency; of a layer type over its operators' time in one profiling run. One "
    "GMAC/s is a million multiply-adds a millisecond."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """An estimate of the most multiply-adds that a job's cores can do.

    Attributes:
        gmacs: in 10⁹ a second.
        how: what it was estimated from.
    """

    gmacs: float
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRate:
    """What the layers of one type took of an inference.

    Attributes:
        share: of all operators' time, 0 to 1.
    """

    type: str
    mult_adds: int
    time_us: float
    share: float

    @property
    def gmacs(self) -> float | None:
        """10⁹ multiply-adds a second; None where there are none, or the clock was too coarse."""
        return self.mult_adds / self.time_us / 1000 if self.mult_adds and self.time_us else None


def network_gmacs(row: Row) -> float | None:
    """Return the 10⁹ multiply-adds a second of a whole inference; None without a latency or a count."""
    return row.mult_adds / row.latency_median_us / 1000 if row.mult_adds and row.latency_median_us else None


def rates_by_type(operators: Sequence[OperatorTime], layers: Sequence[InspectedLayer]) -> tuple[TypeRate, ...] | None:
    """Return what each layer type took, the one with most multiply-adds first, and `others` last.

    Profiled operators bear the names of kernels, not of layers; both come in order of execution. None where the two
    sequences do not go together: then nothing can be said of layers.

    Args:
        operators: of a profiling run.
        layers: of the same file.
    """
    paired = _paired(sorted(operators, key=lambda each: each.run_order), layers)
    total = sum(each.us_per_inference for each in operators)
    if paired is None or not total:
        return None
    times: dict[str, float] = {}
    work: dict[str, int] = {}
    for operator, layer in paired:
        work[layer.type] = work.get(layer.type, 0) + (layer.mult_adds or 0)
        times[layer.type] = times.get(layer.type, 0.0) + operator.us_per_inference
    kinds = sorted((kind for kind in times if work[kind]), key=lambda kind: -work[kind])
    rates = [
        TypeRate(type=kind, mult_adds=work[kind], time_us=times[kind], share=times[kind] / total) for kind in kinds
    ]
    rest = total - sum(rate.time_us for rate in rates)
    return (*rates, _type_rate(OTHERS, 0, max(0.0, rest), total))


def profiled_operators(result: JobResult) -> tuple[OperatorTime, ...]:
    """Return the operators of a job's last good profiling run; none where it has none."""
    good = [run for run in result.runs if run.purpose is Pass.OPS and run.status is Status.OK and run.operators]
    return (good[-1].operators or ()) if good else ()


def rate_tables(
    results: Sequence[JobResult],
    *,
    layers: Mapping[str, Sequence[InspectedLayer]],
    peaks: Sequence[Peak | PeakUnknown],
) -> tuple[TableValues, ...]:
    """Return a table of networks for each provenance, then one by layer type for each job that was profiled.

    A peak that one of its own rates exceeds was taken from a wrong clock, and so were the other peaks of that device.

    Args:
        results: the jobs.
        layers: of their files, by SHA-256; a file that is not at hand has none.
        peaks: of each job in order, or why none is known.
    """
    by_type = [_rates_of(result, layers) for result in results]
    known = _believed(results, by_type, peaks)
    peak_of = {id(result): peak for result, peak in zip(results, known, strict=True)}
    tables = [
        _networks(group, [peak_of[id(result)] for result in group.results])
        for group in group_by_provenance(results, by_session=True)
    ]
    for result, rates, peak in zip(results, by_type, known, strict=True):
        if rates is not None:
            tables.append(_types(result, rates, peak))
    return tuple(tables)


def _believed(
    results: Sequence[JobResult], by_type: Sequence[Sequence[TypeRate] | None], peaks: Sequence[Peak | PeakUnknown]
) -> list[Peak | PeakUnknown]:
    """Return each job's peak, or why it is none: on its device, a rate of some job exceeds that job's peak."""
    own = [
        believable(peak, [network_gmacs(row_of(result)), *(rate.gmacs for rate in rates or ())])
        for result, rates, peak in zip(results, by_type, peaks, strict=True)
    ]
    exceeded = {
        result.device: reason
        for result, peak, reason in zip(results, peaks, own, strict=True)
        if isinstance(peak, Peak) and isinstance(reason, PeakUnknown)
    }
    return [
        exceeded.get(result.device, peak) if isinstance(peak, Peak) else peak
        for result, peak in zip(results, own, strict=True)
    ]


def _rates_of(result: JobResult, layers: Mapping[str, Sequence[InspectedLayer]]) -> tuple[TypeRate, ...] | None:
    operators = profiled_operators(result)
    of_file = layers.get(result.workload.artifact.sha256 or "")
    return rates_by_type(operators, of_file) if operators and of_file else None


def believable(peak: Peak | PeakUnknown, achieved: Iterable[float | None]) -> Peak | PeakUnknown:
    """Return the peak, or why it cannot be one: something was faster.

    A virtual machine reports a nominal clock, which the real one exceeds.
    """
    fastest = max((rate for rate in achieved if rate is not None), default=0.0)
    if isinstance(peak, PeakUnknown) or fastest <= peak.gmacs:
        return peak
    return PeakUnknown(
        f"{significant(fastest)} GMAC/s were measured, more than the {significant(peak.gmacs)} estimated from "
        f"{peak.how}; the clock is higher than the system says"
    )


def peak_percent(gmacs: float | None, peak: Peak | PeakUnknown | None) -> float | None:
    """Return a rate in percent of a peak; None where one of the two is not known."""
    return None if gmacs is None or not isinstance(peak, Peak) else 100 * gmacs / peak.gmacs


def of_peak(gmacs: float | None, peak: Peak | PeakUnknown | None) -> str:
    """Return the same as text; `?` where it is not known."""
    return significant(peak_percent(gmacs, peak))


def peak_lines(peaks: Sequence[Peak | PeakUnknown]) -> tuple[str, ...]:
    """Return a sentence for each different peak, and for each reason why there is none."""
    said = [
        f"Peak, an estimate: {significant(peak.gmacs)} GMAC/s: {peak.how}."
        if isinstance(peak, Peak)
        else f"Peak unknown: {peak.reason}."
        for peak in peaks
    ]
    return tuple(dict.fromkeys(said))


def _networks(group: ComparableResults, peaks: Sequence[Peak | PeakUnknown]) -> TableValues:
    rows = [row_of(result) for result in group.results]
    notes = footnotes_of(rows)
    noted = any(notes.marks)
    return TableValues(
        title=f"Compute rates: {group.heading}" if group.heading else "Compute rates",
        columns=(
            Column(header="Job"),
            right_column("Mult-adds (M)"),
            right_column("Latency (ms)"),
            right_column("GMAC/s"),
            right_column("Of peak (%)"),
            *([Column(header="Notes")] if noted else []),
        ),
        rows=tuple(
            (
                Cell(label),
                Cell(significant(row.mult_adds, scale=MILLION)),
                Cell(latency_text(row)),
                Cell(significant(network_gmacs(row))),
                Cell(of_peak(network_gmacs(row), peak)),
                *([Cell(mark)] if noted else []),
            )
            for label, row, peak, mark in zip(row_labels(rows), rows, peaks, notes.marks, strict=True)
        ),
        footnotes=notes.lines,
        foot=(*provenance_lines(group.results), DEFINITION, *peak_lines(peaks)),
    )


def _types(result: JobResult, rates: Sequence[TypeRate], peak: Peak | PeakUnknown) -> TableValues:
    return TableValues(
        title=f"{result.label}: compute rate by layer type",
        columns=(
            Column(header="Type"),
            right_column("Mult-adds (M)"),
            right_column("Time (µs)"),
            right_column("Time (%)"),
            right_column("GMAC/s"),
            right_column("Of peak (%)"),
        ),
        rows=tuple(
            (
                Cell(rate.type),
                Cell(significant(rate.mult_adds, scale=MILLION) if rate.mult_adds else ABSENT),
                Cell(f"{rate.time_us:.1f}"),
                Cell(f"{100 * rate.share:.1f}"),
                Cell(significant(rate.gmacs) if rate.mult_adds else ABSENT),
                Cell(of_peak(rate.gmacs, peak) if rate.mult_adds else ABSENT),
            )
            for rate in rates
        ),
    )


def _paired(
    operators: Sequence[OperatorTime], layers: Sequence[InspectedLayer]
) -> list[tuple[OperatorTime, InspectedLayer]] | None:
    """Return each operator with its layer: all of them, or, where kernels were fused or added, those that multiply."""
    if len(operators) != len(layers):
        operators = [each for each in operators if _names_one(each.node_type, _MULTIPLYING)]
        layers = [layer for layer in layers if layer.mult_adds]
    if len(operators) != len(layers) or not operators:
        return None
    paired = list(zip(operators, layers, strict=True))
    alike = all(
        _names_one(operator.node_type, _DEPTHWISE) == layer.type.startswith("depthwise") for operator, layer in paired
    )
    return paired if alike else None


def _type_rate(kind: str, mult_adds: int, time_us: float, total_us: float) -> TypeRate:
    return TypeRate(type=kind, mult_adds=mult_adds, time_us=time_us, share=time_us / total_us)


def _names_one(node_type: str, words: Sequence[str]) -> bool:
    return any(word in node_type.upper() for word in words)
