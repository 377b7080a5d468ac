"""`folder:PATH`: a person's own pictures, one folder per class.

PATH/daisy/1.jpg                      split here, 80 % to train on and 20 % to test
PATH/train/daisy/1.jpg                split by the person; `val/` or `validation/` serves as `test/`
PATH/test/daisy/2.jpg
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.hashes import hash_files
from mbench.accuracy.datasets.opened import Dataset, Opening, Readers
from mbench.accuracy.datasets.overlap import check_disjoint
from mbench.accuracy.datasets.pictures import PictureFiles, folders_in, has_pictures, pictures_below
from mbench.accuracy.pictures.decoding import MOST_BYTES
from mbench.core.errors import DatasetError
from mbench.core.examples import Split, Task
from mbench.core.variants import Head

FORMAT: Final = "folder:PATH is one folder of pictures per class, or train/ and test/ with such folders in them"

TEST_SHARE: Final = 0.2
"""Of the pictures of each class, where nobody split them."""

SPLIT_SEED: Final = 0

_TRAIN: Final = "train"
_TESTS: Final = ("test", "val", "validation")
"""Names of the folder to be judged by; the first that is there counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labelled:
    """Pictures below one folder and the class of each."""

    names: tuple[str, ...]
    labels: tuple[int, ...]


def open_folder(opening: Opening) -> Dataset:
    """Return the data set of a folder.

    Its splits read every picture once, for their hashes, to be sure that none to train on is one to be judged by.

    Raises:
        DatasetError: no folder, or it holds fewer than two class folders.
    """
    root = opening.folder(FORMAT)
    parts = _parts(root)
    class_names = _class_names(next(iter(parts.values())) if parts else root)
    for part in parts.values():
        _check_same_classes(part, class_names)
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.CLASSIFICATION,
        default_resolution=224,
        default_preprocessing="inception",
        head=Head(name="folder", classes=len(class_names)),
        provenance=_provenance(root, parts),
        readers=_readers(opening, root, parts, class_names),
    )


def _readers(opening: Opening, root: Path, parts: Mapping[Split, Path], class_names: tuple[str, ...]) -> Readers:
    splits = parts or dict.fromkeys(Split, root)
    return {split: partial(_read, opening, root, parts, class_names, split) for split in splits}


def _parts(root: Path) -> Mapping[Split, Path]:
    """Return the folders of the splits; none where the folders are classes, which may be called `train` as well."""
    found = folders_in(root)
    if not set(found) <= {_TRAIN, *_TESTS} or any(has_pictures(root / name) for name in found):
        return {}
    test = next((name for name in _TESTS if name in found), None)
    return {
        **({Split.TRAIN: root / _TRAIN} if _TRAIN in found else {}),
        **({Split.TEST: root / test} if test is not None else {}),
    }


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


def _provenance(root: Path, parts: Mapping[Split, Path]) -> str:
    if not parts:
        return (
            f"{root}, split here: of each class {TEST_SHARE:.0%} to test, drawn by content with seed {SPLIT_SEED}; "
            "copies of one picture stay on one side"
        )
    unused = [name for name in folders_in(root) if root / name not in parts.values()]
    return f"{', '.join(map(str, parts.values()))}" + (f"; {', '.join(unused)} not used" if unused else "")


def _read(
    opening: Opening, root: Path, parts: Mapping[Split, Path], class_names: tuple[str, ...], split: Split
) -> LabelledExamples:
    sides: Mapping[Split, _Labelled]
    hashes: Mapping[Split, Sequence[bytes]]
    if parts:
        sides = {which: _listed(part, class_names) for which, part in parts.items()}
        hashes = {
            which: hash_files(parts[which], side.names, cache=opening.cache, limit_bytes=MOST_BYTES)
            for which, side in sides.items()
        }
    else:
        everything = _listed(root, class_names)
        sides, hashes = _draw(
            everything, hash_files(root, everything.names, cache=opening.cache, limit_bytes=MOST_BYTES), class_names
        )
    check_disjoint({which: (side.names, hashes[which]) for which, side in sides.items()}, format_=FORMAT)
    chosen = sides[split]
    return LabelledExamples(
        name=opening.name,
        task=Task.CLASSIFICATION,
        split=split,
        pictures=PictureFiles(parts.get(split, root), chosen.names, cache=opening.cache),
        truths=chosen.labels,
        class_names=class_names,
        classes=len(class_names),
    )


def _listed(folder: Path, class_names: Iterable[str]) -> _Labelled:
    found = [
        (f"{class_name}/{name}", label)
        for label, class_name in enumerate(class_names)
        for name in pictures_below(folder / class_name, format_=FORMAT)
    ]
    return _Labelled(names=tuple(name for name, _ in found), labels=tuple(label for _, label in found))


def _draw(
    everything: _Labelled, hashes: Sequence[bytes], class_names: tuple[str, ...]
) -> tuple[Mapping[Split, _Labelled], Mapping[Split, tuple[bytes, ...]]]:
    """Return the pictures of each side and their hashes: the same on every machine, whatever files are called."""
    for_test: set[bytes] = set()
    for label, class_name in enumerate(class_names):
        contents = {content for content, its in zip(hashes, everything.labels, strict=True) if its == label}
        if len(contents) < 2:
            raise DatasetError(
                f"{FORMAT}; {class_name} holds one picture, too few for a split. Add some, or remove it."
            )
        drawn = sorted(contents, key=lambda content: sha256(f"{SPLIT_SEED} {content.hex()}".encode()).digest())
        for_test.update(drawn[: max(1, round(TEST_SHARE * len(drawn)))])
    sides: dict[Split, _Labelled] = {}
    side_hashes: dict[Split, tuple[bytes, ...]] = {}
    for split in Split:
        kept = [index for index, content in enumerate(hashes) if (content in for_test) is (split is Split.TEST)]
        sides[split] = _Labelled(
            names=tuple(everything.names[index] for index in kept),
            labels=tuple(everything.labels[index] for index in kept),
        )
        side_hashes[split] = tuple(hashes[index] for index in kept)
    return sides, side_hashes
