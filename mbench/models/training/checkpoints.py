"""Checkpoints: all that a training needs to go on exactly where its last whole epoch ended, in one file."""

import io
import json
import logging
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from mbench.core.workloads import Document
from mbench.files.whole import write_whole
from mbench.models.training.records import Epoch, Machine
from mbench.models.weights.weights import WeightValues

_LOG = logging.getLogger(__name__)

FILE_NAME: Final = "checkpoint.npz"
_STATE, _WEIGHTS, _SLOTS, _BEST = "state", "weights/", "slots/", "best/"


class _State(Document):
    digest: str
    epochs: tuple[Epoch, ...]
    best_epoch: int | None
    machine: Machine
    sessions: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A training after a whole epoch.

    Attributes:
        digest: of its recipe.
        epochs: those that are over.
        weights: after the last of them.
        slots: the optimizer's.
        best_epoch: the best one so far, of a training that keeps it; None of others.
        best: its weights; empty without.
        machine: what computed so far; going on with other threads would not repeat.
        sessions: processes that it took so far.
        seconds: that they took.
    """

    digest: str
    epochs: tuple[Epoch, ...]
    weights: WeightValues
    slots: Mapping[str, Any]
    best_epoch: int | None
    best: WeightValues
    machine: Machine
    sessions: int
    seconds: float


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write the checkpoint in place of an older one; whoever is interrupted leaves the older one."""
    state = _State(
        digest=checkpoint.digest,
        epochs=checkpoint.epochs,
        best_epoch=checkpoint.best_epoch,
        machine=checkpoint.machine,
        sessions=checkpoint.sessions,
        seconds=checkpoint.seconds,
    )
    arrays: dict[str, Any] = {_STATE: np.frombuffer(state.model_dump_json().encode(), np.uint8)}
    for prefix, values in ((_WEIGHTS, checkpoint.weights), (_SLOTS, checkpoint.slots), (_BEST, checkpoint.best)):
        arrays |= {prefix + name: value for name, value in values.items()}
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    write_whole(folder / FILE_NAME, stream.getvalue(), fsync=True)


def read_checkpoint(folder: Path, digest: str) -> Checkpoint | None:
    """Return a recipe's checkpoint; None where there is none, or it is damaged or another recipe's."""
    path = folder / FILE_NAME
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}  # reads, and so checks, every byte
        state = _State.model_validate(json.loads(arrays[_STATE].tobytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, ValidationError) as error:
        _LOG.warning("checkpoint %s cannot be read (%s); the training begins again", path, type(error).__name__)
        return None
    if state.digest != digest:
        return None
    return Checkpoint(
        digest=digest,
        epochs=state.epochs,
        weights=_under(arrays, _WEIGHTS),
        slots=_under(arrays, _SLOTS),
        best_epoch=state.best_epoch,
        best=_under(arrays, _BEST),
        machine=state.machine,
        sessions=state.sessions,
        seconds=state.seconds,
    )


def remove_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a training that has ended well."""
    (folder / FILE_NAME).unlink(missing_ok=True)


def _under(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
