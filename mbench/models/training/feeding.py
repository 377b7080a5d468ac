"""Feeds steps and evaluations with pictures: from memory where all of them fit, else from decoding processes."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from mbench.models.training.distortions import Draws
from mbench.models.training.examples import Pictures, Taught, TrainingExamples, Truths
from mbench.models.training.loading import BatchLoader
from mbench.models.training.steps import Stepper, signature

EVALUATION_BATCH: Final = 256
FIRST_CHUNK: Final = 4
CHUNK_S: Final = 0.5
"""Steps of about so long go into one call, so that progress is reported and an interruption heard in time."""

Order = npt.NDArray[np.int64]
LossesAndHits = npt.NDArray[np.float32]
Advanced = Callable[[int], None]
"""Gets the number of further examples that steps were taken on."""


class Feed(Protocol):
    """Where pictures come from."""

    def train(
        self, order: Order, rates: npt.NDArray[np.float32], draws: Draws, advanced: Advanced
    ) -> Iterator[LossesAndHits]:
        """Take the steps of an epoch; yield (k, 2) losses and shares of hits of the next k of them."""

    def evaluate(self, indexes: Order) -> tuple[float, float]:
        """Return mean loss and share of right answers."""

    def close(self) -> None:
        """Let go of processes."""


class MemoryFeed:
    """Prepared pictures in memory; a graph takes many steps at a time."""

    def __init__(self, stepper: Stepper, pictures: Pictures, truths: Truths, taught: Taught) -> None:
        self._pictures, self._truths = pictures, truths
        self._steps = stepper.over_memory(pictures, truths, taught)
        self._evaluate = stepper.evaluation()
        self._chunk = FIRST_CHUNK
        self._traced = False

    def train(
        self, order: Order, rates: npt.NDArray[np.float32], draws: Draws, advanced: Advanced
    ) -> Iterator[LossesAndHits]:
        """Take the steps of an epoch."""
        import tensorflow as tf

        start = 0
        while start < len(order):
            part = slice(start, start + self._chunk)
            began = time.perf_counter()
            losses_and_hits = self._steps(
                tf.constant(order[part].astype(np.int32)), tf.constant(rates[part]), *signature(draws.part(part))
            ).numpy()
            self._adapt(len(losses_and_hits), time.perf_counter() - began)
            start += len(losses_and_hits)
            advanced(len(losses_and_hits) * order.shape[1])
            yield losses_and_hits

    def evaluate(self, indexes: Order) -> tuple[float, float]:
        """Evaluate examples in batches."""
        parts = [indexes[start : start + EVALUATION_BATCH] for start in range(0, len(indexes), EVALUATION_BATCH)]
        return mean_of(self._evaluate(self._pictures[part], self._truths[part]).numpy() for part in parts)

    def close(self) -> None:
        """Nothing is to be let go of."""

    def _adapt(self, steps: int, seconds: float) -> None:
        """Choose the next chunk by the last one's speed; the first traced the graph and says nothing."""
        if self._traced:
            self._chunk = max(1, round(steps * CHUNK_S / max(seconds, 1e-6)))
        self._traced = True


class DecodingFeed:
    """Batches from processes that decode; each step is a call."""

    def __init__(self, stepper: Stepper, examples: TrainingExamples, truths: Truths, *, workers: int) -> None:
        self._truths, self._taught = truths, examples.teachings()
        self._crops = stepper.recipe.augmentation.crops
        self._loader = BatchLoader(examples, resolution=stepper.recipe.size.resolution, workers=workers)
        self._step = stepper.over_batches()
        self._evaluate = stepper.evaluation()

    def train(
        self, order: Order, rates: npt.NDArray[np.float32], draws: Draws, advanced: Advanced
    ) -> Iterator[LossesAndHits]:
        """Take the steps of an epoch."""
        import tensorflow as tf

        batches = self._loader.batches(list(order), list(draws.boxes) if self._crops else None)
        for step, pictures in enumerate(batches):
            losses_and_hits = self._step(
                tf.constant(pictures),
                tf.constant(self._truths[order[step]]),
                tf.constant(self._taught[order[step]]),
                tf.constant(rates[step]),
                *(part[0] for part in signature(draws.part(slice(step, step + 1)))),
            ).numpy()
            advanced(len(pictures))
            yield losses_and_hits[None]

    def evaluate(self, indexes: Order) -> tuple[float, float]:
        """Evaluate examples in batches."""
        parts = [indexes[start : start + EVALUATION_BATCH] for start in range(0, len(indexes), EVALUATION_BATCH)]
        batches = self._loader.batches(parts, None)
        return mean_of(
            self._evaluate(pictures, self._truths[part]).numpy() for part, pictures in zip(parts, batches, strict=True)
        )

    def close(self) -> None:
        """End the decoding processes."""
        self._loader.close()


def mean_of(judged: Iterator[Any]) -> tuple[float, float]:
    """Return the means of (2, n) arrays of losses and hits over all examples."""
    loss, hits = np.concatenate(list(judged), axis=1).astype(np.float64).mean(axis=1)
    return float(loss), float(hits)
