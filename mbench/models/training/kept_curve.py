"""The learning curve that sessions keep of a training: its epochs in columns, a bounded number of them.

No value is an average of several epochs: where a training had more than are kept, the others are left out.
"""

from typing import Final

from mbench.core.numbers.limits import LARGEST
from mbench.core.workloads import MOST_EPOCHS, LearningCurve
from mbench.models.training.records import TrainingRecord

DIGITS: Final = 5
"""Significant ones of each value: as many as shares of a validation split of 10 000 examples have."""


def curve_of(record: TrainingRecord) -> LearningCurve:
    """Return how a training went; its record has all epochs with all digits."""
    places = _places(len(record.epochs), record.epochs.index(record.kept))
    kept = [record.epochs[place] for place in places]
    return LearningCurve(
        epochs=tuple(epoch.epoch for epoch in kept),
        loss=tuple(_short(epoch.loss) for epoch in kept),
        accuracy=tuple(_short(epoch.accuracy) for epoch in kept),
        held_out_loss=tuple(_short(epoch.held_out_loss) for epoch in kept),
        held_out_accuracy=tuple(_short(epoch.held_out_accuracy) for epoch in kept),
    )


def _places(count: int, kept: int) -> list[int]:
    """Return which of so many epochs are kept, counted from 0: all, or evenly many with the first and the last.

    Args:
        count: of all epochs.
        kept: place of the one whose weights were kept, which is always among them.
    """
    if count <= MOST_EPOCHS:
        return [*range(count)]
    steps = MOST_EPOCHS - 2  # between one place fewer than there are: one is that of the kept epoch
    return sorted({*(round(step * (count - 1) / steps) for step in range(steps + 1)), kept})


def _short(value: float | None) -> float | None:
    """Return a value with few digits; None where it is not known, or larger than any that documents hold."""
    return None if value is None or abs(value) > LARGEST else float(f"{value:.{DIGITS}g}")
