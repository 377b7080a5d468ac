"""Evaluating on this host: files and a data set to one score per file, for a run and for `mbench evaluate`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mbench.accuracy.answers import HOST_DELEGATES, OpenedFile, open_file
from mbench.accuracy.datasets import open_dataset
from mbench.accuracy.host_pool import HostPool
from mbench.accuracy.host_scores import SLOW_EXAMPLES, classifier, host_runtime, score_classification
from mbench.accuracy.kept_scores import ScoreRequest, keep_score, read_score
from mbench.accuracy.prepared import Prepared, prepare
from mbench.accuracy.preprocessing import PreprocessingRecipe, find_recipe
from mbench.core.errors import ArtifactError, UnsupportedModel, UsageError
from mbench.core.examples import Examples, Task
from mbench.core.ports import Progress
from mbench.core.scores import Question, Score
from mbench.core.workloads import ArtifactFacts


@dataclass(frozen=True, slots=True)
class _Scoring:
    """What the scoring of several files shares: the question made definite, the workers, the prepared pictures."""

    question: Question
    examples: Examples
    recipe: PreprocessingRecipe
    cache: Path
    pool: HostPool
    progress: Progress
    prepared: dict[tuple[int, int | None], Prepared] = field(default_factory=dict)


def host_scores(
    files: Sequence[tuple[ArtifactFacts, Path]],
    question: Question,
    *,
    cache: Path,
    workers: int | None,
    progress: Progress,
) -> list[Score | str]:
    """Return each file's score, or why it has none, in order.

    Pictures are decoded once for all files of a resolution; what was scored before is not scored again.

    Args:
        files: facts and where the file lies.
        question: what all of them are asked.
        cache: folder whose `scores`, `prepared` and `datasets` are used: `mbench.workflows.home.home()`.
        workers: processes; None: one per core.
        progress: told of preparing, and of each file.

    Raises:
        UsageError: an unknown data set, recipe or delegate, or a data set that is no classification.
        DatasetError: the data set is not there, or cannot be read.
        StoreError: prepared pictures cannot be kept.
    """
    examples, recipe = open_question(question, cache=cache)
    with HostPool(workers) as pool:
        scoring = _Scoring(question, examples, recipe, cache, pool, progress)
        return [_score_once(facts, path, scoring) for facts, path in files]


def open_question(question: Question, *, cache: Path) -> tuple[Examples, PreprocessingRecipe]:
    """Return the examples and the recipe that a question means.

    Raises:
        UsageError: an unknown recipe or delegate, or a data set that is no classification.
        DatasetError: the data set is not there, or cannot be read.
    """
    if question.delegate not in HOST_DELEGATES:
        names = ", ".join(map(str, HOST_DELEGATES))
        raise UsageError(f"this host scores by {names}, not by {question.delegate}; score that on the device.")
    dataset = open_dataset(question.dataset, cache=cache / "datasets")
    if dataset.task is not Task.CLASSIFICATION:
        raise UsageError(f"{question.dataset} is a data set of {dataset.task}; this host scores classification alone.")
    recipe = find_recipe(question.preprocessing or dataset.default_preprocessing)
    return dataset.split(question.split), recipe


def _score_once(facts: ArtifactFacts, path: Path, scoring: _Scoring) -> Score | str:
    """Return a file's kept score, or score it and keep that; or why it has none."""
    if facts.latency_only is not None:
        return f"its answers mean nothing: {facts.latency_only}."
    if facts.sha256 is None:
        return "it was not built."
    question, folder = scoring.question, scoring.cache / "scores"
    asked = None if question.examples is None else min(question.examples, len(scoring.examples))
    request = ScoreRequest(
        artifact_sha256=facts.sha256,
        dataset=scoring.examples.facts,
        preprocessing=scoring.recipe.name,
        label_offset=question.label_offset,
        asked=asked,
        seed=question.seed,
        delegate=str(question.delegate),
        runtime=host_runtime(),
    )
    kept = read_score(folder, request)
    if kept is not None:
        return kept
    try:
        score = _score(facts.name, facts.sha256, path, scoring)
    except (UnsupportedModel, ArtifactError) as error:
        return str(error)
    keep_score(folder, request, score)
    return score


def _score(name: str, sha256: str, path: Path, scoring: _Scoring) -> Score:
    question = scoring.question
    opened = open_file(path, delegate=question.delegate, pool=scoring.pool)
    classifier(opened, scoring.examples.facts.classes, question.label_offset)  # before pictures are prepared for it
    prepared = _prepared(opened, scoring)
    scoring.progress.start(f"scoring {name}", prepared.record.asked)
    try:
        return score_classification(
            opened,
            prepared,
            scoring.examples,
            scoring.recipe,
            artifact_sha256=sha256,
            delegate=question.delegate,
            asked_offset=question.label_offset,
            pool=scoring.pool,
            progress=scoring.progress,
        )
    finally:
        scoring.progress.finish()


def _prepared(opened: OpenedFile, scoring: _Scoring) -> Prepared:
    """Return the pictures of a file's resolution, prepared once for all files that take them."""
    resolution = opened.picture_input().shape[1]
    asked = scoring.question.examples
    if asked is None and opened.reference_kernels:
        asked = SLOW_EXAMPLES
    if (resolution, asked) not in scoring.prepared:
        scoring.prepared[resolution, asked] = prepare(
            scoring.examples,
            scoring.recipe,
            resolution,
            asked=asked,
            seed=scoring.question.seed,
            folder=scoring.cache / "prepared",
            pool=scoring.pool,
            progress=scoring.progress,
        )
    return scoring.prepared[resolution, asked]
