"""Examples picked from the splits of a data set: all of them, or those that a list names."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.examples import LabelledExamples, Pictures
from mbench.accuracy.datasets.text import read_lines
from mbench.core.errors import DatasetError
from mbench.core.examples import Examples, Split

Place = tuple[int, int]
"""Which of several sources, and which picture of it."""


class PickedPictures:
    """Some pictures of several sources, in an order of their own."""

    def __init__(self, sources: Sequence[Pictures], places: Sequence[Place]) -> None:
        self._sources, self._places = tuple(sources), tuple(places)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._places)

    def name(self, index: int) -> str:
        """Return what its source calls one."""
        source, place = self._places[index]
        return self._sources[source].name(place)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return one, (height, width, 3) RGB.

        Raises:
            UnreadableExample: it cannot be decoded.
        """
        source, place = self._places[index]
        return self._sources[source].picture(place)

    def orientation(self, index: int) -> int:
        """Return how one's EXIF says that it is to be turned, 1 to 8."""
        source, place = self._places[index]
        return self._sources[source].orientation(place)

    def digests(self) -> Sequence[bytes]:
        """Return the SHA-256 of each picture's bytes."""
        digests = [source.digests() for source in self._sources]
        return tuple(digests[source][place] for source, place in self._places)


def all_of(splits: Mapping[Split, Examples]) -> LabelledExamples:
    """Return the examples of all splits, one behind the other.

    Raises:
        DatasetError: they have more than a picture and what is right about it.
    """
    plain = _plain(splits.values())
    places = [(source, place) for source, examples in enumerate(plain) for place in range(len(examples))]
    return _picked(plain, places, Split.ALL)


def listed(splits: Mapping[Split, Examples], path: Path) -> LabelledExamples:
    """Return the examples that a file names, one a line, in its order.

    Raises:
        DatasetError: the file cannot be read, names nothing, one example twice, or one that is not there.
    """
    plain = _plain(splits.values())
    known = {
        examples.name(place): (source, place) for source, examples in enumerate(plain) for place in range(len(examples))
    }
    names = [_unquoted(line) for line in read_lines(path) if line]
    if not names:
        raise DatasetError(f"{path} names no example. Write one a line, such as {next(iter(known), 'cat/1.jpg')}.")
    unknown = [name for name in names if name not in known]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise DatasetError(
            f"{path} names {unknown[0]}{more}, not in the data set; its names look like "
            f"{next(iter(known), 'none')}. Mend the list."
        )
    twice = next((name for name, after in zip(sorted(names), sorted(names)[1:], strict=False) if name == after), None)
    if twice is not None:
        raise DatasetError(f"{path} names {twice} twice, which would count twice. Mend the list.")
    return _picked(plain, [known[name] for name in names], Split.LISTED)


def _unquoted(line: str) -> str:
    """Return the name that a line holds: a JSON string where it is one, else the line as it stands."""
    if not line.startswith('"'):
        return line
    try:
        name = json.loads(line)
    except ValueError:
        return line
    return name if isinstance(name, str) else line


def _plain(splits: Iterable[Examples]) -> list[LabelledExamples]:
    found = []
    for examples in splits:
        if type(examples) is not LabelledExamples:  # pairs and boxes belong to the whole split
            raise DatasetError(
                f"--split all or FILE is for classes, attributes and places, "
                f"not for {examples.facts.task}. Leave it out."
            )
        found.append(examples)
    return found


def _picked(sources: Sequence[LabelledExamples], places: Sequence[Place], split: Split) -> LabelledExamples:
    return sources[0].picked(
        split,
        PickedPictures([source.pictures for source in sources], places),
        [sources[source].truth(place) for source, place in places],
    )
