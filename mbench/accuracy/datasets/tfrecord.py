"""`tfrecord:GLOB`: pictures in TFRecord files, as slim's scripts and TensorFlow Datasets write them.

    validation-00000-of-00128          ImageNet by slim: labels 1 to 1000, with the synset beside
    flowers_train_00000-of-00005.tfrecord, labels.txt beside with lines such as `0:daisy`
    mnist-test.tfrecord-00000-of-00001, label.labels.txt beside with a name a line

A file belongs to the split that its name says; where no name says any, all are to test.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from glob import glob
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.opened import Dataset, Opening
from mbench.accuracy.datasets.overlap import check_disjoint
from mbench.accuracy.datasets.text import read_lines
from mbench.accuracy.datasets.tfrecord_files import FORMAT, Record, first_record, read_image, read_shard
from mbench.accuracy.pictures.decoding import decode, orientation_of
from mbench.core.builds.variants import IMAGENET_HEAD, Head
from mbench.core.errors import DatasetError
from mbench.core.examples import Split, Task

_SPLIT_WORD: Final = re.compile(r"(?<![a-z])(train|test|validation|val)(?![a-z])")
_TESTS: Final = ("test", "validation", "val")
"""Words for what is judged by; the first that occurs counts."""

_LABEL_LISTS: Final = ("labels.txt", "label.labels.txt")

_IMAGENET: Final = IMAGENET_HEAD.classes


class RecordPictures:
    """Pictures in TFRecord files.

    Args:
        shards: files and the examples in each, in order.
    """

    def __init__(self, shards: Sequence[tuple[Path, Sequence[Record]]]) -> None:
        self._paths = tuple(path for path, _ in shards)
        self._records = tuple(
            (shard, number, record)
            for shard, (_, records) in enumerate(shards)
            for number, record in enumerate(records)
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._records)

    def name(self, index: int) -> str:
        """Return `validation-00000-of-00128 #17`, counted from 0."""
        shard, number, _ = self._records[index]
        return f"{self._paths[shard].name} #{number}"

    def names(self) -> tuple[str, ...]:
        """Return the name of each."""
        return tuple(self.name(index) for index in range(len(self)))

    def labels(self) -> tuple[int, ...]:
        """Return the label of each, as it stands in its file."""
        return tuple(record.label for _, _, record in self._records)

    def synsets(self) -> tuple[str | None, ...]:
        """Return the synset of each, None where its record names none."""
        return tuple(record.synset for _, _, record in self._records)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return one, (height, width, 3) RGB.

        Raises:
            UnreadableExample: it cannot be decoded.
            DatasetError: the file changed.
        """
        shard, _, record = self._records[index]
        return decode(read_image(self._paths[shard], record), source=self.name(index))

    def orientation(self, index: int) -> int:
        """Return how one's EXIF says that it is to be turned, 1 to 8."""
        shard, _, record = self._records[index]
        return orientation_of(BytesIO(read_image(self._paths[shard], record)))

    def digests(self) -> tuple[bytes, ...]:
        """Return the SHA-256 of each encoded picture."""
        return tuple(bytes.fromhex(record.sha256) for _, _, record in self._records)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbering:
    """How labels stand for classes.

    Attributes:
        first: the label of class 0.
        names: of the classes; empty where nobody knows them.
    """

    head: Head
    first: int = 0
    names: tuple[str, ...] = ()

    @property
    def is_imagenet(self) -> bool:
        return self.first == 1


def open_tfrecord(opening: Opening) -> Dataset:
    """Return what the files hold. All are read whole, unless the first names a synset: then it is ImageNet.

    Raises:
        DatasetError: no file, or one that is not of the format.
    """
    paths = [Path(name) for name in sorted(glob(str(opening.path))) if not Path(name).is_dir()]  # noqa: PTH207  Path.glob refuses absolute patterns
    if not paths:
        raise DatasetError(f"{FORMAT}; no file matches {opening.path}. Quote the pattern, so that the shell leaves it.")
    parts, unused = _parts(paths)
    numbering = _numbering(parts, opening.cache)
    said = [f"{split}: {len(files)} files, {files[0].name} first" for split, files in parts.items()]
    if numbering.is_imagenet:
        said.append("labels 1 to 1000 are ImageNet's classes 0 to 999")
    if unused:
        said.append(f"{unused} not used")
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.CLASSIFICATION,
        default_resolution=224,
        default_preprocessing="inception",
        head=numbering.head,
        provenance="; ".join(said),
        readers={split: partial(_read, opening, parts, numbering, split) for split in parts},
    )


