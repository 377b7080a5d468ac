"""The library of trainings: weights by their own hash, records by their recipe's digest, one trainer of a recipe.

HOME/weights/<sha256>.npz                 trained weights
HOME/trainings/<digest>/record.json       what came out; with it the training is never repeated
HOME/trainings/<digest>/checkpoint.npz    while it is not over
HOME/trainings/<digest>/curves.svg        and .html: learning curves
HOME/trainings/<digest>/lock              held by who trains
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mbench.core.builds.recipes import Weights, WeightsKind
from mbench.files.disk import disk_errors
from mbench.files.locks import locked
from mbench.files.whole import write_whole
from mbench.models.training.checkpoints import FILE_NAME as CHECKPOINT
from mbench.models.training.checkpoints import remove_checkpoint
from mbench.models.training.fitting import Trained
from mbench.models.training.recipe import TrainingRecipe
from mbench.models.training.records import Machine, TrainingRecord
from mbench.models.training.weight_files import GO_ON, keep_weights

_LOG = logging.getLogger(__name__)

RECORD: Final = "record.json"


class TrainingLibrary:
    """What was trained on this machine; safe for several processes."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @property
    def weights_folder(self) -> Path:
        """Where weights lie."""
        return self._home / "weights"

    def folder(self, digest: str) -> Path:
        """Return where the training of a recipe is kept."""
        return self._home / "trainings" / digest

    def begun(self, digest: str) -> bool:
        """Whether a checkpoint is there to go on from."""
        return (self.folder(digest) / CHECKPOINT).exists()

    def find(self, digest: str) -> TrainingRecord | None:
        """Return the record of a recipe whose weights are there and whole; None: it is to be trained."""
        record = _read(self.folder(digest) / RECORD)
        if record is None or record.digest != digest:
            return None
        try:
            data = self.weights_path(record).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != record.weights_sha256:
            _LOG.warning("weights %s have changed; they are trained again", self.weights_path(record))
            return None
        return record

    def records(self) -> tuple[TrainingRecord, ...]:
        """Return all records, the latest first; their weights are not looked at."""
        folder = self._home / "trainings"
        paths = sorted(folder.glob(f"*/{RECORD}")) if folder.is_dir() else []
        found = [record for path in paths if (record := _read(path)) is not None]
        return tuple(sorted(found, key=lambda record: record.finished_at, reverse=True))

    def trained(self, weights_sha256: str) -> TrainingRecord | None:
        """Return the latest training that gave these weights; None: none on record did."""
        return next((record for record in self.records() if record.weights_sha256 == weights_sha256), None)

    def best(self, suits: Callable[[TrainingRecipe], bool]) -> TrainingRecord | None:
        """Return the training with a suitable recipe that did best on what was held out, its weights being whole.

        The latest of equals, and of those that held nothing out; None: there is none.
        """
        suitable = [record for record in self.records() if suits(record.recipe)]
        suitable.sort(key=lambda record: -(record.kept.held_out_accuracy or 0.0))
        return next((record for record in suitable if self.find(record.digest) is not None), None)

    def weights_path(self, record: TrainingRecord) -> Path:
        """Return where a record's weights lie."""
        return self.weights_folder / f"{record.weights_sha256}.npz"

    def weights(self, record: TrainingRecord) -> Weights:
        """Return the identity of a record's weights, with their path."""
        return Weights(kind=WeightsKind.TRAINED, sha256=record.weights_sha256, source=str(self.weights_path(record)))

    @contextmanager
    def training(self, digest: str, waiting: Callable[[], None] = lambda: None) -> Iterator[Path]:
        """Hold the right to train a recipe and give its folder; who comes second waits, then looks whether it is done.

        The system frees the lock when its holder dies.

        Args:
            digest: of the recipe.
            waiting: called once where somebody else trains it now.

        Raises:
            DiskError: the folder cannot be written.
        """
        folder = self.folder(digest)
        with locked(folder / "lock", wait_s=None, waiting=waiting):
            yield folder

    def keep(
        self, recipe: TrainingRecipe, trained: Trained, machine: Machine, *, mult_adds: int | None, now: datetime
    ) -> TrainingRecord:
        """Write weights and record, and remove the checkpoint.

        Raises:
            DiskError: the disk did not take them.
        """
        weights = keep_weights(trained.values, self.weights_folder)
        record = TrainingRecord(
            digest=recipe.digest(),
            recipe=recipe,
            mult_adds=mult_adds,
            weights_sha256=weights.sha256 or "",
            epochs=trained.epochs,
            kept_epoch=trained.kept_epoch,
            evaluated=trained.evaluated,
            machine=machine,
            sessions=trained.sessions,
            seconds=trained.seconds,
            finished_at=now,
        )
        folder = self.folder(record.digest)
        with disk_errors("write", folder / RECORD, otherwise=GO_ON):
            write_whole(folder / RECORD, record.model_dump_json(indent=1).encode() + b"\n", fsync=True)
        remove_checkpoint(folder)
        return record


def _read(path: Path) -> TrainingRecord | None:
    try:
        return TrainingRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        _LOG.warning("record %s cannot be read (%s); it counts as not there", path, type(error).__name__)
        return None
