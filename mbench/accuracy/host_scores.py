"""The score of one file on prepared pictures of a classification, from this host's answers."""

from importlib.metadata import version
from typing import Final

import numpy as np

from mbench.accuracy.answers import Answered, OpenedFile, answer
from mbench.accuracy.host_pool import HostPool
from mbench.accuracy.label_offset import label_offset, shifted_fit
from mbench.accuracy.metrics import TOP5, classification_metrics, top1_hits
from mbench.accuracy.prepared import Prepared
from mbench.accuracy.preprocessing import PreprocessingRecipe
from mbench.core.errors import UnsupportedModel
from mbench.core.examples import Examples
from mbench.core.ports import Progress
from mbench.core.scores import NAMED_FAILURES, Score, pack_hits
from mbench.core.workloads import Delegate

SLOW_EXAMPLES: Final = 500
"""Asked of a file of 16-bit integers unless the user names a number: 0.3 s each of MobileNet 1.0 at 224 pixels."""


def host_runtime() -> str:
    """Return the release of LiteRT that executes files here."""
    return version("ai-edge-litert")


def classifier(opened: OpenedFile, classes: int | None, asked_offset: int | None) -> tuple[int, int]:
    """Return the number of a file's outputs, and the output index of class 0.

    Raises:
        UnsupportedModel: its input is no picture, or its outputs are not those of a classifier of these classes.
    """
    opened.picture_input()
    outputs = int(np.prod(opened.scores_output().shape))
    if classes is None:
        raise UnsupportedModel("the data set has no classes that a file could be scored on.")
    return outputs, label_offset(outputs, classes, asked_offset)


def score_classification(
    opened: OpenedFile,
    prepared: Prepared,
    examples: Examples,
    recipe: PreprocessingRecipe,
    *,
    artifact_sha256: str,
    delegate: Delegate,
    asked_offset: int | None,
    pool: HostPool,
    progress: Progress,
) -> Score:
    """Return how well a file tells the classes of pictures.

    Args:
        opened: the file.
        prepared: pictures of `examples` by `recipe`, at the file's resolution.
        examples: whose truths count.
        recipe: how the file's pictures are made.
        artifact_sha256: of the file.
        delegate: what it was opened for.
        asked_offset: what the user said of the label offset; None: by the number of outputs.
        pool: the processes to ask it in.
        progress: told of pictures that are done; the stage is the caller's.

    Raises:
        UnsupportedModel: inputs or outputs that are not those of a classifier of these classes; or its answers fit a
            label offset far better that nobody asked for.
        ArtifactError: the runtime does not run it.
    """
    classes = prepared.record.dataset.classes
    outputs, offset = classifier(opened, classes, asked_offset)
    answered = answer(opened, prepared, recipe.scaling, top=TOP5, pool=pool, progress=progress)
    assert answered.top is not None  # asked for
    truth = np.array([examples.truth(int(index)) for index in prepared.indices])
    _check_fit(answered, truth, outputs, offset, asked_offset, progress)
    found = answered.top - offset
    return Score(
        artifact_sha256=artifact_sha256,
        place="host",
        delegate=str(delegate),
        runtime=host_runtime(),
        dataset=prepared.record.dataset,
        preprocessing=recipe.name,
        label_offset=offset,
        asked=prepared.record.asked,
        scored=int(answered.answered.sum()),
        failed=_failed(prepared, examples, answered),
        selection_seed=prepared.record.seed,
        metrics=classification_metrics(found, truth, answered.answered, classes=classes),
        hits=pack_hits(top1_hits(found, truth, answered.answered)),
        seconds=round(answered.seconds, 3),
    )


def _failed(prepared: Prepared, examples: Examples, answered: Answered) -> tuple[str, ...]:
    rows = np.flatnonzero(~answered.answered)[:NAMED_FAILURES]
    return tuple(examples.name(int(prepared.indices[row])) for row in rows)


def _check_fit(
    answered: Answered,
    truth: "np.ndarray[tuple[int], np.dtype[np.integer]]",
    outputs: int,
    offset: int,
    asked_offset: int | None,
    progress: Progress,
) -> None:
    """Refuse, or where the user said the offset only say, that the answers fit another one."""
    assert answered.top is not None
    rows = answered.answered
    shifted = shifted_fit(answered.top[rows, 0], truth[rows] + offset)
    if shifted is None:
        return
    shift, share = shifted
    right = float((answered.top[rows, 0] == truth[rows] + offset).mean())
    seen = f"{share:.1%} of its answers are right if class 0 is output {offset + shift}, {right:.1%} if it is {offset}"
    if asked_offset is not None:
        progress.note(f"warning: {seen}; --label-offset {asked_offset} was asked for, and is used.")
        return
    possible = offset + shift in {0, 1} and int(truth.max()) + offset + shift < outputs
    remedy = f"Give --label-offset {offset + shift}" if possible else "Check the labels"
    raise UnsupportedModel(f"{seen}. {remedy}; --label-offset {offset} scores it as it is.")
