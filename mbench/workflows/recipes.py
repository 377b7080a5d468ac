"""Recipes of a selection: which weights, examples and tools each variant is built from, by content."""

from collections.abc import Sequence
from pathlib import Path

from mbench.core.errors import UsageError
from mbench.core.recipes import Calibration, CalibrationKind, Recipe, Weights, WeightsKind
from mbench.core.variants import CALIBRATED, Variant
from mbench.models.architectures import find_architecture
from mbench.models.calibration import describe_folder, describe_synthetic
from mbench.models.imagenet_weights import fetch_imagenet
from mbench.models.toolchain import toolchain
from mbench.models.weights import describe_file, describe_seeded
from mbench.workflows.selection import Ingredients

NO_CALIBRATION = Calibration(kind=CalibrationKind.NONE, examples=0)


def recipes_of(variants: Sequence[Variant], chosen: Ingredients, *, weights_folder: Path) -> dict[Variant, Recipe]:
    """Return each variant's recipe.

    Raises:
        UsageError: an architecture, weights or calibration images that are not there.
    """
    for variant in variants:
        find_architecture(variant.architecture)
    tools = toolchain()
    folder = _folder_calibration(chosen)
    weights = {variant: _weights(variant, chosen, weights_folder) for variant in variants}
    return {
        variant: Recipe(
            variant=variant,
            weights=weights[variant],
            calibration=folder or _calibration(variant, chosen)
            if variant.quantization in CALIBRATED
            else NO_CALIBRATION,
            quantizer=chosen.quantizer,
            toolchain=tools,
        )
        for variant in variants
    }


def latency_only(recipe: Recipe) -> str | None:
    """Return why the outputs of what is built mean nothing, or None where an accuracy can mean something."""
    reasons = []
    if recipe.weights.kind is WeightsKind.SEEDED:
        reasons.append(f"untrained weights (seed {recipe.weights.seed})")
    if recipe.calibration.kind is CalibrationKind.SYNTHETIC:
        reasons.append("calibrated on synthetic examples")
    return " and ".join(reasons) or None


def _folder_calibration(chosen: Ingredients) -> Calibration | None:
    if chosen.calibration is None:
        return None
    return describe_folder(chosen.calibration, examples=chosen.calibration_examples)


def _calibration(variant: Variant, chosen: Ingredients) -> Calibration:
    """Return the data set's examples at the variant's resolution, where it can have learned what they are."""
    real = chosen.examples.get(variant.size.resolution)
    if real is not None and chosen.weights != "none":
        return real
    return describe_synthetic(examples=chosen.calibration_examples, seed=chosen.seed)


def _weights(variant: Variant, chosen: Ingredients, folder: Path) -> Weights:
    match chosen.weights:
        case "none":
            return describe_seeded(chosen.seed)
        case "imagenet":
            return fetch_imagenet(variant.size, variant.head, folder)
        case "trained":
            found = chosen.trained.get((variant.architecture, variant.size, variant.head))
            if not isinstance(found, Weights):
                raise UsageError(f"{variant} has no trained weights{f': {found}' if found else ''}.")
            return found
        case path:
            return describe_file(Path(path))
