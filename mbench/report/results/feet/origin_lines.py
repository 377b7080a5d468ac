"""Lines under a table that say what its files were built from: weights with their training, and calibration."""

from collections.abc import Callable, Iterator, Sequence

from mbench.core.builds.recipes import CalibrationKind, WeightsKind
from mbench.core.results import JobResult
from mbench.core.workloads import ArtifactFacts, CalibrationFacts, TrainingFacts, WeightsFacts
from mbench.report.render.number_format import SHORT_SHA, count_of


def origin_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield what files were built from, one line for files of which the same is true; nothing of users' own files."""
    artifacts = tuple(dict.fromkeys(result.workload.artifact for result in results))
    yield from _lines("Weights", artifacts, lambda one: weights_text(one.weights))
    yield from _lines("Calibration", artifacts, lambda one: calibration_text(one.calibration))


def _lines(
    what: str, artifacts: Sequence[ArtifactFacts], describe: Callable[[ArtifactFacts], str | None]
) -> Iterator[str]:
    alike: dict[str, list[str]] = {}
    for artifact in artifacts:
        if text := describe(artifact):
            alike.setdefault(text, []).append(artifact.name)
    for text, names in alike.items():
        whose = "" if len(names) == len(artifacts) else f", {', '.join(names)}"
        yield f"{what}{whose}: {text}."


def weights_text(weights: WeightsFacts | None) -> str | None:
    """Return what weights are; None of untrained ones, of which more is said elsewhere, and of users' own files."""
    if weights is None or weights.kind is WeightsKind.SEEDED:
        return None
    if weights.training is not None:
        return training_text(weights.training)
    sha256 = f"sha256 {(weights.sha256 or '')[:SHORT_SHA]}"
    if weights.kind is WeightsKind.IMAGENET:
        return f"Keras' published ones for ImageNet, {sha256}"
    return f"file {weights.source}, {sha256}"


def training_text(training: TrainingFacts) -> str:
    """Return which training gave weights, and that there are others."""
    parts = [f"training {training.digest[:SHORT_SHA]} of {training.network} on {training.dataset}"]
    parts.append(f"epoch {training.kept_epoch} of {training.epochs}")
    if training.held_out_accuracy is not None and training.held_out:
        parts.append(f"{training.held_out_accuracy:.1%} of {count_of(training.held_out, 'validation example')}")
    if training.qat_bits is not None:
        parts.append(f"quantization-aware ({training.qat_bits}-bit 1×1 weights)")
    if training.teacher is not None:
        parts.append(f"teacher {training.teacher}")
    if training.others:
        others = count_of(training.others, "other training")
        parts.append(f"beside {others} of this network (--weights {training.digest[:SHORT_SHA]} fixes it)")
    return ", ".join(parts)


def calibration_text(calibration: CalibrationFacts | None) -> str | None:
    """Return what ranges were read off; None where nothing was calibrated."""
    if calibration is None:
        return None
    match calibration.kind:
        case CalibrationKind.NONE:
            return None
        case CalibrationKind.SYNTHETIC:
            read = f"{count_of(calibration.examples, 'synthetic example')} (seed {calibration.seed})"
        case CalibrationKind.FOLDER:
            read = f"{count_of(calibration.examples, 'picture')} of folder {calibration.source}"
        case CalibrationKind.EXAMPLES:
            place = "the data set's train split" if calibration.source is None else calibration.source
            read = f"{count_of(calibration.examples, 'example')} of {place}"
    asked = "" if calibration.examples == calibration.asked else f" ({calibration.asked} asked for)"
    sha256 = "" if calibration.sha256 is None else f", sha256 {calibration.sha256[:SHORT_SHA]}"
    return f"{read}{asked}{sha256}, {calibration.method}"
