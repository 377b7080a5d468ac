"""Questions made definite: the data set opened, the recipe found, and what else it takes to evaluator answers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.catalogue import Dataset, open_dataset
from mbench.accuracy.datasets.contradictions import near_copies, under_two_classes
from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.opened import Opening
from mbench.accuracy.host.evaluator import Evaluator
from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.own.array_examples import ARRAYS, open_arrays
from mbench.accuracy.own.metric import WITH_LABELS, OpenMetric, metric_evaluator, open_metric
from mbench.accuracy.pictures.input_form import unfit_scaling
from mbench.accuracy.pictures.input_range import misfit
from mbench.accuracy.pictures.recipes import PreprocessingRecipe, find_recipe, upright, with_scaling
from mbench.accuracy.pictures.scalings import scaling_name, scaling_of
from mbench.accuracy.tasks.detections import check_counting
from mbench.accuracy.tasks.evaluator_for_task import evaluator_for
from mbench.accuracy.tasks.output_labels import OutputLabels, open_labels
from mbench.accuracy.tasks.places import Cells, open_cells
from mbench.core.builds.own_variants import is_of_mbench, quantization_of
from mbench.core.builds.variants import CALIBRATED
from mbench.core.choices import MetricBetter
from mbench.core.errors import UnsupportedModel, UsageError
from mbench.core.examples import Examples, Split, Task
from mbench.core.scores import EvaluationSpec, Score
from mbench.core.workloads import ArtifactFacts
from mbench.files.places import expanded

CELLS_FILE: Final = "cells.csv"
"""Beside the table of a `geo:` data set: where the classes of networks for it lie."""


@dataclass(frozen=True, kw_only=True)
class OpenSpec:
    """What a spec means.

    Attributes:
        cells: of a geolocation: where classes lie.
        labels: of a classification: what outputs stand for, by the user's list; None: the data set's classes, in order.
        cache: folder for notes on the data set's files; None: none are kept.
        calibration_doubt: what speaks against scores of files that were calibrated for this; None: nothing.
        metric: the user's own, which judges answers; None: the data set's task says what counts.
    """

    spec: EvaluationSpec
    dataset: Dataset
    recipe: PreprocessingRecipe
    cells: Cells | None
    labels: OutputLabels | None = None
    cache: Path | None = None
    calibration_doubt: str | None = None
    metric: OpenMetric | None = None

    def recipe_for(self, facts: ArtifactFacts) -> tuple[PreprocessingRecipe, tuple[str, ...]]:
        """Return the recipe of one file, and what speaks against it: what its author wrote into it counts.

        Args:
            facts: with the normalization of its metadata, where it has one.
        """
        written = facts.normalization
        if written is None:
            return self.recipe, ()
        meant = with_scaling(self.recipe, scaling_of(written.mean, written.std))
        if self.spec.preprocessing is None or meant.scaling == self.recipe.scaling:
            return meant, ()
        return self.recipe, (f"its metadata asks for {scaling_name(meant.scaling)}, and {self.recipe.name} was given",)

    @cached_property
    def examples(self) -> Examples:
        """The examples of the split, listed once.

        Raises:
            DatasetError: there is no such split, or its files are not of the format.
        """
        path = self.spec.list_file
        return self.dataset.split(self.spec.split, list_file=None if path is None else expanded(path).absolute())

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """What the examples themselves say against every score on them.

        Raises:
            DatasetError: a picture cannot be read.
        """
        examples, found = self.examples, []
        if isinstance(examples, LabelledExamples):
            found.append(under_two_classes(examples))
        if self.dataset.name_skipped is not None:
            found.append(self.dataset.name_skipped())
        if self.dataset.count_classes is not None and self.dataset.trainable and self.spec.split is Split.TEST:
            train = self.dataset.split(Split.TRAIN)
            assert isinstance(train, LabelledExamples)  # of a folder, as the others
            assert isinstance(examples, LabelledExamples)
            found.append(near_copies(train, examples, cache=self.cache))
        return tuple(doubt for doubt in found if doubt is not None)

    def described(self, score: Score, facts: ArtifactFacts) -> Score:
        """Return a score with what a person should know of its examples, whatever the file answered.

        Args:
            score: of a file on them.
            facts: of the file.
        """
        dataset, split = self.dataset, self.spec.split
        doubts = [*self.doubts]
        if self.calibration_doubt is not None and _is_calibrated(facts):
            doubts.append(self.calibration_doubt)
        foreign = facts.recipe is None or not is_of_mbench(facts.name)
        if split in {Split.TRAIN, Split.ALL}:
            doubts.append("these examples hold the train split: a file that learnt from it knows them")
        if split is Split.LISTED:
            doubts.append("a list chose these examples: a file that learnt from some of them knows those")
        if split is Split.TEST and dataset.split_here and foreign:
            doubts.append("the test split was drawn here: a file that was trained elsewhere may have learnt from it")
        return score.model_copy(
            update={
                "provenance": dataset.provenance,
                "licence": dataset.licence,
                "doubts": (*score.doubts, *doubts),
            }
        )

    def evaluator(
        self,
        opened: OpenedFile,
        note: Callable[[str], None],
        *,
        asked: int | None,
        second: OpenedFile | None = None,
    ) -> Evaluator:
        """Return the evaluator of a file's answers; `note` gets what should be known of a score.

        Args:
            opened: the file.
            note: gets one line.
            asked: how many examples, as its pictures are prepared; None: all.
            second: of a detector in two files: the second of them.

        Raises:
            UnsupportedModel: the file does not fit.
        """
        spec = self.spec
        if self.metric is not None:
            return metric_evaluator(opened, self.examples, self.metric, asked=asked)
        return evaluator_for(
            opened,
            self.examples,
            cells=self.cells,
            label_offset=spec.label_offset,
            labels=self.labels,
            asked=asked,
            seed=spec.seed,
            note=note,
            second=second,
        )


def _is_calibrated(facts: ArtifactFacts) -> bool:
    """Whether mbench built the file and read ranges off calibration pictures."""
    return facts.recipe is not None and quantization_of(facts.name) in CALIBRATED


def check_input(recipe: PreprocessingRecipe, opened: OpenedFile) -> None:
    """Refuse a recipe whose real values a quantized input cannot hold, or hardly uses, or that says nothing of gray.

    Raises:
        UnsupportedModel: with both ranges, and what would fit.
    """
    reason = unfit_scaling(recipe.scaling, opened.picture_form()) or misfit(recipe, opened.picture_input())
    if reason is not None:
        raise UnsupportedModel(f"preprocessing {recipe.name} {reason}.")


def open_spec(spec: EvaluationSpec, *, cache: Path) -> OpenSpec:
    """Return what a spec means.

    Args:
        spec: as it was typed.
        cache: folder whose `datasets`, `arrays` and `build_logs` are used.

    Raises:
        UsageError: an unknown recipe, an option of another task, or what counts is not installed.
        DatasetError: the data set, or the table of cells that belongs to it, is not there or cannot be read.
    """
    opened = spec_for(spec, dataset_of(spec, home=cache), home=cache)
    _ = opened.examples
    return opened


def dataset_of(spec: EvaluationSpec, *, home: Path) -> Dataset:
    """Return the data set that a spec names: one of `open_dataset`, or a user's arrays.

    Raises:
        DatasetError: it is not there.
        UsageError: nor what an option says of it.
    """
    name, _, place = spec.dataset.partition(":")
    if name != ARRAYS:
        return open_dataset(spec.dataset, cache=home / "datasets", skip_unreadable=spec.skip_unreadable)
    return open_arrays(Opening(reference=spec.dataset, place=place), home=home, timeout_s=spec.metric_timeout_s)


def _refuse_beside_metric(spec: EvaluationSpec, dataset: Dataset) -> None:
    """Refuse what means nothing beside a user's metric or arrays, or without them.

    Raises:
        UsageError: it names it.
    """
    if spec.metric is None:
        if dataset.task is Task.OWN:
            raise UsageError(f"{spec.dataset} has labels of your own; name what judges them by --metric FILE.py:NAME.")
        said = "--metric-unit" if spec.metric_unit is not None else "--metric-better"
        if spec.metric_unit is not None or spec.metric_better is not MetricBetter.HIGHER:
            raise UsageError(f"{said} needs --metric FILE.py:NAME.")
        return
    if dataset.task not in WITH_LABELS:
        tasks = ", ".join(WITH_LABELS[1:])
        raise UsageError(
            f"--metric takes labels of {tasks}, and arrays of your own; {spec.dataset} is a data set of {dataset.task}."
        )
    for option, value in (("--labels", spec.labels), ("--label-offset", spec.label_offset)):
        if value is not None:
            raise UsageError(f"{option} says which classes outputs stand for; --metric gets the outputs: leave it out.")
    if dataset.task is not Task.OWN:
        return
    for option, given in (
        ("--preprocessing", spec.preprocessing is not None),
        ("--exif", spec.exif == "apply"),
        ("--layout", spec.layout is not None),
        ("--skip-unreadable", spec.skip_unreadable),
    ):
        if given:
            raise UsageError(f"{option} is for pictures; {spec.dataset} gives arrays as the inputs take them.")


def spec_for(spec: EvaluationSpec, dataset: Dataset, *, home: Path) -> OpenSpec:
    """Return what a spec means for its data set, which is open; its examples are not looked at.

    Args:
        spec: as it was typed.
        dataset: that it names.
        home: folder whose `datasets` and `build_logs` are used.

    Raises:
        UsageError: an unknown recipe, an option of another task, or what counts is not installed.
        DatasetError: the table of cells is not there, or cannot be read.
    """
    _refuse_beside_metric(spec, dataset)
    for option, value, task in (
        ("--label-offset", spec.label_offset, Task.CLASSIFICATION),
        ("--labels", spec.labels, Task.CLASSIFICATION),
        ("--cells", spec.cells, Task.GEOLOCATION),
    ):
        if value is not None and dataset.task is not task:
            raise UsageError(f"{option} is for {task}, and {spec.dataset} is a data set of {dataset.task}.")
    if spec.labels is not None and spec.label_offset is not None:
        raise UsageError("--labels says what each output stands for; leave --label-offset out.")
    if spec.output is not None and dataset.task is Task.DETECTION:
        raise UsageError(f"--output is for answers of one output; {spec.dataset} takes all that a detector has.")
    labels = None if spec.labels is None else open_labels(expanded(spec.labels).absolute())
    if dataset.task is Task.DETECTION:
        check_counting()
    cells = open_cells(_cells_path(spec)) if dataset.task is Task.GEOLOCATION else None
    default = dataset.default_preprocessing
    recipe = find_recipe(spec.preprocessing or default, default=default)
    if spec.exif == "apply" and dataset.task is Task.DETECTION:
        raise UsageError("--exif apply is not for detection: boxes are in pixels as they are stored.")
    recipe = upright(recipe) if spec.exif == "apply" else recipe
    return OpenSpec(
        spec=spec,
        dataset=dataset,
        recipe=recipe,
        cells=cells,
        labels=labels,
        cache=home / "datasets",
        metric=None if spec.metric is None else open_metric(spec, home=home),
    )


def _cells_path(spec: EvaluationSpec) -> Path:
    """Return the table that was named, or the one beside the data set.

    Raises:
        UsageError: none was named, and there is none.
    """
    if spec.cells is not None:
        return expanded(spec.cells).absolute()
    place = expanded(spec.dataset.partition(":")[2]).absolute()
    path = (place if place.is_dir() else place.parent) / CELLS_FILE
    if not path.exists():
        raise UsageError(f"{spec.dataset} has no {CELLS_FILE} beside it; name the table of cells by --cells FILE.")
    return path
