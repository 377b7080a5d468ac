"""`geo:PATH`: photographs and where on the globe they were taken, as a CSV file with a header (Im2GPS).

    image,latitude,longitude
    429881_a1.jpg,48.8584,2.2945

PATH is the file, or a folder that holds one of them, or train.csv and test.csv. Pictures lie where the paths in the
file say, relative to it. `IMG_ID,LAT,LON`, as the lists of Im2GPS and Im2GPS3k have it, is understood.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.opened import Dataset, Opening
from mbench.accuracy.datasets.overlap import check_names_apart
from mbench.accuracy.datasets.pictures import PictureFiles, check_present
from mbench.accuracy.datasets.tables import find_tables
from mbench.accuracy.datasets.text import Row, brief, read_table
from mbench.core.errors import DatasetError
from mbench.core.examples import Place, Split, Task

FORMAT: Final = "geo:PATH is a CSV file with a header image,latitude,longitude in degrees, or a folder with one"

_COLUMNS: Final = {
    "image": ("image", "path", "file", "filename", "file_name", "image_path", "img_id"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
}


def open_geo(opening: Opening) -> Dataset:
    """Return photographs and their places.

    Raises:
        DatasetError: no file, or several of which none is called test.csv.
    """
    tables = find_tables(opening.path, format_=FORMAT)
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.GEOLOCATION,
        default_resolution=224,
        default_preprocessing="inception",
        head=None,  # its classes are cells of the globe, which a network brings along
        provenance=", ".join(str(path) for path in tables.values()),
        readers={split: partial(_read, opening, tables, split) for split in tables},
    )


def _read(opening: Opening, tables: Mapping[Split, Path], split: Split) -> LabelledExamples:
    rows = {which: _rows(path) for which, path in tables.items()}
    listed = {which: (tables[which], [row.cells["image"] for row in its]) for which, its in rows.items()}
    check_names_apart(listed, format_=FORMAT)
    path, names = listed[split]
    places = [
        Place(latitude=_degrees(row, "latitude", limit=90), longitude=_degrees(row, "longitude", limit=180))
        for row in rows[split]
    ]
    check_present(path.parent, names, listed_in=path, format_=FORMAT)
    return LabelledExamples(
        name=opening.name,
        task=Task.GEOLOCATION,
        split=split,
        pictures=PictureFiles(path.parent, names, cache=opening.cache),
        truths=places,
    )


def _rows(path: Path) -> list[Row]:
    rows = list(read_table(path, _COLUMNS, format_=FORMAT))
    if not rows:
        raise DatasetError(f"{FORMAT}; {path} has a header and no rows. Fill it.")
    return rows


def _degrees(row: Row, column: str, *, limit: int) -> float:
    text = row.cells[column]
    try:
        degrees = float(text)
    except ValueError:
        raise DatasetError(
            f"{FORMAT}; {row.where}: {column} {brief(repr(text))} is no number. Mend the line."
        ) from None
    if not -limit <= degrees <= limit:
        raise DatasetError(
            f"{FORMAT}; {row.where}: {column} {brief(text)} lies outside -{limit} to {limit}. Mend the line."
        )
    return degrees
