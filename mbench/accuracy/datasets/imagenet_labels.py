"""Labels of ImageNet's validation pictures, and the order of its 1000 classes.

The order is that of the synsets' names, sorted: `n01440764` (tench) is class 0, `n15075141` (toilet tissue) class 999.
Keras and torchvision count so, and TensorFlow slim, which puts a background class in front. The development kit of 2012
counts otherwise: its `ILSVRC2012_validation_ground_truth.txt` needs the `meta.mat` of the same kit.

Lines of a labels file are one of these:

    n01751748                                 one a picture, in order of the pictures' names
    65                                        the same, 0 to 999 in the order above
    ILSVRC2012_val_00000001.JPEG 65           a picture and its class (Caffe's `val.txt`)
    ILSVRC2012_val_00000001,n01751748 1 2 3 4 a picture, its synset, and what else there is (Kaggle)
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.mat import read_mat
from mbench.accuracy.datasets.text import read_lines
from mbench.core.errors import DatasetError

FORMAT: Final = (
    "imagenet:PATH is one folder per synset (n01440764), or ILSVRC2012_val_*.JPEG with a labels file, "
    "optionally below val/ and train/"
)

CLASSES: Final = 1000

VALIDATION_PICTURES: Final = 50000

SYNSET: Final = re.compile(r"n\d{8}")

LABEL_FILES: Final = (
    "imagenet_2012_validation_synset_labels.txt",
    "synset_labels.txt",
    "val.txt",
    "val_labels.txt",
    "labels.txt",
    "LOC_val_solution.csv",
    "ILSVRC2012_validation_ground_truth.txt",
)
"""Names under which labels are given out, the surest first."""

SYNSET_LISTS: Final = (
    "LOC_synset_mapping.txt",
    "synset_words.txt",
    "imagenet_lsvrc_2015_synsets.txt",
    "synsets.txt",
)
"""Names of lists of all classes: a synset at the start of each line, then perhaps words for it."""

_KIT_LABELS: Final = "ILSVRC2012_validation_ground_truth.txt"
_KIT_META: Final = ("meta.mat", "data/meta.mat", "ILSVRC2012_devkit_t12/data/meta.mat")

_HEADER: Final = "ImageId"
"""First word of Kaggle's table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synsets:
    """All classes in order.

    Attributes:
        names: 1000 synsets, sorted.
        words: for each its words where a list gave them, else the synset again.
    """

    names: tuple[str, ...]
    words: tuple[str, ...]


def listed_synsets(folders: Iterable[Path]) -> Synsets | None:
    """Return the order of classes from a list in one of the folders; None where there is no list.

    Raises:
        DatasetError: the list does not name 1000 synsets.
    """
    lists = [folder / name for folder in folders for name in SYNSET_LISTS]
    found = next((path for path in lists if path.exists()), None)
    return _read_synsets(found) if found is not None else None


def find_synsets(folders: Iterable[Path], seen: Mapping[str, Iterable[str]]) -> Synsets:
    """Return the order of classes: from a list in one of the folders, else from whatever names all 1000.

    Args:
        folders: where a list may lie.
        seen: synsets by where they were seen, such as the folders of the train split.

    Raises:
        DatasetError: nothing names all 1000, so that nobody can tell their numbers.
    """
    listed = listed_synsets(folders)
    if listed is not None:
        return listed
    counts = {where: sorted(set(names)) for where, names in seen.items()}
    whole = next((names for names in counts.values() if len(names) == CLASSES), None)
    if whole is None:
        named = " and ".join(f"{where} names {len(names)}" for where, names in counts.items())
        raise DatasetError(
            f"{FORMAT}; {named} of the {CLASSES} synsets, so the classes' numbers are unknown. "
            f"Put a list of all ({', '.join(SYNSET_LISTS)}) beside the pictures, or use folder:PATH for a subset."
        )
    return Synsets(names=tuple(whole), words=tuple(whole))


