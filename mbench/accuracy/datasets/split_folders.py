"""Which folders of a data set are its splits, and which its classes; what looks like both is refused.

PATH/train/ valid/ test/             as Roboflow and Kaggle give them out, in any case
PATH/seg_train/seg_train/            the same name once more: the inner one counts
PATH/train/ test/ unlabeled/         folders of neither: reported as not used
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.pictures import folders_in, has_pictures
from mbench.core.errors import DatasetError
from mbench.core.examples import Split

TRAIN_WORDS: Final = ("train", "training")
TEST_WORDS: Final = ("test", "testing", "val", "valid", "validation", "dev", "eval")
"""Names of the folder to be scored on; the first that is there counts."""

OTHER_WORDS: Final = ("unlabeled", "unlabelled", "unsup", "unsupervised", "extra", "pred", "predict", "prediction")

_SPLIT_NAME: Final = re.compile(r"(?:seg[_-])?(?P<word>[a-z]+)(?:[ _-]?(?:set|data|images|imgs))?")
_FEWEST_CLASSES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFolders:
    """What the folders of a data set are.

    Attributes:
        parts: the folder of each split, which holds class folders; empty where the data set's own folders are classes.
        unused: names of folders that belong to no split.
    """

    parts: Mapping[Split, Path]
    unused: tuple[str, ...] = ()


def find_split_folders(root: Path, *, format_: str) -> SplitFolders:
    """Return the folders of the splits.

    Folders whose names are those of splits and that hold nothing but pictures are classes of these names.

    Args:
        root: of the data set.
        format_: a sentence on what should be there, for messages.

    Raises:
        DatasetError: folders look like splits that nobody named so, or one name stands for two folders.
    """
    names = folders_in(root)
    words = {name: _word(name) for name in names}
    if not all(words.values()) or not set(words.values()) - set(OTHER_WORDS):
        _refuse_hidden_splits(root, names, format_)
        return SplitFolders(parts={})
    places = {name: _inner(root / name, word) for name, word in words.items()}
    for name, place in places.items():
        if words[name] not in OTHER_WORDS and folders_in(place) and has_pictures(place):
            raise DatasetError(
                f"{format_}; {place} is named like a split and holds pictures beside folders. Move the pictures away."
            )
    sorted_ones = [name for name in names if words[name] not in OTHER_WORDS and folders_in(places[name])]
    if not sorted_ones and set(words.values()) & set(OTHER_WORDS):
        raise DatasetError(
            f"{format_}; {', '.join(names)} in {root} are named like splits and hold no folder of a class. "
            "Sort the pictures."
        )
    if not sorted_ones:
        return SplitFolders(parts={})
    parts = {
        split: places[chosen]
        for split, known in ((Split.TRAIN, TRAIN_WORDS), (Split.TEST, TEST_WORDS))
        if (chosen := _first(root, sorted_ones, words, known, format_)) is not None
    }
    return SplitFolders(parts=parts, unused=tuple(name for name in names if places[name] not in parts.values()))


def _word(name: str) -> str | None:
    """Return the word of a split that a folder is named by, in lower case."""
    match = _SPLIT_NAME.fullmatch(name.lower())
    word = match["word"] if match else ""
    return word if word in {*TRAIN_WORDS, *TEST_WORDS, *OTHER_WORDS} else None


def _inner(folder: Path, word: str | None) -> Path:
    """Return the folder, or the one of the same meaning that is all it holds."""
    inside = folders_in(folder)
    return folder / inside[0] if len(inside) == 1 and _word(inside[0]) == word and not has_pictures(folder) else folder


def _first(
    root: Path, names: Sequence[str], words: Mapping[str, str | None], known: Sequence[str], format_: str
) -> str | None:
    for word in known:
        found = [name for name in names if words[name] == word]
        if len(found) > 1:
            raise DatasetError(f"{format_}; {root} has {' and '.join(found)}, two names of one split. Rename one.")
        if found:
            return found[0]
    return None


def _refuse_hidden_splits(root: Path, names: Sequence[str], format_: str) -> None:
    """Raise where what would be classes hold no picture of their own and the same classes: they are splits.

    A network that learnt them would distinguish one split from another.
    """
    empty = [name for name in names if not has_pictures(root / name)]
    if len(empty) < _FEWEST_CLASSES:
        return
    common = set(folders_in(root / empty[0])).intersection(*(folders_in(root / name) for name in empty[1:]))
    if len(common) >= _FEWEST_CLASSES:
        raise DatasetError(
            f"{format_}; {', '.join(empty)} in {root} hold no picture of their own and the same folders "
            f"({', '.join(sorted(common)[:5])}), so they are splits and not classes. "
            "Name them train and test, and move other folders away."
        )
