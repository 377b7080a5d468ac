"""Evaluating on this host: files and a data set to one score per file, for a run and for `mbench evaluate`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from mbench.accuracy.host.evaluator import Evaluator
from mbench.accuracy.host.inference import HOST_DELEGATES, OpenedFile, open_file
from mbench.accuracy.host.kept_scores import ScoreRequest, keep_score, read_score
from mbench.accuracy.host.other_scalings import better_scaling
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import Prepared, prepare
from mbench.accuracy.host.sampling import count_askable
from mbench.accuracy.host.score import SLOW_EXAMPLES, host_runtime, score_file
from mbench.accuracy.own.array_examples import ArrayExamples
from mbench.accuracy.own.array_scores import AS_GIVEN, score_arrays
from mbench.accuracy.pictures.recipes import PreprocessingRecipe
from mbench.accuracy.tasks.predictions import Recorder
from mbench.core.delegates import Delegate, DelegateKind
from mbench.core.errors import ArtifactError, UnsupportedModel, UsageError
from mbench.core.examples import Task
from mbench.core.ports import Progress
from mbench.core.reasons import Unscored
from mbench.core.scores import EvaluationSpec, Score, hits_of
from mbench.core.workloads import ArtifactFacts
from mbench.workflows.score.open_evaluation_spec import OpenSpec, check_input
from mbench.workflows.score.predictions import FilePredictions, Record

_File = tuple[ArtifactFacts, Path]
"""What is known of it, and where it lies."""


@dataclass(frozen=True, slots=True)
class _Scoring:
    """What the scoring of several files shares: the spec made definite, the workers, the prepared pictures."""

    asking: OpenSpec
    delegate: Delegate
    cache: Path
    pool: HostPool
    progress: Progress
    record: Record | None = None
    prepared: dict[tuple[int, int, int | None], Prepared] = field(default_factory=dict)


def host_twin(delegate: Delegate) -> Delegate:
    """Return the host's delegate whose answers a device's are compared with: like kernels with like."""
    return Delegate.BUILTIN if delegate.kind is DelegateKind.BUILTIN else Delegate.CPU


def score_files(
    files: Sequence[_File],
    opened: OpenSpec,
    delegate: Delegate,
    *,
    cache: Path,
    workers: int | None,
    progress: Progress,
    record: Record | None = None,
    seconds: Mapping[int, _File] = MappingProxyType({}),
) -> list[Score | Unscored]:
    """Return each file's score, or why it has none, in order.

    Pictures are decoded once for all files of a resolution; what was scored before is not scored again.

    Args:
        files: facts and where the file lies.
        opened: what all of them are asked.
        delegate: of this host; see `refuse_other_delegates`.
        cache: folder whose `scores` and `prepared` are used: `mbench.workflows.home.home()`.
        workers: processes; None: one per core.
        progress: gets news of preparing, and of each file.
        record: gets what each file answered to each example, for which it is asked again; None: nobody wants it.
        seconds: by the place of a file that is the first of two: the second.

    Raises:
        DatasetError: the data set, or a file that belongs to it, cannot be read.
        StoreError: prepared pictures cannot be kept.
    """
    with HostPool(workers) as pool:
        scoring = _Scoring(opened, delegate, cache, pool, progress, record)
        return [_score_once(*file, seconds.get(place), scoring) for place, file in enumerate(files)]


@contextmanager
def scoring_one_by_one(
    opened: OpenSpec, delegate: Delegate, *, cache: Path, workers: int | None, progress: Progress
) -> Iterator[Callable[[ArtifactFacts, Path], Score | Unscored]]:
    """Yield what scores one file after the other, of which each depends on the score of the last: see `score_files`.

    Args:
        opened: what all of them are asked.
        delegate: of this host.
        cache: folder whose `scores` and `prepared` are used.
        workers: processes; None: one per core.
        progress: gets news of preparing, and of each file.
    """
    with HostPool(workers) as pool:
        scoring = _Scoring(opened, delegate, cache, pool, progress)

        def score(facts: ArtifactFacts, path: Path) -> Score | Unscored:
            return _score_once(facts, path, None, scoring)

        yield score


def refuse_other_delegates(spec: EvaluationSpec) -> None:
    """Refuse to score by a delegate that this host does not have.

    Raises:
        UsageError: the spec names one.
    """
    if spec.delegate not in HOST_DELEGATES:
        names = ", ".join(map(str, HOST_DELEGATES))
        raise UsageError(f"this host scores by {names}, not by {spec.delegate}; score that on the device.")


def _score_once(facts: ArtifactFacts, path: Path, second: _File | None, scoring: _Scoring) -> Score | Unscored:
    """Return the kept score of a file, or of two, or score it and keep that; or why it has none."""
    if facts.sha256 is None:
        return Unscored("it was not built.")
    for each in (facts,) if second is None else (facts, second[0]):
        if each.latency_only is not None:
            return Unscored(f"its answers mean nothing: {each.latency_only}.")
    asking, folder = scoring.asking, scoring.cache / "scores"
    spec = asking.spec
    asked = None if spec.examples is None else min(spec.examples, count_askable(asking.examples))
    recipe, doubts = asking.recipe_for(facts)
    request = ScoreRequest(
        artifact_sha256=facts.sha256,
        second_sha256=None if second is None else second[0].sha256,
        dataset=asking.examples.facts,
        preprocessing=AS_GIVEN if asking.dataset.task is Task.OWN else recipe.name,
        label_offset=spec.label_offset,
        cells_sha256=None if asking.cells is None else asking.cells.sha256,
        labels_sha256=None if asking.labels is None else asking.labels.sha256,
        layout=spec.layout,
        output=spec.output,
        own_metric=None if asking.metric is None else asking.metric.facts,
        asked=asked,
        seed=spec.seed,
        delegate=str(scoring.delegate),
        runtime=host_runtime(),
    )
    kept = read_score(folder, request) if scoring.record is None else None  # answers are not kept
    if kept is None:
        notes: list[str] = []
        try:
            score = _score(facts, recipe, doubts, path, second, scoring, notes.append)
        except (UnsupportedModel, ArtifactError) as error:
            return Unscored(str(error))
        kept = keep_score(folder, request, score, notes=notes)
    for note in kept.notes:
        scoring.progress.note(f"{facts.name}: {note}")
    return asking.described(kept.score, facts)


def _score(
    facts: ArtifactFacts,
    recipe: PreprocessingRecipe,
    doubts: tuple[str, ...],
    path: Path,
    second: _File | None,
    scoring: _Scoring,
    note: Callable[[str], None],
) -> Score:
    asking, progress = scoring.asking, scoring.progress
    spec = asking.spec
    opened = open_file(path, delegate=scoring.delegate, pool=scoring.pool, layout=spec.layout, output=spec.output)
    asked = spec.examples
    if asked is None and opened.reference_kernels:
        asked = SLOW_EXAMPLES
    behind = None if second is None else open_file(second[1], delegate=scoring.delegate, pool=scoring.pool)
    evaluator = asking.evaluator(opened, note, asked=asked, second=behind)  # before pictures are prepared for it
    if isinstance(asking.examples, ArrayExamples):
        return _score_arrays(facts, opened, asking.examples, evaluator, asked, scoring)
    recorder = None if scoring.record is None else Recorder(opened, asking.examples, evaluator)
    check_input(recipe, opened)
    prepared = _prepared(opened, asked, scoring)
    progress.start(f"scoring {facts.name}", prepared.record.asked, unit="examples")
    try:
        score = score_file(
            opened,
            prepared,
            asking.examples,
            recipe,
            evaluator if recorder is None else recorder.evaluator,
            artifact_sha256=facts.sha256 or "",
            delegate=scoring.delegate,
            pool=scoring.pool,
            progress=progress,
        )
        if recorder is not None and scoring.record is not None:
            scoring.record(
                FilePredictions(
                    name=facts.name,
                    sha256=facts.sha256 or "",
                    place="host",
                    delegate=str(scoring.delegate),
                    class_names=asking.examples.class_names,
                    predictions=recorder.predictions,
                )
            )
        if asking.dataset.task is Task.CLASSIFICATION:
            doubts = (*doubts, *_no_numbers(score, unreadable=int((~prepared.readable()).sum())))
        if facts.recipe is None and has_first_answers(asking):
            silent = asking.evaluator(opened, lambda _: None, asked=asked, second=behind)  # what it noted has been said
            doubts = (*doubts, *other_scaling(opened, prepared, recipe, silent, hits_of(score), pool=scoring.pool))
        return score.model_copy(
            update={
                "doubts": (*prepared.doubts(recipe), *doubts, *score.doubts),
                "second_sha256": None if second is None else second[0].sha256,
            }
        )
    finally:
        progress.finish()


def _score_arrays(
    facts: ArtifactFacts,
    opened: OpenedFile,
    examples: ArrayExamples,
    evaluator: Evaluator,
    asked: int | None,
    scoring: _Scoring,
) -> Score:
    scoring.progress.start(f"scoring {facts.name}", min(asked or len(examples), len(examples)), unit="examples")
    try:
        return score_arrays(
            opened,
            examples,
            evaluator,
            asked=asked,
            seed=scoring.asking.spec.seed,
            artifact_sha256=facts.sha256 or "",
            delegate=scoring.delegate,
            pool=scoring.pool,
            progress=scoring.progress,
        )
    finally:
        scoring.progress.finish()


def has_first_answers(asking: OpenSpec) -> bool:
    """Whether answers are classes, of which other scalings can be asked for more that are right."""
    return asking.dataset.task is Task.CLASSIFICATION and asking.metric is None


def _no_numbers(score: Score, *, unreadable: int) -> Iterator[str]:
    """Yield how many outputs of a classifier were no numbers, where any were."""
    found = score.asked - score.scored - unreadable
    if found > 0:
        yield f"{found} of {score.asked} outputs hold what is no number (NaN); they count as wrong"


def other_scaling(
    opened: OpenedFile,
    prepared: Prepared,
    recipe: PreprocessingRecipe,
    evaluator: Evaluator,
    right: Sequence[bool] | None,
    *,
    pool: HostPool,
) -> tuple[str, ...]:
    """Return what `better_scaling` has to say, or that it could not be asked; nothing where all is well."""
    try:
        said = better_scaling(opened, prepared, recipe, evaluator, right, pool=pool)
    except ArtifactError as error:
        return (f"whether another scaling fits better could not be asked: {str(error).rstrip('.')}",)
    return () if said is None else (said,)


def _prepared(opened: OpenedFile, asked: int | None, scoring: _Scoring) -> Prepared:
    """Return the pictures of a file's height and width, prepared once for all files that take them."""
    asking, form = scoring.asking, opened.picture_form()
    key = (form.height, form.width, asked)
    if key not in scoring.prepared:
        scoring.prepared[key] = prepare(
            asking.examples,
            asking.recipe,
            form.height,
            width=form.width,
            asked=asked,
            seed=asking.spec.seed,
            folder=scoring.cache / "prepared",
            pool=scoring.pool,
            progress=scoring.progress,
        )
    return scoring.prepared[key]
