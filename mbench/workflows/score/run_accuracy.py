"""Accuracy of a run: what a data set decides about networks to be built, and the host's scores of the files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.hashes import hash_files
from mbench.accuracy.datasets.opened import Dataset
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.pictures.decoding import MOST_BYTES
from mbench.accuracy.pictures.input_scaling import PixelScaling
from mbench.accuracy.pictures.recipes import find_recipe
from mbench.artifacts.cache import ArtifactCache
from mbench.core.builds.own_recipes import PictureScaling
from mbench.core.builds.recipes import Calibration
from mbench.core.builds.variants import CALIBRATED, IMAGENET_HEAD, Size, Variant, parse_variant
from mbench.core.delegates import Delegate
from mbench.core.errors import DatasetError, UsageError
from mbench.core.examples import Examples, Split, Task
from mbench.core.ports import Progress
from mbench.core.reasons import Unscored
from mbench.core.results import DevicePlan, PlannedJob
from mbench.core.scores import EvaluationSpec, Score
from mbench.core.workloads import ArtifactFacts
from mbench.models.tflite.build import PROBES
from mbench.models.tflite.calibration import choose_images, describe_examples
from mbench.report.render.number_format import SHORT_SHA
from mbench.workflows.build.own_calibration import picture_side
from mbench.workflows.build.own_networks import OwnBuild
from mbench.workflows.build.own_recipes_of import inputs_of
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Candidate, Selection
from mbench.workflows.home import home
from mbench.workflows.score.host_evaluator import host_evaluator
from mbench.workflows.score.on_host import host_twin, score_files
from mbench.workflows.score.open_evaluation_spec import OpenSpec, dataset_of, spec_for
from mbench.workflows.score.predictions import FilePredictions, Record, predictions_csv

TRAINED_UNASKED: Final = 20_000
"""Examples of a data set that a run trains on without being asked to: minutes, not days."""

Place = Literal["host", "device"]


HostScores = Mapping[tuple[str, Delegate], Score | Unscored]
"""By SHA-256 and delegate of the host: the score, or why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """That files are to be scored: on what, and where.

    Attributes:
        spec: the data set, and how it is asked.
        places: this host, the devices, or both; neither where files are built for it and not asked.
        predictions: whether what each file answers to each example is kept.
        place_of: says where in a file what is wrong with it stands; None: it was typed.
    """

    spec: EvaluationSpec
    places: tuple[Place, ...] = ("host",)
    predictions: bool = False
    place_of: Callable[[UsageError], str] | None = field(default=None, compare=False, repr=False)


