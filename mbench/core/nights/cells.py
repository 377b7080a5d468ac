"""Cells: what a night measures again and again, and what it left of one; without numpy, which documents do not need."""

from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cell:
    """What a night measures again and again.

    Attributes:
        workload: the variant's name, or the name that lasts of a user's own file; never its hash.
        delegate: what executes the graph: `cpu`, `gpu`, …
        threads: None where the delegate has none.
        serial: of the device; `host:NAME` of a host.
    """

    project: str
    branch: str
    workload: str
    delegate: str
    threads: int | None
    serial: str

    def __str__(self) -> str:
        threads = "" if self.threads is None else f" ×{self.threads}"
        return f"{self.workload} {self.delegate}{threads} on {self.serial}"


class PointState(IntEnum):
    """What a night left of a cell."""

    NUMBER = 0
    """It was measured."""

    FAILED = 1
    """It failed by its own fault: model or program."""

    LAB = 2
    """It was planned and has no number, by phone, cable, host, quarantine or budget."""

    MISSING = 3
    """The night began, or was due, and has no document of it at all."""
