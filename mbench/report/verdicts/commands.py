"""Commands that a verdict names: to see a cell, to measure it again, to accept what changed."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mbench.core.builds.variants import parse_variant
from mbench.core.errors import UsageError
from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import Finding
from mbench.core.numbers.bounds import WORD

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

HISTORY_COMMANDS: Final = frozenset({"show", "import", "delete"})
"""Words that `mbench history` would take for its own commands; a network may be called so."""

FILE: Final = "file:"
"""What the name of a user's file begins with that nobody named otherwise."""


def history_command(cell: Cell, place: CommandPlace = HERE) -> str:
    """Return the command that shows a cell's nights; of a branch of its own that one's, which is not shown unasked."""
    where = _option("--results", place.results) if place.farm is None else ["--farm", place.farm]
    project = _option("--project", None if cell.project == place.project else cell.project)
    branch = _option("--branch", None if cell.branch == place.branch else cell.branch)
    words = [literal_filter(word) for word in (cell.workload, cell.delegate, cell.serial)]
    return shlex.join(history_words(words, [*where, *project, *branch]))


def history_words(filters: Sequence[str], options: Sequence[str]) -> list[str]:
    """Return the words of a `mbench history` that shows; a filter may be called as its other commands are."""
    begun = ["mbench", "history", *(["show"] if filters and filters[0] in HISTORY_COMMANDS else [])]
    return [*begun, *_beside_options(filters, options)]


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
    more = ["--class", str(finding.kind), "--because", "TEXT", *options]
    return shlex.join(["mbench", "accept", *_beside_options([f"{workload_of(finding.cell)} on {where}"], more)])


def _beside_options(words: Sequence[str], options: Sequence[str]) -> list[str]:
    """Return words before options, as people type them; where a word looks like an option, behind all of them."""
    if any(word.startswith("-") for word in words):
        return [*options, "--", *words]
    return [*words, *options]


def literal_filter(word: str) -> str:
    """Return a filter of `mbench history` that means a name, whatever characters of patterns that has."""
    return re.sub(r"([*?[])", r"[\1]", word)


def _option(name: str, value: str | None) -> list[str]:
    return [] if value is None else [name, value]


def workload_of(cell: Cell) -> str:
    """Return what is measured, without where: `detector gpu ×4`."""
    return str(cell).removesuffix(f" on {cell.serial}")


def _named(workload: str) -> list[str]:
    """Return the option that names a file; of one that was never named by its stem, and none that would be refused."""
    name = workload.removeprefix(FILE)
    return ["--as", name] if re.fullmatch(WORD, name) else []


def _what(cell: Cell, place: CommandPlace) -> list[str] | None:
    """Return what is run: a variant by its name, a user's own network by its file; None where that is not here."""
    try:
        parse_variant(cell.workload)
    except UsageError:
        file = place.files.get(cell)
        return None if file is None else ["--model", file, *_named(cell.workload)]
    return [cell.workload]
