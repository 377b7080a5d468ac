"""Train: `mbench train`."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.accuracy.datasets.opened import Dataset
from mbench.core.builds.sweeps import Axis, expand, parse_sweep
from mbench.core.builds.variants import Size, format_alpha
from mbench.core.errors import UsageError
from mbench.core.ports import Progress
from mbench.models.training.doubts import training_doubts
from mbench.models.training.library import TrainingLibrary
from mbench.models.training.records import TrainingRecord
from mbench.workflows.home import home
from mbench.workflows.train.obtain_weights import Outcome, train
from mbench.workflows.train.recipes import Network, TrainingOptions, head_for

TRAINED_AXES = (Axis.ALPHA, Axis.RESOLUTION)


def train_selection(
    reference: str,
    *,
    architecture: str,
    sweeps: Sequence[str],
    lists: Mapping[Axis, str],
    options: TrainingOptions,
    workers: int | None,
    progress: Progress,
) -> list[Outcome]:
    """Train every network of a selection; return what became of each.

    Args:
        reference: of the data set.
        architecture: by name.
        sweeps: as typed, such as `alpha`.
        lists: comma lists of axes that are not swept.
        options: what was said about training.
        workers: trainings at once.
        progress: gets news of everything.

    Raises:
        MbenchError: an unknown word, or a data set with nothing to train on.
    """
    dataset = open_dataset(reference, cache=home() / "datasets")
    if dataset.count_classes is not None:
        progress.note(f"{dataset.name}: {dataset.count_classes()}")
    networks = select_networks(dataset, architecture, sweeps, lists)
    return train(networks, dataset, options, home=home(), progress=progress, workers=workers)


def select_networks(
    dataset: Dataset, architecture: str, sweeps: Sequence[str], lists: Mapping[Axis, str]
) -> list[Network]:
    """Return the networks of a selection, at the data set's own resolution where none is named.

    Raises:
        UsageError: an axis that is none of a network's weights.
    """
    parsed = [parse_sweep(text) for text in sweeps] + [parse_sweep(f"{axis}={text}") for axis, text in lists.items()]
    for sweep in parsed:
        if sweep.axis not in TRAINED_AXES:
            raise UsageError(f"{sweep.axis} is not trained; sweep alpha or resolution, and {sweep.axis} in a run.")
    fixed: dict[str, Any] = {}
    if all(sweep.axis is not Axis.RESOLUTION for sweep in parsed):
        fixed["resolution"] = dataset.default_resolution
    head = head_for(dataset)
    points = expand(parsed, **fixed)
    return [Network(architecture, Size(alpha=point.alpha, resolution=point.resolution), head) for point in points]


def as_text(outcomes: Sequence[Outcome], reference: str) -> str:
    """Return a table of the trained networks, what was held out, and how to use the weights."""
    done = [(outcome, outcome.record) for outcome in outcomes if outcome.record is not None]
    if not done:
        return ""
    rows = [("Network", "Epochs", "Loss", "Held-out accuracy", "Seconds", "Weights (sha256)", "")]
    for outcome, record in done:
        kept = record.kept
        rows.append(
            (
                record.recipe.network,
                f"{kept.epoch}" if kept.epoch == len(record.epochs) else f"{kept.epoch} of {len(record.epochs)}",
                f"{kept.loss:.3f}",
                "none held out"
                if kept.held_out_accuracy is None
                else f"{kept.held_out_accuracy:.1%} of {record.evaluated}",
                f"{record.seconds:.0f}",
                record.weights_sha256[:12],
                "" if outcome.trained_now else "was there",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    library = TrainingLibrary(home())
    return "\n".join(
        [
            *lines,
            "",
            *(f"Warning, {record.recipe.network}: {doubt}." for _, record in done for doubt in training_doubts(record)),
            "Held-out examples are of the train split; the test split was not looked at.",
            f"Weights, records and curves: {library.weights_folder}, {library.folder('').as_posix()}",
            *_advice(done, reference, library),
        ]
    )


def _advice(done: Sequence[tuple[Outcome, TrainingRecord]], reference: str, library: TrainingLibrary) -> Iterator[str]:
    """Yield how the weights are used: found by their data set, or named where a run would take others."""
    reference = shlex.quote(reference)
    usual = [record.recipe.size for outcome, record in done if outcome.usual]
    if usual:
        alphas = ",".join(dict.fromkeys(format_alpha(size.alpha) for size in usual))
        sides = ",".join(dict.fromkeys(str(size.resolution) for size in usual))
        yield f"Use them: mbench run --dataset {reference} --sweep alpha={alphas} --resolution {sides}"
    for outcome, record in done:
        if not outcome.usual:
            size = record.recipe.size
            yield (
                f"Use {record.recipe.network}: mbench run --dataset {reference} --alpha {format_alpha(size.alpha)} "
                f"--resolution {size.resolution} --weights {shlex.quote(str(library.weights_path(record)))}"
            )


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Return a JSON list: each network with its record and the path of its weights, or with the reason."""
    library = TrainingLibrary(home())
    return json.dumps([_row(outcome, library) for outcome in outcomes], indent=1)


def _row(outcome: Outcome, library: TrainingLibrary) -> dict[str, Any]:
    network = {
        "architecture": outcome.network.architecture,
        "alpha": outcome.network.size.alpha,
        "resolution": outcome.network.size.resolution,
        "head": outcome.network.head.name,
        "classes": outcome.network.head.classes,
    }
    if outcome.record is None:
        return network | {"error": outcome.reason, "record": None, "weights": None}
    return network | {
        "error": None,
        "trained_now": outcome.trained_now,
        "doubts": training_doubts(outcome.record),
        "weights": str(library.weights_path(outcome.record)),
        "record": outcome.record.model_dump(mode="json"),
    }
