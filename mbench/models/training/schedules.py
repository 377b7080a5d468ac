"""Learning rates: one per step, known before the first."""

import numpy as np
import numpy.typing as npt

from mbench.core.choices import Schedule
from mbench.models.training.recipe import TrainingRecipe


def learning_rates(recipe: TrainingRecipe, epoch: int) -> npt.NDArray[np.float32]:
    """Return the rate of each step of an epoch, counted from 0.

    Exponential decay goes by stairs, as slim's does (tensorflow/models `research/slim/train_image_classifier.py`,
    `_configure_learning_rate`); cosine ends at zero, one step behind the last (arXiv 1608.03983, equation 5).
    """
    steps = recipe.steps_per_epoch
    step = epoch * steps + np.arange(steps, dtype=np.float64)
    rate = recipe.optimizer.learning_rate
    if recipe.decay.schedule is Schedule.COSINE:
        rates = rate * 0.5 * (1.0 + np.cos(np.pi * step / (recipe.epochs * steps)))
    else:
        factor, epochs = recipe.decay.factor or 1.0, recipe.decay.epochs or 1.0
        rates = rate * factor ** np.floor(step / (epochs * steps))
    return np.asarray(rates, dtype=np.float32)
