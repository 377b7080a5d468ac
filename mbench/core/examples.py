"""Labelled examples: what training, calibration and scoring read, whatever the data set they come from."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from mbench.core.numbers.bounds import Count, Sha256
from mbench.core.workloads import Document

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Task(StrEnum):
    """What is asked about a picture, and so what its truth is and how answers are scored.

    `own`: arrays of the user's, with labels that a function of the user's alone understands.
    """

    CLASSIFICATION = "classification"
    ATTRIBUTES = "attributes"
    DETECTION = "detection"
    GEOLOCATION = "geolocation"
    VERIFICATION = "verification"
    OWN = "own"


class Split(StrEnum):
    """Which examples: those to learn from, or those to be scored on, which no training ever sees.

    Or both together, or those that a list of the user names: these are made of the first two.
    """

    TRAIN = "train"
    TEST = "test"
    ALL = "all"
    LISTED = "listed"


SPLITS: Final = (Split.TRAIN, Split.TEST)
"""Those that data sets consist of."""


class DatasetFacts(Document):
    """One split of a data set, by content.

    Attributes:
        name: `digits`, `imagenet`, `folder`: the word that `--dataset` begins with, without any path.
        sha256: over every example's bytes and truth, in order.
        examples: how many the split holds.
        classes: of a classification; None where there are none.
    """

    name: str
    task: Task
    split: Split
    sha256: Sha256
    examples: Count
    classes: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One object in a picture: pixels of the original, (left, top, right, bottom), and its class."""

    left: float
    top: float
    right: float
    bottom: float
    label: int
    crowd: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position on the globe, in degrees."""

    latitude: float
    longitude: float


Truth = int | tuple[int, ...] | tuple[Box, ...] | Place
"""By task: a class, 0 or 1 per attribute, the objects, the place. Verification: the person, as a class."""


class Examples(Protocol):
    """The examples of one split in a fixed order, read one at a time; can be pickled, for worker processes."""

    @property
    def facts(self) -> DatasetFacts:
        """What identifies them."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of classes or attributes, by index; empty where nobody knows them."""

    def __len__(self) -> int:
        """Return how many there are."""

    def name(self, index: int) -> str:
        """Return what a message calls an example: a file's name, or `digits test #17`."""

    def picture(self, index: int) -> "npt.NDArray[np.uint8]":
        """Return one picture, (height, width, 3) RGB.

        Raises:
            UnreadableExample: it cannot be decoded.
        """

    def orientation(self, index: int) -> int:
        """Return how its EXIF says that it is to be turned: 1 (as stored, or nothing said) to 8."""

    def truth(self, index: int) -> Truth:
        """Return what is right about it."""
