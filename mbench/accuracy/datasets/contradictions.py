"""What the pictures of a data set say against scores on it: one under two classes, near-copies on both sides.

Exact copies on both sides are refused where splits are read (`overlap`).
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.hashes import write_note
from mbench.core.errors import UnreadableExample
from mbench.core.examples import Task

MOST_COMPARED: Final = 5_000
"""Pictures of both splits that are decoded to look for near-copies: half a minute of one core."""

SMALL: Final = 16
"""Side that pictures are averaged to: what JPEG or another size changes is gone in means over so large areas."""

NEAR_LEVELS: Final = 3.0
"""Root mean square difference of near-copies, of 255 levels.

Of nine photographs, JPEG of quality 10 to 95 gave 0.1 to 2.2, and half the size 0.5 to 1.9; different photographs are
39 apart and more, different digits 16, garments of Fashion-MNIST 12.
"""

LEAST_DEVIATION: Final = 8.0
"""Standard deviation of a small picture, in levels, below which it is too plain to be distinguished from others."""

_ROWS_AT_ONCE: Final = 256


def under_two_classes(examples: LabelledExamples) -> str | None:
    """Return what to say of pictures that stand under two classes; None where there is none."""
    if examples.facts.task is not Task.CLASSIFICATION:
        return None
    first: dict[bytes, int] = {}
    clashes = []
    for index, content in enumerate(examples.pictures.digests()):
        before = first.setdefault(content, index)
        if examples.truth(before) != examples.truth(index):
            clashes.append((before, index))
    if not clashes:
        return None
    names = " and ".join(examples.name(index) for index in clashes[0])
    count = "1 picture stands" if len(clashes) == 1 else f"{len(clashes)} pictures stand"
    return f"{count} under two classes, of which one is wrong: {names}"


def near_copies(train: LabelledExamples, test: LabelledExamples, *, cache: Path | None) -> str | None:
    """Return what to say of pictures to test on that are nearly those to train on; None where there is none.

    Args:
        train: examples to learn from.
        test: examples that are scored.
        cache: folder for a note of what was found; None: none is kept.
    """
    total = len(train) + len(test)
    if total > MOST_COMPARED:
        return f"near-copies in both splits were not looked for among {total} pictures, more than {MOST_COMPARED}"
    note = None if cache is None else cache / f"near-{train.facts.sha256[:24]}-{test.facts.sha256[:24]}.json"
    found = _noted(note)
    if found is None:
        found = _pairs(_small(train), _small(test))
        if note is not None:
            write_note(note, json.dumps(found))
    if not found:
        return None
    trained, tested = found[0]
    return (
        f"{len(found)} of {len(test)} pictures of the test split are near-copies of pictures of the train split "
        f"({test.name(tested)} and {train.name(trained)}, …): the score of a network trained on these is too high"
    )


def _noted(note: Path | None) -> list[tuple[int, int]] | None:
    try:
        return None if note is None else [(int(one), int(other)) for one, other in json.loads(note.read_bytes())]
    except (OSError, ValueError, TypeError):
        return None


def _small(examples: LabelledExamples) -> NDArray[np.float32]:
    """Return (n, 256) grey levels of averaged pictures; NaN of those that are too plain, or cannot be decoded."""

    def one(index: int) -> NDArray[np.float32]:
        try:
            picture = Image.fromarray(examples.picture(index)).convert("L")
        except UnreadableExample:
            return np.full(SMALL * SMALL, np.nan, np.float32)
        levels = np.asarray(picture.resize((SMALL, SMALL), Image.Resampling.BOX), np.float32).ravel()
        return levels if levels.std() >= LEAST_DEVIATION else np.full_like(levels, np.nan)

    with ThreadPoolExecutor() as pool:  # decoding releases the interpreter's lock
        rows: Sequence[NDArray[np.float32]] = list(pool.map(one, range(len(examples))))
    return np.stack(rows)


def _pairs(train: NDArray[np.float32], test: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Return for each row of `test` that is near one of `train` the nearest, (train, test)."""
    found = []
    for start in range(0, len(test), _ROWS_AT_ONCE):
        some = test[start : start + _ROWS_AT_ONCE].astype(np.float64)
        squares = (some**2).sum(1)[:, None] + (train.astype(np.float64) ** 2).sum(1)[None] - 2 * (some @ train.T)
        squares = np.where(np.isnan(squares), np.inf, squares)
        nearest = squares.argmin(axis=1)
        near = squares[np.arange(len(some)), nearest] <= NEAR_LEVELS**2 * SMALL * SMALL
        found += [(int(nearest[row]), start + int(row)) for row in np.flatnonzero(near)]
    return found
