"""What options ask to be scored, as the values that workflows take."""

from typing import TYPE_CHECKING

from mbench.cli.options.accuracy_options import PlaceChoice
from mbench.core.choices import Exif, MetricBetter
from mbench.core.errors import UsageError
from mbench.core.metric_units import refuse_no_unit
from mbench.core.numbers.limits import METRIC_TIMEOUT_S

if TYPE_CHECKING:
    from mbench.workflows.score.run_accuracy import Accuracy


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


def accuracy_of(dataset: str | None, place: PlaceChoice | None, **asked: int | float | str | None) -> "Accuracy | None":
    """Return what files are scored on, None where no data set is named.

    Raises:
        UsageError: an option of scoring without a data set, or a unit that does not fit the head of a table.
    """
    if dataset is None:
        said = [name for name, value in asked.items() if value is not None and name != "seed"]
        if place is not None or said:
            raise UsageError(f"--{'accuracy' if place else said[0].replace('_', '-')} needs --dataset NAME.")
        return None
    from mbench.core.scores import EvaluationSpec
    from mbench.workflows.score.run_accuracy import Accuracy, Place

    places: dict[PlaceChoice, tuple[Place, ...]] = {
        PlaceChoice.HOST: ("host",),
        PlaceChoice.DEVICE: ("device",),
        PlaceChoice.BOTH: ("host", "device"),
    }
    split = asked.pop("split", None)
    named = split_fields(None if split is None else str(split))
    asked["exif"] = asked.get("exif") or Exif.IGNORE.value
    asked["skip_unreadable"] = bool(asked.get("skip_unreadable"))
    kept = asked.pop("predictions", None) is not None
    metric, unit = (asked.pop(name, None) for name in ("metric", "metric_unit"))
    by_metric = metric_fields(
        None if metric is None else str(metric),
        MetricBetter(str(asked.pop("metric_better", None) or MetricBetter.HIGHER)),
        None if unit is None else str(unit),
        float(asked.pop("metric_timeout", None) or METRIC_TIMEOUT_S),
    )
    spec = EvaluationSpec.model_validate({"dataset": dataset} | asked | named | by_metric)
    return Accuracy(spec=spec, places=places[place or PlaceChoice.HOST], predictions=kept)
