"""Training recipes: everything that decides which weights a training gives, as one frozen value with a digest.

    sha256(recipe) names a training; sha256(weights file) names what came out of it

Equal recipes on one kind of machine with the same threads give the same weights, bit for bit. Across kinds of CPU the
sums of a convolution are taken in another order, so only the record's weights hash is the identity of the weights.
"""

import hashlib
import json
from typing import Final

from pydantic import Field

from mbench.core.builds.recipes import Weights
from mbench.core.builds.variants import IMAGENET_HEAD, Head, Size, format_alpha
from mbench.core.choices import Distribution, Keep, Schedule, Strength
from mbench.core.examples import DatasetFacts
from mbench.core.workloads import Document

LEAST_BATCH: Final = 2
"""Batch normalization of a single 1×1 map has no variance."""


class RmsProp(Document):
    """The optimizer of the paper (section 3.2; Tieleman and Hinton 2012) as TensorFlow computes it.

        ms  = rho × ms + (1 - rho) × gradient²          ms begins at 1
        mom = momentum × mom + rate × gradient / √(ms + epsilon)
        weight = weight - mom

    Source: tensorflow `core/kernels/training_ops.cc`, `ApplyRMSProp`; `python/training/rmsprop.py` begins `ms` at 1,
    which makes the first steps small. Keras' RMSprop begins it at 0.
    """

    learning_rate: float = Field(gt=0)
    rho: float = Field(default=0.9, ge=0, lt=1)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    epsilon: float = Field(default=1e-3, gt=0)


class Decay(Document):
    """How the learning rate falls: `cosine` to zero over all steps, or `exponential`, by `factor` every `epochs`."""

    schedule: Schedule = Schedule.COSINE
    factor: float | None = Field(default=None, gt=0, le=1)
    epochs: float | None = Field(default=None, gt=0)


class Augmentation(Document):
    """Distortions of training pictures, drawn anew for every example and epoch.

    Attributes:
        strength: the name that these numbers were chosen by.
        least_area: smallest share of the picture that a random crop keeps; 1 crops nothing.
        widest_aspect: a crop is at most so many times wider or higher than the picture is.
        flip: whether half of them are mirrored; never where mirroring changes what is seen (digits, text).
        brightness: largest change, as a share of the full range.
        contrast: largest relative change.
        saturation: largest relative change.
    """

    strength: Strength = Strength.NONE
    least_area: float = Field(default=1.0, gt=0, le=1)
    widest_aspect: float = Field(default=1.0, ge=1)
    flip: bool = False
    brightness: float = Field(default=0.0, ge=0, le=1)
    contrast: float = Field(default=0.0, ge=0, lt=1)
    saturation: float = Field(default=0.0, ge=0, lt=1)

    @property
    def crops(self) -> bool:
        """Whether it crops at all."""
        return self.least_area < 1 or self.widest_aspect > 1


class Lesson(Document):
    """A distillation: who teaches, and how its outputs are followed.

    Attributes:
        kind: `softmax` or `sigmoid`: what the outputs are.
        temperature: of a softmax.
        form: `weights`, `keras` or `stored`.
        sha256: of the file that teaches.
        network: of weights: what they are for.
    """

    kind: str
    temperature: float = Field(default=1.0, gt=0)
    form: str
    sha256: str
    network: str | None = None


class QatPlan(Document):
    """Quantization-aware training: the fields of `mbench.models.training.qat.qat.QatSettings`."""

    epochs: int
    batch: int
    learning_rate: float
    pointwise_bits: int
    seed: int


class TrainingRecipe(Document):
    """What is trained, on what, and how.

    Attributes:
        preset: the name that the defaults were taken by, for people.
        dataset: the TRAIN split, by content.
        preprocessing: the recipe, by name, that made pictures of `size.resolution` pixels.
        held_out: share of the split that no step sees, drawn by `seed`; its accuracy is reported after each epoch.
        batch: examples of one step, over all replicas of a synchronous distribution.
        weight_decay: of convolutions and classifier: λ × weight is added to the gradient, as L2 in the loss does.
        depthwise_weight_decay: the same for depthwise filters; "very little or no" says the paper, section 3.2.
        label_smoothing: share of the truth given to all classes alike; the paper uses none.
        bn_momentum: of the moving statistics. Keras' 0.99 wants thousands of steps.
        dropout: share of pooled features dropped.
        patience: training ends after so many epochs without a better validation loss; None: after all.
        keep: whose weights are kept: the last epoch's, or the best one's: most validation examples answered rightly, of
            equals the one with the lowest held-out loss.
        start: weights to begin with; None: drawn by `seed`.
        teacher: whose outputs take the place of the truth; None: nobody's.
        qat: where `start` is trained on with the rounding of int8 in its graph; then the
            fields above, but for the network, the data set and `held_out`, do not count.
        workers: processes that take gradients; None without a distribution.
        toolchain: sorted (distribution, version) pairs of what computes.
    """

    architecture: str
    size: Size
    head: Head = IMAGENET_HEAD
    preset: str
    dataset: DatasetFacts
    preprocessing: str
    held_out: float = Field(default=0.1, ge=0, lt=1)
    epochs: int = Field(ge=1)
    batch: int = Field(ge=LEAST_BATCH)
    optimizer: RmsProp
    decay: Decay = Decay()
    augmentation: Augmentation = Augmentation()
    weight_decay: float = Field(default=0.0, ge=0)
    depthwise_weight_decay: float = Field(default=0.0, ge=0)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    bn_momentum: float = Field(default=0.9, gt=0, lt=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    patience: int | None = Field(default=None, ge=1)
    keep: Keep = Keep.LAST
    seed: int = Field(default=0, ge=0)
    start: Weights | None = None
    teacher: Lesson | None = None
    qat: QatPlan | None = None
    distribution: Distribution | None = None
    workers: int | None = Field(default=None, ge=1)
    toolchain: tuple[tuple[str, str], ...] = ()

    @property
    def network(self) -> str:
        """Name of what is trained, such as `mobilenet_v1_0.25_32_digits10`."""
        head = "" if self.head == IMAGENET_HEAD else f"_{self.head.name}{self.head.classes}"
        return f"{self.architecture}_{format_alpha(self.size.alpha)}_{self.size.resolution}{head}"

    @property
    def held_out_examples(self) -> int:
        """How many examples no step sees: none where `held_out` is 0, else at least one."""
        return 0 if self.held_out == 0 else max(1, int(self.dataset.examples * self.held_out))

    @property
    def trained_examples(self) -> int:
        """How many examples steps are taken on."""
        return self.dataset.examples - self.held_out_examples

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches of an epoch; what is left over is another few examples each time."""
        return max(1, self.trained_examples // self.batch)

    @property
    def steps_examples(self) -> int:
        """How many examples all epochs' steps are taken on, at most."""
        one = self.trained_examples if self.qat is not None else self.steps_per_epoch * self.batch
        return self.epochs * one

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the recipe, without what is only for people."""
        fields = self.model_dump(mode="json", exclude={"preset": True, "start": {"source"}})
        if self.keep is Keep.LAST:  # as all recipes were before there was a choice
            del fields["keep"]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
