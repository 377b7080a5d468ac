"""A night's cells with their numbers: what exports need beside the findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from mbench.core.ends import ALL_WELL, OWN_FAULT, code_of
from mbench.core.nights.cell_names import cell_of
from mbench.core.nights.cells import Cell, PointState
from mbench.core.results import JobResult, Status
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.rows.phone_medians import model_name
from mbench.report.results.rows.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow:
    """What a night left of one cell.

    Attributes:
        ran: whether anything was tried: not of what the window, or a held phone, left out.
        latency_us: None unless it was measured to the end.
        low_us, high_us: its 95 % interval.
        run_s: seconds that its runs took together, whatever they were for.
        top1: share of examples answered rightly.
        ended_at: when its document was written.
    """

    cell: Cell
    model: str
    state: PointState
    ran: bool
    latency_us: float | None
    low_us: float | None
    high_us: float | None
    runs: int
    run_s: float
    size_bytes: int | None
    peak_memory_kib: float | None
    top1: float | None
    artifact_sha256: str | None
    binary_sha256: str | None
    error_class: str | None
    message: str | None
    ended_at: datetime

    @property
    def name(self) -> str:
        """What is measured, without where: `detector gpu ×4`."""
        return str(self.cell).removesuffix(f" on {self.cell.serial}")


def cell_rows(
    results: Iterable[JobResult],
    *,
    project: str,
    branch: str,
    names: Mapping[str, str],
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> tuple[CellRow, ...]:
    """Return the rows of a night's jobs, in their order.

    Args:
        results: of all planned jobs.
        project: of the night.
        branch: of the night.
        names: the names that last, of users' own files, by job.
        renamed: new names of workloads by old ones: findings are of the new ones.
    """

    def cell(result: JobResult) -> Cell:
        found = cell_of(result, project=project, branch=branch, names=names)
        return replace(found, workload=renamed.get(found.workload, found.workload))

    return tuple(_cell_row(result, row_of(result), cell(result)) for result in results)


def _cell_row(result: JobResult, row: Row, cell: Cell) -> CellRow:
    state = _state(result)
    measured = state is PointState.NUMBER  # what was aborted may have a latency of a part of its runs
    low, high = row.latency_ci_us or (None, None)
    return CellRow(
        cell=cell,
        model=model_name(result.device.profile, result.device.model),
        state=state,
        ran=result.status is not Status.SKIPPED,
        latency_us=row.latency_median_us if measured else None,
        low_us=low if measured else None,
        high_us=high if measured else None,
        runs=row.runs,
        run_s=sum(run.wall_s for run in result.runs),
        size_bytes=row.size_bytes,
        peak_memory_kib=row.peak_memory_kib,
        top1=row.top1,
        artifact_sha256=row.artifact_sha256,
        binary_sha256=row.binary_sha256,
        error_class=row.error_class,
        message=row.message,
        ended_at=result.finished_at,
    )


def _state(result: JobResult) -> PointState:
    states = {ALL_WELL: PointState.NUMBER, OWN_FAULT: PointState.FAILED}
    return states.get(code_of(result), PointState.LAB)
