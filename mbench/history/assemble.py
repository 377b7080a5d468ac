"""Columns of the archive become series; nothing here reads anything."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.core.nights.series import Cell, PointState, Series
from mbench.history.keys import UNKNOWN

FLOATS: Final = ("latency_us", "half_width_us", "init_us", "memory_kib", "merit")
COUNTS: Final = ("size_bytes", "correct", "examples", "delegated", "nodes", "partitions")
CARRIED: Final = ("thing", "epoch")
"""Of a point whose device could not be asked, they are those of the point before."""

COLUMN_TEXTS: Final = (
    "date_diff('day', DATE '1970-01-01', day) AS day",
    "state",
    "runs::BIGINT AS runs",
    "dataset",
    *CARRIED,
    *(f"coalesce({name}, 'nan'::DOUBLE) AS {name}" for name in FLOATS),
    *(f"coalesce({name}, {UNKNOWN})::BIGINT AS {name}" for name in COUNTS),
)
"""What is asked for, as SQL; no value is NULL."""

_EPOCH: Final = date(1970, 1, 1)

Columns = dict[str, NDArray[Any]]


def sort_columns(columns: Columns) -> bool:
    """Sort columns by `series` and `night`; return whether that says it all, and no two points share both.

    numpy does it in a third of the time that DuckDB takes for it.
    """
    night = columns["night"].astype(np.int64)
    place = columns["series"].astype(np.int64) * (night.max(initial=0) + 1) + night
    order = np.argsort(place, kind="stable")
    place = place[order]
    if (place[1:] == place[:-1]).any():
        return False
    for name, values in columns.items():
        columns[name] = values[order]
    return True


def with_missed(columns: Columns, missed: Mapping[int, tuple[int, date]], *, since: int) -> Columns:
    """Return columns with a point for each night that was due and never began.

    Args:
        columns: sorted by `series` and `night`.
        missed: by index of such a night: the index of the night before it of the same farm file, whose cells were due
            again, and its date.
        since: index of the first night that is kept.
    """
    night = columns["night"]
    copies = []
    for index, (before, day) in missed.items():
        if index < since or not (rows := np.flatnonzero(night == before)).size:
            continue
        rows = rows[np.r_[True, columns["series"][rows][1:] != columns["series"][rows][:-1]]]
        copies.append(_missing(columns, rows, index, day))
    if copies:
        columns = {name: np.concatenate([columns[name], *(copy[name] for copy in copies)]) for name in columns}
        order = np.lexsort((columns["night"], columns["series"]))
        columns = {name: values[order] for name, values in columns.items()}
    kept = columns["night"] >= since
    return columns if kept.all() else {name: values[kept] for name, values in columns.items()}


def split_series(columns: Columns, cells: Sequence[tuple[Cell, str]]) -> Iterator[Series]:
    """Yield the series of columns that are sorted by `series` and `night`.

    Args:
        columns: as `COLUMN_TEXTS` names them, with `series` and `night`.
        cells: each with its device's model, by number of series.
    """
    number = columns["series"]
    if not number.size:
        return
    starts = np.flatnonzero(np.r_[True, number[1:] != number[:-1]])
    for name in CARRIED:
        columns[name] = _carried(columns[name], starts)
    whole: Columns = {
        name: columns[name].astype(np.int64, copy=False)
        for name in ("night", "day", "runs", "dataset", *CARRIED, *COUNTS)
    }
    parts: Columns = whole | {name: columns[name] for name in FLOATS}
    parts["state"] = columns["state"].astype(np.int8, copy=False)
    for start, end in zip(starts, (*starts[1:], number.size), strict=True):
        cell, model = cells[int(number[start])]
        yield Series(cell=cell, model=model, **{name: values[start:end] for name, values in parts.items()})


def _missing(columns: Columns, rows: NDArray[np.int64], night: int, day: date) -> Columns:
    """Return points of the cells of some rows that say nothing but that they are missing."""
    copy = {name: values[rows] for name, values in columns.items()}
    copy["night"] = np.full_like(copy["night"], night)
    copy["day"] = np.full_like(copy["day"], (day - _EPOCH).days)
    copy["state"] = np.full_like(copy["state"], int(PointState.MISSING))
    copy["runs"] = np.zeros_like(copy["runs"])
    for name in FLOATS:
        copy[name] = np.full_like(copy[name], np.nan)
    for name in (*COUNTS, *CARRIED, "dataset"):
        copy[name] = np.full_like(copy[name], UNKNOWN)
    return copy


def _carried(values: NDArray[Any], starts: NDArray[np.int64]) -> NDArray[Any]:
    """Return values in which an unknown one is that of the point before in its series, where there is one."""
    if not (values == UNKNOWN).any():
        return values
    known = np.where(values == UNKNOWN, 0, np.arange(values.size))
    known[starts] = starts
    return np.asarray(values[np.maximum.accumulate(known)])
