"""Measuring: runs the jobs of a plan in interleaved blocks and stores each run and each job as it ends."""

from collections.abc import Callable, Mapping
from typing import Protocol

from mbench.core.conclusions import conclude, latency_samples_us
from mbench.core.delegates import Delegate
from mbench.core.error_classes import TIMEOUT
from mbench.core.errors import PartInterrupted
from mbench.core.job_pairs import partners
from mbench.core.ports import Clock, Progress
from mbench.core.reasons import Unscored
from mbench.core.results import DevicePlan, JobResult, Pass, Plan, PlannedJob, Run, Status
from mbench.core.schedule import block_order, measured_enough
from mbench.core.scores import Score
from mbench.core.workloads import Workload
from mbench.runner.device_run import OUTPUT_FILE
from mbench.runner.output_agreement import compare_raw_outputs

RawFiles = Mapping[str, bytes]


class Bench(Protocol):
    """Runs one process on the device."""

    def __call__(
        self, workload: Workload, purpose: Pass, *, job: str, index: int, block: int, position: int
    ) -> tuple[Run, RawFiles]:
        """Return what became of the run, and its raw files by name; a failed run is a value, not an error."""


class Scorer(Protocol):
    """Asks a job's file on the device for its accuracy."""

    def __call__(self, job: PlannedJob) -> Score | Unscored:
        """Return the score, or why there is none."""


class Results(Protocol):
    """Where runs and results are kept."""

    def runs(self, job: str) -> tuple[Run, ...]:
        """Return the stored runs of a job."""

    def save_run(self, run: Run, files: RawFiles) -> None:
        """Store a run."""

    def result(self, job: str) -> JobResult | None:
        """Return a job's document, None where there is none yet."""

    def save_job(self, result: JobResult) -> None:
        """Store a job's document."""

    def tried_before(self, job: str) -> tuple[str, ...]:
        """Return why a job failed each time before it was tried again."""

    def raw(self, run: Run, name: str) -> bytes | None:
        """Return a run's raw file, None where it left none."""


