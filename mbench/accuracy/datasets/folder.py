"""`folder:PATH`: a person's own pictures, one folder per class.

PATH/daisy/1.jpg                      split here, 80 % to train on and 20 % to test
PATH/train/daisy/1.jpg                split by the person, by the names of `split_folders`
PATH/test/daisy/2.jpg
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.hashes import hash_files
from mbench.accuracy.datasets.opened import Dataset, Opening
from mbench.accuracy.datasets.overlap import check_disjoint
from mbench.accuracy.datasets.pictures import (
    MOST_NAMED,
    PictureFiles,
    files_below,
    folders_in,
    foreign_files,
    no_picture,
    unreadable_of,
)
from mbench.accuracy.datasets.split_folders import SplitFolders, find_split_folders
from mbench.accuracy.pictures.decoding import MOST_BYTES
from mbench.core.builds.variants import Head
from mbench.core.errors import DatasetError
from mbench.core.examples import SPLITS, Split, Task

FORMAT: Final = "folder:PATH is one folder of pictures per class, or train/ and test/ with such folders in them"

TEST_SHARE: Final = 0.2
"""Of the pictures of each class, where nobody split them."""

SPLIT_SEED: Final = 0

MOST_CLASSES_NAMED: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labelled:
    """Pictures by their paths below the data set's folder, the class of each, and the SHA-256 of each."""

    names: tuple[str, ...]
    labels: tuple[int, ...]
    hashes: tuple[bytes, ...]

    def only(self, kept: Sequence[int]) -> "_Labelled":
        """Return those at some places, in the order of these."""
        return _Labelled(
            names=tuple(self.names[index] for index in kept),
            labels=tuple(self.labels[index] for index in kept),
            hashes=tuple(self.hashes[index] for index in kept),
        )


def open_folder(opening: Opening) -> Dataset:
    """Return the data set of a folder.

    Its splits read every picture once, for their hashes, to be sure that none to train on is one to be judged by.

    Raises:
        DatasetError: no folder, it holds fewer than two class folders, or they may be splits as well.
    """
    root = opening.folder(FORMAT)
    folders = find_split_folders(root, format_=FORMAT)
    class_names = _class_names(next(iter(folders.parts.values())) if folders.parts else root)
    for part in folders.parts.values():
        _check_same_classes(part, class_names)
    sorted_folder = _SortedFolder(opening, root, folders, class_names)
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.CLASSIFICATION,
        default_resolution=224,
        default_preprocessing="inception",
        head=Head(name="folder", classes=len(class_names)),
        provenance=_provenance(root, folders),
        readers={split: partial(sorted_folder.read, split) for split in folders.parts or SPLITS},
        split_here=not folders.parts,
        name_examples=sorted_folder.name_examples,
        refuse_split=None if folders.parts else sorted_folder.refuse_split,
        name_skipped=sorted_folder.name_skipped,
        count_classes=sorted_folder.count_classes,
    )


def _class_names(folder: Path) -> tuple[str, ...]:
    names = folders_in(folder)
    if len(names) < 2:
        what = f"no folder but {names[0]}" if names else "no folder"
        raise DatasetError(f"{FORMAT}; {folder} holds {what}, and two classes are the fewest. Sort the pictures.")
    return names


def _check_same_classes(part: Path, class_names: tuple[str, ...]) -> None:
    odd = sorted(set(folders_in(part)) ^ set(class_names))
    if odd:
        what = "no folder" if odd[0] in class_names else "a folder that its sibling has not:"
        raise DatasetError(f"{FORMAT}; {part} has {what} {odd[0]}. Both need the same classes.")


def _provenance(root: Path, folders: SplitFolders) -> str:
    if not folders.parts:
        return (
            f"{root}, split here: of each class {TEST_SHARE:.0%} to test, drawn by content with seed {SPLIT_SEED}; "
            "copies of one picture stay on one side"
        )
    unused = f"; {', '.join(folders.unused)} not used" if folders.unused else ""
    return f"{', '.join(map(str, folders.parts.values()))}{unused}"