class Scoring:
    """One run's accuracy, step by step: before anything is built, when it is to be, and before it is timed."""

    def __init__(self, accuracy: Accuracy, *, workers: int | None, progress: Progress) -> None:
        """Open the data set.

        Raises:
            DatasetError: it is not there, or the table of cells that belongs to it.
            UsageError: an unknown recipe, an option of another task, what counts is not installed, or answers are to
                be kept that are no classes.
        """
        self._accuracy, self._workers, self._progress = accuracy, workers, progress
        self._dataset = dataset_of(accuracy.spec, home=home())
        if accuracy.places:
            _refuse_arrays_on_device(self._dataset, accuracy)
            _refuse_predictions(self.opened, accuracy)
        if self._dataset.count_classes is not None:
            progress.note(f"{self._dataset.name}: {self._dataset.count_classes()}")
        self._scores: HostScores = {}
        self._predictions: dict[str, str] = {}

    @cached_property
    def opened(self) -> OpenSpec:
        """What the spec means for the data set.

        Raises:
            DatasetError: the table of cells that belongs to it is not there.
            UsageError: an unknown recipe, an option of another task, or what counts is not installed.
        """
        return spec_for(self._accuracy.spec, self._dataset, home=home())

    def listed_examples(self) -> Mapping[str, Sequence[str]]:
        """Return the names of each split's examples, by the split's; none where whoever made the data set lists them.

        Raises:
            DatasetError: its files are not of the format.
        """
        name = self._dataset.name_examples
        return {} if name is None else {str(split): names for split, names in name().items()}

    def suited(self, chosen: Selection, build_inputs: BuildInputs) -> tuple[Selection, BuildInputs]:
        """Return what networks there shall be, with the data set's classes, and where their weights come from.

        Raises:
            UsageError: another number of classes was asked for, or weights have to be named.
        """
        if chosen.beside:
            beside = tuple(self.suited(each, build_inputs)[0] for each in chosen.beside)
            selection, build_inputs = self.suited(replace(chosen, beside=()), build_inputs)
            return replace(selection, beside=beside), build_inputs
        if chosen.own:
            return _suited_builder(chosen, self._dataset), build_inputs
        if chosen.files and not chosen.names:
            return chosen, build_inputs
        selection = suited(chosen, self._dataset)
        return selection, replace(build_inputs, weights=weights_for(self._dataset, build_inputs.weights))

    def learned(self, candidates: Sequence[Candidate], build_inputs: BuildInputs, *, train: bool = True) -> BuildInputs:
        """Return the build_inputs with trained weights and real pictures to calibrate on; trains what is missing, once.

        Without `train`, what is missing stays missing.

        Raises:
            MbenchError: the data set has nothing to learn from. A training that fails is no error here.
        """
        own = [one.own for one in candidates if one.own is not None]
        if own:
            build_inputs = self._own_inputs(own, build_inputs)
        if any(one.keep_float is not None and one.keep_float.accuracy for one in own):
            build_inputs = replace(
                build_inputs, evaluator=host_evaluator(self.opened, home=home(), workers=self._workers)
            )
        if self._accuracy.places:
            for each in (build_inputs, *(inputs_of(one.source, build_inputs) for one in own)):
                self._doubt_calibration(each)
        variants = list(dict.fromkeys(one.variant for one in candidates if one.variant is not None))
        if own and not variants:
            return build_inputs
        return learned(
            variants, build_inputs, self._dataset, train=train, workers=self._workers, progress=self._progress
        )

    def _doubt_calibration(self, build_inputs: BuildInputs) -> None:
        """Note where pictures to calibrate on are among those that are scored."""
        pictures = build_inputs.calibration
        if pictures is None or not pictures.is_dir() or self.opened.calibration_doubt is not None:
            return
        doubt = calibrated_on(choose_images(pictures, build_inputs.calibration_examples), self.opened.examples)
        self.opened = replace(self.opened, calibration_doubt=doubt)

    def _own_inputs(self, own: Sequence[OwnBuild], build_inputs: BuildInputs) -> BuildInputs:
        """Return what users' networks are built from: with the data set's scaling, and its pictures to calibrate on."""
        usual = _picture_scaling(find_recipe(self._dataset.default_preprocessing).scaling)
        said = None if self._accuracy.spec.preprocessing is None else _picture_scaling(self.opened.recipe.scaling)
        build_inputs = replace(build_inputs, scaling=said, usual_scaling=usual)
        calibrated = [one for one in own if one.variant.quantization in CALIBRATED]
        inputs = {one.source: inputs_of(one.source, build_inputs) for one in calibrated}
        known = [
            one
            for one in calibrated
            if inputs[one.source].calibration is None
            and not (one.source.form.built and inputs[one.source].weights in (None, "none"))
        ]
        sides = dict.fromkeys(
            side for one in known if (side := picture_side(one, inputs[one.source].input_shapes)) is not None
        )
        if not sides:
            return build_inputs
        examples = _calibration_pictures(list(sides), build_inputs, self._dataset, self._workers, self._progress)
        return replace(build_inputs, examples=examples)

    def ask_host(self, wanted: Sequence[tuple[ArtifactFacts, Delegate]]) -> None:
        """Score files on this host, if that was asked for.

        Raises:
            MbenchError: the data set cannot be read, or its pictures not be kept.
        """
        if "host" in self._accuracy.places:
            record = self._record if self._accuracy.predictions else None
            self._scores = scored(wanted, self.opened, workers=self._workers, progress=self._progress, record=record)

    def predictions(self) -> Mapping[str, str]:
        """Return as CSV what each file answered on this host, by delegate and hash: `cpu-0123456789ab`."""
        return self._predictions

    def _record(self, file: FilePredictions) -> None:
        self._predictions[f"{file.delegate}-{file.sha256[:SHORT_SHA]}"] = predictions_csv([file])

    def with_scores(self, part: DevicePlan) -> DevicePlan:
        """Return a device's part with the host's scores of its files."""
        return part.model_copy(update={"jobs": tuple(with_score(job, self._scores) for job in part.jobs)})