def _parts(paths: Sequence[Path]) -> tuple[Mapping[Split, Sequence[Path]], str]:
    """Return the files of each split, and the words of those that belong to none."""
    words: dict[str, list[Path]] = {}
    for path in paths:
        match = _SPLIT_WORD.search(path.name.lower())
        words.setdefault(match[1] if match else "", []).append(path)
    if list(words) == [""]:
        return {Split.TEST: paths}, ""
    if "" in words:
        raise DatasetError(
            f"{FORMAT}; {words[''][0]} says neither train nor test in its name, and others do. Rename it."
        )
    test = next((word for word in _TESTS if word in words), "")
    parts = {split: words[word] for split, word in ((Split.TRAIN, "train"), (Split.TEST, test)) if word in words}
    return parts, " and ".join(word for word in words if word not in {"train", test})


def _numbering(parts: Mapping[Split, Sequence[Path]], cache: Path | None) -> _Numbering:
    paths = [path for files in parts.values() for path in files]
    names = _class_names(paths[0].parent)
    first = first_record(paths[0])
    with_background = len(names) == _IMAGENET + 1
    imagenet = _Numbering(head=IMAGENET_HEAD, first=1, names=names[1:] if with_background else ())
    if with_background or (first is not None and first.synset is not None):
        return imagenet
    if names:
        return _Numbering(head=Head(name="tfrecord", classes=len(names)), names=names)
    labels = {record.label for path in paths for record in read_shard(path, cache=cache).records}
    if not labels:
        raise DatasetError(f"{FORMAT}; {paths[0]} holds no record, nor do other files. Write them anew.")
    if max(labels) == _IMAGENET and 0 not in labels:
        return imagenet
    return _Numbering(head=Head(name="tfrecord", classes=max(0, *labels) + 1))


def _class_names(folder: Path) -> tuple[str, ...]:
    """Return names by label, of lines `0:daisy` or `daisy`; empty where there is no list.

    Slim's list for ImageNet has 1001 lines: its first is `0:background`.
    """
    path = next((folder / name for name in _LABEL_LISTS if (folder / name).exists()), None)
    return tuple(re.sub(r"^\d+:", "", line) for line in read_lines(path)) if path is not None else ()


def _read(
    opening: Opening, parts: Mapping[Split, Sequence[Path]], numbering: _Numbering, split: Split
) -> LabelledExamples:
    wanted = {split: parts[split]} if numbering.is_imagenet else parts  # ImageNet's are apart, and 138 GB
    sides = {which: _pictures(paths, opening.cache) for which, paths in wanted.items()}
    check_disjoint({which: (side.names(), side.digests()) for which, side in sides.items()}, format_=FORMAT)
    chosen = sides[split]
    return LabelledExamples(
        name=opening.name,
        task=Task.CLASSIFICATION,
        split=split,
        pictures=chosen,
        truths=_classes(chosen, numbering),
        class_names=numbering.names,
        classes=numbering.head.classes,
    )


def _pictures(paths: Sequence[Path], cache: Path | None) -> RecordPictures:
    return RecordPictures([(path, read_shard(path, cache=cache).records) for path in paths])


def _classes(pictures: RecordPictures, numbering: _Numbering) -> list[int]:
    """Return the class of each picture.

    Raises:
        DatasetError: a label is no class, or ImageNet's synsets do not rise with the labels.
    """
    classes = [label - numbering.first for label in pictures.labels()]
    last = numbering.head.classes - 1
    odd = next((index for index, label in enumerate(classes) if not 0 <= label <= last), None)
    if odd is not None:
        raise DatasetError(
            f"{FORMAT}; {pictures.name(odd)} has label {classes[odd] + numbering.first}, outside {numbering.first} to "
            f"{last + numbering.first}. Mend the record, or the list of labels beside it."
        )
    ordered = sorted({(label, synset) for label, synset in zip(classes, pictures.synsets(), strict=True) if synset})
    if any(not (low[0] < high[0] and low[1] < high[1]) for low, high in pairwise(ordered)):
        raise DatasetError(
            f"{FORMAT}; the labels of {pictures.name(0)} and those after it do not rise with their synsets, so they "
            "are not ImageNet's usual classes. Write the files anew with sorted synsets."
        )
    return classes
