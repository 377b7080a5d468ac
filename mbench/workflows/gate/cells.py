"""The cells of a session with the results that they are: what the gate's findings are about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mbench.core.nights.cell_names import cell_of
from mbench.core.nights.cells import Cell
from mbench.core.results import JobResult
from mbench.history.points import MAIN, RUNS_PROJECT
from mbench.store.nights import StoredNight

Key = tuple[str, str, int | None, str]
"""Of a cell: workload, delegate, threads, serial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCells:
    """A session's results by cell.

    Attributes:
        project: of the session; likewise branch.
        names: the names that last, of users' own files, by job.
        renamed: new names of workloads by old ones.
    """

    project: str
    branch: str
    names: Mapping[str, str]
    renamed: Mapping[str, str]
    results: Mapping[Key, JobResult]

    def of(self, cell: Cell) -> JobResult | None:
        """Return what became of a cell; a serial that two phones share has the model's name behind it."""
        serial, _, model = cell.serial.partition(" (")
        result = self.results.get((cell.workload, cell.delegate, cell.threads, serial))
        if result is not None and model and result.device.model not in (None, model.removesuffix(")")):
            return None  # the other phone's
        return result

    def error_class(self, cell: Cell) -> str | None:
        """Return why a cell has no number; None where it has one, or nothing is known of it."""
        result = self.of(cell)
        return None if result is None or result.error_class is None else str(result.error_class)

    def message(self, cell: Cell) -> str | None:
        """Return what its document says of a cell without a number; None where it has one, or nothing is said."""
        result = self.of(cell)
        return None if result is None or result.error_class is None else result.message


def measured_cells(
    results: Iterable[JobResult],
    night: StoredNight | None,
    names: Mapping[str, str],
    renamed: Mapping[str, str],
) -> MeasuredCells:
    """Return the cells of a session.

    Args:
        results: of all its jobs.
        night: None of a session outside of nights.
        names: of the session's plan; a night's own go before.
        renamed: new names of workloads by old ones.
    """
    project, branch = (RUNS_PROJECT, MAIN) if night is None else (night.night.project, night.night.branch)
    lasting = names if night is None else night.night.names
    found: dict[Key, JobResult] = {}
    for result in results:
        cell = cell_of(result, project=project, branch=branch, names=lasting)
        found[renamed.get(cell.workload, cell.workload), cell.delegate, cell.threads, cell.serial] = result
    return MeasuredCells(project=project, branch=branch, names=lasting, renamed=renamed, results=found)
