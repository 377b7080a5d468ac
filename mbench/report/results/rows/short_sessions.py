"""Short results of a session as one text that is read in a hundredth of the time that its documents take.

Devices, programs, rules and workloads, of which many jobs have the same, stand in it once.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, ValidationError

from mbench.core.numbers.bounds import Count, JobName, Moment, SessionName
from mbench.core.results import (
    BinaryFacts,
    DeviceFacts,
    JobResult,
    MeasurementWarning,
    MeasuringRules,
    Pass,
    Provenance,
    Run,
    Status,
    StoredErrorClass,
)
from mbench.core.scores import Score
from mbench.core.workloads import Document, Workload
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.rows.row import Row
from mbench.report.results.rows.run_facts import facts_of
from mbench.report.results.rows.short_result import RunFacts, ShortResult

DocumentT = TypeVar("DocumentT", bound=Document)


class _Part(Document):
    """What the jobs of one device have in common."""

    session: SessionName
    device: DeviceFacts
    binary: BinaryFacts
    rules: MeasuringRules
    provenance: Provenance


class _Job(Document):
    """What a job has of its own; `part` and `workload` are places."""

    part: Count
    workload: Count
    job: JobName
    finished_at: Moment
    status: Status
    error_class: StoredErrorClass | None
    message: str | None
    runs: tuple[Run, ...]
    scores: tuple[Score, ...]
    warnings: tuple[MeasurementWarning, ...]
    row: Row
    lengthened_us: Annotated[float, Field(ge=0)]
    facts: RunFacts


class _Session(Document):
    parts: tuple[_Part, ...]
    workloads: tuple[Workload, ...]
    jobs: tuple[_Job, ...]


_OWN = tuple(name for name in _Job.model_fields if name not in ("part", "workload"))


class _Places(Generic[DocumentT]):
    """Values, each once, and where each of them stands."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[int, DocumentT]] = {}

    def place_of(self, value: DocumentT) -> int:
        """Return where a value stands; a new one comes last."""
        return self._values.setdefault(value.model_dump_json(), (len(self._values), value))[0]

    @property
    def values(self) -> tuple[DocumentT, ...]:
        """The values, in their places."""
        return tuple(value for _, value in self._values.values())


def short_results(results: Iterable[JobResult]) -> tuple[ShortResult, ...]:
    """Return results without the runs that tables show nothing of."""
    return tuple(map(_short, results))


def format_short(results: Sequence[ShortResult]) -> bytes:
    """Return short results as JSON; `parse_short` is the inverse."""
    parts, workloads = _Places[_Part](), _Places[Workload]()
    jobs = tuple(
        _Job(
            part=parts.place_of(_Part(**_fields(result, _Part.model_fields))),
            workload=workloads.place_of(result.workload),
            **_fields(result, _OWN),
        )
        for result in results
    )
    return _Session(parts=parts.values, workloads=workloads.values, jobs=jobs).model_dump_json().encode()


def parse_short(data: bytes) -> tuple[ShortResult, ...]:
    """Return the short results in a text.

    Raises:
        ValueError: it is something else.
    """
    try:
        session = _Session.model_validate_json(data)
        return tuple(
            ShortResult(
                workload=session.workloads[job.workload],
                **_fields(session.parts[job.part], _Part.model_fields),
                **_fields(job, _OWN),
            )
            for job in session.jobs
        )
    except (ValidationError, IndexError) as error:
        raise ValueError("no short results of a session") from error


def _short(result: JobResult) -> ShortResult:
    row = row_of(result)
    return ShortResult(
        **_fields(result, JobResult.model_fields) | {"runs": _profiled(result)},
        row=row,
        lengthened_us=row.lengthened_us,
        facts=facts_of(result),
    )


def _profiled(result: JobResult) -> tuple[Run, ...]:
    """Return the run that has the operator profile of a job."""
    return tuple(run for run in result.runs if run.purpose is Pass.OPS and run.status is Status.OK)[-1:]


def _fields(value: Document, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}
