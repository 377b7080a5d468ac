"""`faces:PATH`: pairs of faces, and whether both are of one person.

As Labeled Faces in the Wild has it, PATH a folder with pairs.txt and one folder per person, here or in lfw/:

    10	300                                     folds, and pairs of either kind in each; or one number, for one fold
    Abel_Pacheco	1	4                           Abel_Pacheco/Abel_Pacheco_0001.jpg and …_0004.jpg
    Abdel_Madi_Shabneh	1	Dean_Barker	1        after the fold's pairs of one person those of two

or a CSV file with a header, of pictures relative to it, PATH the file or a folder with it:

    first,second,same
    a/1.jpg,b/7.jpg,0

Source: Huang and others, 2007, vis-www.cs.umass.edu/lfw `README.txt`. The order of the pairs is kept: folds follow it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.examples import PairedExamples, Pairs
from mbench.accuracy.datasets.opened import Dataset, Opening, Readers
from mbench.accuracy.datasets.overlap import check_names_apart
from mbench.accuracy.datasets.pictures import PictureFiles, check_present, folders_in
from mbench.accuracy.datasets.tables import find_tables
from mbench.accuracy.datasets.text import brief, read_lines, read_table, whole_number
from mbench.core.errors import DatasetError
from mbench.core.examples import Split, Task

FORMAT: Final = (
    "faces:PATH is a folder of persons with a pairs.txt (LFW), or a CSV file with a header first,second,same"
)

_LISTS: Final = ("pairs.txt", "pairsDevTest.txt")
_SUBFOLDERS: Final = ("", "lfw", "lfw-deepfunneled", "lfw_funneled")

_COLUMNS: Final = {"first": ("first",), "second": ("second",), "same": ("same",)}
_SAME: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two pictures by name; `where` is the list's file and line, for messages."""

    where: str
    first: str
    second: str
    same: bool


def open_faces(opening: Opening) -> Dataset:
    """Return pairs of faces.

    Raises:
        DatasetError: no list of pairs.
    """
    readers = _readers(opening)
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.VERIFICATION,
        default_resolution=160,  # of the paper's embedding networks, arXiv 1704.04861, Table 14
        default_preprocessing="inception",
        head=None,  # a network for it gives an embedding, whose length is its own choice
        provenance=f"{opening.path}; the order of pairs is the list's",
        readers=readers,
    )


def _readers(opening: Opening) -> Readers:
    path = opening.path
    lfw = next((path / name for name in _LISTS if (path / name).exists()), None)
    if lfw is not None:
        return {Split.TEST: partial(_read_lfw, opening, lfw)}
    tables = find_tables(path, format_=FORMAT)
    return {split: partial(_read_tables, opening, tables, split) for split in tables}


def _read_lfw(opening: Opening, path: Path) -> PairedExamples:
    pairs = list(_parse_lfw(path))
    first_person = pairs[0].first.partition("/")[0]
    folder = next((path.parent / name for name in _SUBFOLDERS if (path.parent / name / first_person).is_dir()), None)
    if folder is None:
        raise DatasetError(
            f"{FORMAT}; {path} names {first_person}, of whom {path.parent} has no folder. Unpack lfw.tgz."
        )
    names = _pictures(pairs)
    check_present(folder, names, listed_in=path, format_=FORMAT)
    persons = {person: index for index, person in enumerate(folders_in(folder))}
    return _examples(opening, Split.TEST, folder, pairs, [persons[name.partition("/")[0]] for name in names])


def _parse_lfw(path: Path) -> Iterator[_Pair]:
    lines = read_lines(path)
    counts = [whole_number(count) for count in lines[0].split()] if lines else []
    if len(counts) not in {1, 2} or None in counts:
        raise DatasetError(f"{FORMAT}; {path} does not begin with numbers of folds and of pairs. Fetch it again.")
    promised = 2 * prod(count for count in counts if count is not None)
    if not len(lines) - 1 == promised > 0:
        raise DatasetError(f"{FORMAT}; {path} promises {promised} pairs and has {len(lines) - 1}. Fetch it again.")
    for number, line in enumerate(lines[1:], start=2):
        match line.split():
            case [one, first, second]:
                pictures = _lfw(one, first), _lfw(one, second)
            case [one, first, other, second] if one != other:
                pictures = _lfw(one, first), _lfw(other, second)
            case _:
                pictures = None, None
        if pictures[0] is None or pictures[1] is None:
            raise DatasetError(
                f"{FORMAT}; {path} line {number} is no pair of either kind: {brief(repr(line))}. Fetch it again."
            )
        same = pictures[0].partition("/")[0] == pictures[1].partition("/")[0]
        yield _Pair(where=f"{path} line {number}", first=pictures[0], second=pictures[1], same=same)


def _lfw(person: str, number: str) -> str | None:
    """Return the name of a person's picture; None where it is not numbered."""
    picture = whole_number(number)
    return None if picture is None else f"{person}/{person}_{picture:04d}.jpg"


def _read_tables(opening: Opening, tables: Mapping[Split, Path], split: Split) -> PairedExamples:
    listed = {which: _table_pairs(path) for which, path in tables.items()}
    check_names_apart({which: (tables[which], _pictures(pairs)) for which, pairs in listed.items()}, format_=FORMAT)
    path, pairs = tables[split], listed[split]
    check_present(path.parent, _pictures(pairs), listed_in=path, format_=FORMAT)
    return _examples(opening, split, path.parent, pairs, _persons(pairs))


def _table_pairs(path: Path) -> list[_Pair]:
    pairs = []
    for row in read_table(path, _COLUMNS, format_=FORMAT):
        same = _SAME.get(row.cells["same"].lower())
        if same is None:
            raise DatasetError(
                f"{FORMAT}; {row.where}: same is {brief(repr(row.cells['same']))}, not 1 or 0. Mend the line."
            )
        pairs.append(_Pair(where=row.where, first=row.cells["first"], second=row.cells["second"], same=same))
    if not pairs:
        raise DatasetError(f"{FORMAT}; {path} has a header and no pairs. Fill it.")
    return pairs


def _pictures(pairs: Sequence[_Pair]) -> tuple[str, ...]:
    """Return every picture once, in the order in which the pairs first name them."""
    return tuple(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))


def _persons(pairs: Sequence[_Pair]) -> list[int]:
    """Return a number for the person of each picture: one number for all that pairs chain together as the same.

    Raises:
        DatasetError: a pair is said to be of two persons, and others chain it to one.
    """
    above: dict[str, str] = {name: name for name in _pictures(pairs)}

    def root(name: str) -> str:
        while above[name] != name:
            above[name] = name = above[above[name]]
        return name

    for pair in pairs:
        if pair.same:
            above[root(pair.second)] = root(pair.first)
    for pair in pairs:
        if not pair.same and root(pair.first) == root(pair.second):
            raise DatasetError(
                f"{FORMAT}; {pair.where} says two persons, and other lines make them one. Mend the lines."
            )
    numbers: dict[str, int] = {}
    return [numbers.setdefault(root(name), len(numbers)) for name in above]


def _examples(
    opening: Opening, split: Split, folder: Path, pairs: Sequence[_Pair], persons: Sequence[int]
) -> PairedExamples:
    names = _pictures(pairs)
    places: Mapping[str, int] = {name: index for index, name in enumerate(names)}
    asked: Pairs = tuple((places[pair.first], places[pair.second], pair.same) for pair in pairs)
    return PairedExamples(
        name=opening.name,
        split=split,
        pictures=PictureFiles(folder, names, cache=opening.cache),
        persons=persons,
        pairs=asked,
    )
