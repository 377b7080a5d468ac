"""What options ask to be scored, as fields of an evaluation spec."""

from mbench.core.choices import MetricBetter
from mbench.core.metric_units import refuse_no_unit


def split_fields(said: str | None) -> dict[str, str | None]:
    """Return what `--split` means for an evaluation spec: a split by name, or the file that lists one."""
    if said is None or said in {"test", "train", "all"}:
        return {"split": said or "test", "list_file": None}
    return {"split": "listed", "list_file": said}


def metric_fields(metric: str | None, better: MetricBetter, unit: str | None, timeout_s: float) -> dict[str, object]:
    """Return what options of `--metric` mean for an evaluation spec.

    Raises:
        UsageError: a unit that does not fit the head of a table.
    """
    refuse_no_unit(unit)
    return {
        "metric": metric,
        "metric_better": better.value,
        "metric_unit": unit,
        "metric_timeout_s": timeout_s,
    }