def _read_synsets(path: Path) -> Synsets:
    words: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        synset, _, rest = line.partition(" ")
        if not SYNSET.fullmatch(synset):
            raise DatasetError(
                f"{FORMAT}; {path} line {number} begins with {synset!r}, not with a synset. Mend the list."
            )
        words[synset] = rest.strip() or synset
    if len(words) != CLASSES:
        raise DatasetError(f"{FORMAT}; {path} lists {len(words)} synsets, not {CLASSES}. Fetch it again.")
    names = tuple(sorted(words))
    return Synsets(names=names, words=tuple(words[name] for name in names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """A labels file, read.

    Attributes:
        path: of the file.
        tokens: what it says of each picture: a synset, or a number.
        lines: the line of each, for messages.
        synsets: all that the file names, also of pictures that are not here; none where it holds numbers.
    """

    path: Path
    tokens: tuple[str, ...]
    lines: tuple[int, ...]
    synsets: frozenset[str]

    def classes(self, synsets: Sequence[str]) -> tuple[int, ...]:
        """Return the class of each picture.

        Args:
            synsets: all 1000 in order; empty where the file holds numbers.

        Raises:
            DatasetError: a token is no class, or the numbers count from 1.
        """
        numbers = {name: index for index, name in enumerate(synsets)}
        if str(CLASSES) in self.tokens:
            raise DatasetError(
                f"{FORMAT}; {self.path} line {self.lines[self.tokens.index(str(CLASSES))]} says {CLASSES}: it counts "
                "from 1, and files that do may follow another order than the sorted synsets. Use one of synsets."
            )
        numbers |= {str(index): index for index in range(CLASSES)}
        for token, line in zip(self.tokens, self.lines, strict=True):
            if token not in numbers:
                raise DatasetError(
                    f"{FORMAT}; {self.path} line {line} says {token!r}, which is none of the {CLASSES} synsets and no "
                    f"number from 0 to {CLASSES - 1}. Mend the file."
                )
        return tuple(numbers[token] for token in self.tokens)


def read_labels(folders: Sequence[Path], pictures: Sequence[str]) -> Labels:
    """Return what the first labels file in some folders says of pictures.

    Args:
        folders: where it may lie.
        pictures: names of files, sorted.

    Raises:
        DatasetError: no file, or it does not fit the pictures.
    """
    path = next((folder / name for folder in folders for name in LABEL_FILES if (folder / name).exists()), None)
    if path is None:
        places = " or ".join(str(folder) for folder in folders)
        raise DatasetError(f"{FORMAT}; no labels file in {places}. Put one there: {', '.join(LABEL_FILES)}.")
    rows = [re.split(r"[\s,]+", line) for line in read_lines(path)]
    if rows and len(rows[0]) > 1 and not _is_label(rows[0][0]):
        return _labels_by_name(path, rows, pictures)
    labels = _labels_by_order(path, [row[0] for row in rows], pictures)
    return _of_the_kit(labels, folders) if path.name == _KIT_LABELS else labels


def _is_label(word: str) -> bool:
    return word.isdigit() or SYNSET.fullmatch(word) is not None


def _labels_by_name(path: Path, rows: Sequence[Sequence[str]], pictures: Sequence[str]) -> Labels:
    said = {
        Path(row[0]).stem: (row[1] if len(row) > 1 else "", line)
        for line, row in enumerate(rows, start=1)
        if row[0] != _HEADER
    }
    missing = [name for name in pictures if Path(name).stem not in said]
    if missing:
        raise DatasetError(f"{FORMAT}; {path} says nothing of {missing[0]}. Add its line, or remove the picture.")
    found = [said[Path(name).stem] for name in pictures]
    return Labels(
        path=path,
        tokens=tuple(token for token, _ in found),
        lines=tuple(line for _, line in found),
        synsets=_synsets_of(token for token, _ in said.values()),
    )


def _labels_by_order(path: Path, tokens: Sequence[str], pictures: Sequence[str]) -> Labels:
    if len(tokens) == len(pictures):
        places: Sequence[int] = range(len(tokens))
    elif len(tokens) == VALIDATION_PICTURES:  # some of the pictures: the number in a name is its line
        places = [_number(name) - 1 for name in pictures]
    else:
        raise DatasetError(
            f"{FORMAT}; {path} has {len(tokens)} lines for {len(pictures)} pictures. Each needs one; for some of the "
            f"{VALIDATION_PICTURES} pictures the file of all lines serves too."
        )
    return Labels(
        path=path,
        tokens=tuple(tokens[place] for place in places),
        lines=tuple(place + 1 for place in places),
        synsets=_synsets_of(tokens),
    )


def _synsets_of(tokens: Iterable[str]) -> frozenset[str]:
    return frozenset(token for token in tokens if SYNSET.fullmatch(token))


def _number(name: str) -> int:
    """Return 293 of `ILSVRC2012_val_00000293.JPEG`."""
    match = re.fullmatch(r"ILSVRC2012_val_(\d{8})", Path(name).stem)
    if match is None or not 1 <= int(match[1]) <= VALIDATION_PICTURES:
        raise DatasetError(
            f"{FORMAT}; {name} is not called like one of the pictures, so its line is unknown. Rename it."
        )
    return int(match[1])


def _of_the_kit(labels: Labels, folders: Sequence[Path]) -> Labels:
    """Return the kit's own numbers, 1 to 1000, as synsets."""
    meta = next((folder / name for folder in folders for name in _KIT_META if (folder / name).exists()), None)
    if meta is None:
        raise DatasetError(
            f"{FORMAT}; {labels.path} counts in the development kit's own order, not that of the sorted synsets. Put "
            "the kit's meta.mat beside it, or use imagenet_2012_validation_synset_labels.txt."
        )
    synsets = _kit_synsets(meta)
    for token, line in zip(labels.tokens, labels.lines, strict=True):
        if token not in synsets:
            raise DatasetError(f"{FORMAT}; {labels.path} line {line} says {token!r}, which {meta} does not know.")
    return Labels(
        path=labels.path,
        tokens=tuple(synsets[token] for token in labels.tokens),
        lines=labels.lines,
        synsets=frozenset(synsets.values()),
    )


def _kit_synsets(meta: Path) -> Mapping[str, str]:
    """Return synsets by the kit's numbers; its `synsets` are records with fields ILSVRC2012_ID, WNID, words, ….

    Numbers above 1000 are of synsets that stand above the classes.
    """
    synsets: dict[str, str] = {}
    for record in read_mat(meta, "synsets") or ():
        number, name = (
            (record.get("ILSVRC2012_ID"), record.get("WNID")) if isinstance(record, Mapping) else (None, None)
        )
        if not isinstance(number, tuple) or len(number) != 1 or not isinstance(name, str):
            raise DatasetError(f"{FORMAT}; {meta} is not the kit's: a synset has no number or no name. Fetch it again.")
        if number[0] in range(1, CLASSES + 1):
            synsets[str(int(number[0]))] = name  # type: ignore[arg-type]  # a number in that range is one
    return synsets
