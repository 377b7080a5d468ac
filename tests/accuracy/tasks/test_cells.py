"""PlaNet's cells: which class lies where."""

from pathlib import Path

import numpy as np
import pytest

from mbench.accuracy.tasks.cells import locate, read_cells
from mbench.accuracy.tasks.place_metrics import place_metrics
from mbench.core.errors import DatasetError

PARIS, BERLIN = (48.8566, 2.3522), (52.52, 13.405)


def write(folder: Path, *lines: str) -> Path:
    path = folder / "cells.csv"
    path.write_text("\n".join(("token,latitude,longitude", *lines)) + "\n")
    return path


def test_cells_are_read_in_the_order_of_classes(tmp_path: Path) -> None:
    cells = read_cells(write(tmp_path, "47e66e,48.8566,2.3522", "47a851,52.52,13.405"))
    assert cells.tolist() == [list(PARIS), list(BERLIN)]


def test_the_first_answer_is_the_place(tmp_path: Path) -> None:
    cells = read_cells(write(tmp_path, "47e66e,48.8566,2.3522", "47a851,52.52,13.405"))
    found = locate(np.array([[1, 0], [0, 1]]), cells)
    metrics = place_metrics(found, np.array([BERLIN, BERLIN]), np.array([True, True]))
    assert {metric.name: metric.value for metric in metrics} == {
        "within_1_km": 0.5,
        "within_25_km": 0.5,
        "within_200_km": 0.5,
        "within_750_km": 0.5,  # Paris is 878 km from Berlin
        "within_2500_km": 1.0,
    }


def test_an_answer_without_a_cell_is_refused(tmp_path: Path) -> None:
    cells = read_cells(write(tmp_path, "47e66e,48.8566,2.3522"))
    with pytest.raises(DatasetError, match="answers class 1 and there are 1 cells"):
        locate(np.array([[1]]), cells)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("47e66e,48.8566,2.3522", "stands there twice"),
        ("47a851,north,13.405", "latitude 'north' is no number"),
        ("47a851,52.52,190", "longitude 190 lies outside ±180"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(DatasetError, match=f"line 3: .*{complaint}"):
        read_cells(write(tmp_path, "47e66e,48.8566,2.3522", line))


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no rows"):
        read_cells(write(tmp_path))
