"""Scores of files that somebody else made, on the digits unless another data set is asked for."""

import hashlib
from pathlib import Path

from mbench.artifacts.inspection import inspect_file
from mbench.core.ports import SilentProgress
from mbench.core.reasons import Unscored
from mbench.core.scores import EvaluationSpec, Score
from mbench.workflows.score.on_host import score_files
from mbench.workflows.score.open_evaluation_spec import open_spec


def scored(data: bytes, folder: Path, **spec: object) -> Score | Unscored:
    """Return what becomes of one file, asked as the fields of a spec say."""
    path = folder / f"{hashlib.sha256(data).hexdigest()[:8]}.tflite"
    path.write_bytes(data)
    asked = EvaluationSpec.model_validate({"dataset": "digits"} | spec)
    (score,) = score_files(
        [(inspect_file(path).facts(), path)],
        open_spec(asked, cache=folder),
        asked.delegate,
        cache=folder,
        workers=1,
        progress=SilentProgress(),
    )
    return score


def top1(score: Score | Unscored) -> float:
    """Return the share of right first answers."""
    assert isinstance(score, Score), score
    metric = score.metric("top1")
    assert metric is not None
    return metric.value
