"""Defaults of a recipe: two presets, and how epochs and distortions follow from the size of the data set.

`paper` is what the paper says of its ImageNet training (section 3.2) with the numbers of Inception V3, to which it
refers ("RMSprop with asynchronous gradient descent similar to Inception V3": arXiv 1512.00567, section 8): rate 0.045,
decay 0.9, ε 1.0, exponential decay of the rate by 0.94 every two epochs, batches of 32, 100 epochs. What neither text
prints is slim's (tensorflow/models `research/slim/nets/mobilenet_v1.py` and `train_image_classifier.py`): momentum 0.9,
weight decay 0.00004 without depthwise filters, batch-norm momentum 0.9997, dropout 0.001. Inception V3's clipped
gradients and running average of weights, of which the paper says nothing, are left out. One process follows the preset
with one batch of 32 a step; the paper's 50 replicas are `--distribute parameter-server`. Nobody here trained ImageNet.

`small` is for sets on which the paper's schedule would not have begun: a cosine from 0.002, ε 0.001, batches of 32.
Measured on digits at 32 px (1294 trained on, 360 of the test split judged): α 0.25 over 4 seeds 96.9 % on average after
8 epochs and 97.6 % after 12, α 1.0 over 2 seeds 98.5 % after 12. Crops and colours (`light`) cost 1 point there.
"""

from typing import Any, Final

from mbench.core.choices import Preset, Schedule, Strength
from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean
from mbench.models.training.recipe import Augmentation, Decay, RmsProp

LARGE_SET: Final = 100_000
"""From so many examples on, the paper's preset is the default: its rate falls over 50 steps of two epochs each."""

_SMALL_EPOCHS: Final = ((3_000, 12), (30_000, 6))
"""(up to so many examples, epochs): digits has 1437, fashion's shipped part 6000."""

_MOST_SMALL_EPOCHS: Final = 10

FEW_EPOCHS: Final = 20
"""Trained for fewer, a network sees each picture too seldom to learn it by heart, and distortions only slow it."""

NARROW: Final = 0.5
"""Up to this α the paper's advice counts most: small networks have less trouble with overfitting (section 3.2)."""

STRENGTHS: Final = {
    Strength.NONE: Augmentation(),
    Strength.LIGHT: Augmentation(
        strength=Strength.LIGHT, least_area=0.6, widest_aspect=4 / 3, brightness=0.06, contrast=0.1, saturation=0.1
    ),
    Strength.FULL: Augmentation(
        strength=Strength.FULL, least_area=0.08, widest_aspect=4 / 3, brightness=0.125, contrast=0.5, saturation=0.5
    ),
}
"""`full` crops as GoogLeNet does (8 % to 100 % of the area, aspect 3/4 to 4/3: arXiv 1409.4842, section 6) and changes
colours as slim's `inception_preprocessing.py` does. `light` is the paper's "limiting the size of small crops" (section
3.2), which prints no number: 60 % and a fifth to a half of the colour changes are ours.
"""

UNMIRRORED: Final = frozenset({"digits", "mnist"})
"""Data sets whose classes differ in what is left and what is right."""


MOST_HELD_OUT: Final = 10_000
"""Enough to tell accuracies apart by 1 point; more would only be lost to training."""


def preset_for(name: str | None, examples: int) -> Preset:
    """Return the preset that was asked for, or the one that suits the number of examples.

    Raises:
        UsageError: unknown.
    """
    if name is None:
        return Preset.PAPER if examples >= LARGE_SET else Preset.SMALL
    if name not in set(Preset):
        raise UsageError(f"unknown preset {name!r}.{did_you_mean(name, list(Preset))}")
    return Preset(name)


def defaults(preset: Preset, *, examples: int) -> dict[str, Any]:
    """Return the fields of a `TrainingRecipe` that a preset decides.

    Args:
        preset: whose.
        examples: of the TRAIN split.
    """
    held_out = min(0.1, MOST_HELD_OUT / examples)
    if preset is Preset.PAPER:
        return {
            "held_out": held_out,
            "epochs": 100,
            "batch": 32,
            "optimizer": RmsProp(learning_rate=0.045, epsilon=1.0),
            "decay": Decay(schedule=Schedule.EXPONENTIAL, factor=0.94, epochs=2),
            "weight_decay": 0.00004,
            "bn_momentum": 0.9997,
            "dropout": 0.001,
        }
    return {
        "held_out": held_out,
        "epochs": small_epochs(examples),
        "batch": max(2, min(32, examples - max(1, int(examples * held_out)))),  # a handful of pictures is one batch
        "optimizer": RmsProp(learning_rate=0.002, epsilon=1e-3),
        "decay": Decay(),
        "weight_decay": 0.00004,
        "bn_momentum": 0.9,
        "dropout": 0.0,
    }


def decay_for(schedule: Schedule, epochs: int) -> Decay:
    """Return a schedule that was asked for by name; an exponential one over few epochs falls as far as the paper's.

    The paper's falls 50 times, to 0.94^50 = 4.5 %, over 100 epochs.
    """
    if schedule is Schedule.COSINE:
        return Decay()
    return Decay(schedule=schedule, factor=0.94, epochs=2 if epochs >= 100 else epochs / 50)


def small_epochs(examples: int) -> int:
    """Return how many epochs suit a data set that is no ImageNet."""
    return next((epochs for most, epochs in _SMALL_EPOCHS if examples <= most), _MOST_SMALL_EPOCHS)


def augmentation_for(strength: Strength | None, *, epochs: int, alpha: float, dataset: str) -> Augmentation:
    """Return the distortions that were asked for, or those that suit: less for few epochs and narrow networks.

    Args:
        strength: asked for by name; None chooses.
        epochs: of the training.
        alpha: width multiplier.
        dataset: its name; whether mirroring is allowed hangs on it.
    """
    if strength is None:
        longer = Strength.LIGHT if alpha <= NARROW else Strength.FULL
        strength = Strength.NONE if epochs < FEW_EPOCHS else longer
    flip = strength is not Strength.NONE and dataset not in UNMIRRORED
    return STRENGTHS[strength].model_copy(update={"flip": flip})
