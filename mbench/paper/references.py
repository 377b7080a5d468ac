"""Figures that others published for the same networks: shown beside measurements when asked for, never among them."""

from functools import cache
from typing import Final, Literal

from pydantic import Field

from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean
from mbench.core.workloads import Document
from mbench.paper.shipped import FOLDER, read_toml

PAPER_ACCURACIES: Final = "paper-printed-fp32"
CHECKPOINT_ACCURACIES: Final = "checkpoints-of-2017-06-14-fp32"
"""Released right after the paper, whose Figures 4 and 5 print no numbers."""


class Series(Document):
    """One published series: values by network, a variant's name without its quantization.

    Attributes:
        unit: `%` of top-1 on ImageNet, or `ms` of one inference.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    source: str
    unit: Literal["%", "ms"]
    values: dict[str, float]


class _Published(Document):
    series: tuple[Series, ...]


@cache
def all_series() -> dict[str, Series]:
    """Return every series by its id."""
    files = sorted((FOLDER / "references").glob("*.toml"))
    return {series.id: series for path in files for series in read_toml(path, _Published).series}


def find_series(name: str) -> Series:
    """Return one series.

    Raises:
        UsageError: there is none of that id.
    """
    known = all_series()
    if name not in known:
        raise UsageError(f"unknown reference {name!r}.{did_you_mean(name, list(known))}")
    return known[name]
