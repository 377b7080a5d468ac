"""`coco:PATH`: pictures with boxed objects, as COCO's archives unpack.

    PATH/annotations/instances_val2017.json        and instances_train2017.json; or 2014
    PATH/val2017/000000000139.jpg                  and train2017/
    PATH/mscoco_minival_ids.txt                    optional: only these pictures of val, one id a line

An annotation in the JSON file: {"image_id": 139, "category_id": 64, "bbox": [x, y, width, height], "iscrowd": 0}.
Classes are the categories in the order of their ids, counted from 0: 80 of them, whose ids reach 90.

Source: cocodataset.org, format-data; the list of 8059 pictures is tensorflow/models
`research/object_detection/data/mscoco_minival_ids.txt`.
"""

import re
from collections.abc import Mapping
from functools import partial
from math import inf, isfinite
from pathlib import Path
from typing import Any, Final

from mbench.accuracy.datasets.examples import BoxedExamples
from mbench.accuracy.datasets.opened import Dataset, Opening, Readers
from mbench.accuracy.datasets.pictures import PictureFiles, check_present
from mbench.accuracy.datasets.text import brief, read_json, read_lines, whole_number
from mbench.core.errors import DatasetError
from mbench.core.examples import Box, Split, Task

FORMAT: Final = "coco:PATH is annotations/instances_val2017.json with val2017/ (or 2014, and train alike)"

_YEARS: Final = ("2017", "2014")
_PARTS: Final = {Split.TRAIN: "train", Split.TEST: "val"}
_OUTLINE: Final = re.compile(
    rb'"segmentation"\s*:\s*(?:\[[-+.,\[\]\s0-9eE]*\]'  # corners, or the lengths of runs of pixels
    rb'|\{\s*"counts"\s*:\s*\[[,\s0-9]*\]\s*,\s*"size"\s*:\s*\[[,\s0-9]*\]\s*\})'
)
"""Of an object, in one line or several: nine tenths of a file's values, of which boxes have no need."""

_MINIVAL: Final = "mscoco_minival_ids.txt"


def open_coco(opening: Opening) -> Dataset:
    """Return COCO; its test split are the validation pictures, since those to test are not labelled.

    Raises:
        DatasetError: no folder, or no annotations of the validation pictures in it.
    """
    root = opening.folder(FORMAT)
    readers = _readers(opening, root)
    if not readers:
        raise DatasetError(f"{FORMAT}; {root} holds no such file of annotations. Unpack them there.")
    minival = root / _MINIVAL
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.DETECTION,
        default_resolution=300,
        default_preprocessing="plain",  # a crop would cut objects off whose boxes count
        head=None,
        licence="annotations CC BY 4.0; each picture by its own Flickr licence",
        provenance=f"{root}; test is its validation set" + (f", those of {_MINIVAL}" if minival.exists() else ""),
        readers=readers,
    )


def _readers(opening: Opening, root: Path) -> Readers:
    """Return readers of the newest year that is there."""
    for year in _YEARS:
        found = {split: _find(root, f"{part}{year}") for split, part in _PARTS.items()}
        if found[Split.TEST] is not None:
            return {
                split: partial(_read, opening, root, path, f"{_PARTS[split]}{year}", split)
                for split, path in found.items()
                if path is not None
            }
    return {}


def _find(root: Path, part: str) -> Path | None:
    name = f"instances_{part}.json"
    return next((path for path in (root / "annotations" / name, root / name) if path.exists()), None)


def _read(opening: Opening, root: Path, path: Path, part: str, split: Split) -> BoxedExamples:
    contents = read_json(path, without=_OUTLINE)
    try:
        files = {int(image["id"]): str(image["file_name"]) for image in contents["images"]}
        categories = {int(category["id"]): str(category["name"]) for category in contents["categories"]}
        annotations = list(contents["annotations"])
    except KeyError as error:
        raise DatasetError(
            f"{FORMAT}; {path} lacks {brief(str(error))} of images, categories and annotations."
        ) from None
    except (TypeError, ValueError, OverflowError):
        raise DatasetError(
            f"{FORMAT}; {path} is not an object with lists of images, categories and annotations. Fetch it again."
        ) from None
    boxes = _boxes(path, annotations, files, {identity: label for label, identity in enumerate(sorted(categories))})
    chosen = _chosen(root, files) if split is Split.TEST else files
    names = tuple(chosen[identity] for identity in sorted(chosen))
    check_present(root / part, names, listed_in=path, format_=FORMAT)
    return BoxedExamples(
        name=opening.name,
        split=split,
        pictures=PictureFiles(root / part, names, cache=opening.cache),
        objects=[tuple(boxes[identity]) for identity in sorted(chosen)],
        class_names=tuple(categories[identity] for identity in sorted(categories)),
    )


def _boxes(
    path: Path, annotations: Any, files: Mapping[int, str], labels: Mapping[int, int]
) -> Mapping[int, list[Box]]:
    """Return the objects of each picture, in the file's order."""
    boxes: dict[int, list[Box]] = {identity: [] for identity in files}
    for number, annotation in enumerate(annotations):
        try:
            left, top, width, height = (float(side) for side in annotation["bbox"])
            of, label = boxes[int(annotation["image_id"])], labels[int(annotation["category_id"])]
            crowd = bool(annotation.get("iscrowd", 0))
        except KeyError as error:
            raise DatasetError(
                f"{FORMAT}; annotation {number} of {path} names {brief(str(error))}, which is not in the file. "
                "Fetch it again."
            ) from None
        except (TypeError, ValueError, AttributeError, OverflowError):
            raise DatasetError(
                f"{FORMAT}; annotation {number} of {path} is none: it has no bbox of four numbers, image_id and "
                "category_id. Fetch it again."
            ) from None
        if not (isfinite(left) and isfinite(top) and 0 <= width < inf and 0 <= height < inf):
            raise DatasetError(
                f"{FORMAT}; annotation {number} of {path} has a box of {width} x {height} at {left}, {top}. Mend it."
            )
        of.append(Box(left=left, top=top, right=left + width, bottom=top + height, label=label, crowd=crowd))
    return boxes


def _chosen(root: Path, files: Mapping[int, str]) -> Mapping[int, str]:
    """Return the pictures of the list where there is one, else all."""
    path = root / _MINIVAL
    if not path.exists():
        return files
    wanted = [line for line in read_lines(path) if line]
    odd = next((line for line in wanted if whole_number(line) not in files), None)
    if odd is not None:
        raise DatasetError(
            f"{FORMAT}; {path} lists {brief(odd)}, which is no picture of the annotations. It is for val2014."
        )
    return {int(line): files[int(line)] for line in wanted}