def scoring_of(accuracy: Accuracy, *, workers: int | None, progress: Progress) -> Scoring:
    """Return a run's scoring with its data set, recipe and metric looked up.

    Raises:
        DatasetError: the data set is not there, or the table of cells that belongs to it.
        UsageError: as of `Scoring`; of what a file says, with its place.
    """
    try:
        scoring = Scoring(accuracy, workers=workers, progress=progress)
        _ = scoring.opened
    except UsageError as error:
        if accuracy.place_of is None:
            raise
        raise type(error)(f"{accuracy.place_of(error)}: {error}") from error
    return scoring


def _suited_builder(chosen: Selection, dataset: Dataset) -> Selection:
    """Return a selection whose builder, if it takes them, is asked for the data set's classes and resolution."""
    own = dataset.default_resolution == Size().resolution
    resolution = None if own else dataset.default_resolution
    return replace(chosen, head=chosen.head or dataset.head, resolution=chosen.resolution or resolution)


def _picture_scaling(said: PixelScaling) -> PictureScaling:
    mean, std = ([said.divisor * each for each in numbers] for numbers in (said.mean, said.deviation))
    return PictureScaling(mean=(mean[0], mean[1], mean[2]), std=(std[0], std[1], std[2]), bgr=said.channels == "bgr")


def _refuse_arrays_on_device(dataset: Dataset, accuracy: Accuracy) -> None:
    """Refuse to ask devices about arrays, which are asked about pictures alone.

    Raises:
        UsageError: it was asked for.
    """
    if dataset.task is Task.OWN and "device" in accuracy.places:
        raise UsageError(f"{dataset.reference} is scored on this host alone; leave --accuracy out.")


def _refuse_predictions(opened: OpenSpec, accuracy: Accuracy) -> None:
    """Refuse to keep answers that are no classes.

    Raises:
        UsageError: the data set asks for something else.
    """
    task = opened.examples.facts.task
    if accuracy.predictions and accuracy.spec.metric is not None:
        raise UsageError("--predictions is for classes, and --metric judges the outputs; leave one of them out.")
    if accuracy.predictions and task is not Task.CLASSIFICATION:
        raise UsageError(f"--predictions is for classes, and {accuracy.spec.dataset} asks for {task}; leave it out.")


def calibrated_on(pictures: Sequence[Path], examples: Examples) -> str | None:
    """Return what to say where pictures to calibrate on are among those that files are scored on; None: they are not.

    Raises:
        DatasetError: one cannot be read.
    """
    if not isinstance(examples, LabelledExamples):
        return None
    scored_on = set(examples.pictures.digests())
    both = sum(
        content in scored_on
        for content in hash_files(Path(), list(map(str, pictures)), cache=None, limit_bytes=MOST_BYTES)
    )
    if not both:
        return None
    return (
        f"{both} of {len(pictures)} calibration pictures are among those that are scored: calibrate on others, or the "
        "score is too high"
    )


def suited(chosen: Selection, dataset: Dataset) -> Selection:
    """Return a selection whose networks have the data set's classes, at its resolution where none was said.

    Raises:
        UsageError: another number of classes was asked for.
    """
    head = dataset.head
    if head is None:
        raise UsageError(f"{dataset.reference} does not say how many outputs a network for it needs; name a file.")
    if chosen.head not in (None, IMAGENET_HEAD, head) and chosen.head.classes != head.classes:
        raise UsageError(
            f"{dataset.reference} has {head.classes} classes, not {chosen.head.classes}; leave --classes out."
        )
    for name in chosen.names:
        variant = parse_variant(name)
        if variant.head.classes != head.classes:
            raise UsageError(
                f"{name} has {variant.head.classes} classes and {dataset.reference} {head.classes}: "
                f"name {replace(variant, head=head)}."
            )
    own = dataset.default_resolution == Size().resolution  # of photographs: then each architecture has its own
    return replace(chosen, head=head, resolution=None if own else dataset.default_resolution)


def weights_for(dataset: Dataset, said: str | None) -> str:
    """Return where weights come from when a data set is named: as said, or else trained on it, or published ones.

    Raises:
        UsageError: nothing was said, and nothing goes without saying.
    """
    if said is not None:
        return said
    if dataset.trainable and len(dataset.split(Split.TRAIN)) <= TRAINED_UNASKED:
        return "trained"
    if dataset.head == IMAGENET_HEAD:
        return "imagenet"
    raise UsageError(
        f"{dataset.reference} needs weights that know it: --weights trained trains on its train split, which takes "
        "long; --weights FILE takes yours."
    )


