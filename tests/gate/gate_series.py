"""Series that tests of the gate share."""

from dataclasses import FrozenInstanceError, fields
from datetime import date, timedelta

import numpy as np
import pytest

from mbench.core.nights.series import Cell, Series
from mbench.core.nights.verdicts import Decision, Finding, FindingClass, NightName, Standing
from mbench.gate.tonight import Tonight

NIGHTS = {index: NightName(id=f"n{index}", date=date(2026, 1, 1) + timedelta(days=index)) for index in range(400)}


def cell(workload: str = "mobilenet", serial: str = "SERIAL", delegate: str = "cpu") -> Cell:
    return Cell(project="p", branch="main", workload=workload, delegate=delegate, threads=4, serial=serial)


def series(latency, *, of: Cell | None = None, model: str = "Pixel 4", **columns) -> Series:
    """A night each; `columns` replace what is not known; a scalar is that of every night."""
    latency = np.asarray(latency, dtype=float)
    count = latency.size
    unknown, blank = np.full(count, -1), np.full(count, np.nan)
    whole = {
        "night": np.arange(count),
        "day": np.arange(count),
        "state": np.zeros(count, dtype=np.int8),
        "latency_us": latency,
        "half_width_us": blank,
        "runs": np.full(count, 5),
        "init_us": blank,
        "memory_kib": blank,
        "merit": blank,
        **dict.fromkeys(("size_bytes", "correct", "examples", "dataset", "delegated", "nodes", "partitions"), unknown),
        "thing": np.zeros(count, dtype=np.int64),
        "epoch": np.zeros(count, dtype=np.int64),
    }
    given = {name: np.broadcast_to(np.asarray(value), (count,)) for name, value in columns.items()}
    return Series(cell=of or cell(), model=model, **(whole | given))


def tonight(of: Series) -> Tonight:
    return Tonight(series=of, nights=NIGHTS, changed=lambda _cell, before, after: (f"{before} → {after}",))


def assert_fixed(one: object) -> None:
    """A value is never changed, holds nothing besides its fields, and is made by their names."""
    given = {field.name: getattr(one, field.name) for field in fields(one)}
    assert not hasattr(one, "__dict__")
    with pytest.raises(FrozenInstanceError):
        setattr(one, next(iter(given)), None)
    with pytest.raises(TypeError):
        type(one)(*given.values())
    assert type(one)(**given) is not one


def decision(since: int, night: int, standing: Standing, of: Cell | None = None, **more) -> Decision:
    return Decision(cell=of or cell(), since=since, night=night, standing=standing, because="measured again", **more)


def finding(
    of: Cell | None = None,
    *,
    kind: FindingClass = FindingClass.LATENCY,
    standing: Standing = Standing.SUSPECT,
    before: float | None = 100.0,
    now: float | None = 120.0,
    nights: int = 1,
    **more,
) -> Finding:
    return Finding(
        cell=of or cell(),
        model="Pixel 4",
        kind=kind,
        standing=standing,
        before=before,
        now=now,
        unit="µs",
        since="n9",
        nights=nights,
        because="",
        **more,
    )
