"""What the measuring loop works with, in memory: a bench, a store, a scorer, a clock, a progress; no process, no wait.

Each keeps the contract of its port. The bench plays runs that a test has written down, the store refuses what the one
on disk refuses, the clock moves when it is slept on.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mbench.core.delegates import parse_delegate
from mbench.core.errors import StoreError
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.ports import Progress
from mbench.core.reasons import Unscored
from mbench.core.results import (
    BinaryFacts,
    DeviceFacts,
    DevicePlan,
    JobResult,
    MeasuringRules,
    PartEnding,
    Pass,
    Phase,
    Plan,
    PlannedJob,
    Provenance,
    Run,
    Status,
)
from mbench.core.scores import Metric, Score
from mbench.core.workloads import ArtifactFacts, OutputFacts, RunSettings, Workload

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
STEADY_US = 1000
"""The median of every run for which a test says nothing else."""
ENDLESS = 400
"""Runs after which a loop counts as one that does not end."""
RULES = MeasuringRules(
    min_runs=3, max_runs=8, target_interval=0.02, memory_runs=0, profile_ops=False, seed=7, cpus=(0,)
)
OUTPUTS = (OutputFacts(dtype="int8", elements=4, zero_point=0),)


class HandClock:
    """A clock that stands still but for sleeping."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class SeenProgress:
    """A progress that keeps every report."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None]] = []
        self.steps: list[tuple[str, int]] = []
        self.notes: list[str] = []
        self.grown = self.finished = 0

    def start(self, title: str, total: int | None, *, unit: str = "steps") -> None:
        self.stages.append((title, total))

    def step(self, label: str, count: int = 0) -> None:
        self.steps.append((label, count))

    def grow(self, extra: int) -> None:
        self.grown += extra

    def finish(self) -> None:
        self.finished += 1

    def note(self, text: str) -> None:
        self.notes.append(text)

    def of(self, device: str) -> Progress:
        return self

    @property
    def done(self) -> int:
        return sum(count for _, count in self.steps)


def workload(
    delegate: str = "cpu",
    *,
    threads: int = 1,
    sha256: str = "a" * 64,
    name: str = "mobilenet_v1_0.25_32_int8",
    **changes,
) -> Workload:
    """Return a workload whose texts are objects of their own, as those of a plan that was read from disk are."""
    fields = {
        "name": name,
        "sha256": "".join(list(sha256)),
        "size_bytes": 1,
        "mult_adds": 1,
        "parameters": 1,
        "activation_bytes": 1,
        "outputs": OUTPUTS,
    }
    return Workload(
        artifact=ArtifactFacts(**(fields | changes)),
        delegate=parse_delegate(delegate),
        threads=threads,
        settings=RunSettings(),
    )


CANARY = workload(name="mobilenet_v1_0.25_128_int8", sha256="f" * 64)


def part_of(*jobs: str | PlannedJob, canary: Workload | None = CANARY, **rules: object) -> DevicePlan:
    """Return one device's part; a job that is only named has a file of its own."""
    planned = tuple(
        PlannedJob(id=job, workload=workload(sha256=f"{place:064x}")) if isinstance(job, str) else job
        for place, job in enumerate(jobs)
    )
    return DevicePlan(
        device=DeviceFacts(serial="phone-1", profile="pixel4"),
        binary=BinaryFacts(tool="tflite", sha256="b" * 64, path="benchmark_model"),
        rules=RULES.model_copy(update=rules),
        canary=canary,
        jobs=planned,
    )


def plan_of(part: DevicePlan) -> Plan:
    return Plan(
        session="s",
        created_at=NOON,
        provenance=Provenance(mbench="0", git=None, command=("mbench",), host="here", python="3"),
        devices=(part,),
    )


def run_of(job: str, index: int = 0, *, purpose: Pass = Pass.LATENCY, position: int = 0, **changes) -> Run:
    """Return a good run; memory and operator runs have a latency too, as real ones do, and a wrong one."""
    counted = purpose in {Pass.LATENCY, Pass.CANARY}
    fields = {
        "job": job,
        "purpose": purpose,
        "index": index,
        "block": index,
        "position": position,
        "started_at": NOON + timedelta(seconds=2 * position),
        "wall_s": 1.0,
        "argv": ("benchmark_model",),
        "exit_code": 0,
        "status": Status.OK,
        "measured": Phase(count=50, median_us=STEADY_US if counted else 50 * STEADY_US),
    }
    return Run(**(fields | changes))


def latencies(job: str, medians_us: Sequence[int], *, first_position: int = 0) -> tuple[Run, ...]:
    return tuple(
        run_of(job, index, position=first_position + index, measured=Phase(count=50, median_us=median_us))
        for index, median_us in enumerate(medians_us)
    )


def failing(error_class: str, status: Status = Status.FAILED) -> dict[str, object]:
    """Return the fields of a run that gave no measurement."""
    return {"status": status, "error_class": error_class, "message": f"ended as {error_class}.", "measured": None}


