"""What files were built from, in words for tables and documents: the weights with their training, the calibration.

It hangs on this machine's records and on what was typed, and on nothing that decides a file's bytes; so it is put
beside the facts of the cache each time.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from mbench.core.builds.own_recipes import OwnCalibrationKind, OwnRecipe
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.recipes import Calibration, CalibrationKind, Recipe, Weights, WeightsKind
from mbench.core.builds.variants import Variant
from mbench.core.workloads import ArtifactFacts, CalibrationFacts, TrainingFacts, WeightsFacts
from mbench.models.training.kept_curve import curve_of
from mbench.models.training.records import TrainingRecord
from mbench.workflows.build.obtain_artifacts import Artifact, BuildFailure

Built = Artifact | BuildFailure

_KINDS: Final = {
    OwnCalibrationKind.NONE: CalibrationKind.NONE,
    OwnCalibrationKind.SYNTHETIC: CalibrationKind.SYNTHETIC,
    OwnCalibrationKind.FOLDER: CalibrationKind.FOLDER,
    OwnCalibrationKind.PREPARED: CalibrationKind.EXAMPLES,
    OwnCalibrationKind.ARRAYS: CalibrationKind.EXAMPLES,
    OwnCalibrationKind.CODE: CalibrationKind.EXAMPLES,
}


def with_origins(
    built: Mapping[Variant, Built], recipes: Mapping[Variant, Recipe], *, asked: int, records: Sequence[TrainingRecord]
) -> dict[Variant, Built]:
    """Return artifacts with what they were built from.

    Args:
        built: by variant.
        recipes: that they were built by.
        asked: examples to calibrate on that were asked for.
        records: of trainings on this machine, the latest first.
    """
    return {
        variant: Artifact(facts=_with_origin(outcome.facts, recipes[variant], asked, records), path=outcome.path)
        if isinstance(outcome, Artifact)
        else outcome
        for variant, outcome in built.items()
    }


def _with_origin(facts: ArtifactFacts, recipe: Recipe, asked: int, records: Sequence[TrainingRecord]) -> ArtifactFacts:
    weights, calibration = weights_facts(recipe.weights, records), calibration_facts(recipe.calibration, asked)
    few = () if calibration.examples == 1 and facts.notes else _few(calibration, facts.snr_db)  # one is noted there
    return facts.model_copy(update={"weights": weights, "calibration": calibration, "notes": (*facts.notes, *few)})


def _few(calibration: CalibrationFacts, snr_db: float | None) -> tuple[str, ...]:
    """Return that there were fewer pictures than asked for, and how far the file's outputs are."""
    if calibration.kind is not CalibrationKind.FOLDER or calibration.examples >= calibration.asked:
        return ()
    cost = "" if snr_db is None else f": its outputs have {snr_db:.1f} dB of signal to noise against the float model"
    return (f"calibrated on {calibration.examples} of the {calibration.asked} pictures that were asked for{cost}",)


def with_own_origins(
    built: Mapping[OwnVariant, Built], recipes: Mapping[OwnVariant, OwnRecipe]
) -> dict[OwnVariant, Built]:
    """Return artifacts of users' networks with what they were built from."""
    return {
        variant: Artifact(facts=_with_own_origin(outcome.facts, recipes[variant]), path=outcome.path)
        if isinstance(outcome, Artifact)
        else outcome
        for variant, outcome in built.items()
    }


def _with_own_origin(facts: ArtifactFacts, recipe: OwnRecipe) -> ArtifactFacts:
    calibration = recipe.calibration
    place = calibration.source or (None if calibration.code is None else calibration.code.source)
    weights, prepared = _own_weights(recipe), calibration.kind is OwnCalibrationKind.PREPARED
    ranges = CalibrationFacts(
        kind=_KINDS[calibration.kind],
        examples=calibration.examples,
        asked=calibration.examples,
        method=calibration.method,
        seed=calibration.seed if calibration.kind is OwnCalibrationKind.SYNTHETIC else None,
        sha256=calibration.sha256 if calibration.code is None else calibration.code.sha256,
        source=None if place is None or prepared else Path(place).name,
    )
    return facts.model_copy(update={"weights": weights, "calibration": ranges})


def _own_weights(recipe: OwnRecipe) -> WeightsFacts:
    network = recipe.network
    if not recipe.trained:
        return WeightsFacts(kind=WeightsKind.SEEDED, seed=network.seed)
    if network.weights is not None:
        return weights_facts(network.weights, ())
    return WeightsFacts(kind=WeightsKind.FILE, sha256=network.sha256, source=Path(network.source).name)


def weights_facts(weights: Weights, records: Sequence[TrainingRecord]) -> WeightsFacts:
    """Return what weights are, with the latest training on record that gave them."""
    training = next((each for each in records if each.weights_sha256 == weights.sha256), None)
    return WeightsFacts(
        kind=weights.kind,
        seed=weights.seed if weights.kind is WeightsKind.SEEDED else None,
        sha256=weights.sha256,
        source=None if weights.source is None else Path(weights.source).name,
        training=None if training is None else training_facts(training, records),
    )


def training_facts(record: TrainingRecord, records: Sequence[TrainingRecord]) -> TrainingFacts:
    """Return a training in short, and how many others there are of its network on its data set."""
    recipe, teacher = record.recipe, record.recipe.teacher
    mine = (recipe.architecture, recipe.size, recipe.head, recipe.dataset.sha256)
    alike = {
        other.digest
        for other in records
        if (other.recipe.architecture, other.recipe.size, other.recipe.head, other.recipe.dataset.sha256) == mine
    }
    return TrainingFacts(
        digest=record.digest,
        network=recipe.network,
        dataset=recipe.dataset.name,
        epochs=len(record.epochs),
        kept_epoch=record.kept_epoch,
        held_out_accuracy=record.kept.held_out_accuracy,
        held_out=record.evaluated,
        qat_bits=None if recipe.qat is None else recipe.qat.pointwise_bits,
        teacher=None if teacher is None else f"{teacher.form} {teacher.sha256[:12]}",
        others=len(alike - {record.digest}),
        curve=curve_of(record),
    )


def calibration_facts(calibration: Calibration, asked: int) -> CalibrationFacts:
    """Return what a calibration is."""
    none = calibration.kind is CalibrationKind.NONE
    return CalibrationFacts(
        kind=calibration.kind,
        examples=calibration.examples,
        asked=0 if none else asked,
        method=calibration.method,
        seed=calibration.seed if calibration.kind is CalibrationKind.SYNTHETIC else None,
        sha256=calibration.sha256,
        source=Path(calibration.source).name
        if calibration.source is not None and calibration.kind is CalibrationKind.FOLDER
        else None,
    )
