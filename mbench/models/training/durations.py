"""How long a training will take, said before it starts: from earlier ones on this machine, else from a named one.

    seconds = start + trace + epochs × (steps × per_step + examples × mult_adds × per_mult_add)

The two rates were measured on one machine; here they are scaled by how much slower or faster this one was in the
trainings that it has on record. Only an estimate: the first epoch replaces it by what was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from mbench.models.training.recipe import TrainingRecipe
from mbench.models.training.records import Machine, TrainingRecord

REFERENCE: Final = "2 virtual cores of an AMD EPYC, 1 thread a training"
START_S: Final = 6.0
"""Loading tensorflow and tracing the graphs."""

PER_STEP_S: Final = 0.0076
PER_MULT_ADD_S: Final = 1.1e-10
"""From 1437 digits at 32 px in batches of 32: 0.42 s an epoch at α 0.25 (0.85 million multiply-adds), 2.05 s at α 1.0
(11.6 million).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A time and where it comes from."""

    seconds: float
    records: int

    @property
    def source(self) -> str:
        """Whose figures it is made of, for people."""
        if self.records:
            trainings = "1 earlier training" if self.records == 1 else f"{self.records} earlier trainings"
            return f"from {trainings} on this machine"
        return f"a guess from figures of another machine ({REFERENCE})"


def estimate(
    recipe: TrainingRecipe, mult_adds: int | None, machine: Machine, earlier: Sequence[TrainingRecord]
) -> Estimate:
    """Return how long a training will take here, from the first epoch on and without decoding.

    Args:
        recipe: of the training.
        mult_adds: of one inference.
        machine: this one.
        earlier: records of any machine; those of others are passed over.
    """
    alike = [record for record in earlier if _same(record.machine, machine) and _plain(record.recipe)]
    ratios = [ratio for record in alike if (ratio := _ratio(record)) is not None]
    factor = median(ratios) if ratios else 1.0
    epoch = _epoch_s(recipe, mult_adds) * factor
    return Estimate(seconds=START_S + recipe.epochs * epoch, records=len(ratios))


def _epoch_s(recipe: TrainingRecipe, mult_adds: int | None) -> float:
    steps = recipe.steps_per_epoch
    return steps * (PER_STEP_S + recipe.batch * (mult_adds or 0) * PER_MULT_ADD_S)


def _ratio(record: TrainingRecord) -> float | None:
    """Return how much longer its epochs took than on the machine of the rates; None where nobody knows."""
    measured = [epoch.step_seconds for epoch in record.epochs if epoch.step_seconds is not None]
    if not measured or record.mult_adds is None:
        return None
    return median(measured) / _epoch_s(record.recipe, record.mult_adds)


def _plain(recipe: TrainingRecipe) -> bool:
    """Whether one process took the steps of a float training: others have other rates."""
    return recipe.qat is None and recipe.distribution is None


def _same(one: Machine, other: Machine) -> bool:
    return (one.processor, one.cores, one.accelerators) == (other.processor, other.cores, other.accelerators)
