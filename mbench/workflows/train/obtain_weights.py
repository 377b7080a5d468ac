"""Training: the weights of every network of a selection out of the library, or trained, recorded and put there.

tensorflow is imported by training processes alone, and only where something is missing from the library.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mbench.accuracy.datasets.opened import Dataset
from mbench.core.builds.recipes import Weights
from mbench.core.builds.variants import Head, Size
from mbench.core.choices import Keep
from mbench.core.errors import UsageError
from mbench.core.examples import Examples
from mbench.core.ports import Progress, SilentProgress
from mbench.core.reasons import Untrained
from mbench.models.training.doubts import training_doubts
from mbench.models.training.durations import Estimate, estimate
from mbench.models.training.fitting import Advance
from mbench.models.training.library import TrainingLibrary
from mbench.models.training.process import Failure, Message, TrainingTask, Waiting, mult_adds_of, threads_of_checkpoint
from mbench.models.training.recipe import TrainingRecipe
from mbench.models.training.records import Epoch, TrainingRecord
from mbench.models.training.teachers import Teacher, WeightsTeacher
from mbench.models.training.teaching import TeacherScore, lesson_of
from mbench.report.charts.learning_curves import Curve, write_curves
from mbench.report.results.feet.origin_lines import training_text
from mbench.workflows.build.built_from import training_facts
from mbench.workflows.train.find_teacher import teacher_of
from mbench.workflows.train.processes import Job, processes_for, run_jobs, this_machine, threads_for, usable_cores
from mbench.workflows.train.recipes import (
    Network,
    TrainingOptions,
    check_trainable,
    preprocessing_for,
    qat_recipe_of,
    recipe_of,
    training_examples,
    training_split,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one network: its record, or why there is none.

    Attributes:
        trained_now: not taken from the library.
        usual: what whoever asks for weights of this network with no options of training is given.
    """

    network: Network
    record: TrainingRecord | None = None
    reason: str | None = None
    trained_now: bool = False
    usual: bool = False


def obtain_weights(
    networks: Sequence[tuple[str, Size, Head]],
    dataset: Dataset,
    options: TrainingOptions,
    *,
    home: Path,
    progress: Progress,
    workers: int | None,
) -> dict[tuple[str, Size, Head], Weights | Untrained]:
    """Return each network's trained weights, or why there are none; what is missing is trained, once.

    With options that choose nothing, any training of the network on this data set serves that was at least as long as
    the default, and of several the one that did best on what it held out.

    Raises:
        MbenchError: the data set has nothing to train on, or the options are none.
    """
    library = TrainingLibrary(home)
    able, found = _trainable([Network(*one) for one in networks])
    outcomes = train(able, dataset, options, home=home, progress=progress, workers=workers) if able else []
    _tell_choices(outcomes, library, progress)
    return found | {
        (*outcome.network,): library.weights(outcome.record)
        if outcome.record
        else Untrained(outcome.reason or "not trained")
        for outcome in outcomes
    }


def _tell_choices(outcomes: Sequence[Outcome], library: TrainingLibrary, progress: Progress) -> None:
    """Say of each network which of several trainings was taken, and what speaks against it."""
    records = library.records()
    for record in (each.record for each in outcomes if each.record is not None and not each.trained_now):
        facts = training_facts(record, records)
        for doubt in training_doubts(record):
            progress.note(f"{facts.network}: training {facts.digest[:12]}: {doubt}")
        if facts.others:
            progress.note(f"{facts.network}: weights of {training_text(facts)}")


def _trainable(
    networks: Sequence[Network],
) -> tuple[list[Network], dict[tuple[str, Size, Head], Weights | Untrained]]:
    """Divide networks into those that can be trained, and why the others cannot."""
    able: list[Network] = []
    refused: dict[tuple[str, Size, Head], Weights | Untrained] = {}
    for network in networks:
        try:
            check_trainable(network)
            able.append(network)
        except UsageError as error:
            refused[(*network,)] = Untrained(str(error))
    return able, refused