def learned(
    variants: Sequence[Variant],
    chosen: BuildInputs,
    dataset: Dataset,
    *,
    train: bool,
    workers: int | None,
    progress: Progress,
) -> BuildInputs:
    """Return the build_inputs with trained weights and real pictures to calibrate on; trains what is missing, once.

    Raises:
        MbenchError: the data set cannot be read or has nothing to train on. A training that fails is no error here.
    """
    learning = [each for each in variants if not chosen.weightless(each)]
    networks = list(dict.fromkeys((each.architecture, each.size, each.head) for each in learning))
    if chosen.weights == "trained" and networks:
        from mbench.workflows.train.obtain_weights import find_weights, obtain_weights
        from mbench.workflows.train.recipes import TrainingOptions

        options = TrainingOptions(seed=chosen.seed)
        trained = (
            obtain_weights(networks, dataset, options, home=home(), progress=progress, workers=workers)
            if train
            else find_weights(networks, dataset, options, home=home())
        )
        chosen = replace(chosen, trained=trained)
    if chosen.calibration is None and chosen.weights not in (None, "none"):
        sides = list(dict.fromkeys(each.size.resolution for each in variants if each.quantization in CALIBRATED))
        chosen = replace(chosen, examples=_calibration_pictures(sides, chosen, dataset, workers, progress))
    return chosen


def _calibration_pictures(
    resolutions: Sequence[int], chosen: BuildInputs, dataset: Dataset, workers: int | None, progress: Progress
) -> Mapping[int, Calibration]:
    """Return pictures of the train split by resolution; none where there is no such split."""
    if not resolutions:
        return {}
    if not dataset.trainable:
        progress.note(
            f"{dataset.reference} has no train split to calibrate on: int8 is calibrated on synthetic examples and has "
            "no accuracy. --calibration DIR takes pictures of yours."
        )
        return {}
    examples = dataset.split(Split.TRAIN)
    used = min(chosen.calibration_examples, len(examples) - PROBES)
    if used < 1:
        raise DatasetError(f"{dataset.reference} has {len(examples)} examples to learn from: too few to calibrate on.")
    if used < chosen.calibration_examples:
        progress.note(f"{dataset.reference} has {len(examples)} examples to learn from: calibrating on {used}.")
    recipe = find_recipe(dataset.default_preprocessing)
    with HostPool(workers) as pool:
        prepared = [
            prepare(
                examples,
                recipe,
                resolution,
                asked=used + PROBES,
                seed=chosen.seed,
                folder=home() / "prepared",
                pool=pool,
                progress=progress,
            )
            for resolution in resolutions
        ]
    return {each.resolution: describe_examples(each.path, examples=used) for each in prepared}


def scored(
    wanted: Sequence[tuple[ArtifactFacts, Delegate]],
    opened: OpenSpec,
    *,
    workers: int | None,
    progress: Progress,
    record: Record | None = None,
) -> HostScores:
    """Return the host's scores of files that are to be run; each file is scored once by each kind of kernels.

    Args:
        wanted: files, and the delegates that they are to be run by.
        opened: what they are asked.
        workers: processes; None: one per core.
        progress: gets news of each file.
        record: gets what each file answered to each example; None: nobody wants it.

    Raises:
        DatasetError: the data set cannot be read.
        StoreError: its pictures cannot be kept.
    """
    cache = ArtifactCache(home() / "cache")
    found: dict[tuple[str, Delegate], Score | Unscored] = {}
    for delegate in dict.fromkeys(host_twin(delegate) for _, delegate in wanted):
        facts = {one.sha256: one for one, asked in wanted if one.sha256 is not None and host_twin(asked) == delegate}
        files = [(one, path) for sha256, one in facts.items() if (path := cache.find_file(sha256)) is not None]
        scores = score_files(files, opened, delegate, cache=home(), workers=workers, progress=progress, record=record)
        found |= {(one.sha256 or "", delegate): score for (one, _), score in zip(files, scores, strict=True)}
    return found


def with_score(job: PlannedJob, scores: HostScores) -> PlannedJob:
    """Return a job with its file's score by the kernels most like its delegate's, or with why there is none."""
    artifact = job.workload.artifact
    found = scores.get((artifact.sha256 or "", host_twin(job.workload.delegate)))
    if isinstance(found, Score):
        return job.model_copy(update={"scores": (found,)})
    if found is None or artifact.latency_only is not None:  # the row says latency only already
        return job
    return job.model_copy(update={"unscored": found.reason})
