"""Records of trainings: what came out, epoch by epoch, on which machine."""

from typing import Literal

from pydantic import AwareDatetime, Field

from mbench.core.workloads import Document
from mbench.models.training.recipe import TrainingRecipe


class Epoch(Document):
    """One epoch, counted from 1.

    Attributes:
        loss: mean over the epoch's steps, each taken before its step; cross entropy alone, without weight decay.
        accuracy: share of right answers, likewise, on distorted pictures and with dropout; None: not taken.
        held_out_loss: mean over the held-out examples after the epoch; None where none are held out.
        held_out_accuracy: likewise.
        learning_rate: of the epoch's first step.
        examples: that steps were taken on.
        seconds: that steps and evaluation took.
        step_seconds: that the steps took, without what tracing the graph took in the first epoch; None: not told apart.
    """

    epoch: int = Field(ge=1)
    loss: float
    accuracy: float | None = None
    held_out_loss: float | None = None
    held_out_accuracy: float | None = None
    learning_rate: float
    examples: int
    seconds: float
    step_seconds: float | None = None


class Machine(Document):
    """What computed: with it and the recipe, weights repeat to the bit.

    Attributes:
        processor: the CPU's name as the system tells it.
        cores: that the system has.
        threads: that tensorflow's operations used.
        accelerators: names of the GPUs that computed; empty where the CPU did.
        precision: `float32`, or `mixed_bfloat16`.
    """

    system: str
    processor: str
    cores: int
    threads: int
    accelerators: tuple[str, ...] = ()
    precision: str = "float32"


class TrainingRecord(Document):
    """One training that ended well.

    Format history:
        1   mbench 0.1: first format.

    Attributes:
        digest: of the recipe.
        mult_adds: of one inference of the network, without batch normalization; None where nobody counted them.
        weights_sha256: of the `.npz` file.
        kept_epoch: whose weights were kept: see the recipe's `keep`.
        evaluated: how many examples were held out.
        sessions: processes that it took; more than 1 after an interruption.
        seconds: of all sessions, starting tensorflow included.
    """

    format_version: Literal[1] = 1
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    recipe: TrainingRecipe
    mult_adds: int | None = None
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    epochs: tuple[Epoch, ...]
    kept_epoch: int
    evaluated: int
    machine: Machine
    sessions: int = 1
    seconds: float
    finished_at: AwareDatetime

    @property
    def kept(self) -> Epoch:
        """The epoch whose weights were kept."""
        return next(epoch for epoch in self.epochs if epoch.epoch == self.kept_epoch)