def find_weights(
    networks: Sequence[tuple[str, Size, Head]], dataset: Dataset, options: TrainingOptions, *, home: Path
) -> dict[tuple[str, Size, Head], Weights | Untrained]:
    """Return each network's trained weights where they are there already; nothing is trained.

    Raises:
        MbenchError: the data set has nothing to train on, or the options are none.
    """
    session = _Session(dataset, options, home=home, progress=SilentProgress(), workers=None)
    found = {network: session.found(Network(*network)) for network in networks}
    return {network: weights or Untrained("to be trained") for network, weights in found.items()}


def train(
    networks: Sequence[Network],
    dataset: Dataset,
    options: TrainingOptions,
    *,
    home: Path,
    progress: Progress,
    workers: int | None,
) -> list[Outcome]:
    """Train what is not in the library; return what became of each network, in order.

    Raises:
        MbenchError: the data set has nothing to train on, or the options are none.
    """
    return _Session(dataset, options, home=home, progress=progress, workers=workers).outcomes(networks)


class _Session:
    """One call: the split, the library, and where progress goes."""

    def __init__(
        self, dataset: Dataset, options: TrainingOptions, *, home: Path, progress: Progress, workers: int | None
    ) -> None:
        self._dataset, self._options, self._progress, self._workers = dataset, options, progress, workers
        self._home, self._library = home, TrainingLibrary(home)
        self._examples: Examples = training_split(dataset)
        self._preprocessing = preprocessing_for(dataset, options)

    def found(self, network: Network) -> Weights | None:
        """Return the weights of a network that are there already."""
        record = self._find(self._recipe(network))
        return None if record is None else self._library.weights(record)

    def outcomes(self, networks: Sequence[Network]) -> list[Outcome]:
        recipes = {network: self._recipe(network) for network in dict.fromkeys(networks)}
        outcomes = self._obtain(recipes)
        if self._options.qat:
            outcomes = self._obtain_qat(recipes, outcomes)
        return [replace(outcomes[network], usual=self._usual(outcomes[network])) for network in recipes]

    def _usual(self, outcome: Outcome) -> bool:
        if outcome.record is None:
            return False
        plain = TrainingOptions()
        wanted = recipe_of(outcome.network, self._examples.facts, preprocessing_for(self._dataset, plain), plain)
        return outcome.record == self._serving(wanted)

    def _recipe(self, network: Network) -> TrainingRecipe:
        teacher, facts = self._teacher_of(network), self._examples.facts
        temperature = self._options.temperature
        lesson = None if teacher is None else lesson_of(teacher, facts.task, temperature=temperature)
        return recipe_of(network, facts, self._preprocessing, self._options, lesson=lesson)

    def _obtain(self, recipes: Mapping[Network, TrainingRecipe]) -> dict[Network, Outcome]:
        found = {network: Outcome(network=network, record=self._find(recipe)) for network, recipe in recipes.items()}
        missing = {network: recipe for network, recipe in recipes.items() if found[network].record is None}
        return found | self._train(missing) if missing else found

    def _find(self, recipe: TrainingRecipe) -> TrainingRecord | None:
        exact = self._library.find(recipe.digest())
        if exact is not None or not self._options.usual or recipe.qat is not None:
            return exact
        return self._serving(recipe)

    def _serving(self, wanted: TrainingRecipe) -> TrainingRecord | None:
        """Return what whoever asks for weights by the defaults is given: those of exactly these, else the best."""
        return self._library.find(wanted.digest()) or self._library.best(lambda other: serves(other, wanted))

    def _obtain_qat(
        self, recipes: Mapping[Network, TrainingRecipe], floats: Mapping[Network, Outcome]
    ) -> dict[Network, Outcome]:
        """Train on what the float trainings gave; where they failed, their reasons stand."""
        following = {
            network: qat_recipe_of(recipes[network], self._options, self._library.weights(outcome.record))
            for network, outcome in floats.items()
            if outcome.record is not None
        }
        return dict(floats) | self._obtain(following)

    def _train(self, recipes: Mapping[Network, TrainingRecipe]) -> dict[Network, Outcome]:
        teachers = {network: self._teacher_of(network) for network in recipes}
        asked = [teacher.size.resolution for teacher in teachers.values() if isinstance(teacher, WeightsTeacher)]
        examples = training_examples(
            self._examples,
            self._preprocessing,
            [*(network.size.resolution for network in recipes), *asked],
            folder=self._home / "prepared",
            progress=self._progress,
        )
        counted = {network: mult_adds_of(recipe) for network, recipe in recipes.items()}
        processes = processes_for(len(recipes), self._workers)
        jobs = {}
        for network in sorted(recipes, key=lambda one: -(counted[one] or 0)):
            recipe = recipes[network]
            usual = threads_for(counted[network], recipe.batch, processes=processes)
            task = TrainingTask(
                recipe=recipe,
                examples=examples[network.size.resolution],
                teacher=(teacher := teachers[network]),
                teacher_examples=examples[teacher.size.resolution] if isinstance(teacher, WeightsTeacher) else None,
                home=self._home,
                decoders=max(1, usable_cores() // processes),
                servers=self._options.parameter_servers,
            )
            jobs[network] = Job(task, threads_of_checkpoint(self._library, recipe) or usual)
        self._announce(recipes, counted, processes)
        return self._follow(jobs, processes)

    def _announce(
        self, recipes: Mapping[Network, TrainingRecipe], counted: Mapping[Network, int | None], processes: int
    ) -> None:
        """Say what is going to happen and how long it will take, before it starts."""
        earlier = self._library.records()
        estimates = [
            estimate(recipe, counted[network], this_machine(1), earlier) for network, recipe in recipes.items()
        ]
        first = next(iter(recipes.values()))
        begun = sum(self._library.begun(recipe.digest()) for recipe in recipes.values())
        self._progress.note(
            f"training {_networks(len(recipes))} on {first.dataset.name}: {first.trained_examples} examples and "
            f"{first.held_out_examples} held out, {first.epochs} epochs each"
            + (f", {begun} of them going on from a checkpoint" if begun else "")
            + f"; about {_duration(_together(estimates, processes))}, {estimates[0].source}"
        )

    def _follow(self, jobs: Mapping[Network, Job], processes: int) -> dict[Network, Outcome]:
        outcomes: dict[Network, Outcome] = {}
        names = {id(job.task): network for network, job in jobs.items()}
        shown = _ShownProgress(self._progress, [job.task.recipe for job in jobs.values()])
        try:
            for task, message in run_jobs(list(jobs.values()), processes):
                network = names[id(task)]
                shown.about(task.recipe, message)
                if isinstance(message, TrainingRecord):
                    self._draw(message)
                    outcomes[network] = Outcome(network=network, record=message, trained_now=True)
                elif isinstance(message, Failure):
                    outcomes[network] = Outcome(network=network, reason=message.message)
        except KeyboardInterrupt:
            self._progress.note("interrupted; each training keeps its last whole epoch: the same command goes on there")
            raise
        finally:
            self._progress.finish()
        return outcomes

    def _draw(self, record: TrainingRecord) -> None:
        """Write the learning curves beside the record; a training without pictures of itself is still one."""
        curve = Curve(name=record.recipe.network, dataset=record.recipe.dataset.name, held_out=record.evaluated)
        try:
            write_curves(self._library.folder(record.digest), curve, [epoch.model_dump() for epoch in record.epochs])
        except (OSError, ImportError) as error:
            self._progress.note(f"no learning curves of {record.recipe.network}: {error}")

    def _teacher_of(self, student: Network) -> Teacher | None:
        return teacher_of(student, self._options, self._dataset, self._examples.facts, self._library)


class _ShownProgress:
    """Shows what training processes report."""

    def __init__(self, progress: Progress, recipes: Sequence[TrainingRecipe]) -> None:
        self._progress = progress
        self._total = sum(recipe.steps_examples for recipe in recipes)
        self._done = self._earlier = 0
        self._through: dict[tuple[str, int], int] = {}
        self._labels: dict[str, str] = {}
        self._began: float | None = None
        progress.start(f"training {_networks(len(recipes))}", self._total, unit="examples")
        progress.step("starting tensorflow")

    def about(self, recipe: TrainingRecipe, message: Message) -> None:
        name = recipe.network
        match message:
            case Advance():
                self._began = self._began or time.monotonic()
                self._count(name, message.epoch, message.examples)
                self._progress.step(self._label(name, f"epoch {message.epoch}/{recipe.epochs}"), message.examples)
            case Epoch():
                self._complete(name, message)
                self._labels[name] = _epoch_label(message, recipe)
                self._progress.step(self._label(name, self._labels[name]))
            case Waiting():
                self._progress.note(f"{name}: another process trains the same now; its weights will be taken")
            case TeacherScore():
                self._progress.note(f"{name}: its teacher is right in {message}")
            case TrainingRecord():
                self._progress.note(f"{name}: {_record_label(message)}")
                for doubt in training_doubts(message):
                    self._progress.note(f"{name}: {doubt}")
            case Failure():
                self._progress.note(message.message)

    def _count(self, name: str, epoch: int, examples: int) -> None:
        self._through[name, epoch] = self._through.get((name, epoch), 0) + examples
        self._done += examples

    def _complete(self, name: str, epoch: Epoch) -> None:
        """Count what an earlier session did, of which only the whole epoch is reported."""
        missing = epoch.examples - self._through.get((name, epoch.epoch), 0)
        if missing > 0:
            self._count(name, epoch.epoch, missing)
            self._earlier += missing
            self._progress.step(name, missing)

    def _label(self, name: str, what: str) -> str:
        rest = ""
        now = self._done - self._earlier
        if self._began is not None and now and (elapsed := time.monotonic() - self._began) > 1:
            rate = now / elapsed
            rest = f", {rate:.0f} examples/s, {_duration((self._total - self._done) / rate)} left"
        return f"{name} {what}{rest}"


def serves(other: TrainingRecipe, wanted: TrainingRecipe) -> bool:
    """Whether weights of one recipe may be used where another one's defaults were asked for."""
    return (
        other.architecture,
        other.size,
        other.head,
        other.dataset,
        other.preprocessing,
        other.seed,
        other.qat is None,
        other.epochs >= wanted.epochs,
    ) == (
        wanted.architecture,
        wanted.size,
        wanted.head,
        wanted.dataset,
        wanted.preprocessing,
        wanted.seed,
        wanted.qat is None,
        True,
    )


def _together(estimates: Sequence[Estimate], processes: int) -> float:
    """Return how long trainings side by side take: the longest first, each to the process that is free first."""
    ends = [0.0] * max(1, processes)
    for seconds in sorted((one.seconds for one in estimates), reverse=True):
        ends[ends.index(min(ends))] += seconds
    return max(ends)


def _epoch_label(epoch: Epoch, recipe: TrainingRecipe) -> str:
    held_out = "" if epoch.held_out_accuracy is None else f", held out {epoch.held_out_accuracy:.1%}"
    return f"epoch {epoch.epoch}/{recipe.epochs} loss {epoch.loss:.3f}{held_out}"


def _record_label(record: TrainingRecord) -> str:
    kept = record.kept
    held_out = (
        "nothing held out"
        if kept.held_out_accuracy is None
        else f"{kept.held_out_accuracy:.1%} of {record.evaluated} validation examples"
    )
    return f"{epochs_label(record)}, {held_out}, {_duration(record.seconds)}"


def epochs_label(record: TrainingRecord) -> str:
    """Return how many epochs there were, and which one's weights were kept."""
    epochs = "1 epoch" if len(record.epochs) == 1 else f"{len(record.epochs)} epochs"
    best = record.recipe.keep is Keep.BEST
    return f"{epochs}, kept epoch {record.kept_epoch} (best on the validation split)" if best else epochs


def _networks(count: int) -> str:
    return "1 network" if count == 1 else f"{count} networks"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