class Measuring:
    """One device's part of a session while its jobs run; made anew from the store, it goes on where that stopped."""

    def __init__(
        self,
        plan: Plan,
        part: DevicePlan,
        *,
        results: Results,
        bench: Bench,
        clock: Clock,
        progress: Progress,
        busy_limit: float | None,
        scorer: Scorer | None = None,
        stop_requested: Callable[[], bool] = lambda: False,
    ) -> None:
        self._plan, self._part, self._results, self._bench = plan, part, results, bench
        self._clock, self._progress, self._busy_limit = clock, progress, busy_limit
        self._scorer, self._stop_requested = scorer, stop_requested
        self._pairs = () if plan.pairing is None else plan.pairing.pairs
        self._open = {job.id: job for job in part.jobs if results.result(job.id) is None}
        self._runs = {name: list(results.runs(name)) for name in [*self._open, part.canary_job]}
        self._timed: list[PlannedJob] = []
        stored = [run for job in part.jobs for run in results.runs(job.id)] + self._runs[part.canary_job]
        self._position = max((run.position for run in stored), default=-1) + 1
        self._block = max((run.block for run in stored), default=-1) + 1

    def to_the_end(self) -> None:
        """Run block after block until every job has its document.

        Files are asked on the device when all have been timed: asking heats it.
        """
        self._progress.start("measuring", self._expected_runs(), unit="runs")
        try:
            self._conclude(self._nothing_left)
            if self._open:
                self._run_canary()
            while self._open:
                seed = self._part.rules.seed
                for name in block_order(list(self._open), seed=seed, block=self._block, pairs=self._pairs):
                    self._run_job(self._open[name])
                self._run_canary()
                self._conclude(self._ended)
                self._block += 1
        finally:
            self._progress.finish()
        while self._timed:
            job = self._timed[0]
            self._save(job, self._asked(job))
            self._timed.pop(0)

    def _expected_runs(self) -> int:
        rules = self._part.rules
        per_job = rules.min_runs + rules.memory_runs + rules.profile_ops
        wanted = [max(0, per_job - len(self._runs[name])) for name, job in self._open.items() if not job.build_error]
        canaries = rules.min_runs + 1 if wanted and self._part.canary else 0
        return sum(wanted) + canaries

    def _run_job(self, job: PlannedJob) -> None:
        """Give a job its next run of every pass that it still needs; the first failing run ends it."""
        rules, runs = self._part.rules, self._runs[job.id]
        wanted = {
            Pass.LATENCY: self._wants_latency(job.id),
            Pass.MEMORY: self._count(job.id, Pass.MEMORY) < rules.memory_runs,
            Pass.OPS: rules.profile_ops and not self._count(job.id, Pass.OPS),
        }
        for purpose, needed in wanted.items():
            if needed and all(run.status is Status.OK for run in runs):
                if purpose is Pass.LATENCY and self._count(job.id, Pass.LATENCY) >= rules.min_runs:
                    self._progress.grow(1)
                self._run(job.id, job.workload, purpose)

    def _run_canary(self) -> None:
        if self._part.canary is not None and not self._canary_hangs():
            if self._count(self._part.canary_job, Pass.CANARY) > self._part.rules.min_runs:
                self._progress.grow(1)
            self._run(self._part.canary_job, self._part.canary, Pass.CANARY)

    def _canary_hangs(self) -> bool:
        """Whether the canary has hung and never ended well: each block would wait for its deadline."""
        runs = self._runs[self._part.canary_job]
        ended = any(run.status is Status.OK for run in runs)
        return not ended and any(run.error_class == TIMEOUT for run in runs)

    def _run(self, name: str, workload: Workload, purpose: Pass) -> None:
        if self._stop_requested():
            raise PartInterrupted(f"{self._part.device.serial}: interrupted.")
        index = self._count(name, purpose)
        self._progress.step(f"{workload.label} · {purpose} {index + 1}")
        run, files = self._bench(workload, purpose, job=name, index=index, block=self._block, position=self._position)
        self._position += 1
        self._results.save_run(run, files)
        self._runs[name].append(run)
        self._progress.step(f"{workload.label} · {purpose} {index + 1}", 1)

    def _count(self, name: str, purpose: Pass) -> int:
        return sum(run.purpose is purpose for run in self._runs[name])

    def _ended(self, job: PlannedJob) -> bool:
        rules, runs = self._part.rules, self._runs[job.id]
        if any(run.status is not Status.OK for run in runs):
            return True
        return (
            not any(map(self._wants_latency, (job.id, *self._partners_left(job.id))))
            and self._count(job.id, Pass.MEMORY) >= rules.memory_runs
            and (not rules.profile_ops or self._count(job.id, Pass.OPS) > 0)
        )

    def _wants_latency(self, name: str) -> bool:
        """Whether a job needs a further latency run: for itself, or for one that it is timed in turn with."""
        rules = self._part.rules
        if not measured_enough(latency_samples_us(self._runs[name]), rules):
            return True
        count = self._count(name, Pass.LATENCY)
        return count < rules.max_runs and any(
            self._count(other, Pass.LATENCY) > count
            or not measured_enough(latency_samples_us(self._runs[other]), rules)
            for other in self._partners_left(name)
        )

    def _partners_left(self, name: str) -> list[str]:
        """Return the jobs that a job is timed in turn with, as long as they go on."""
        left = [other for other in partners(name, self._pairs) if other in self._open]
        return [other for other in left if all(run.status is Status.OK for run in self._runs[other])]

    def _nothing_left(self, job: PlannedJob) -> bool:
        """Whether a job needs no run: it was never built, or was timed in full before its document could be written."""
        return job.build_error is not None or (bool(self._runs[job.id]) and self._ended(job))

    def _conclude(self, ended: Callable[[PlannedJob], bool]) -> None:
        """Write the documents of jobs that have ended; those that are to be asked on the device wait for that."""
        for job in [job for job in self._open.values() if ended(job)]:
            if self._scorer is not None and self._fit_to_be_asked(job):
                self._timed.append(job)
            else:
                self._save(job, None)
            del self._open[job.id]

    def _fit_to_be_asked(self, job: PlannedJob) -> bool:
        return (
            job.build_error is None
            and job.workload.artifact.latency_only is None
            and all(run.status is Status.OK for run in self._runs[job.id])
        )

    def _asked(self, job: PlannedJob) -> Score | Unscored:
        if self._stop_requested():
            raise PartInterrupted(f"{self._part.device.serial}: interrupted.")
        assert self._scorer is not None
        return self._scorer(job)

    def _save(self, job: PlannedJob, score: Score | Unscored | None) -> None:
        self._results.save_job(
            conclude(
                self._plan,
                self._part,
                job,
                self._runs[job.id],
                canary=self._runs[self._part.canary_job],
                busy_limit=self._busy_limit,
                agreement_db=agreement_db(self._part, job, self._results),
                scores=() if score is None else (score,),
                tried_before=self._results.tried_before(job.id),
                finished_at=self._clock.now(),
            )
        )


def agreement_db(part: DevicePlan, job: PlannedJob, results: Results) -> float | None:
    """Return how close a job's outputs are to those of delegate cpu for the same file, as a signal-to-noise ratio.

    None where they are not compared: the job is delegate cpu's, or no job of the part left such outputs.
    """
    artifact, ours = job.workload.artifact, _output(job.id, results)
    if job.workload.delegate == Delegate.CPU or artifact.outputs is None or ours is None:
        return None
    for other in part.jobs:
        if other.workload.delegate == Delegate.CPU and other.workload.artifact.sha256 == artifact.sha256:
            theirs = _output(other.id, results)
            if theirs is not None:
                return compare_raw_outputs(theirs, ours, artifact.outputs)
    return None


def _output(job: str, results: Results) -> bytes | None:
    run = next((one for one in results.runs(job) if one.output_sha256 and one.status is Status.OK), None)
    return None if run is None else results.raw(run, OUTPUT_FILE)
