"""Texts of delegates as evidence of a row.

There are no recordings of GPUs, NPUs or NNAPI at work. Their texts here are the reconstructed samples, or recordings of
the CPU with the lines that LiteRT's sources print instead; what did not work was recorded.
"""

from recorded_texts import RECORDINGS

from mbench.core.delegates import parse_delegate
from mbench.core.results import DelegateCoverage, MeasurementWarning, Pass, WarningCode
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload
from mbench.runner.command import RunPaths, command_of
from mbench.runner.evidence import Evidence, Failure
from mbench.runner.instrument import Instrument, Tool, flags_of
from mbench.runner.output.parse import parse_text

TFLITE_FLAGS = flags_of(RECORDINGS["fail_bad_flag_value"].stderr)
LITERT_FLAGS = frozenset({
    "graph", "num_threads", "warmup_runs", "warmup_min_secs", "num_runs", "min_secs", "max_secs",
    "report_peak_memory_footprint", "use_cpu", "use_gpu", "use_npu", "require_full_delegation", "gpu_backend",
    "gpu-precision", "dispatch_library_path", "compiler_plugin_library_path", "use_profiler", "result_file_path",
    "model_runtime_info_output_file",
})  # fmt: skip
OLDER_LITERT_FLAGS = LITERT_FLAGS - {"gpu-precision"} | {"allow_fp16"}
BINARY = "/data/local/tmp/mbench/b/benchmark_model"
EXTERNAL = "external:/d/libfoo.so?a:1;b:x,y"


def workload(delegate: str, *, num_runs: int = 5) -> Workload:
    artifact = ArtifactFacts(
        name="m", sha256="1" * 64, size_bytes=1, mult_adds=None, parameters=None, activation_bytes=None
    )
    settings = RunSettings(num_runs=num_runs)
    return Workload(artifact=artifact, delegate=parse_delegate(delegate), threads=1, settings=settings)


def instrument(tool: Tool, flags: frozenset[str]) -> Instrument:
    return Instrument(argv_prefix=(BINARY,), tool=tool, sha256="2" * 64, path=BINARY, flags=flags)


TFLITE, LITERT = instrument("tflite", TFLITE_FLAGS), instrument("litert", LITERT_FLAGS)
OLDER_LITERT = instrument("litert", OLDER_LITERT_FLAGS)


def evidence(
    delegate: str,
    stdout: str,
    stderr: str = "",
    *,
    exit_code: int = 0,
    num_runs: int = 5,
    program: Instrument = TFLITE,
    info: tuple[DelegateCoverage, ...] | None = None,
) -> Evidence:
    job = workload(delegate, num_runs=num_runs)
    parsed = parse_text(stdout, stderr, exit_code=exit_code)
    graph = parsed.parameters.get("Graph", "/m.tflite")
    return Evidence(
        workload=job,
        tool=program.tool,
        parsed=parsed,
        exit_code=exit_code,
        command=command_of(job, Pass.LATENCY, RunPaths(work_dir="/w", model=graph), program),
        graph=graph,
        runtime_info=info,
        cpus=None,
        affinity=None,
        sizes={},
        proofs=(),
    )


def recorded(delegate: str, name: str, **changes: str) -> Evidence:
    """Return a sample as the evidence of a row; `changes` are texts of its streams.

    The reconstructed samples are of a command without --num_threads, which ours always has.
    """
    sample = RECORDINGS[name]
    stdout = changes.get("stdout", sample.stdout)
    if "Num threads: [" not in stdout:
        stdout = stdout.replace("Log parameter values", "Num threads: [1]\nINFO: Log parameter values")
    runs = 50 if name.startswith("recon_") else 5
    return evidence(delegate, stdout, changes.get("stderr", sample.stderr), exit_code=sample.exit_code, num_runs=runs)


def error_class(failure: Failure | None) -> str | None:
    return failure[0] if failure else None


def codes(warnings: tuple[MeasurementWarning, ...]) -> list[WarningCode]:
    return [warning.code for warning in warnings]


PARTIAL, FALLBACK, FULL = (
    "recon_gpu_partial_rest_on_xnnpack",
    "recon_gpu_opengl_fallback",
    "recon_2021_tf2_7_gpu_full_mixed_prefixes",
)
TRAP = RECORDINGS["trap_nnapi_unsupported_ran_on_cpu"]
EXPLICIT = RECORDINGS["ok_xnnpack_explicit"]
