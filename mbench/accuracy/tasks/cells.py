"""PlaNet's cells of the globe: which class of a classifier lies where (arXiv 1602.05314; paper, section 4.4).

A network over cells is a classifier; where its classes lie stands in a CSV file beside it, one line a class:

    token,latitude,longitude
    47e66e,48.8566,2.3522
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.text import Row, brief, read_table
from mbench.core.errors import DatasetError

FORMAT: Final = "cells are a CSV file with a header token,latitude,longitude in degrees, one line a class, in order"

_COLUMNS: Final = {
    "token": ("token", "cell", "s2_token", "hex_id"),
    "latitude": ("latitude", "lat", "latitude_mean", "mean_lat"),
    "longitude": ("longitude", "lon", "lng", "longitude_mean", "mean_lng"),
}
"""With the names that published tables of S2 cells give them."""

_LIMITS: Final = {"latitude": 90.0, "longitude": 180.0}


def read_cells(path: Path) -> NDArray[np.float64]:
    """Return where each class lies: (classes, 2) degrees, latitude and longitude.

    Raises:
        DatasetError: no such file, a token that stands there twice, or a position that is none.
    """
    places: dict[str, tuple[float, float]] = {}
    for row in read_table(path, _COLUMNS, format_=FORMAT):
        token = row.cells["token"]
        if token in places:
            raise DatasetError(f"{FORMAT}; {row.where}: cell {token} stands there twice. Mend the file.")
        places[token] = (_degrees(row, "latitude"), _degrees(row, "longitude"))
    if not places:
        raise DatasetError(f"{FORMAT}; {path} has a header and no rows. Fill it.")
    return np.array(list(places.values()))


def locate(top: NDArray[np.integer], cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the place of each example's first answer: (examples, 2) degrees, latitude and longitude.

    Args:
        top: (examples, k) classes, the best first; only the first counts.
        cells: (classes, 2), as `read_cells` gives them.

    Raises:
        DatasetError: an answer is a class that no cell belongs to.
    """
    first = top[:, 0]
    if len(first) and not 0 <= first.min() <= first.max() < len(cells):
        raise DatasetError(
            f"{FORMAT}; the file answers class {int(first.max())} and there are {len(cells)} cells. Take its own table."
        )
    places: NDArray[np.float64] = cells[first]
    return places


def _degrees(row: Row, column: str) -> float:
    text, limit = row.cells[column], _LIMITS[column]
    try:
        degrees = float(text)
    except ValueError:
        raise DatasetError(
            f"{FORMAT}; {row.where}: {column} {brief(repr(text))} is no number. Mend the line."
        ) from None
    if not -limit <= degrees <= limit:
        raise DatasetError(f"{FORMAT}; {row.where}: {column} {brief(text)} lies outside ±{limit:g}. Mend the line.")
    return degrees
