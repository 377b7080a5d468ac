"""Where a verdict's commands are typed, and what they need there to be about the same cells."""

from collections.abc import Iterable
from pathlib import Path

from mbench.artifacts.cache import ArtifactCache
from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import NightVerdict
from mbench.report.verdicts.commands import MAIN, CommandPlace
from mbench.workflows.gate.cells import MeasuredCells
from mbench.workflows.home import home, results_root

ACCEPTED = "accepted.toml"
"""Where `mbench accept` writes unasked."""


def command_place(
    verdict: NightVerdict,
    measured: MeasuredCells,
    *,
    root: Path,
    farm: Path | None = None,
    project: str | None = None,
    branch: str = MAIN,
    accepted: Path | None = None,
    session: str | None = None,
    lent: bool = False,
) -> CommandPlace:
    """Return the place of a judged session's commands.

    Args:
        verdict: whose commands they are.
        measured: cells of the session.
        root: its results folder.
        farm: the farm file; None: none is known.
        project: of the farm file; None: none is meant unasked.
        branch: that is meant unasked.
        accepted: the file of accepted changes that it was judged by.
        session: its name, where it may not be the last one.
        lent: whether its phones are other hosts'.
    """
    usual = root.resolve() == results_root(None).resolve()
    elsewhere = accepted is not None and accepted.resolve() != Path(ACCEPTED).resolve()
    return CommandPlace(
        farm=None if farm is None else str(farm),
        results=None if usual else str(root),
        project=project,
        branch=branch,
        accepted=str(accepted) if elsewhere else None,
        session=session,
        lent=lent,
        files=_files(measured, (one.cell for one in verdict.alarms)),
    )


def _files(measured: MeasuredCells, cells: Iterable[Cell]) -> dict[Cell, str]:
    """Return where the cache has the files that cells were measured with; of what needs more than its file, nothing."""
    cache, found = ArtifactCache(home() / "cache"), dict[Cell, str]()
    for cell in cells:
        workload = None if (result := measured.of(cell)) is None else result.workload
        if workload is None or workload.artifact.sha256 is None or workload.signature is not None or workload.inputs:
            continue
        if (path := cache.find_file(workload.artifact.sha256)) is not None:
            found[cell] = str(path)
    return found
