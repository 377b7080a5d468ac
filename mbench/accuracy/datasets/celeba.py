"""`celeba:PATH`: faces with 40 attributes each, as CelebA's files are given out.

    PATH/img_align_celeba/000001.jpg
    PATH/list_attr_celeba.txt         here or in Anno/: the number of pictures, then names, then -1 or 1 for each
    PATH/list_eval_partition.txt      here or in Eval/: `000001.jpg 0`, 0 to train on, 1 to validate, 2 to test

Source: Liu and others, 2015, mmlab.ie.cuhk.edu.hk/projects/CelebA.html.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.opened import Dataset, Opening
from mbench.accuracy.datasets.pictures import PictureFiles, check_present
from mbench.accuracy.datasets.text import read_lines, whole_number
from mbench.core.builds.variants import Head
from mbench.core.errors import DatasetError
from mbench.core.examples import SPLITS, Split, Task

FORMAT: Final = "celeba:PATH is img_align_celeba/ with list_attr_celeba.txt and list_eval_partition.txt"

_PARTS: Final = {Split.TRAIN: "0", Split.TEST: "2"}
_UNUSED: Final = "1"
"""CelebA's validation part."""

_VALUES: Final = {"-1": 0, "1": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attributes:
    """What is said of each picture: by file name, 0 or 1 per attribute."""

    path: Path
    names: tuple[str, ...]
    values: Mapping[str, tuple[int, ...]]


def open_celeba(opening: Opening) -> Dataset:
    """Return CelebA.

    Raises:
        DatasetError: no folder, or a list is missing.
    """
    root = opening.folder(FORMAT)
    attributes = _find(root, "Anno", "list_attr_celeba.txt")
    partition = _find(root, "Eval", "list_eval_partition.txt")
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.ATTRIBUTES,
        default_resolution=224,
        default_preprocessing="inception",
        head=Head(name="attributes", classes=len(_attribute_names(attributes, read_lines(attributes)))),
        licence="for research, not for commerce (CelebA agreement)",
        provenance=f"{root}, split by {partition.name}; its validation part is not used",
        readers={split: partial(_read, opening, attributes, partition, split) for split in SPLITS},
    )


def _find(root: Path, folder: str, name: str) -> Path:
    path = next((path for path in (root / name, root / folder / name) if path.exists()), None)
    if path is None:
        raise DatasetError(f"{FORMAT}; {name} is not in {root} or {root / folder}. Fetch it.")
    return path


def _read(opening: Opening, attributes_path: Path, partition: Path, split: Split) -> LabelledExamples:
    folder = opening.path / "img_align_celeba"
    attributes = _read_attributes(attributes_path)
    names = _part(partition, split)
    unsaid = next((name for name in names if name not in attributes.values), None)
    if unsaid is not None:
        raise DatasetError(f"{FORMAT}; {partition} lists {unsaid}, which {attributes.path} does not. Fetch both again.")
    check_present(folder, names, listed_in=partition, format_=FORMAT)
    return LabelledExamples(
        name=opening.name,
        task=Task.ATTRIBUTES,
        split=split,
        pictures=PictureFiles(folder, names, cache=opening.cache),
        truths=[attributes.values[name] for name in names],
        class_names=attributes.names,
    )


def _attribute_names(path: Path, lines: Sequence[str]) -> tuple[str, ...]:
    names = tuple(lines[1].split()) if len(lines) > 1 and whole_number(lines[0]) is not None else ()
    if not names:
        raise DatasetError(f"{FORMAT}; {path} does not begin with a number of pictures and a line of attribute names.")
    return names


def _read_attributes(path: Path) -> _Attributes:
    lines = read_lines(path)
    names = _attribute_names(path, lines)
    if len(lines) - 2 != whole_number(lines[0]):
        raise DatasetError(f"{FORMAT}; {path} promises {lines[0]} pictures and has {len(lines) - 2}. Fetch it again.")
    values: dict[str, tuple[int, ...]] = {}
    for number, line in enumerate(lines[2:], start=3):
        file, *cells = line.split() or [""]
        if len(cells) != len(names) or not set(cells) <= set(_VALUES):
            raise DatasetError(
                f"{FORMAT}; {path} line {number} is no picture with {len(names)} times -1 or 1. Fetch it again."
            )
        values[file] = tuple(_VALUES[cell] for cell in cells)
    return _Attributes(path=path, names=names, values=values)


def _part(path: Path, split: Split) -> tuple[str, ...]:
    """Return the pictures of a part, in the list's order."""
    parts: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        cells = line.split()
        if len(cells) != 2 or cells[1] not in {*_PARTS.values(), _UNUSED}:
            raise DatasetError(f"{FORMAT}; {path} line {number} is no picture with 0, 1 or 2. Fetch it again.")
        if parts.setdefault(cells[0], cells[1]) != cells[1]:
            raise DatasetError(
                f"{FORMAT}; {path} puts {cells[0]} into two parts (line {number}), so that a picture to train on would "
                "be one to be judged by. Fetch it again."
            )
    names = tuple(name for name, part in parts.items() if part == _PARTS[split])
    if not names:
        raise DatasetError(f"{FORMAT}; {path} puts no picture into part {_PARTS[split]} ({split}). Fetch it again.")
    return names
