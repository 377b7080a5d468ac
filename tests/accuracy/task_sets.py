"""Writes small real data sets of every task that is no classification, all recognized by how red, green and blue."""

import json
from pathlib import Path

import numpy as np
from dataset_samples import write_lines
from PIL import Image

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)
COLOURS = (RED, GREEN, BLUE)

PARIS, BERLIN, SYDNEY = "48.8566,2.3522", "52.52,13.405", "-33.8688,151.2093"


def write_colour(path: Path, colour: tuple[int, int, int], *, size: tuple[int, int] = (9, 9)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def write_attributes(root: Path, *, pictures: int = 12, attributes: tuple[str, ...] = ("red", "green", "blue")) -> str:
    """Write faces of one colour each, whose attribute it is, as CelebA's files have them; return the reference."""
    names = [f"{number:06d}.png" for number in range(pictures)]
    lines = []
    for number, name in enumerate(names):
        write_colour(root / "img_align_celeba" / name, COLOURS[number % 3])
        lines.append(" ".join([name, *("1" if place == number % 3 else "-1" for place in range(len(attributes)))]))
    write_lines(root / "list_attr_celeba.txt", str(pictures), " ".join(attributes), *lines)
    write_lines(root / "list_eval_partition.txt", *(f"{name} 2" for name in names))
    return f"celeba:{root}"


def write_pairs(root: Path, *, pairs: int = 20) -> str:
    """Write pairs of faces; those of one person have nearly one colour, of another brightness."""
    lines = []
    for number in range(pairs):
        same = number % 2
        write_colour(root / f"{number}_1.png", (200, number, 0))
        write_colour(root / f"{number}_2.png", (120 - number, number // 2, 0) if same else (0, number, 200))
        lines.append(f"{number}_1.png,{number}_2.png,{same}")
    write_lines(root / "pairs.csv", "first,second,same", *lines)
    return f"faces:{root}"


def write_places(root: Path) -> str:
    """Write three pictures: one taken in its own cell, one 30 km from its cell, and one far from it; and the cells."""
    for name, colour in zip("abc", COLOURS, strict=True):
        write_colour(root / f"{name}.png", colour)
    write_lines(root / "test.csv", "image,latitude,longitude", f"a.png,{PARIS}", "b.png,52.4,13.0", f"c.png,{PARIS}")
    write_cells(root / "cells.csv", PARIS, BERLIN, SYDNEY)
    return f"geo:{root}"


def write_cells(path: Path, *positions: str) -> Path:
    return write_lines(path, "token,latitude,longitude", *(f"c{place},{each}" for place, each in enumerate(positions)))


def write_objects(root: Path, *, pictures: int = 6) -> str:
    """Write black pictures with one coloured quarter each, boxed, and categories 1, 3 and 90, as COCO has them."""
    objects = []
    for number in range(pictures):
        width, height = 40 + 20 * (number % 2), 60 - 20 * (number % 3)
        quarter, colour = number % 4, number % 3
        left, top = width // 2 * (quarter % 2), height // 2 * (quarter // 2)
        levels = np.zeros((height, width, 3), np.uint8)
        levels[top : top + height // 2, left : left + width // 2, colour] = 220
        path = root / "val2017" / f"{number:012d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(levels).save(path)
        box = [left, top, width // 2, height // 2]
        objects.append({"image_id": number, "category_id": (1, 3, 90)[colour], "bbox": box, "iscrowd": 0, "id": number})
    listed = {
        "images": [{"id": number, "file_name": f"{number:012d}.png"} for number in range(pictures)],
        "categories": [{"id": identity, "name": f"kind {identity}"} for identity in (1, 3, 90)],
        "annotations": objects,
    }
    write_lines(root / "annotations" / "instances_val2017.json", json.dumps(listed))
    return f"coco:{root}"
