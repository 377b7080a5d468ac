"""Sessions of many jobs on the disk, as `mbench run` leaves them, with made-up numbers."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mbench.core.delegates import Delegate
from mbench.core.measuring_version import MEASURING_VERSION
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
from mbench.store.session import create_session
from mbench.store.session_store import SessionStore

LATENCY_RUNS = 5
MEMORY_RUNS = 3
BEGUN_AT = datetime(2026, 11, 1, 2, tzinfo=UTC)


def write_sessions(root: Path, sessions: int, jobs: int, *, phones: int = 10) -> tuple[SessionStore, ...]:
    """Write sessions of so many jobs each, one a night, and return them."""
    source = random.Random(0)
    return tuple(_write(root, number, jobs, phones, source) for number in range(sessions))


def _write(root: Path, number: int, jobs: int, phones: int, source: random.Random) -> SessionStore:
    begun_at = BEGUN_AT + timedelta(days=number)
    parts = tuple(_part(phone, jobs // phones) for phone in range(phones))
    made_by = Provenance(
        mbench="0.1.0",
        git=None,
        command=("mbench", "run", "--sweep", "alpha"),
        host="host-1",
        python="3.11.9",
        measuring_version=MEASURING_VERSION,
        label=f"commit-{number}",
    )
    store = create_session(
        root,
        device="phones",
        what="sweep",
        now=begun_at,
        plan_of=lambda name: Plan(session=name, created_at=begun_at, provenance=made_by, devices=parts),
    )
    for part in parts:
        for job in part.jobs:
            store.save_job(_result(store.plan, part, job, source))
    return store


def _part(phone: int, jobs: int) -> DevicePlan:
    device = DeviceFacts(
        serial=f"PHONE{phone:04d}",
        profile="pixel4",
        model="Pixel 4",
        soc="SM8150",
        os="Android 13",
        build="google/flame/flame:13/TP1A.221005.002/9012097:user/release-keys",
        abi="arm64-v8a",
        cores=8,
        memory_kib=5_700_000,
    )
    rules = MeasuringRules(
        min_runs=LATENCY_RUNS,
        max_runs=8,
        target_interval=0.02,
        memory_runs=MEMORY_RUNS,
        profile_ops=False,
        seed=0,
        cpus=(4, 5, 6, 7),
    )
    return DevicePlan(
        device=device,
        binary=BinaryFacts(tool="tflite", sha256="b" * 64, path="/data/local/tmp/mbench/benchmark_model"),
        rules=rules,
        canary=None,
        canary_job=f"canary@{device.serial}",
        jobs=tuple(_planned(number, device.serial) for number in range(jobs)),
    )


def _planned(number: int, serial: str) -> PlannedJob:
    name = f"mobilenet_v1_{(0.25, 0.5, 0.75, 1.0)[number % 4]:.2f}_{128 + 32 * (number // 4 % 4)}_int8"
    artifact = ArtifactFacts(
        name=name,
        sha256=f"{number % 251:064x}",
        size_bytes=4_276_352 + number,
        mult_adds=568_740_352,
        parameters=4_231_976,
        activation_bytes=1_204_224,
        signatures=("serving_default",),
        signature_subgraphs=(0,),
    )
    workload = Workload(artifact=artifact, delegate=Delegate.CPU, threads=1 + number // 16 % 4, settings=RunSettings())
    return PlannedJob(id=f"{name}-cpu-{workload.threads}-{number}@{serial}", workload=workload)


def _result(plan: Plan, part: DevicePlan, job: PlannedJob, source: random.Random) -> JobResult:
    level_us = source.randint(4_000, 60_000)
    runs = [_run(job.id, Pass.LATENCY, index, level_us, source) for index in range(LATENCY_RUNS)]
    runs += [_run(job.id, Pass.MEMORY, index, level_us, source) for index in range(MEMORY_RUNS)]
    return JobResult(
        session=plan.session,
        job=job.id,
        workload=job.workload,
        device=part.device,
        binary=part.binary,
        rules=part.rules,
        provenance=plan.provenance,
        finished_at=plan.created_at + timedelta(hours=1),
        status=Status.OK,
        runs=tuple(run.model_copy(update={"position": place}) for place, run in enumerate(runs)),
    )


def _run(job: str, purpose: Pass, index: int, level_us: int, source: random.Random) -> Run:
    median_us = round(level_us * source.gauss(1, 0.01))
    at = BEGUN_AT + timedelta(seconds=20 * index)
    return Run(
        job=job,
        purpose=purpose,
        index=index,
        block=index,
        position=index,
        started_at=at,
        wall_s=round(source.uniform(1, 3), 3),
        cpu_s=round(source.uniform(1, 3), 3),
        argv=("benchmark_model", f"--graph=/data/local/tmp/mbench/{job}.tflite", "--num_threads=1", "--num_runs=50"),
        exit_code=0,
        status=Status.OK,
        warmup=_phase(median_us, 12),
        measured=_phase(median_us, 50),
        init_us=source.randint(5_000, 40_000),
        first_us=median_us * 2,
        memory=Memory(init_kib=4096.0, overall_kib=9216.5, peak_kib=source.uniform(20_000, 40_000)),
        delegates=(DelegateCoverage(name="TfLiteXNNPackDelegate", nodes=31, total=33, partitions=3, subgraph=0),),
        nodes=33,
        parameters={"Min num runs": "50", "Num threads": "1", "Use xnnpack": "1", "Min runs duration": "0.5"},
        cpus="f0",
        output_sha256="c" * 64,
        conditions_before=_conditions(at, source),
        conditions_after=_conditions(at + timedelta(seconds=3), source),
        files=("stderr.txt", "stdout.txt"),
    )


def _phase(median_us: int, count: int) -> Phase:
    return Phase(
        count=count,
        first_us=median_us + 300,
        current_us=median_us + 3,
        min_us=median_us - 90,
        max_us=median_us + 900,
        avg_us=median_us + 12.5,
        std_us=60,
        p5_us=median_us - 80,
        median_us=median_us,
        p95_us=median_us + 200,
    )


def _conditions(at: datetime, source: random.Random) -> Conditions:
    cores = tuple([1_785_600] * 4 + [2_419_200] * 3 + [2_841_600])
    return Conditions(
        taken_at=at,
        load_1m=round(source.uniform(0, 2), 2),
        busy_share=round(source.uniform(0, 0.05), 4),
        governors=("schedutil",),
        frequency_khz=tuple(source.choice((576_000, khz)) for khz in cores),
        frequency_max_khz=cores,
        frequency_hardware_khz=cores,
        temperature_c=round(source.uniform(28, 41), 1),
        zone_temperatures_c={f"zone-{zone}": round(source.uniform(25, 41), 1) for zone in range(12)},
        skin_temperature_c=round(source.uniform(28, 35), 1),
        thermal_status=0,
        power="mains",
        powered_by="usb",
        charging="full",
        battery_percent=100.0,
        battery_temperature_c=27.5,
        memory_available_kib=2_400_000,
        screen_on=False,
        doze=False,
        other_benchmarks=0,
    )
