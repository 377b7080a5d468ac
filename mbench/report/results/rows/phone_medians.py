"""Medians over the phones of one model: what the model takes, and how far its phones lie apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mbench.core.numbers.statistics import median
from mbench.core.results import DeviceFacts, JobResult, Status, WarningCode
from mbench.report.render.number_format import UNKNOWN, milliseconds, span
from mbench.report.results.rows.row import Row

MEDIAN_DEFINITION: Final = (
    "Rows named median: median over the phones of one model (lowest–highest phone), of those that ended well."
)

_LEFT_OUT: Final = frozenset(
    {WarningCode.OUTPUT_DIFFERS, WarningCode.ACCURACY_DIFFERS, WarningCode.DELEGATE_NOT_APPLIED}
)
"""Doubts about what a phone computed: its latency is another computation's."""

LEAST_PHONES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneMedian:
    """The latencies of one model's phones in µs: their median, the lowest, the highest, and of how many phones."""

    median_us: float
    low_us: float
    high_us: float
    phones: int

    @property
    def middle(self) -> str:
        """The median in ms: `11.4`."""
        return milliseconds(self.median_us)

    @property
    def spread(self) -> str:
        """The lowest and the highest in ms: `10.9–12.3`."""
        return f"{milliseconds(self.low_us)}–{milliseconds(self.high_us)}"

    @property
    def text(self) -> str:
        """All in ms: `11.4 (10.9–12.3)`."""
        return f"{self.middle} ({self.spread})"


def median_over_phones(rows: Iterable[Row]) -> PhoneMedian | None:
    """Return the median over rows of one workload on phones of one model; None of fewer than two latencies.

    Only jobs that ended well count, and of them those whose outputs nothing casts doubt on.
    """
    latencies = [
        row.latency_median_us
        for row in rows
        if row.status is Status.OK
        and row.latency_median_us is not None
        and not any(warning.code in _LEFT_OUT for warning in row.warnings)
    ]
    if len(latencies) < LEAST_PHONES:
        return None
    return PhoneMedian(
        median_us=float(median(latencies)), low_us=min(latencies), high_us=max(latencies), phones=len(latencies)
    )


def median_label(medians: Sequence[PhoneMedian], *, model: str | None) -> str:
    """Return the name of a row of medians: `median of 49 to 50`, after the model where there are several."""
    label = f"median of {span([each.phones for each in medians])}"
    return label if model is None else f"{model}: {label}"


def by_model(results: Sequence[JobResult]) -> dict[tuple[str, str | None], list[DeviceFacts]]:
    """Return the devices by profile and model, both in order of appearance."""
    models: dict[tuple[str, str | None], dict[str, DeviceFacts]] = {}
    for result in results:
        device = result.device
        models.setdefault((device.profile, device.model), {}).setdefault(device.serial, device)
    return {model: [*devices.values()] for model, devices in models.items()}


def model_name(profile: str, model: str | None) -> str:
    """Return what a person calls a model of phone."""
    return model or (f"profile {profile}" if profile else UNKNOWN)
