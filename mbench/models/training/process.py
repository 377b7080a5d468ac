"""The training process: tensorflow lives and dies here; tasks come in and what happens goes out by one pipe."""

import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from mbench.core.errors import MbenchError, TrainingFailed
from mbench.core.ports import utc_now
from mbench.models.networks.architectures import find_architecture, find_chain
from mbench.models.networks.layers import count_mult_adds
from mbench.models.tflite.quiet import quiet
from mbench.models.training.checkpoints import read_checkpoint
from mbench.models.training.computing import begin, prepare_tensorflow
from mbench.models.training.distribution import arranged
from mbench.models.training.examples import TrainingExamples
from mbench.models.training.fine_tuning import fine_tune_recipe
from mbench.models.training.fitting import Event, Fit, Trained
from mbench.models.training.library import TrainingLibrary
from mbench.models.training.recipe import TrainingRecipe
from mbench.models.training.records import Machine, TrainingRecord
from mbench.models.training.teachers import Teacher
from mbench.models.training.teaching import TeacherScore, write_teachings
from mbench.models.weights.weights import WeightValues, load_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTask:
    """One training, as a plain value for another process.

    Attributes:
        teacher: what the recipe's lesson stands for.
        teacher_examples: the same examples at the teacher's own resolution; None: as the student is given them.
        home: of the library.
        decoders: processes that decode, where pictures do not fit into memory.
        servers: parameter servers of a cluster on this machine.
    """

    recipe: TrainingRecipe
    examples: TrainingExamples
    teacher: Teacher | None = None
    teacher_examples: TrainingExamples | None = None
    home: Path
    decoders: int = 1
    servers: int = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """Another process trains the same now."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a training gave nothing, in one line."""

    message: str


News = Event | Waiting | TeacherScore
Message = News | TrainingRecord | Failure
"""A task ends with its record or a failure; everything else comes before."""


def serve(connection: Connection, machine: Machine, replicas: int) -> None:
    """Train one task after another until the other end closes; Ctrl-C is for the parent to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of every `finally`: decoding processes end too
    with quiet(gpu=True):
        try:
            equipped = prepare_tensorflow(machine, replicas=replicas)
            while True:
                task: TrainingTask = connection.recv()
                connection.send(_outcome(task, equipped, connection.send))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
        except MbenchError as error:
            connection.send(Failure(str(error)))


def _outcome(task: TrainingTask, machine: Machine, tell: Callable[[News], None]) -> TrainingRecord | Failure:
    try:
        return train(task, machine, tell)
    except MbenchError as error:
        return Failure(str(error))
    except (BrokenPipeError, ConnectionResetError):  # the parent has gone: nobody is left to train for
        raise
    except Exception as error:  # tensorflow raises all kinds; by this door they leave as one line
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        what = f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"
        return Failure(f"training {task.recipe.network} failed: {what}.")


def train(task: TrainingTask, machine: Machine, tell: Callable[[News], None]) -> TrainingRecord:
    """Train, or find it done by somebody else meanwhile, and return its record.

    Raises:
        MbenchError: nothing came out of it.
    """
    library, recipe = TrainingLibrary(task.home), task.recipe
    digest = recipe.digest()
    with library.training(digest, waiting=lambda: tell(Waiting())) as folder:
        if (done := library.find(digest)) is not None:
            return done
        began = time.perf_counter()
        begin(recipe.seed)
        trained = _train(task, machine, folder, tell)
        seconds = max(trained.seconds, time.perf_counter() - began)
        return library.keep(
            recipe, replace(trained, seconds=seconds), machine, mult_adds=mult_adds_of(recipe), now=utc_now()
        )


def _train(task: TrainingTask, machine: Machine, folder: Path, tell: Callable[[News], None]) -> Trained:
    recipe = task.recipe
    start = _start(recipe)
    with ExitStack() as cleaning:
        examples = task.examples
        if task.teacher is not None:
            examples = replace(examples, taught=folder / "taught.npy")
            cleaning.callback((folder / "taught.npy").unlink, missing_ok=True)
            tell(_teach(task, folder / "taught.npy"))
        if recipe.qat is not None:
            return fine_tune_recipe(recipe, examples, start, tell)
        arrangement = cleaning.enter_context(arranged(recipe, servers=task.servers, threads=machine.threads))
        return Fit(
            recipe=recipe,
            examples=examples,
            start=start,
            folder=folder,
            machine=machine,
            decoders=task.decoders,
            arrangement=arrangement,
        ).run(tell)


def _teach(task: TrainingTask, path: Path) -> TeacherScore:
    pictures = (task.teacher_examples or task.examples).pictures()
    if pictures is None or task.teacher is None:
        raise TrainingFailed(
            "a teacher is asked about pictures in memory; these do not fit. Give stored outputs of fewer."
        )
    return write_teachings(task.recipe, task.teacher, pictures, task.examples.truths(), path)


def _start(recipe: TrainingRecipe) -> WeightValues | None:
    if recipe.start is None:
        return None
    return load_weights(recipe.start, find_chain(recipe.architecture, recipe.size.alpha, recipe.head.classes))


def mult_adds_of(recipe: TrainingRecipe) -> int | None:
    """Return the multiply-adds of one inference, counted from the layers; None where a network is no chain of them."""
    layers = find_architecture(recipe.architecture).layers
    return (
        None
        if layers is None
        else count_mult_adds(layers(recipe.size.alpha, recipe.head.classes), recipe.size.resolution)
    )


def threads_of_checkpoint(library: TrainingLibrary, recipe: TrainingRecipe) -> int | None:
    """Return how many threads an interrupted training was begun with; it goes on with as many. None: there is none."""
    digest = recipe.digest()
    found = read_checkpoint(library.folder(digest), digest)
    return None if found is None else found.machine.threads
