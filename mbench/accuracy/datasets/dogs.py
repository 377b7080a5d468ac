"""`dogs:PATH`: Stanford Dogs, as its archives unpack.

    PATH/Images/n02085620-Chihuahua/n02085620_10074.jpg
    PATH/train_list.mat, PATH/test_list.mat               here or in lists/; or .txt with one such path a line

Source: Khosla and others, 2011, vision.stanford.edu/aditya86/ImageNetDogs: 12000 pictures to train on, 8580 to test.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.mat import read_mat
from mbench.accuracy.datasets.opened import Dataset, Opening
from mbench.accuracy.datasets.overlap import check_names_apart
from mbench.accuracy.datasets.pictures import PictureFiles, check_present, folders_in
from mbench.accuracy.datasets.text import read_lines
from mbench.core.builds.variants import Head
from mbench.core.errors import DatasetError
from mbench.core.examples import SPLITS, Split, Task

FORMAT: Final = "dogs:PATH is Images/ with one folder per breed, and train_list and test_list as .mat or .txt"

_FILES: Final = "file_list"
"""The variable of the .mat files that holds paths below Images/."""


def open_dogs(opening: Opening) -> Dataset:
    """Return Stanford Dogs, its classes the breeds' folders in sorted order.

    Raises:
        DatasetError: no folder of breeds, or no list of pictures.
    """
    root = opening.folder(FORMAT)
    breeds = folders_in(root / "Images") if (root / "Images").is_dir() else ()
    if not breeds:
        raise DatasetError(f"{FORMAT}; {root / 'Images'} holds no folder. Unpack images.tar into {root}.")
    lists = {split: path for split in SPLITS if (path := _find_list(root, split)) is not None}
    if not lists:
        raise DatasetError(f"{FORMAT}; no list in {root} or {root / 'lists'}. Unpack lists.tar into {root}.")
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.CLASSIFICATION,
        default_resolution=224,
        default_preprocessing="inception",
        head=Head(name="dogs", classes=len(breeds)),
        licence="for research; the pictures are ImageNet's, each its photographer's",
        provenance=(
            f"{root}, split by {', '.join(path.name for path in lists.values())}; pictures are from ImageNet, so a "
            "network trained on that may know those to test"
        ),
        readers={split: partial(_read, opening, breeds, lists, split) for split in lists},
    )


def _find_list(root: Path, split: Split) -> Path | None:
    places = [root / folder / f"{split}_list{suffix}" for suffix in (".mat", ".txt") for folder in ("", "lists")]
    return next((path for path in places if path.exists()), None)


def _read(opening: Opening, breeds: Sequence[str], lists: Mapping[Split, Path], split: Split) -> LabelledExamples:
    images = opening.path / "Images"
    listed = {which: (path, _listed(path)) for which, path in lists.items()}
    check_names_apart(listed, format_=FORMAT)
    path, names = listed[split]
    check_present(images, names, listed_in=path, format_=FORMAT)
    numbers = {breed: index for index, breed in enumerate(breeds)}
    return LabelledExamples(
        name=opening.name,
        task=Task.CLASSIFICATION,
        split=split,
        pictures=PictureFiles(images, names, cache=opening.cache),
        truths=[numbers[name.partition("/")[0]] for name in names],
        class_names=tuple(breed.partition("-")[2] or breed for breed in breeds),
        classes=len(breeds),
    )


def _listed(path: Path) -> tuple[str, ...]:
    """Return a list's paths below Images/; a class that follows in a line is passed over, the folder says it."""
    if path.suffix == ".mat":
        listed = read_mat(path, _FILES)
        if listed is None:
            raise DatasetError(f"{FORMAT}; {path} holds no variable {_FILES}. Fetch lists.tar again.")
        names = tuple(str(name) for name in ((listed,) if isinstance(listed, str) else listed))
    else:
        names = tuple(line.split()[0] for line in read_lines(path) if line)
    odd = next((name for name in names if name.count("/") != 1), None)
    if odd is not None or not names:
        what = f"lists {odd!r}, not a breed's folder and a picture in it" if odd is not None else "is empty"
        raise DatasetError(f"{FORMAT}; {path} {what}. Fetch lists.tar again.")
    return names
