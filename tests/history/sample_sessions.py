"""Sessions and nights on the disk, for the tests of histories."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from mbench.core.delegates import Delegate
from mbench.core.nights.nights import Ending, Night, NightEnd
from mbench.core.results import (
    BinaryFacts,
    Conditions,
    DelegateCoverage,
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
from mbench.store.nights import save_end, save_night
from mbench.store.session import create_session
from mbench.store.session_store import SessionStore

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
PHONE = DeviceFacts(serial="P1", profile="pixel4", model="Pixel 4", os="Android 13", build="flame/1", abi="arm64-v8a")
BINARY = BinaryFacts(tool="tflite", sha256="b" * 64, path="/bin/benchmark_model")
RULES = MeasuringRules(
    min_runs=3, max_runs=3, target_interval=0.02, memory_runs=1, profile_ops=False, seed=0, cpus=(4, 5)
)
PROVENANCE = Provenance(
    mbench="0.2", git=None, command=("mbench",), host="lab", python="3.11", measuring_version=1, label="c0ffee"
)


def planned(name: str = "mobilenet_v1_0.50_160_int8", job: str = "job-0", **changes) -> PlannedJob:
    artifact = {"sha256": "a" * 64, "size_bytes": 1_500_000, "mult_adds": 1, "parameters": 1, "activation_bytes": 1}
    facts = artifact | {key: value for key, value in changes.items() if key in ArtifactFacts.model_fields}
    rest = {key: value for key, value in changes.items() if key in Workload.model_fields}
    fields = {"delegate": Delegate.CPU, "threads": 1, "settings": RunSettings()} | rest
    return PlannedJob(id=job, workload=Workload(artifact=ArtifactFacts(name=name, **facts), **fields))


def part(jobs: Sequence[PlannedJob] = (), *, device=PHONE, binary=BINARY, rules=RULES) -> DevicePlan:
    canary_job = f"canary@{device.serial}"
    return DevicePlan(
        device=device, binary=binary, rules=rules, canary=None, canary_job=canary_job, jobs=tuple(jobs or [planned()])
    )


def runs(job: str, medians_us: Sequence[int], **changes) -> tuple[Run, ...]:
    def one(index: int, purpose: Pass, median_us: int) -> Run:
        fields = {
            "job": job,
            "purpose": purpose,
            "index": index if purpose is Pass.LATENCY else 0,
            "block": index,
            "position": index,
            "started_at": NOW + timedelta(seconds=index),
            "wall_s": 1.0,
            "argv": ("benchmark_model",),
            "exit_code": 0,
            "status": Status.OK,
            "measured": Phase(count=50, median_us=median_us),
            "init_us": 2000 + index,
            "first_us": 3000 + index,
            "memory": Memory(peak_kib=20_480.0) if purpose is Pass.MEMORY else None,
            "delegates": (DelegateCoverage(name="XNNPACK", nodes=31, total=33, partitions=2),),
            "conditions_after": Conditions(taken_at=NOW, temperature_c=30.0 + index, battery_percent=90.0 - index),
        }
        return Run(**(fields | changes))

    latencies = [one(index, Pass.LATENCY, value) for index, value in enumerate(medians_us)]
    return (*latencies, one(len(latencies), Pass.MEMORY, 1))


def result(plan: Plan, job: str, medians_us: Sequence[int] = (1000, 1010, 1020), **changes) -> JobResult:
    own = plan.part_of(job)
    workload = next(each.workload for each in own.jobs if each.id == job)
    fields = {
        "session": plan.session,
        "job": job,
        "workload": workload,
        "device": own.device,
        "binary": own.binary,
        "rules": own.rules,
        "provenance": plan.provenance,
        "finished_at": NOW,
        "status": Status.OK,
        "runs": runs(job, medians_us),
    }
    return JobResult(**(fields | changes))


def session(
    root: Path,
    *parts: DevicePlan,
    at: datetime = NOW,
    latencies: Mapping[str, Sequence[int]] | None = None,
    provenance=PROVENANCE,
    written: bool = True,
    **changes,
) -> SessionStore:
    """A session whose jobs all have their documents, unless they are not `written`."""
    parts = parts or (part(),)
    store = create_session(
        root,
        device="phones",
        what="run",
        now=at,
        plan_of=lambda name: Plan(session=name, created_at=at, provenance=provenance, devices=parts, **changes),
    )
    for job in store.plan.jobs if written else ():
        store.save_job(result(store.plan, job.id, (latencies or {}).get(job.id, (1000, 1010, 1020))))
    return store


def night(
    root: Path,
    *parts: DevicePlan,
    at: datetime = NOW,
    project: str = "app",
    branch: str = "main",
    farm: str = "lab",
    missed: Sequence[date] = (),
    names: Mapping[str, str] | None = None,
    end: Ending | None = Ending.COMPLETE,
    **changes,
) -> SessionStore:
    store = session(root, *parts, at=at, **changes)
    said = Night(
        session=store.plan.session,
        farm=farm,
        project=project,
        branch=branch,
        date=at.date(),
        zone="UTC",
        begun_at=at,
        until=at + timedelta(hours=4),
        farm_sha256="f" * 64,
        phones={},
        names=dict(names or {}),
        missed=tuple(missed),
    )
    save_night(store.path, said)
    if end is not None:
        count = len(store.plan.jobs)
        save_end(
            store.path,
            NightEnd(
                session=store.plan.session, ended_at=at, end=end, planned=count, measured=count, failed=0, missing=0
            ),
        )
    return store


def nights(root: Path, levels_us: Sequence[int], **changes) -> list[SessionStore]:
    """One night a day of one cell."""
    return [
        night(
            root,
            at=NOW + timedelta(days=number),
            latencies={"job-0": (level_us - 1, level_us, level_us + 1)},
            **changes,
        )
        for number, level_us in enumerate(levels_us)
    ]
