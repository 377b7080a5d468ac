"""How long a training will take, said before it starts: from earlier ones on this machine, else from a named one.

    seconds = start + trace + epochs × (steps × per_step + examples × mult_adds × per_mult_add)

The two rates were measured on one machine; here they are scaled by how much slower or faster this one was in the
trainings of the same kind that it has on record: those of a distribution, or with rounding in the graph, have rates of
their own, and what starts them takes its own time. Only an estimate: the first epoch replaces it by what was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from mbench.core.choices import Distribution
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
    """A time and where it comes from.

    Attributes:
        records: trainings of this kind, on this machine, that it is made of.
        other_kind: what nobody has done here yet, and is guessed from trainings of one process; None: nothing.
    """

    seconds: float
    records: int
    other_kind: str | None = None

    @property
    def source(self) -> str:
        """Whose figures it is made of, for people."""
        if self.records:
            trainings = "1 earlier training" if self.records == 1 else f"{self.records} earlier trainings"
            return f"from {trainings} on this machine"
        if self.other_kind:
            return f"a guess from figures of one process, which are not those of {self.other_kind}"
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
    here = [record for record in earlier if _same(record.machine, machine) and _ratio(record) is not None]
    alike = [record for record in here if _kind(record.recipe) == _kind(recipe)]
    taken = alike or [record for record in here if _kind(record.recipe) == PLAIN]
    ratios = [ratio for record in taken if (ratio := _ratio(record)) is not None]
    epoch = _epoch_s(recipe, mult_adds) * (median(ratios) if ratios else 1.0)
    special = None if _kind(recipe) == PLAIN else recipe.distribution or "quantization-aware training"
    start = median(map(_start_s, alike)) if special and alike else START_S
    seconds = start + recipe.epochs * epoch
    return Estimate(seconds=seconds, records=len(alike), other_kind=None if alike else special)


def _epoch_s(recipe: TrainingRecipe, mult_adds: int | None) -> float:
    steps = recipe.steps_per_epoch
    return steps * (PER_STEP_S + recipe.batch * (mult_adds or 0) * PER_MULT_ADD_S)


def _ratio(record: TrainingRecord) -> float | None:
    """Return how much longer its epochs took than on the machine of the rates; None where nobody knows."""
    measured = [epoch.step_seconds for epoch in record.epochs if epoch.step_seconds is not None]
    if not measured or record.mult_adds is None:
        return None
    return median(measured) / _epoch_s(record.recipe, record.mult_adds)


def _start_s(record: TrainingRecord) -> float:
    """Return what a training took besides its epochs, in each of its sessions."""
    return max(0.0, record.seconds - sum(epoch.seconds for epoch in record.epochs)) / record.sessions


Kind = tuple[bool, Distribution | None, int | None]

PLAIN: Final[Kind] = (False, None, None)
"""One process takes the steps of a float training."""


def _kind(recipe: TrainingRecipe) -> Kind:
    """Return what decides about the rates of steps: rounding in the graph, the distribution, its workers."""
    return recipe.qat is not None, recipe.distribution, recipe.workers


def _same(one: Machine, other: Machine) -> bool:
    return (one.processor, one.cores, one.accelerators) == (other.processor, other.cores, other.accelerators)
