"""Series for replays, made of latencies alone or with what else a row needs."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from mbench.core.nights.series import Cell, Series
from mbench.core.nights.verdicts import NightName
from mbench.gate.tonight import Tonight

FIRST = date(2026, 1, 1)


class Nights(Mapping[int, NightName]):
    """Names for as many nights as are asked for."""

    def __getitem__(self, index: int) -> NightName:
        return NightName(id=f"night-{index}", date=FIRST + timedelta(days=index))

    def __iter__(self) -> Any:
        return iter(range(len(self)))

    def __len__(self) -> int:
        return 100_000


NIGHTS = Nights()


def cell(workload: str = "network", serial: str = "serial") -> Cell:
    """Return a cell of the replays' project."""
    return Cell(project="replay", branch="main", workload=workload, delegate="cpu", threads=4, serial=serial)


def series(
    values: Sequence[float] | np.ndarray, *, of: Cell | None = None, model: str = "Phone", **columns: Any
) -> Series:
    """Return a series of latencies in µs, a night each; columns that are named replace what is not known."""
    latency = np.asarray(values, dtype=float)
    count = latency.size
    nights = np.arange(count)
    unknown, zeros, blank = np.full(count, -1), np.zeros(count, dtype=np.int64), np.full(count, np.nan)
    whole: dict[str, Any] = {
        "night": nights,
        "day": nights,
        "state": np.zeros(count, dtype=np.int8),
        "latency_us": latency,
        "half_width_us": blank,
        "runs": zeros + 5,
        "init_us": blank,
        "memory_kib": blank,
        "merit": blank,
        **dict.fromkeys(("size_bytes", "correct", "examples", "dataset", "delegated", "nodes", "partitions"), unknown),
        "thing": zeros,
        "epoch": zeros,
    }
    return Series(cell=of or cell(), model=model, **(whole | columns))


def tonight(of: Series) -> Tonight:
    """Return a series as it stands on its last night."""
    return Tonight(series=of, nights=NIGHTS, changed=lambda _cell, _before, _after: ())
