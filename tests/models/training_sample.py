"""A data set of three classes that a small network learns at once, and trainings on it in a process with tensorflow."""

from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree

import numpy as np

from mbench.core.builds.variants import Head, Size
from mbench.core.errors import MbenchError
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.models.training.computing import begin, prepare_tensorflow
from mbench.models.training.examples import TrainingExamples
from mbench.models.training.fitting import Advance, Fit, Trained
from mbench.models.training.recipe import RmsProp, TrainingRecipe
from mbench.models.training.records import Epoch, Machine

CLASSES, EXAMPLES, SIDE = 3, 40, 32
MACHINE = Machine(system="test", processor="test", cores=1, threads=1)


@dataclass(frozen=True)
class Bands:
    """Noise with a bright band: on top, in the middle or below, by class."""

    examples: int = EXAMPLES

    @property
    def facts(self) -> DatasetFacts:
        return DatasetFacts(
            name="bands",
            task=Task.CLASSIFICATION,
            split=Split.TRAIN,
            sha256="b" * 64,
            examples=self.examples,
            classes=CLASSES,
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        return ("top", "middle", "bottom")

    def __len__(self) -> int:
        return self.examples

    def name(self, index: int) -> str:
        return f"bands train #{index}"

    def picture(self, index: int) -> np.ndarray:
        levels = np.random.default_rng(index).integers(0, 100, (SIDE, SIDE, 3))
        levels[10 * self.truth(index) : 10 * self.truth(index) + 10] += 120
        return levels.astype(np.uint8)

    def orientation(self, index: int) -> int:
        return 1

    def truth(self, index: int) -> int:
        return index % CLASSES


def as_it_is(picture: np.ndarray) -> np.ndarray:
    return picture


def recipe(**changed: object) -> TrainingRecipe:
    fields: dict[str, object] = {
        "architecture": "mobilenet_v1",
        "size": Size(alpha=0.25, resolution=SIDE),
        "head": Head(classes=CLASSES),
        "preset": "small",
        "dataset": Bands().facts,
        "preprocessing": "plain",
        "epochs": 2,
        "batch": 8,
        "optimizer": RmsProp(learning_rate=0.002),
        "weight_decay": 0.00004,
        "held_out": 0.2,
    }
    return TrainingRecipe(**{**fields, **changed})


class Interruption(Exception):
    pass


def prepare(folder: Path) -> TrainingExamples:
    path = folder / "bands.npy"
    if not path.exists():
        np.save(path, np.stack([Bands().picture(index) for index in range(EXAMPLES)]))
    return TrainingExamples(examples=Bands(), prepare=as_it_is, prepared=path)


_machine: list[Machine] = []


def fit(
    wanted: TrainingRecipe,
    folder: Path,
    *,
    decoded: bool = False,
    interrupt_after: int = 0,
    copied: Path | None = None,
) -> Trained | str:
    """Train; return what came out, or the error's line.

    Args:
        interrupt_after: epochs, after which it is broken off.
        copied: where the folder is copied to as one that ends after the first epoch leaves it.
    """
    if not _machine:
        _machine.append(prepare_tensorflow(MACHINE))
    begin(wanted.seed)
    examples = prepare(folder)
    if decoded:
        examples = replace(examples, prepared=None)

    def tell(event: Advance | Epoch) -> None:
        if interrupt_after and isinstance(event, Advance) and event.epoch > interrupt_after:
            raise Interruption
        if copied is not None and isinstance(event, Epoch) and event.epoch == 1:
            copytree(folder, copied)

    ready = Fit(recipe=wanted, examples=examples, start=None, folder=folder, machine=_machine[0])
    try:
        return ready.run(tell)
    except MbenchError as error:
        return str(error)
    except Interruption:
        return "interrupted"
