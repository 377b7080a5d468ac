"""Plans, runs and results for the tests of the store."""

from datetime import UTC, datetime, timedelta

from mbench.core.delegates import Delegate
from mbench.core.results import (
    BinaryFacts,
    DeviceFacts,
    DevicePlan,
    JobResult,
    MeasuringRules,
    Memory,
    Pass,
    Phase,
    Plan,
    PlannedJob,
    Provenance,
    Run,
    Status,
)
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def workload(name: str = "mobilenet_v1_0.50_160_int8") -> Workload:
    artifact = ArtifactFacts(
        name=name,
        sha256="a" * 64,
        size_bytes=1_500_000,
        mult_adds=76_000_000,
        parameters=1_330_000,
        activation_bytes=614_400,
    )
    return Workload(artifact=artifact, delegate=Delegate.CPU, threads=1, settings=RunSettings())


def plan(session: str, jobs: tuple[str, ...] = ("job-0", "job-1"), *, planned=None, **changes) -> Plan:
    fields = {
        "session": session,
        "created_at": NOW,
        "provenance": Provenance(
            mbench="0.1.0", git=None, command=("mbench", "run"), host="workstation", python="3.11.9"
        ),
    }
    part = {
        "device": DeviceFacts(serial="workstation", profile="host", cores=2),
        "binary": BinaryFacts(tool="hostbench", sha256="b" * 64, path="/opt/hostbench"),
        "rules": MeasuringRules(
            min_runs=3, max_runs=6, target_interval=0.02, memory_runs=1, profile_ops=False, seed=7, cpus=(1,)
        ),
        "canary": None,
        "jobs": planned or tuple(PlannedJob(id=job, workload=workload()) for job in jobs),
    }
    part |= {name: changes.pop(name) for name in list(changes) if name in part}
    return Plan(**(fields | {"devices": (DevicePlan(**part),)} | changes))


def run(job: str = "job-0", index: int = 0, *, purpose: Pass = Pass.LATENCY, position: int | None = None) -> Run:
    position = index if position is None else position
    return Run(
        job=job,
        purpose=purpose,
        index=index,
        block=index,
        position=position,
        started_at=NOW + timedelta(seconds=2 * position),
        wall_s=1.5,
        argv=("benchmark_model", "--graph=m.tflite"),
        exit_code=0,
        status=Status.OK,
        measured=Phase(count=50, median_us=11_000 + index, p95_us=12_000),
        memory=Memory(peak_kib=20_480) if purpose is Pass.MEMORY else None,
    )


def result(plan: Plan, job: str = "job-0", runs: tuple[Run, ...] = ()) -> JobResult:
    return JobResult(
        session=plan.session,
        job=job,
        workload=workload(),
        device=plan.devices[0].device,
        binary=plan.devices[0].binary,
        rules=plan.devices[0].rules,
        provenance=plan.provenance,
        finished_at=NOW,
        status=Status.OK,
        runs=runs,
    )
