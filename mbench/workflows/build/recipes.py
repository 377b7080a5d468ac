"""Recipes of a selection: which weights, examples and tools each variant is built from, by content.

What reads weights or pictures brings numpy and Pillow, and is imported where a recipe has any.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from mbench.core.builds.own_recipes import PictureScaling
from mbench.core.builds.recipes import Calibration, CalibrationKind, Recipe, Weights, WeightsKind
from mbench.core.builds.variants import CALIBRATED, Head, Size, Variant
from mbench.core.choices import CalibrationMethod, Ends, Quantizer
from mbench.core.errors import UsageError
from mbench.core.ports import Progress
from mbench.core.reasons import Untrained
from mbench.files import in_use
from mbench.models.networks.architectures import find_architecture
from mbench.models.tflite.toolchain import toolchain
from mbench.workflows.build.float_evaluator import FloatEvaluator

PUBLISHED = "mobilenet_v1"
"""The architecture whose published weights `fetch_imagenet` knows."""

_RECORD = re.compile(r"[0-9a-f]{8,64}")
"""The beginning of a training's digest."""

NO_CALIBRATION = Calibration(kind=CalibrationKind.NONE, examples=0)

Network = tuple[str, Size, Head]
"""Architecture, size, head: what has weights of its own, in whatever quantization."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildInputs:
    """What variants are built from, as the user named it.

    Attributes:
        weights: `none` (seeded, untrained), `imagenet`, `trained` (by mbench: those in `trained`), the beginning of a
            training's digest, or the path of a `.keras` or `.weights.h5` file; None: nothing was said, which is `none`
            without a data set.
        calibration: folder of images, or None for `examples`, or else a synthetic set; of users' own networks a `.npz`
            file or `FILE.py:NAME`, too.
        trained: the weights of each network that mbench trained, or why there are none.
        examples: of a data set, by resolution.
        ends: of users' own networks, where they are quantized.
        quantizer_recipe: file of litert-quantizer's own recipe, by which users' networks are quantized in int8.
        input_shapes, custom_objects, allow_lambda: of users' own networks: see `OwnNetwork`.
        scaling: of pictures that users' own networks are calibrated on; None: nothing was said, and it is
            what a file's metadata says, or else the `usual_scaling` of the data set.
        seeded: networks for which there are no weights of that kind: they are built untrained, for their latency.
        evaluator: says how much files get right, for searches that go by accuracy; None: nobody named a data set.
    """

    weights: str | None = None
    seed: int = 0
    calibration: Path | None = None
    calibration_examples: int = 32
    calibration_method: CalibrationMethod = CalibrationMethod.MIN_MAX
    quantizer: Quantizer = Quantizer.LITERT
    ends: Ends = Ends.INT8
    quantizer_recipe: Path | None = None
    scaling: PictureScaling | None = None
    usual_scaling: PictureScaling = field(default_factory=PictureScaling)
    input_shapes: tuple[str, ...] = ()
    custom_objects: str | None = None
    allow_lambda: bool = False
    build_timeout_s: float = 600.0
    trained: Mapping[Network, Weights | Untrained] = field(default_factory=dict)
    examples: Mapping[int, Calibration] = field(default_factory=dict)
    seeded: frozenset[Network] = frozenset()
    evaluator: FloatEvaluator | None = None

    def untrained(self, variant: Variant) -> str | None:
        """Return why a variant has no trained weights, None where it has some or needs none.

        Raises:
            UsageError: nothing says what they were to be trained on.
        """
        if self.weights != "trained" or self.weightless(variant):
            return None
        found = self.trained.get((variant.architecture, variant.size, variant.head))
        if found is None:
            raise UsageError("--weights trained: nothing says on what; name a --dataset, such as digits.")
        return found.reason if isinstance(found, Untrained) else None

    def weightless(self, variant: Variant) -> bool:
        """Whether a variant's weights are drawn, although others' are not."""
        return (variant.architecture, variant.size, variant.head) in self.seeded


def recipes_of(
    variants: Sequence[Variant], chosen: BuildInputs, *, weights_folder: Path, progress: Progress | None = None
) -> dict[Variant, Recipe]:
    """Return each variant's recipe; published weights that are not there are fetched, which `progress` reports.

    Raises:
        UsageError: an architecture, a size of it, weights or calibration images that are not there.
    """
    for variant in variants:
        find_architecture(variant.architecture).check(variant.size, variant.head)
    if chosen.quantizer is Quantizer.TF and chosen.calibration_method is not CalibrationMethod.MIN_MAX:
        raise UsageError("TFLiteConverter's own quantizer has one way to calibrate; leave --calibration-method out.")
    tools = toolchain()
    folder = _folder_calibration(chosen) if variants else None
    weights = {variant: _weights(variant, chosen, weights_folder, progress) for variant in variants}
    return {
        variant: Recipe(
            variant=variant,
            weights=weights[variant],
            calibration=_calibration(variant, weights[variant], chosen, folder),
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


def _folder_calibration(chosen: BuildInputs) -> Calibration | None:
    if chosen.calibration is None:
        return None
    if chosen.calibration.suffix == ".npz" or ".py:" in str(chosen.calibration):
        raise UsageError(
            f"--calibration {chosen.calibration} is for your own networks; mbench's take a folder of pictures."
        )
    from mbench.models.tflite.calibration import describe_folder

    return describe_folder(chosen.calibration, examples=chosen.calibration_examples)


def _calibration(variant: Variant, weights: Weights, chosen: BuildInputs, folder: Calibration | None) -> Calibration:
    """Return the user's pictures, or the data set's at the variant's resolution, where it can have learned them.

    Weights of a quantization-aware training bring their ranges, which leave nothing to calibrate.
    """
    if variant.quantization not in CALIBRATED:
        return NO_CALIBRATION
    if folder is None and chosen.quantizer is Quantizer.LITERT and _brings_ranges(weights):
        return NO_CALIBRATION
    real = folder or _learned_pictures(variant, chosen)
    synthetic = Calibration(kind=CalibrationKind.SYNTHETIC, examples=chosen.calibration_examples, seed=chosen.seed)
    return replace(real or synthetic, method=chosen.calibration_method)


def _brings_ranges(weights: Weights) -> bool:
    if not weights.source:
        return False
    from mbench.models.tflite.learned_ranges import holds_ranges

    return holds_ranges(Path(weights.source))


def _learned_pictures(variant: Variant, chosen: BuildInputs) -> Calibration | None:
    if chosen.weights in (None, "none") or chosen.weightless(variant):
        return None
    return chosen.examples.get(variant.size.resolution)


def _weights(variant: Variant, chosen: BuildInputs, folder: Path, progress: Progress | None) -> Weights:
    if chosen.weightless(variant):
        return _seeded(chosen.seed)
    match chosen.weights:
        case None | "none":
            return _seeded(chosen.seed)
        case "imagenet":
            return _imagenet(variant, folder, progress)
        case "trained":
            if (reason := chosen.untrained(variant)) is not None:
                raise UsageError(f"{variant} has no trained weights: {reason}")
            return cast(Weights, chosen.trained[variant.architecture, variant.size, variant.head])
        case said if _RECORD.fullmatch(said) and not Path(said).exists():
            return _recorded(variant, said, folder)
        case path:
            from mbench.models.weights.weights import describe_file

            return describe_file(Path(path))


def _recorded(variant: Variant, digest: str, folder: Path) -> Weights:
    """Return the weights of a training on record, by the beginning of its digest.

    Raises:
        UsageError: there is none, or several, its weights are gone, or they are of another network.
    """
    from mbench.models.training.library import TrainingLibrary

    library = TrainingLibrary(folder.parent)
    found = [record for record in library.records() if record.digest.startswith(digest)]
    if len(found) != 1:
        how_many = f"{len(found)} trainings begin so" if found else "no training on this machine begins so"
        raise UsageError(f"--weights {digest}: {how_many}; the foot of a table and `mbench train --json` name them.")
    (record,) = found
    recipe = record.recipe
    if (recipe.architecture, recipe.size.alpha, recipe.head.classes) != (
        variant.architecture,
        variant.size.alpha,
        variant.head.classes,
    ):
        raise UsageError(f"--weights {digest} is a training of {recipe.network}, not of {variant}; name one of that.")
    if library.find(record.digest) is None:
        raise UsageError(f"--weights {digest}: the weights of that training are gone or have changed; train it again.")
    return library.weights(record)


def _seeded(seed: int) -> Weights:
    return Weights(kind=WeightsKind.SEEDED, seed=seed)


def _imagenet(variant: Variant, folder: Path, progress: Progress | None) -> Weights:
    if variant.architecture != PUBLISHED:
        raise UsageError(
            f"ImageNet weights are fetched for {PUBLISHED} alone, not for {variant.architecture}: "
            "give the file that keras.applications publishes, with --weights FILE."
        )
    from mbench.models.weights.imagenet_weights import fetch_imagenet, file_name

    in_use.hold(folder, file_name(variant.size))
    return fetch_imagenet(variant.size, variant.head, folder, progress=progress)
