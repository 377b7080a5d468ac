"""Row: one job as machines read it. Its names are stable, part of the format version; unknown is null."""

from typing import Literal

from pydantic import PrivateAttr

from mbench.core.results import MeasurementWarning, Status
from mbench.core.scores import Metric
from mbench.core.workloads import ArtifactFacts, CalibrationFacts, Document, WeightsFacts
from mbench.report.accuracy.paired_scores import Against


class Row(Document):
    """One job of `mbench report --format json`.

    Attributes:
        device: the device's serial; for a host its name.
        latency_median_us: median over runs of each run's median inference; null where it is below the clock's step,
            with the warning `below_clock`.
        latency_ci_us: 95 % bootstrap interval over runs, low and high, a step of the clock longer where it is narrow;
            null for fewer than three.
        latency_p95_us: median over runs of each run's 95th percentile; null where a run had fewer than 40 inferences.
        latency_mean_us: mean over all inferences of those runs, each counting once; null where the program does not say
            it, or it is below the clock's step.
        init_us: median over runs of what one process spent before its first inference.
        first_us: median over runs of the first inference, which warms up.
        inputs: as they were fed, where that was asked for: `x:1,224,224,3`.
        peak_memory_kib: median over the memory pass of the process's resident peak, the tool itself included. The
            growth that benchmark_model also prints is another quantity and never stands in for it.
        delegate_nodes: nodes delegated of all, such as `33/33`, without XNNPACK's where an accelerator was asked for;
            null where no delegate took part or runs disagree.
        runs: latency runs that ended well.
        top1: share of examples answered rightly, with `top1_ci`, `top5`, on `dataset`, by this host, or by the device
            where only the device scored; null: never evaluated, or another task.
        exit_code: what the job alone would end a command with: 0, 4 or 5.
        top1_place: `host` or `device`: who gave `top1` and `metrics`.
        examples: how many that was asked of; one without an answer counts as wrong.
        metrics: all of that score's figures of merit, of whatever task.
        top1_device: likewise from the device itself, with `top1_device_ci` and `metrics_device`.
        weights: what the file was built from, with the training that gave it; null of a user's own file.
        calibration: likewise what its ranges were read off.
        against: how the answers of `top1_place` compare with those of the network's float32 file, or of the first of
            two files, to the same examples; null where there is no such file in the output.
        side: whether the file is the `old` or the `new` one of two that were timed in turn; null of others.
        provenance: 12 hexadecimal digits of what must agree for two latencies to be compared; equal where it does.
    """

    variant: str
    status: Status
    error_class: str | None
    message: str | None
    exit_code: int
    device: str
    emulated: bool
    delegate: str
    threads: int
    inputs: tuple[str, ...]
    mult_adds: int | None
    parameters: int | None
    size_bytes: int | None
    top1: float | None
    top1_ci: tuple[float, float] | None
    top5: float | None
    top1_place: Literal["host", "device"] | None
    dataset: str | None
    examples: int | None
    metrics: tuple[Metric, ...]
    top1_device: float | None
    top1_device_ci: tuple[float, float] | None
    metrics_device: tuple[Metric, ...]
    latency_median_us: float | None
    latency_ci_us: tuple[float, float] | None
    latency_p95_us: float | None
    latency_mean_us: float | None
    init_us: float | None
    first_us: float | None
    peak_memory_kib: float | None
    delegate_nodes: str | None
    runs: int
    artifact_sha256: str | None
    binary_sha256: str | None
    session: str
    provenance: str
    warnings: tuple[MeasurementWarning, ...]
    weights: WeightsFacts | None
    calibration: CalibrationFacts | None
    against: Against | None
    side: Literal["old", "new"] | None
    _artifact: ArtifactFacts | None = PrivateAttr(default=None)
    _lengthened_us: float = PrivateAttr(default=0.0)

    def __eq__(self, other: object) -> bool:
        """Whether all that machines read is equal."""
        return isinstance(other, Row) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        """Return a number that equal rows share."""
        return hash((self.session, self.variant, self.device, self.delegate, self.threads))

    @property
    def label(self) -> str:
        """What people's tables call the file: its variant, and that it is the old one of two that were compared."""
        return f"{self.variant} (old)" if self.side == "old" else self.variant

    @property
    def lengthened_us(self) -> float:
        """What `latency_ci_us` was lengthened by for the clock's sake; its width does not say whether it was."""
        return self._lengthened_us

    @property
    def least_mult_adds(self) -> int | None:
        """Multiply-adds that could be counted, where not all could; for people's tables."""
        return None if self._artifact is None else self._artifact.least_mult_adds

    @property
    def least_parameters(self) -> int | None:
        """Likewise parameters."""
        return None if self._artifact is None else self._artifact.least_parameters