class _SortedFolder:
    """The pictures of a folder in their classes and splits, listed and hashed once for all who ask."""

    def __init__(self, opening: Opening, root: Path, folders: SplitFolders, class_names: tuple[str, ...]) -> None:
        self._opening, self._root, self._parts, self._class_names = opening, root, folders.parts, class_names

    @cached_property
    def _files(self) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """The pictures and the other files of each class folder, by its path below the data set's."""
        places = [part / name for part in self._parts.values() or [self._root] for name in self._class_names]
        return {place.relative_to(self._root).as_posix(): files_below(place, format_=FORMAT) for place in places}

    @cached_property
    def _foreign(self) -> tuple[str, ...]:
        return tuple(f"{place}/{name}" for place, (_, others) in self._files.items() for name in others)

    @cached_property
    def _damaged(self) -> Mapping[str, str]:
        return unreadable_of(
            self._root, [f"{place}/{name}" for place, (pictures, _) in self._files.items() for name in pictures]
        )

    def name_skipped(self) -> str | None:
        """Return which files were left out, None where none was asked to be, or none had to."""
        skipped = (*self._foreign, *self._damaged) if self._opening.skip_unreadable else ()
        if not skipped:
            return None
        more = f" and {len(skipped) - MOST_NAMED} more" if len(skipped) > MOST_NAMED else ""
        count = "1 unreadable file was" if len(skipped) == 1 else f"{len(skipped)} unreadable files were"
        return f"{count} left out: {', '.join(skipped[:MOST_NAMED])}{more}"

    @cached_property
    def _sides(self) -> Mapping[Split, _Labelled]:
        if self._foreign and not self._opening.skip_unreadable:
            raise foreign_files(
                [str(self._root / name) for name in self._foreign],
                format_=FORMAT,
                advice=", or leave all such out by --skip-unreadable",
            )
        sides: Mapping[Split, _Labelled]
        if self._parts:
            sides = {split: self._listed(part) for split, part in self._parts.items()}
        else:
            sides = _draw(self._listed(self._root))
        check_disjoint({split: (side.names, side.hashes) for split, side in sides.items()}, format_=FORMAT)
        return sides

    def read(self, split: Split) -> LabelledExamples:
        """Return a split."""
        chosen = self._sides[split]
        return LabelledExamples(
            name=self._opening.name,
            task=Task.CLASSIFICATION,
            split=split,
            pictures=PictureFiles(self._root, chosen.names, cache=self._opening.cache),
            truths=chosen.labels,
            class_names=self._class_names,
            classes=len(self._class_names),
        )

    def refuse_split(self) -> None:
        """Refuse a class of one picture, which cannot be on both sides.

        Raises:
            DatasetError: there is one; it is named.
        """
        both = [_contents(side) for side in self._sides.values()]
        for label, class_name in enumerate(self._class_names):
            if len(set().union(*(side.get(label, set()) for side in both))) < 2:
                raise DatasetError(
                    f"{FORMAT}; {class_name} holds one picture, too few for a split. Add some, remove it, or "
                    "score every picture by --split all."
                )

    def name_examples(self) -> Mapping[Split, tuple[str, ...]]:
        """Return the names of each split's pictures."""
        return {split: side.names for split, side in self._sides.items()}

    def count_classes(self) -> str:
        """Return `2 classes, train + test: cat 8 + 2, dog 8 + 2`."""
        counts = [Counter(side.labels) for side in self._sides.values()]
        shown = [
            f"{name} {' + '.join(str(count[label]) for count in counts)}"
            for label, name in enumerate(self._class_names[:MOST_CLASSES_NAMED])
        ]
        more = len(self._class_names) - len(shown)
        rest = f" and {more} more" if more else ""
        return f"{len(self._class_names)} classes, {' + '.join(self._sides)}: {', '.join(shown)}{rest}"

    def _listed(self, folder: Path) -> _Labelled:
        prefix = "" if folder == self._root else f"{folder.relative_to(self._root).as_posix()}/"
        found = [
            (f"{prefix}{class_name}/{name}", label)
            for label, class_name in enumerate(self._class_names)
            for name in self._files[f"{prefix}{class_name}"][0]
        ]
        if self._opening.skip_unreadable:
            found = [(name, label) for name, label in found if name not in self._damaged]
        empty = set(range(len(self._class_names))) - {label for _, label in found}
        if empty:
            raise no_picture(folder / self._class_names[min(empty)], format_=FORMAT)
        names = tuple(name for name, _ in found)
        return _Labelled(
            names=names,
            labels=tuple(label for _, label in found),
            hashes=hash_files(self._root, names, cache=self._opening.cache, limit_bytes=MOST_BYTES),
        )


def _draw(everything: _Labelled) -> Mapping[Split, _Labelled]:
    """Return the pictures of each side: the same on every machine, whatever files are called.

    A class of one picture has none to test on; whoever asks for a split is refused (`refuse_split`).
    """
    for_test: set[bytes] = set()
    for contents in _contents(everything).values():
        if len(contents) > 1:
            drawn = sorted(contents, key=lambda content: sha256(f"{SPLIT_SEED} {content.hex()}".encode()).digest())
            for_test.update(drawn[: max(1, round(TEST_SHARE * len(drawn)))])
    return {
        split: everything.only(
            [index for index, content in enumerate(everything.hashes) if (content in for_test) is (split is Split.TEST)]
        )
        for split in SPLITS
    }


def _contents(pictures: _Labelled) -> Mapping[int, set[bytes]]:
    """Return the different pictures of each class, by their hashes."""
    found: dict[int, set[bytes]] = {}
    for content, label in zip(pictures.hashes, pictures.labels, strict=True):
        found.setdefault(label, set()).add(content)
    return found
