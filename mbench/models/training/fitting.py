"""One training from its recipe to its weights: epoch after epoch, each kept, each reported.

The loop is the same whatever steps are made of; `mbench.models.training.feeding` has those of one process.
"""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mbench.core.choices import Keep
from mbench.core.errors import TrainingFailed
from mbench.models.training.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from mbench.models.training.distortions import draw as draw_distortions
from mbench.models.training.distribution import Arrangement
from mbench.models.training.examples import (
    DROPOUT,
    TrainingExamples,
    Truths,
    check_fit,
    divide,
    epoch_order,
    generator,
)
from mbench.models.training.feeding import DecodingFeed, Feed, MemoryFeed
from mbench.models.training.network import Network, build_network
from mbench.models.training.recipe import TrainingRecipe
from mbench.models.training.records import Epoch, Machine
from mbench.models.training.rms_prop import RmsPropState, depthwise_kernels
from mbench.models.training.schedules import learning_rates
from mbench.models.training.steps import Stepper
from mbench.models.training.teaching import distillation_loss
from mbench.models.weights.weights import WeightValues


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """`examples` more of an epoch's examples are through; `rate` is how many a second."""

    epoch: int
    examples: int


Event = Advance | Epoch
Tell = Callable[[Event], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training gave.

    Attributes:
        values: the kept weights.
        epochs: all of them.
        kept_epoch: whose weights were kept.
        evaluated: examples held out.
        sessions: processes it took.
        seconds: that they took.
    """

    values: WeightValues
    epochs: tuple[Epoch, ...]
    kept_epoch: int
    evaluated: int
    sessions: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """One training, ready to begin or to go on.

    Attributes:
        recipe: what to do.
        examples: the TRAIN split at the recipe's resolution.
        start: weights that the recipe's `start` stands for; None draws them.
        folder: where its checkpoint lies.
        machine: what computes here, with as many threads as a checkpoint was begun with.
        decoders: processes that decode, where pictures do not fit into memory.
        arrangement: of a distributed training; None: this process trains alone.
    """

    recipe: TrainingRecipe
    examples: TrainingExamples
    start: WeightValues | None
    folder: Path
    machine: Machine
    decoders: int = 1
    arrangement: Arrangement | None = None

    def run(self, tell: Tell) -> Trained:
        """Train to the end, writing a checkpoint after each epoch.

        Args:
            tell: gets progress and each epoch, those of earlier sessions included.

        Raises:
            UsageError: the examples do not fit the network.
            UnreadableExample: one cannot be decoded.
            TrainingFailed: the loss is no number any more; nothing is kept.
        """
        began = time.perf_counter()
        truths = self.examples.truths()
        check_fit(self.recipe, truths)
        with nullcontext() if self.arrangement is None else self.arrangement.scope():
            network = build_network(self.recipe, self.start)
            optimizer = RmsPropState(self.recipe, network.trainable, depthwise_kernels(network.model))
        state = _State(self, network, optimizer, began)
        for epoch in state.epochs:
            tell(epoch)
        with closing(_feed(self, network, optimizer, truths)) as feed:
            while not state.over:
                tell(state.take(_epoch(self.recipe, feed, network, len(state.epochs), tell)))
        return state.trained()


def _feed(fit: Fit, network: Network, optimizer: RmsPropState, truths: Truths) -> Feed:
    pictures = fit.examples.pictures()
    stepper = Stepper(
        recipe=fit.recipe,
        network=network,
        optimizer=optimizer,
        cropping=pictures is not None,
        distil=distillation_loss(fit.recipe),
    )
    if fit.arrangement is not None:
        return fit.arrangement.feed(stepper, pictures, truths, fit.examples.teachings())
    if pictures is None:
        return DecodingFeed(stepper, fit.examples, truths, workers=fit.decoders)
    return MemoryFeed(stepper, pictures, truths, fit.examples.teachings())


def _epoch(recipe: TrainingRecipe, feed: Feed, network: Network, index: int, tell: Tell) -> Epoch:
    """Train and judge one epoch, counted from 0."""
    trained, held_out = divide(recipe)
    order, rates = epoch_order(recipe, trained, index), learning_rates(recipe, index)
    network.reseed(int(generator(recipe.seed, DROPOUT, index).integers(1 << 32)))
    began = time.perf_counter()
    taken: list[npt.NDArray[np.float32]] = []
    steps = feed.train(
        order,
        rates,
        draw_distortions(recipe, index),
        lambda examples: tell(Advance(epoch=index + 1, examples=examples)),
    )
    for losses_and_hits in steps:
        _check(recipe, losses_and_hits[:, 0], index, sum(map(len, taken)))
        taken.append(losses_and_hits)
    stepped = time.perf_counter()
    loss, hits = np.concatenate(taken).astype(np.float64).mean(axis=0)
    held_out_loss, held_out_accuracy = feed.evaluate(held_out) if len(held_out) else (None, None)
    if held_out_loss is not None and not math.isfinite(held_out_loss):
        raise _diverged(recipe, f"the held-out loss after epoch {index + 1} is {held_out_loss}")
    return Epoch(
        epoch=index + 1,
        loss=float(loss),
        accuracy=float(hits),
        held_out_loss=held_out_loss,
        held_out_accuracy=held_out_accuracy,
        learning_rate=float(rates[0]),
        examples=int(order.size),
        seconds=time.perf_counter() - began,
        step_seconds=stepped - began if index else None,
    )


def _check(recipe: TrainingRecipe, losses: npt.NDArray[np.float32], index: int, before: int) -> None:
    """Refuse losses that are no numbers; `before` steps of the epoch went well."""
    bad = np.flatnonzero(~np.isfinite(losses))
    if len(bad):
        step = before + int(bad[0]) + 1
        what = f"the loss is {losses[bad[0]]} in epoch {index + 1}, step {step} of {recipe.steps_per_epoch}"
        raise _diverged(recipe, what)


def _diverged(recipe: TrainingRecipe, what: str) -> TrainingFailed:
    rate = recipe.optimizer.learning_rate
    return TrainingFailed(
        f"training {recipe.network} on {recipe.dataset.name}: {what}; nothing was kept. "
        f"Try --learning-rate {rate / 4:.2g} (it was {rate:g})."
    )


class _State:
    """How far a training is: its epochs, the best weights, and the checkpoint that says so."""

    def __init__(self, fit: Fit, network: Network, optimizer: RmsPropState, began: float) -> None:
        self._fit, self._network, self._optimizer, self._began = fit, network, optimizer, began
        self.epochs: tuple[Epoch, ...] = ()
        self._best_epoch: int | None = None
        self._best: WeightValues = {}
        self._sessions, self._seconds = 1, 0.0
        found = read_checkpoint(fit.folder, fit.recipe.digest())
        if found is not None:
            self._go_on(found)

    @property
    def over(self) -> bool:
        """Whether all epochs are done, or patience is at its end."""
        done, patience = len(self.epochs), self._fit.recipe.patience
        losses = [epoch.held_out_loss for epoch in self.epochs if epoch.held_out_loss is not None]
        if patience is not None and losses and done - 1 - losses.index(min(losses)) >= patience:
            return True
        return done >= self._fit.recipe.epochs

    def take(self, epoch: Epoch) -> Epoch:
        """Count an epoch and keep a checkpoint."""
        self.epochs = (*self.epochs, epoch)
        values = self._network.values()
        if self._fit.recipe.keep is Keep.BEST and epoch.epoch == best_epoch(self.epochs):
            self._best_epoch, self._best = epoch.epoch, values
        write_checkpoint(
            self._fit.folder,
            Checkpoint(
                digest=self._fit.recipe.digest(),
                epochs=self.epochs,
                weights=values,
                slots=self._optimizer.values(),
                best_epoch=self._best_epoch,
                best=self._best,
                machine=self._fit.machine,
                sessions=self._sessions,
                seconds=self._elapsed(),
            ),
        )
        return epoch

    def trained(self) -> Trained:
        """Return what came out."""
        return Trained(
            values=self._best or self._network.values(),
            epochs=self.epochs,
            kept_epoch=self._best_epoch or len(self.epochs),
            evaluated=self._fit.recipe.held_out_examples,
            sessions=self._sessions,
            seconds=self._elapsed(),
        )

    def _go_on(self, found: Checkpoint) -> None:
        self._network.set_values(found.weights)
        self._optimizer.set_values(found.slots)
        self.epochs, self._best_epoch, self._best = found.epochs, found.best_epoch, found.best
        self._sessions, self._seconds = found.sessions + 1, found.seconds

    def _elapsed(self) -> float:
        return self._seconds + time.perf_counter() - self._began


def best_epoch(epochs: Sequence[Epoch]) -> int | None:
    """Return which epoch did best on the validation split, the last of equals; None: there is none."""
    scored = [
        (epoch.held_out_accuracy, -epoch.held_out_loss, epoch.epoch)
        for epoch in epochs
        if epoch.held_out_accuracy is not None and epoch.held_out_loss is not None
    ]
    return max(scored)[2] if scored else None
