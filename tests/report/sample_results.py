"""Results for the tests of the report."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from mbench.core.delegates import Delegate
from mbench.core.results import (
    BinaryFacts,
    DelegateCoverage,
    DeviceFacts,
    JobResult,
    MeasuringRules,
    Memory,
    Pass,
    Phase,
    Provenance,
    Run,
    Status,
)
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)

DEVICE = DeviceFacts(
    serial="workstation", profile="host", model="i5-1240P", os="Debian 12", build="6.1.0", abi="x86_64", cores=16
)
BINARY = BinaryFacts(tool="hostbench", sha256="b" * 64, path="/opt/hostbench", runtime="2.3.0")
RULES = MeasuringRules(
    min_runs=3, max_runs=8, target_interval=0.05, memory_runs=1, profile_ops=False, seed=7, cpus=(2, 3)
)
PROVENANCE = Provenance(mbench="0.1.0", git="0123abc", command=("mbench", "run"), host="desk", python="3.11.9")
NODES = (DelegateCoverage(name="XNNPACK", nodes=31, total=33, partitions=2),)


def latency_run(median_us: int | None, index: int = 0, **changes) -> Run:
    measured = changes.pop("measured", {})
    phase = {"count": 50, "median_us": median_us, "p95_us": None if median_us is None else median_us + 1000}
    fields = {
        "job": "job",
        "purpose": Pass.LATENCY,
        "index": index,
        "block": index,
        "position": index,
        "started_at": NOW + timedelta(seconds=index),
        "wall_s": 0.5,
        "argv": ("hostbench",),
        "exit_code": 0,
        "status": Status.OK,
        "measured": Phase(**(phase | measured)),
        "init_us": 20_000 + index,
        "delegates": NODES,
        "cpus": "2",
    }
    return Run(**(fields | changes))


def memory_run(peak_kib: float | None, index: int = 0) -> Run:
    memory = Memory(overall_kib=4096.0, peak_kib=peak_kib)
    return latency_run(99_999, index, purpose=Pass.MEMORY, memory=memory)


def runs(medians_us: Sequence[int]) -> tuple[Run, ...]:
    return (*(latency_run(median_us, index) for index, median_us in enumerate(medians_us)), memory_run(24_576.0))


def workload(name: str = "mobilenet_v1_1.00_224_int8", **changes) -> Workload:
    facts = {
        "name": name,
        "sha256": f"{abs(hash(name)) % 16:x}" * 64,
        "size_bytes": 4_456_789,
        "mult_adds": 568_740_352,
        "parameters": 4_231_976,
        "activation_bytes": 1_204_224,
    }
    facts |= {key: value for key, value in changes.items() if key in ArtifactFacts.model_fields}
    rest = {key: value for key, value in changes.items() if key not in facts}
    fields = {"artifact": ArtifactFacts(**facts), "delegate": Delegate.CPU, "threads": 1, "settings": RunSettings()}
    return Workload(**(fields | rest))


def result(name: str = "mobilenet_v1_1.00_224_int8", medians_us: Sequence[int] = (), **changes) -> JobResult:
    fields = {
        "session": "20260115-093000-host-alpha-1a2b",
        "job": "job",
        "workload": workload(name, sha256="a" * 64),
        "device": DEVICE,
        "binary": BINARY,
        "rules": RULES,
        "provenance": PROVENANCE,
        "finished_at": NOW,
        "status": Status.OK,
        "runs": runs(medians_us) if medians_us else (),
    }
    return JobResult(**(fields | changes))
