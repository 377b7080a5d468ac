"""The score of one file on prepared pictures, from this host's answers; its evaluator says what they are worth."""

from importlib.metadata import version
from typing import Final

import numpy as np

from mbench.accuracy.host.evaluator import Evaluator
from mbench.accuracy.host.inference import OpenedFile, answer
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import Prepared
from mbench.accuracy.pictures.recipes import PreprocessingRecipe
from mbench.core.delegates import Delegate
from mbench.core.examples import Examples
from mbench.core.ports import Progress
from mbench.core.scores import NAMED_FAILURES, Score, pack_answers, pack_hits, pack_values

SLOW_EXAMPLES: Final = 500
"""Asked of a file of 16-bit integers unless the user names a number: 0.3 s each of MobileNet 1.0 at 224 pixels."""


def host_runtime() -> str:
    """Return the release of LiteRT that executes files here."""
    return version("ai-edge-litert")


def score_file(
    opened: OpenedFile,
    prepared: Prepared,
    examples: Examples,
    recipe: PreprocessingRecipe,
    evaluator: Evaluator,
    *,
    artifact_sha256: str,
    delegate: Delegate,
    pool: HostPool,
    progress: Progress,
) -> Score:
    """Return how well a file does what a data set asks.

    Args:
        opened: the file.
        prepared: pictures of `examples` by `recipe`, at the file's resolution.
        examples: that the pictures are of, for their names.
        recipe: how the file's pictures are made.
        evaluator: of this file's answers to these examples.
        artifact_sha256: of the file.
        delegate: what it was opened for.
        pool: the processes to ask it in.
        progress: gets news of pictures that are done; the stage is the caller's.

    Raises:
        UnsupportedModel: its answers show that it does not fit.
        ArtifactError: the runtime does not run it.
    """
    answered = answer(
        opened, prepared, recipe.scaling, keep=evaluator.keep, output=evaluator.output, pool=pool, progress=progress
    )
    evaluation = evaluator.weigh(answered.outputs, answered.answered, prepared.indices)
    record, form = prepared.record, opened.picture_form()
    failed = np.flatnonzero(~answered.answered)[:NAMED_FAILURES]
    return Score(
        artifact_sha256=artifact_sha256,
        place="host",
        delegate=str(delegate),
        runtime=host_runtime(),
        dataset=record.dataset,
        preprocessing=recipe.name,
        label_offset=evaluator.label_offset,
        cells_sha256=evaluator.cells_sha256,
        labels_sha256=evaluator.labels_sha256,
        layout=form.layout,
        gray=form.gray,
        output=opened.scored_output(evaluator.output),
        asked=record.asked,
        scored=int(answered.answered.sum()),
        failed=tuple(examples.name(int(prepared.indices[row])) for row in failed),
        selection_seed=record.seed,
        metrics=evaluation.metrics,
        hits=None if evaluation.hits is None else pack_hits(evaluation.hits),
        first_answers=None if evaluation.first_answers is None else pack_answers(evaluation.first_answers),
        own_metric=evaluator.own_metric,
        values=None if evaluation.values is None else pack_values(evaluation.values),
        confusion=evaluation.confusion,
        doubts=evaluation.doubts,
        seconds=round(answered.seconds, 3),
    )
