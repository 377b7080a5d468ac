"""Results of networks that mbench trained, for tests of pages: their curves, without one, and of the user's weights."""

import sample_results as sample

from mbench.core.builds.recipes import WeightsKind
from mbench.core.results import JobResult
from mbench.core.workloads import LearningCurve, TrainingFacts, WeightsFacts

CURVE = LearningCurve(
    epochs=(1, 2, 3, 4),
    loss=(2.3026, 0.8125, 0.25, 0.125),
    accuracy=(0.125, 0.5, 0.875, 0.96875),
    held_out_loss=(2.5, 1.0, 0.5, 0.625),
    held_out_accuracy=(0.1, 0.45, 0.9021, 0.8881),
)


def training(digit: str = "1", **changes) -> TrainingFacts:
    fields = {
        "digest": digit * 64,
        "network": "mobilenet_v1_0.25_32_digits10",
        "dataset": "digits",
        "epochs": 4,
        "kept_epoch": 3,
        "held_out_accuracy": 0.90210526,
        "held_out": 143,
        "qat_bits": None,
        "teacher": None,
        "others": 0,
        "curve": CURVE,
    }
    return TrainingFacts(**(fields | changes))


def trained(name: str = "mobilenet_v1_0.25_32_digits10_int8", of: TrainingFacts | None = None, **changes) -> JobResult:
    """Return a job whose file has the weights of a training."""
    facts = training() if of is None else of
    weights = WeightsFacts(kind=WeightsKind.TRAINED, sha256=facts.digest, source="w.npz", training=facts)
    workload = sample.workload(name, weights=weights)
    return sample.result(name, [1000, 1010, 1020], **({"job": name, "workload": workload} | changes))


def of_own_weights() -> JobResult:
    """Return a job whose file has weights that somebody else trained."""
    weights = WeightsFacts(kind=WeightsKind.FILE, sha256="f" * 64, source="my.keras")
    return sample.result("mine", [1000, 1010, 1020], job="mine", workload=sample.workload("mine", weights=weights))


def session() -> list[JobResult]:
    """Return two files of one training, one of another, one whose document has no curve, and one of foreign weights."""
    return [
        trained(),
        trained("mobilenet_v1_0.25_32_digits10_fp32"),
        trained("mobilenet_v1_0.50_32_digits10_int8", training("2", network="mobilenet_v1_0.50_32_digits10")),
        trained("mobilenet_v1_1.00_32_digits10_int8", training("3", network="wide", curve=None)),
        of_own_weights(),
    ]
