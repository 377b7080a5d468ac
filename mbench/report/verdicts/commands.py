"""Commands that a verdict names: to see a cell, to measure it again, to accept what changed."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mbench.core.builds.variants import parse_variant
from mbench.core.errors import UsageError
from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import Finding

HOST = "host"
MAIN = "main"
"""The branch that is shown unasked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandPlace:
    """Where a verdict's commands are typed, and what they need there to be about the same.

    Attributes:
        farm: the farm file, as it is named there; None: none is known.
        results: the results folder; None: the usual one.
        project: that is meant unasked, by the farm file; None: none is. Likewise `branch`.
        accepted: the file of accepted changes; None: the usual one.
        session: that was judged, where it may not be the last; None: it is.
        lent: whether phones are other hosts', and no command here can measure on them.
        files: model files on this host, by cell: those of users' own files, by the content that was measured.
    """

    farm: str | None = None
    results: str | None = None
    project: str | None = None
    branch: str = MAIN
    accepted: str | None = None
    session: str | None = None
    lent: bool = False
    files: Mapping[Cell, str] = field(default_factory=dict)


HERE: Final = CommandPlace()


def history_command(cell: Cell, place: CommandPlace = HERE) -> str:
    """Return the command that shows a cell's nights; of a branch of its own that one's, which is not shown unasked."""
    where = _option("--results", place.results) if place.farm is None else ["--farm", place.farm]
    project = _option("--project", None if cell.project == place.project else cell.project)
    branch = _option("--branch", None if cell.branch == place.branch else cell.branch)
    return shlex.join(["mbench", "history", cell.workload, cell.delegate, cell.serial, *where, *project, *branch])


def reproduce_command(cell: Cell, place: CommandPlace = HERE) -> str | None:
    """Return the command that measures a cell again; None where none can: the phone or the file is not here."""
    what = _what(cell, place)
    if what is None or place.lent:
        return None
    threads = [] if cell.threads is None else ["--threads", str(cell.threads)]
    device = HOST if cell.serial.startswith(f"{HOST}:") else cell.serial.partition(" (")[0]
    return shlex.join(["mbench", "run", *what, "--device", device, "--delegate", cell.delegate, *threads])


def accept_command(finding: Finding, *, devices: int, place: CommandPlace = HERE) -> str:
    """Return the command that accepts it, on the one device or on all of its model that show it."""
    where = finding.model if devices > 1 else finding.cell.serial
    named = (("--results", place.results), ("--file", place.accepted), ("--session", place.session))
    options = [word for name, value in named for word in _option(name, value)]
    return shlex.join(["mbench", "accept", f"{workload_of(finding.cell)} on {where}", "--because", "TEXT", *options])


def _option(name: str, value: str | None) -> list[str]:
    return [] if value is None else [name, value]


def workload_of(cell: Cell) -> str:
    """Return what is measured, without where: `detector gpu ×4`."""
    return str(cell).removesuffix(f" on {cell.serial}")


def _what(cell: Cell, place: CommandPlace) -> list[str] | None:
    """Return what is run: a variant by its name, a user's own network by its file; None where that is not here."""
    try:
        parse_variant(cell.workload)
    except UsageError:
        file = place.files.get(cell)
        return None if file is None else ["--model", file, "--as", cell.workload]
    return [cell.workload]
