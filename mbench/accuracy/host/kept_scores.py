"""Scores of this host that are kept, so that nothing is scored twice.

    FOLDER/<key>.json     a `KeptScore`: what was asked, the score, and its SHA-256

The key is a digest over all that the answers depend on. What has changed since it was written is scored again.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import PIL
from pydantic import ValidationError

from mbench.accuracy.host.prepared import GEOMETRY_VERSION
from mbench.core.choices import Layout
from mbench.core.examples import DatasetFacts
from mbench.core.scores import OwnMetric, Score
from mbench.core.workloads import Document
from mbench.files.whole import write_whole

_LOG = logging.getLogger(__name__)


DOUBTS_VERSION: Final = 3
"""Rises with each new doubt of a score, and what else scores say: what was kept without it is scored again."""


class ScoreRequest(Document):
    """All that a score on this host depends on.

    Attributes:
        second_sha256: of a detector in two files: the second of them; `artifact_sha256` is the first.
        asked: examples, as the user said; None: all, or the default of slow files.
        label_offset: as the user said; None: by the number of outputs.
        cells_sha256: of a geolocation: the file that tells where each class lies.
        labels_sha256: the user's list of what each output stands for.
        layout: as the user said; None: by the input's shape.
        output: as the user said; None: the only one, or all.
        own_metric: the user's function that judges; None: the data set's task says what counts.
        geometry_version: of decoding and resizing; `decoder` is Pillow's release, `runtime` LiteRT's.
        doubts_version: of what is looked for in answers.
    """

    artifact_sha256: str
    second_sha256: str | None = None
    dataset: DatasetFacts
    preprocessing: str
    geometry_version: int = GEOMETRY_VERSION
    doubts_version: int = DOUBTS_VERSION
    decoder: str = PIL.__version__
    label_offset: int | None
    cells_sha256: str | None = None
    labels_sha256: str | None = None
    layout: Layout | None = None
    output: str | None = None
    own_metric: OwnMetric | None = None
    asked: int | None
    seed: int
    delegate: str
    runtime: str

    def key(self) -> str:
        """Return the name of the file that such a score is kept in."""
        alone = {"second_sha256"} if self.second_sha256 is None else set()  # so that scores of before are still found
        asked = self.model_dump(mode="json", exclude=alone)
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


class KeptScore(Document):
    """A score on the disk.

    Format history:
        1   mbench 0.1: first format.

    Attributes:
        request: what was asked.
        notes: what a person should know of it, said whenever it is shown.
        sha256: of `score` as JSON, and of the notes where there are any.
    """

    format_version: Literal[1] = 1
    request: ScoreRequest
    score: Score
    notes: tuple[str, ...] = ()
    sha256: str


def read_score(folder: Path, request: ScoreRequest) -> KeptScore | None:
    """Return the score that was kept for a request; None where there is none, or it has changed."""
    path = folder / f"{request.key()}.json"
    try:
        kept = KeptScore.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        _LOG.warning("%s cannot be read (%s); the file is scored again", path, type(error).__name__)
        return None
    if kept.sha256 != _sha256(kept.score, kept.notes) or kept.score.artifact_sha256 != request.artifact_sha256:
        _LOG.warning("%s has changed since it was written; the file is scored again", path)
        return None
    return kept


def keep_score(folder: Path, request: ScoreRequest, score: Score, *, notes: Sequence[str] = ()) -> KeptScore:
    """Keep a score and return it as it is kept: whole or not at all.

    Where that fails nobody loses more than time, so a log line says it.
    """
    path = folder / f"{request.key()}.json"
    kept = KeptScore(request=request, score=score, notes=tuple(notes), sha256=_sha256(score, notes))
    try:
        write_whole(path, kept.model_dump_json(indent=1).encode(), fsync=False)
    except OSError as error:
        _LOG.warning("a score could not be kept in %s: %s; it will be taken again", folder, error.strerror or error)
    return kept


def _sha256(score: Score, notes: Sequence[str]) -> str:
    whole = hashlib.sha256(score.model_dump_json().encode())
    for note in notes:
        whole.update(b"\n" + note.encode())
    return whole.hexdigest()
