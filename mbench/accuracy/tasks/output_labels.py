"""What each output of a file stands for, by the user's own list: other orders, and networks of more classes.

roses                   a line for each output, in their order: this is output 0
daisy

207: golden retriever   or behind the output's number, of as many outputs as are of use
208: golden retriever   several outputs may stand for one class: each of them is right
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.text import brief, read_text
from mbench.accuracy.tasks.top_k import NO_CLASS
from mbench.core.errors import DatasetError, UnsupportedModel
from mbench.files.regular import MIB

FORMAT: Final = "--labels FILE is a class name for each output, one a line, or lines of NUMBER: NAME"

MOST_BYTES: Final = 16 * MIB
"""Of a list; the names of ImageNet's 21 841 classes have less than one."""

_NUMBERED: Final = re.compile(r"(\d{1,7})\s*[:,\t]\s*(\S.*)")
_BETWEEN_WORDS: Final = re.compile(r"[\s_-]+")
_ELSEWHERE: Final = NO_CLASS + 1
"""What an output means that is none of the data set's classes: an answer, and a wrong one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputLabels:
    """A list of labels.

    Attributes:
        outputs: how many the file must have; None: at least as many as the highest number says.
        names: (output, its name), in the list's order.
        sha256: of the list.
    """

    path: Path
    outputs: int | None
    names: tuple[tuple[int, str], ...]
    sha256: str

    def classes(self, outputs: int, class_names: Sequence[str]) -> NDArray[np.intp]:
        """Return the data set's class that each output stands for, (outputs,).

        Args:
            outputs: scores that the file gives.
            class_names: of the data set, by index.

        Raises:
            UnsupportedModel: the list is of another number of outputs, or lacks a class of the data set; or its classes
                have no names, or share one, so that no list can tell them apart.
        """
        if not class_names:
            raise UnsupportedModel(
                f"the data set's classes have no names that {self.path} could be held against. Leave --labels out."
            )
        shared, count = Counter(map(_plain, class_names)).most_common(1)[0]
        if count > 1:
            raise UnsupportedModel(
                f"{count} of the data set's classes are called {shared!r}, so that names cannot tell them apart. "
                "Leave --labels out, or give the classes names of their own."
            )
        if self.outputs not in {None, outputs}:
            raise UnsupportedModel(
                f"it has {outputs} outputs, and {self.path} names {self.outputs}. Name a list of its "
                "outputs, or number those of use: NUMBER: NAME."
            )
        last = max(output for output, _ in self.names)
        if last >= outputs:
            from_one = last == outputs and all(output for output, _ in self.names)
            advice = "Number them from 0" if from_one else "Name a list of its outputs"
            raise UnsupportedModel(
                f"its outputs are 0 to {outputs - 1}, and {self.path} names output {last}. {advice}."
            )
        numbers = {_plain(name): index for index, name in enumerate(class_names)}
        found = np.full(outputs, _ELSEWHERE, np.intp)
        for output, name in self.names:
            found[output] = numbers.get(_plain(name), _ELSEWHERE)
        there = set(found.tolist())
        missing = [name for index, name in enumerate(class_names) if index not in there]
        if missing:
            more = f" and {len(missing) - 1} more of the data set's classes" if len(missing) > 1 else ""
            raise UnsupportedModel(
                f"{self.path} has no {missing[0]}{more}; its names look like {brief(self.names[0][1])}. Use "
                "the data set's names."
            )
        return found


def meant(top: NDArray[np.integer], classes: NDArray[np.intp]) -> NDArray[np.integer]:
    """Return the class that each answer names.

    Args:
        top: (asked, k) output indices; `NO_CLASS` stays.
        classes: (outputs,) of `OutputLabels.classes`.
    """
    return np.where(top >= 0, classes[np.maximum(top, 0)], top)


def open_labels(path: Path) -> OutputLabels:
    """Return a list of labels.

    Raises:
        DatasetError: it cannot be read, is empty, numbers some of its lines only, or gives one output two names.
    """
    text = read_text(path, limit_bytes=MOST_BYTES)
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if line]
    if not said:
        raise DatasetError(f"{FORMAT}; {path} is empty. Write one.")
    numbered = [_NUMBERED.fullmatch(line) for line in said]
    digest = sha256(text.encode()).hexdigest()
    if not all(numbered):
        _refuse_some_numbered(path, said, numbered)
        if "" in lines[: len(lines) - lines[::-1].index(said[-1])]:
            raise DatasetError(f"{FORMAT}; {path} has an empty line between others. Mend it.")
        return OutputLabels(path=path, outputs=len(said), names=tuple(enumerate(said)), sha256=digest)
    names = [(int(match[1]), match[2]) for match in numbered if match is not None]
    numbers = [number for number, _ in names]
    twice = [number for number, count in Counter(numbers).items() if count > 1]
    if twice:
        raise DatasetError(f"{FORMAT}; {path} names output {twice[0]} twice. Mend it.")
    return OutputLabels(path=path, outputs=None, names=tuple(names), sha256=digest)


def _refuse_some_numbered(path: Path, said: Sequence[str], numbered: Sequence[re.Match[str] | None]) -> None:
    """Refuse a list most of whose lines are numbered; in one of names, a few may look so."""
    if 2 * sum(match is not None for match in numbered) > len(numbered):
        odd = said[numbered.index(None)]
        raise DatasetError(f"{FORMAT}; {path} has {brief(repr(odd))} between lines of NUMBER: NAME. Mend the line.")


def _plain(name: str) -> str:
    """Return a name without regard to case, and to what stands between its words."""
    return _BETWEEN_WORDS.sub(" ", name.strip()).casefold()
