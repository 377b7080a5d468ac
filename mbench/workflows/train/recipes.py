"""Training plans: from what a user asked for, or left to the defaults, to one recipe per network."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.opened import Dataset
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.pictures.recipes import find_recipe
from mbench.core.builds.recipes import Weights
from mbench.core.builds.variants import Head, Size
from mbench.core.choices import Distribution, Keep, Schedule, Strength
from mbench.core.errors import DatasetError, UsageError
from mbench.core.examples import DatasetFacts, Examples, Split
from mbench.core.ports import Progress
from mbench.models.networks.architectures import find_architecture, find_chain
from mbench.models.training.examples import MOST_IN_MEMORY_BYTES, TrainingExamples
from mbench.models.training.presets import augmentation_for, decay_for, defaults, preset_for
from mbench.models.training.qat.qat import QatSettings
from mbench.models.training.recipe import Lesson, QatPlan, RmsProp, TrainingRecipe

TRAINER_VERSION: Final = "1"
"""To be raised with every change that gives other weights for the same recipe."""

_COMPUTING: Final = ("keras", "numpy", "pillow")
_TENSORFLOW: Final = ("tensorflow", "tensorflow-cpu")


class Network(NamedTuple):
    """What weights are for."""

    architecture: str
    size: Size
    head: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What a user says about a training; None leaves it to the preset, the data set and the network.

    Attributes:
        held_out: share of the TRAIN split that is not trained on.
        patience: epochs without a better held-out loss after which training ends.
        keep: which epoch's weights are kept.
        qat_epochs: of the quantization-aware training that follows.
        bits: of its 1×1 weights.
        teacher: a `.keras` or `.npz` file, or stored outputs (`.npy`).
        teacher_alpha: width of the network that a `.npz` teaches for.
        start: weights to begin with.
        workers: processes of a distribution.
        parameter_servers: of a local cluster.
    """

    preset: str | None = None
    epochs: int | None = None
    batch: int | None = None
    learning_rate: float | None = None
    schedule: Schedule | None = None
    augmentation: Strength | None = None
    weight_decay: float | None = None
    seed: int = 0
    held_out: float | None = None
    patience: int | None = None
    keep: Keep = Keep.BEST
    preprocessing: str | None = None
    qat: bool = False
    qat_epochs: int | None = None
    bits: int = 8
    teacher: Path | None = None
    teacher_alpha: float | None = None
    temperature: float = 1.0
    start: Weights | None = None
    distribution: Distribution | None = None
    workers: int | None = None
    parameter_servers: int = 1

    @property
    def usual(self) -> bool:
        """Whether nothing but a seed was chosen, so that any training of the same network serves."""
        return self == TrainingOptions(seed=self.seed, qat=self.qat, bits=self.bits)


def recipe_of(
    network: Network, facts: DatasetFacts, preprocessing: str, chosen: TrainingOptions, *, lesson: Lesson | None = None
) -> TrainingRecipe:
    """Return the recipe of the float training of a network.

    Args:
        network: what is trained.
        facts: of the TRAIN split.
        preprocessing: recipe that pictures are prepared by.
        chosen: what was asked for.
        lesson: of a distillation.

    Raises:
        UsageError: an unknown preset, a network that cannot be trained, or numbers that no training can have.
    """
    check_trainable(network)
    preset = preset_for(chosen.preset, facts.examples)
    fields: dict[str, Any] = defaults(preset, examples=facts.examples)
    fields |= _given(chosen, "epochs", "batch", "weight_decay", "held_out", "patience")
    if chosen.learning_rate is not None:
        fields["optimizer"] = RmsProp(**{**fields["optimizer"].model_dump(), "learning_rate": chosen.learning_rate})
    if chosen.schedule is not None:
        fields["decay"] = decay_for(chosen.schedule, fields["epochs"])
    fields["augmentation"] = augmentation_for(
        chosen.augmentation, epochs=fields["epochs"], alpha=network.size.alpha, dataset=facts.name
    )
    try:
        return TrainingRecipe(
            architecture=network.architecture,
            size=network.size,
            head=network.head,
            preset=preset,
            dataset=facts,
            preprocessing=preprocessing,
            seed=chosen.seed,
            keep=chosen.keep if fields["held_out"] else Keep.LAST,
            start=chosen.start,
            teacher=lesson,
            distribution=chosen.distribution,
            workers=chosen.workers if chosen.distribution else None,
            toolchain=training_toolchain(),
            **fields,
        )
    except ValueError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        raise UsageError(f"no training can be like that: {' '.join(lines[1:3])}.") from error


