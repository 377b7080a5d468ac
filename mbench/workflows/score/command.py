"""Evaluate: `mbench evaluate`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mbench.accuracy.tasks.two_stages import is_first_stage
from mbench.artifacts.cache import ArtifactCache
from mbench.artifacts.inspection import inspect_file
from mbench.core.examples import Task
from mbench.core.ports import Progress
from mbench.core.reasons import Unscored
from mbench.core.scores import EvaluationSpec, Score
from mbench.core.workloads import ArtifactFacts
from mbench.files.disk import disk_errors
from mbench.files.targets import refuse_other_contents, refuse_taken_folder
from mbench.files.whole import write_whole
from mbench.store.files import list_text
from mbench.workflows.build.gather_artifacts import Known, gather
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Selection, refuse_idle, select
from mbench.workflows.home import home
from mbench.workflows.score.on_host import refuse_other_delegates, score_files
from mbench.workflows.score.predictions import joined, predictions_csv
from mbench.workflows.score.run_accuracy import Accuracy, Scoring


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What became of one file, or of the two of a detector.

    Attributes:
        facts: of the file, the first of two.
        second: of the second.
    """

    facts: ArtifactFacts
    score: Score | Unscored
    second: ArtifactFacts | None = None

    @property
    def name(self) -> str:
        """What its row is called."""
        return self.facts.name if self.second is None else f"{self.facts.name} + {self.second.name}"


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
        things: paths of `.tflite` files, and names of variants; of a detector in two files the first, then the second.
        build_inputs: what variants are built from; without a word on weights, what suits the data set.
        spec: what they are asked.
        lists: folder for the names of each split's examples; None: nothing is written.
        predictions: whether to return what each file answered to each example.
        typed: the options on the command line that say of what variants are built.
        workers: processes; None: as many as suit.
        progress: reports how far it is.

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
    units = _units(known, detection=scoring.opened.dataset.task is Task.DETECTION)
    answers: list[str] = []
    ready = [unit for unit in units if unit.missing is None]
    outcomes = iter(
        score_files(
            [unit.files[0] for unit in ready],
            scoring.opened,
            spec.delegate,
            cache=home(),
            workers=workers,
            progress=progress,
            record=(lambda file: answers.append(predictions_csv([file]))) if predictions else None,
            seconds={place: unit.files[1] for place, unit in enumerate(ready) if unit.second is not None},
        )
    )
    files = tuple(
        Evaluated(
            facts=unit.facts,
            second=unit.second,
            score=next(outcomes) if unit.missing is None else Unscored(unit.missing),
        )
        for unit in units
    )
    return Evaluation(files=files, predictions=joined(answers) if predictions else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """What is scored as one: a file, or the two of a detector.

    Attributes:
        files: with where they lie, those that are there.
        missing: why not all of them are.
    """

    facts: ArtifactFacts
    second: ArtifactFacts | None = None
    files: tuple[tuple[ArtifactFacts, Path], ...] = ()
    missing: str | None = None


def _units(known: Sequence[Known], *, detection: bool) -> list[_Unit]:
    """Return what is scored, in the order of naming; the second file of a detector is named behind the first."""
    cache, left, units = ArtifactCache(home() / "cache"), list(known), []
    while left:
        group = [left.pop(0)]
        paths = [_path(cache, group[0])]
        if detection and left and paths[0] is not None and _is_first_stage(paths[0]):
            group.append(left.pop(0))
            paths.append(_path(cache, group[1]))
        why = [
            each.reason or "its file is gone from the cache."
            for each, path in zip(group, paths, strict=True)
            if not path
        ]
        units.append(
            _Unit(
                facts=group[0].facts,
                second=group[1].facts if len(group) > 1 else None,
                files=tuple((each.facts, path) for each, path in zip(group, paths, strict=True) if path is not None),
                missing=why[0] if why else None,
            )
        )
    return units


def _path(cache: ArtifactCache, known: Known) -> Path | None:
    return None if known.facts.sha256 is None else cache.find_file(known.facts.sha256)


def _is_first_stage(path: Path) -> bool:
    return is_first_stage(tensor.name for tensor in inspect_file(path).outputs)


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