@dataclass
class PlayedBench:
    """A bench whose runs a test has written down.

    Attributes:
        medians_us: of latency and canary runs, by job and in order; the last one goes on for ever.
        outputs: bytes of a job's output tensors; only latency and canary runs leave any.
        changes: fields of single runs, by job, pass and index.
        breaks: what is raised instead of the run of this number, counted from 0.
        done: called after each run, before it is returned.
    """

    medians_us: Mapping[str, Sequence[int]] = field(default_factory=dict)
    outputs: Mapping[str, bytes] = field(default_factory=dict)
    changes: Mapping[tuple[str, Pass, int], Mapping[str, object]] = field(default_factory=dict)
    breaks: Mapping[int, BaseException] = field(default_factory=dict)
    done: Callable[[Run], None] = lambda run: None
    ran: list[Run] = field(default_factory=list)

    def __call__(
        self, workload: Workload, purpose: Pass, *, job: str, index: int, block: int, position: int
    ) -> tuple[Run, dict[str, bytes]]:
        if error := self.breaks.get(len(self.ran)):
            raise error
        assert len(self.ran) < ENDLESS, "the loop does not end"
        fields: dict[str, object] = {"block": block, "argv": (workload.label,)}
        files = {"stdout.txt": b"count=50"}
        if purpose in {Pass.LATENCY, Pass.CANARY}:
            medians = self.medians_us.get(job, [STEADY_US])
            fields["measured"] = Phase(count=50, median_us=medians[min(index, len(medians) - 1)])
            if job in self.outputs:
                fields["output_sha256"] = "c" * 64
                files["output.bin"] = self.outputs[job]
        run = run_of(
            job, index, purpose=purpose, position=position, **(fields | self.changes.get((job, purpose, index), {}))
        )
        self.ran.append(run)
        self.done(run)
        return run, files

    @property
    def sequence(self) -> list[tuple[int, str]]:
        """Block and job of each run, in order."""
        return [(run.block, run.job) for run in self.ran]

    def count(self, job: str, purpose: Pass = Pass.LATENCY) -> int:
        return sum((run.job, run.purpose) == (job, purpose) for run in self.ran)


class KeptResults:
    """A store in memory: what is kept is never edited, and runs come back in the order in which they ran."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._known = {job.id for job in plan.jobs}
        self._runs_of = self._known | {part.canary_job for part in plan.devices}
        self._runs: dict[tuple[str, Pass, int], Run] = {}
        self._raw: dict[tuple[str, Pass, int], dict[str, bytes]] = {}
        self.documents: dict[str, JobResult] = {}
        self.endings: dict[str, PartEnding] = {}

    def save_ending(self, ending: PartEnding) -> None:
        self.endings[ending.serial] = ending

    def remove_ending(self, serial: str) -> None:
        self.endings.pop(serial, None)

    def runs(self, job: str) -> tuple[Run, ...]:
        kept = [run for (name, _, _), run in self._runs.items() if name == job]
        return tuple(sorted(kept, key=lambda run: (run.position, run.purpose, run.index)))

    def save_run(self, run: Run, files: Mapping[str, bytes]) -> None:
        key = (run.job, run.purpose, run.index)
        if run.job not in self._runs_of:
            raise StoreError(f"job {run.job!r} is not in the plan.")
        if key in self._runs:
            raise StoreError(f"{key} is kept already.")
        self._runs[key] = run.model_copy(update={"files": tuple(sorted(files))})
        self._raw[key] = dict(files)

    def tried_before(self, job: str) -> tuple[str, ...]:
        self._planned(job)
        return ()

    def result(self, job: str) -> JobResult | None:
        self._planned(job)
        return self.documents.get(job)

    def save_job(self, result: JobResult) -> None:
        self._planned(result.job)
        if result.job in self.documents:
            raise StoreError(f"{result.job} is kept already.")
        self.documents[result.job] = result

    def raw(self, run: Run, name: str) -> bytes | None:
        return self._raw.get((run.job, run.purpose, run.index), {}).get(name)

    def _planned(self, job: str) -> None:
        if job not in self._known:
            raise StoreError(f"job {job!r} is not in the plan.")

    @property
    def positions(self) -> list[int]:
        return sorted(run.position for run in self._runs.values())


SCORE = Score(
    artifact_sha256="a" * 64,
    place="device",
    delegate="cpu",
    dataset=DatasetFacts(
        name="digits", task=Task.CLASSIFICATION, split=Split.TEST, sha256="d" * 64, examples=360, classes=10
    ),
    preprocessing="plain",
    asked=360,
    scored=360,
    metrics=(Metric(name="top1", value=0.975, examples=360),),
    seconds=1.0,
)


@dataclass
class PlayedScorer:
    """A scorer whose results a test has written down, by job: a score, a reason for none, or an error to raise."""

    results: Mapping[str, Score | Unscored | BaseException] = field(default_factory=dict)
    scored: list[str] = field(default_factory=list)

    def __call__(self, job: PlannedJob) -> Score | Unscored:
        self.scored.append(job.id)
        result = self.results.get(job.id, SCORE)
        if isinstance(result, BaseException):
            raise result
        return result


def doubts(result: JobResult) -> Counter[str]:
    return Counter(str(warning.code) for warning in result.warnings)
