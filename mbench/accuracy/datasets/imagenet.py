"""`imagenet:PATH`: the pictures of ILSVRC 2012, as one of the usual scripts laid them out.

    PATH/n01440764/ILSVRC2012_val_00000293.JPEG       validation, one folder per synset
    PATH/ILSVRC2012_val_00000001.JPEG                 validation, flat, with a labels file here or one folder above
    PATH/val/…  and  PATH/train/n01440764/…           either of these and the training pictures

That no training picture is a validation picture is taken on trust: hashing 138 GB to prove it would take minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.imagenet_labels import (
    CLASSES,
    FORMAT,
    SYNSET,
    find_synsets,
    listed_synsets,
    read_labels,
)
from mbench.accuracy.datasets.opened import Dataset, Opening
from mbench.accuracy.datasets.pictures import PictureFiles, folders_in, is_picture, pictures_below
from mbench.core.builds.variants import IMAGENET_HEAD
from mbench.core.errors import DatasetError
from mbench.core.examples import Split, Task

_TRAIN: Final = "train"
_TESTS: Final = ("val", "validation")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Pictures of a split below its folder, the class of each, and what classes are called."""

    names: tuple[str, ...]
    labels: tuple[int, ...]
    class_names: tuple[str, ...]


def open_imagenet(opening: Opening) -> Dataset:
    """Return ImageNet; its test split are the validation pictures, since those of the contest's test have no labels.

    Raises:
        DatasetError: no folder.
    """
    root = opening.folder(FORMAT)
    parts = _parts(root)
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.CLASSIFICATION,
        default_resolution=224,
        default_preprocessing="inception",
        head=IMAGENET_HEAD,
        licence="for research, not for commerce; each picture is its photographer's (image-net.org, terms of access)",
        provenance=f"{', '.join(str(part) for part in parts.values())}; test is ILSVRC 2012's validation set",
        readers={split: partial(_read, opening, root, parts, split) for split in parts},
    )


def _parts(root: Path) -> Mapping[Split, Path]:
    test = next((root / name for name in _TESTS if (root / name).is_dir()), None)
    train = root / _TRAIN if (root / _TRAIN).is_dir() else None
    if test is None and train is None:
        return {Split.TEST: root}
    found = {Split.TRAIN: train, Split.TEST: test}
    return {split: part for split, part in found.items() if part is not None}


def _read(opening: Opening, root: Path, parts: Mapping[Split, Path], split: Split) -> LabelledExamples:
    part = parts[split]
    nearby = tuple(dict.fromkeys((part, root, root.parent)))
    seen = {str(folder): names for folder in parts.values() if (names := _synset_folders(folder))}
    if str(part) in seen:
        found = _by_folder(part, nearby, seen)
    elif split is Split.TEST:
        found = _flat(part, nearby, seen)
    else:
        raise DatasetError(f"{FORMAT}; {part} holds no synset folder. Unpack the training pictures into such folders.")
    return LabelledExamples(
        name=opening.name,
        task=Task.CLASSIFICATION,
        split=split,
        pictures=PictureFiles(part, found.names, cache=opening.cache),
        truths=found.labels,
        class_names=found.class_names,
        classes=CLASSES,
    )


def _synset_folders(folder: Path) -> tuple[str, ...]:
    return tuple(name for name in folders_in(folder) if SYNSET.fullmatch(name))


def _by_folder(part: Path, nearby: Sequence[Path], seen: Mapping[str, Sequence[str]]) -> _Found:
    folders = folders_in(part)
    foreign = next((name for name in folders if not SYNSET.fullmatch(name)), None)
    if foreign is not None:
        raise DatasetError(f"{FORMAT}; {part / foreign} is not called like a synset. Move it away.")
    synsets = find_synsets(nearby, seen)
    numbers = {name: index for index, name in enumerate(synsets.names)}
    unknown = next((name for name in folders if name not in numbers), None)
    if unknown is not None:
        raise DatasetError(f"{FORMAT}; {part / unknown} is none of the listed synsets. Move it away.")
    found = [
        (f"{folder}/{name}", numbers[folder])
        for folder in folders
        for name in pictures_below(part / folder, format_=FORMAT)
    ]
    return _Found(
        names=tuple(name for name, _ in found),
        labels=tuple(label for _, label in found),
        class_names=synsets.words,
    )


def _flat(part: Path, nearby: Sequence[Path], seen: Mapping[str, Sequence[str]]) -> _Found:
    names = tuple(sorted(path.name for path in part.iterdir() if is_picture(path.name) and path.name[0] != "."))
    if not names:
        raise DatasetError(f"{FORMAT}; {part} holds neither. Check the path.")
    labels = read_labels(nearby, names)
    if not labels.synsets:  # numbers, which follow the order of the sorted synsets, whatever these are called
        listed = listed_synsets(nearby)
        return _Found(names=names, labels=labels.classes(()), class_names=listed.words if listed is not None else ())
    synsets = find_synsets(nearby, {str(labels.path): labels.synsets, **seen})
    return _Found(names=names, labels=labels.classes(synsets.names), class_names=synsets.words)
