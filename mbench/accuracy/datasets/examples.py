"""Examples of one split, from pictures of any source and a list of what is right about each; and their identity."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from mbench.core.examples import Box, DatasetFacts, Place, Split, Task, Truth

Pairs = tuple[tuple[int, int, bool], ...]
"""Two examples by index, and whether both show the same person."""


class Pictures(Protocol):
    """Pictures in a fixed order, read one at a time; can be pickled, for worker processes."""

    def __len__(self) -> int:
        """Return how many there are."""

    def name(self, index: int) -> str:
        """Return what a message calls one."""

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return one, (height, width, 3) RGB.

        Raises:
            UnreadableExample: it cannot be decoded.
        """

    def orientation(self, index: int) -> int:
        """Return how one's EXIF says that it is to be turned: 1 (as stored) to 8."""

    def digests(self) -> Sequence[bytes]:
        """Return the SHA-256 of each picture's bytes as they are stored, in order.

        Raises:
            DatasetError: one cannot be read.
        """


class LabelledExamples:
    """One split of a data set: `mbench.core.examples.Examples` from pictures and truths.

    Args:
        name: of the data set.
        task: what is asked.
        split: which one this is.
        pictures: in order.
        truths: what is right about each, in the same order.
        class_names: of classes or attributes, by index; empty where nobody knows them.
        classes: how many there are, of tasks that have classes.
    """

    def __init__(
        self,
        *,
        name: str,
        task: Task,
        split: Split,
        pictures: Pictures,
        truths: Sequence[Truth],
        class_names: tuple[str, ...] = (),
        classes: int | None = None,
    ) -> None:
        if len(pictures) != len(truths):
            raise ValueError(f"{len(truths)} truths for {len(pictures)} pictures")
        self._name, self._task, self._split, self._classes = name, task, split, classes
        self._pictures, self._truths, self._class_names = pictures, tuple(truths), class_names

    @cached_property
    def facts(self) -> DatasetFacts:
        """What identifies them. Taking it reads every picture's bytes once; a pickled copy brings it along.

        Raises:
            DatasetError: a picture cannot be read.
        """
        return DatasetFacts(
            name=self._name,
            task=self._task,
            split=self._split,
            sha256=examples_sha256(self._pictures.digests(), self._truths, self._pairs()),
            examples=len(self),
            classes=self._classes,
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of classes or attributes, by index."""
        return self._class_names

    @property
    def pictures(self) -> Pictures:
        """Where the pictures come from."""
        return self._pictures

    def picked(self, split: Split, pictures: Pictures, truths: Sequence[Truth]) -> "LabelledExamples":
        """Return other examples of the same data set."""
        return LabelledExamples(
            name=self._name,
            task=self._task,
            split=split,
            pictures=pictures,
            truths=truths,
            class_names=self._class_names,
            classes=self._classes,
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._truths)

    def name(self, index: int) -> str:
        """Return what a message calls an example."""
        return self._pictures.name(index)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return one picture, (height, width, 3) RGB.

        Raises:
            UnreadableExample: it cannot be decoded.
        """
        return self._pictures.picture(index)

    def orientation(self, index: int) -> int:
        """Return how its EXIF says that it is to be turned: 1 (as stored) to 8."""
        return self._pictures.orientation(index)

    def truth(self, index: int) -> Truth:
        """Return what is right about it."""
        return self._truths[index]

    def _pairs(self) -> Pairs:
        """Return what is asked about two examples at once: nothing, but for faces."""
        return ()


class PairedExamples(LabelledExamples):
    """Pictures of faces, and the pairs of them of which is asked whether they show the same person."""

    def __init__(self, *, name: str, split: Split, pictures: Pictures, persons: Sequence[int], pairs: Pairs) -> None:
        super().__init__(name=name, task=Task.VERIFICATION, split=split, pictures=pictures, truths=persons)
        self._asked_pairs = pairs

    def pairs(self) -> Pairs:
        """Return the pairs in the order of their list: indices of two examples, and whether it is one person."""
        return self._asked_pairs

    def _pairs(self) -> Pairs:
        return self._asked_pairs


class SizedPictures(Pictures, Protocol):
    """Pictures whose size can be read without decoding them."""

    def size(self, index: int) -> tuple[int, int]:
        """Return width and height of one.

        Raises:
            UnreadableExample: it cannot be decoded.
        """


class BoxedExamples(LabelledExamples):
    """Pictures with boxed objects, in pixels of the original."""

    def __init__(
        self,
        *,
        name: str,
        split: Split,
        pictures: SizedPictures,
        objects: Sequence[tuple[Box, ...]],
        class_names: tuple[str, ...],
    ) -> None:
        super().__init__(
            name=name,
            task=Task.DETECTION,
            split=split,
            pictures=pictures,
            truths=objects,
            class_names=class_names,
            classes=len(class_names),
        )
        self._sized = pictures

    def size(self, index: int) -> tuple[int, int]:
        """Return width and height of a picture.

        Raises:
            UnreadableExample: it cannot be decoded.
        """
        return self._sized.size(index)


def examples_sha256(digests: Iterable[bytes], truths: Iterable[Truth], pairs: Pairs = ()) -> str:
    """Return the identity of examples: SHA-256 over each picture's own SHA-256 and its truth as JSON, in order.

    Pairs follow where there are any, because other pairs of the same pictures give other scores.
    """
    total = hashlib.sha256()
    for digest, truth in zip(digests, truths, strict=True):
        total.update(digest + _json(_plain(truth)))
    if pairs:
        total.update(_json([list(pair) for pair in pairs]))
    return total.hexdigest()


def _json(value: JsonValue) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _plain(truth: Truth | Box) -> JsonValue:
    match truth:
        case Box():
            return [truth.left, truth.top, truth.right, truth.bottom, truth.label, truth.crowd]
        case Place():
            return [truth.latitude, truth.longitude]
        case tuple():
            return [_plain(part) for part in truth]
        case _:
            return int(truth)