def check_trainable(network: Network) -> None:
    """Refuse networks that cannot be trained.

    Raises:
        UsageError: an unknown architecture, one that is no chain of layers, or a size or head that it does not have.
    """
    find_architecture(network.architecture).check(network.size, network.head)
    find_chain(network.architecture, network.size.alpha, network.head.classes)


def qat_recipe_of(recipe: TrainingRecipe, chosen: TrainingOptions, start: Weights) -> TrainingRecipe:
    """Return the recipe of the quantization-aware training that follows a float one."""
    epochs = chosen.qat_epochs or (4 if chosen.bits < 8 else 2)
    settings = QatPlan(
        epochs=epochs,
        batch=recipe.batch,
        learning_rate=QatSettings().learning_rate,
        pointwise_bits=chosen.bits,
        seed=recipe.seed,
    )
    return recipe.model_copy(
        update={
            "start": start,
            "epochs": epochs,
            "qat": settings,
            "distribution": None,
            "workers": None,
            "keep": Keep.LAST,
        }
    )


def training_split(dataset: Dataset) -> Examples:
    """Return the split to learn from.

    Raises:
        DatasetError: there is none.
    """
    if not dataset.trainable:
        raise DatasetError(f"{dataset.reference} has nothing to train on; it has no train split.")
    return dataset.split(Split.TRAIN)


def head_for(dataset: Dataset) -> Head:
    """Return the classifier of networks for a data set.

    Raises:
        DatasetError: its truths are none that a training here can follow.
    """
    if dataset.head is None:
        raise DatasetError(f"{dataset.reference}: training learns classes or attributes, not {dataset.task}.")
    return dataset.head


def preprocessing_for(dataset: Dataset, chosen: TrainingOptions) -> str:
    """Return the name of the recipe that pictures are prepared by; networks here take levels in [-1, 1].

    Raises:
        UsageError: unknown, or one that gives other numbers than the networks take.
    """
    recipe = find_recipe(chosen.preprocessing or dataset.default_preprocessing)
    scaling = recipe.scaling
    if (scaling.divisor, scaling.mean, scaling.channels) != (127.5, (1.0, 1.0, 1.0), "rgb"):
        raise UsageError(
            f"preprocessing {recipe.name} does not give levels in [-1, 1], which networks are trained on here; "
            "choose inception, plain or keras."
        )
    return recipe.name


@dataclass(frozen=True, slots=True)
class Preparation:
    """Makes an evaluation picture of any picture; goes to worker processes by the recipe's name."""

    recipe: str
    resolution: int

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return (resolution, resolution, 3)."""
        return find_recipe(self.recipe).crop_and_resize(picture, self.resolution)


def training_examples(
    examples: Examples, preprocessing: str, resolutions: Sequence[int], *, folder: Path, progress: Progress
) -> dict[int, TrainingExamples]:
    """Return what trainings at each resolution read: prepared once where that fits into memory, else decoded later.

    Raises:
        DatasetError: an example cannot be decoded.
    """
    recipe = find_recipe(preprocessing)
    found: dict[int, TrainingExamples] = {}
    with HostPool() as pool:
        for resolution in dict.fromkeys(resolutions):
            kept = None
            if len(examples) * resolution * resolution * 3 <= MOST_IN_MEMORY_BYTES:
                prepared = prepare(
                    examples, recipe, resolution, asked=None, seed=0, folder=folder, pool=pool, progress=progress
                )
                if prepared.record.unreadable:
                    unreadable = prepared.record.unreadable
                    count = "one training picture" if len(unreadable) == 1 else f"{len(unreadable)} training pictures"
                    raise DatasetError(f"{count} cannot be decoded, the first: {unreadable[0].reason}")
                kept = prepared.path
            found[resolution] = TrainingExamples(
                examples=examples, prepare=Preparation(preprocessing, resolution), prepared=kept
            )
    return found


def training_toolchain() -> tuple[tuple[str, str], ...]:
    """Return sorted (distribution, version) pairs of what computes weights; a missing one is left out."""
    pairs = {name: version for name in _COMPUTING if (version := _version(name))}
    tensorflow = next((version for name in _TENSORFLOW if (version := _version(name))), None)
    if tensorflow is not None:
        pairs["tensorflow"] = tensorflow
    return tuple(sorted({**pairs, "mbench-trainer": TRAINER_VERSION}.items()))


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _given(chosen: TrainingOptions, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(chosen, name)) is not None}
