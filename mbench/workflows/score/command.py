"""Evaluate: `mbench evaluate`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mbench.artifacts.cache import ArtifactCache
from mbench.core.ports import Progress
from mbench.core.reasons import Unscored
from mbench.core.scores import EvaluationSpec, Score
from mbench.core.workloads import ArtifactFacts
from mbench.files.disk import disk_errors
from mbench.files.targets import refuse_other_contents, refuse_taken_folder
from mbench.files.whole import write_whole
from mbench.store.files import list_text
from mbench.workflows.build.gather_artifacts import gather
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Selection, refuse_idle, select
from mbench.workflows.home import home
from mbench.workflows.score.on_host import refuse_other_delegates, score_files
from mbench.workflows.score.predictions import joined, predictions_csv
from mbench.workflows.score.run_accuracy import Accuracy, Scoring


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What became of one file."""

    facts: ArtifactFacts
    score: Score | Unscored


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What became of all files.

    Attributes:
        predictions: what each file answered to each example, as CSV; None: nobody asked for it.
    """

    files: tuple[Evaluated, ...]
    predictions: str | None = None


def evaluate(
    things: Sequence[str],
    build_inputs: BuildInputs,
    spec: EvaluationSpec,
    *,
    lists: Path | None = None,
    predictions: bool = False,
    typed: tuple[str, ...] = (),
    workers: int | None,
    progress: Progress,
) -> Evaluation:
    """Return what becomes of variants, which are built where missing, and then of files, in the order of their naming.

    Args:
        things: paths of `.tflite` files, and names of variants.
        build_inputs: what variants are built from; without a word on weights, what suits the data set.
        spec: what they are asked.
        lists: folder for the names of each split's examples; None: nothing is written.
        predictions: whether to return what each file answered to each example.
        typed: the options on the command line that say of what variants are built.
        workers: processes; None: as many as suit.
        progress: told how far it is.

    Raises:
        MbenchError: nothing could be evaluated: an unknown data set, recipe or variant, a disk without room.
    """
    refuse_other_delegates(spec)
    if lists is not None:
        refuse_taken_folder(lists, option="--lists")
    chosen = _selection(things, typed)
    refuse_idle(chosen)
    scoring = Scoring(Accuracy(spec=spec, predictions=predictions), workers=workers, progress=progress)
    _ = scoring.opened.examples  # what is wrong with them is reported before anything is trained or built
    if lists is not None:
        _write_lists(lists, scoring.listed_examples())
    selection, build_inputs = scoring.suited(chosen, build_inputs)
    candidates = select(selection)
    build_inputs = scoring.learned(candidates, build_inputs)
    known = gather(candidates, build_inputs, workers=workers, progress=progress)
    cache = ArtifactCache(home() / "cache")
    paths = [None if each.facts.sha256 is None else cache.find_file(each.facts.sha256) for each in known]
    there = [(each.facts, path) for each, path in zip(known, paths, strict=True) if path is not None]
    answers: list[str] = []
    outcomes = iter(
        score_files(
            there,
            scoring.opened,
            spec.delegate,
            cache=home(),
            workers=workers,
            progress=progress,
            record=(lambda file: answers.append(predictions_csv([file]))) if predictions else None,
        )
    )
    files = tuple(
        Evaluated(
            facts=each.facts,
            score=next(outcomes) if path is not None else Unscored(each.reason or "its file is gone from the cache."),
        )
        for each, path in zip(known, paths, strict=True)
    )
    return Evaluation(files=files, predictions=joined(answers) if predictions else None)


def _write_lists(folder: Path, names: Mapping[str, Sequence[str]]) -> None:
    files = {folder / f"{split}.txt": list_text(listed) for split, listed in names.items()}
    for path, data in files.items():
        refuse_other_contents(path, data, option="--lists")
    for path, data in files.items():
        with disk_errors("write a list of examples to", path, otherwise="name another folder with --lists"):
            write_whole(path, data, fsync=False)


def _selection(things: Sequence[str], typed: tuple[str, ...]) -> Selection:
    """Return what a user named: files by their path, and variants."""
    files = [thing for thing in things if Path(thing).exists() or Path(thing).suffix == ".tflite" or "/" in thing]
    names = tuple(thing for thing in things if thing not in files)
    return Selection(names=names, files=tuple(map(Path, files)), typed=typed)
