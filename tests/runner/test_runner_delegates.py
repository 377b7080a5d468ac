"""Delegates of phones: how they are asked for, and what a text must show before it counts for one.

There are no recordings of GPUs, NPUs or NNAPI at work. Their texts here are the reconstructed samples, or recordings of
the CPU with the lines that LiteRT's sources print instead; what did not work was recorded.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from playing import Stage, stage
from recorded_texts import LITERT_STDERR, LITERT_STDOUT, RECORDINGS, Recording

from mbench.core.errors import UsageError
from mbench.core.results import DelegateCoverage, MeasurementWarning, Pass, Run, Status, WarningCode
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload, parse_delegate
from mbench.runner.command import RunPaths, command_of, refuse_impossible
from mbench.runner.delegate_proof import delegate_doubts
from mbench.runner.evidence import Evidence, Failure, delegate_proof, judge
from mbench.runner.instrument import Instrument, Tool, flags_of
from mbench.runner.runs import run_once
from mbench.runner.script import init_allowance_s
from mbench.runner.text import parse_text

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


def asked(delegate: str, program: Instrument) -> list[str]:
    """Return the arguments that a delegate adds."""
    paths = RunPaths(work_dir="/w", model="/m")
    plain = command_of(workload("cpu"), Pass.MEMORY, paths, program).argv
    return [word for word in command_of(workload(delegate), Pass.MEMORY, paths, program).argv if word not in plain]


@pytest.mark.parametrize(
    ("delegate", "flags"),
    [
        ("xnnpack:fp16", ["--use_xnnpack=true", "--xnnpack_force_fp16=true"]),
        ("gpu", ["--use_gpu=true", "--gpu_precision_loss_allowed=true"]),
        ("gpu:fp32", ["--use_gpu=true", "--gpu_precision_loss_allowed=false"]),
        ("gpu:cl", ["--use_gpu=true", "--gpu_precision_loss_allowed=true", "--gpu_backend=cl"]),
        ("gpu:fp32:gl", ["--use_gpu=true", "--gpu_precision_loss_allowed=false", "--gpu_backend=gl"]),
        ("nnapi", ["--use_nnapi=true"]),
        ("nnapi:qti-dsp", ["--use_nnapi=true", "--nnapi_accelerator_name=qti-dsp"]),
        ("external:/d/libfoo.so", ["--external_delegate_path=/d/libfoo.so"]),
        (EXTERNAL, ["--external_delegate_path=/d/libfoo.so", "--external_delegate_options=a:1;b:x,y"]),
    ],
)
def test_the_interpreters_tool_is_asked_by_the_flags_of_its_delegate_providers(delegate: str, flags: list[str]) -> None:
    assert asked(delegate, TFLITE) == flags


@pytest.mark.parametrize(
    ("program", "delegate", "flags"),
    [
        (LITERT, "cpu", []),
        (LITERT, "gpu", ["--use_gpu=true", "--gpu-precision=fp16"]),
        (LITERT, "gpu:fp32:cl", ["--use_gpu=true", "--gpu-precision=fp32", "--gpu_backend=cl"]),
        (OLDER_LITERT, "gpu", ["--use_gpu=true", "--allow_fp16=true"]),
        (OLDER_LITERT, "gpu:fp32", ["--use_gpu=true", "--allow_fp16=false"]),
        (replace(LITERT, flags=LITERT_FLAGS - {"gpu-precision"}), "gpu", ["--use_gpu=true"]),
        (LITERT, "npu:/d", ["--use_npu=true", "--dispatch_library_path=/d", "--compiler_plugin_library_path=/d"]),
        (replace(LITERT, path=None), "npu", ["--use_npu=true"]),
    ],
)
def test_litert_s_own_tool_is_asked_by_its_own_flags(program: Instrument, delegate: str, flags: list[str]) -> None:
    assert asked(delegate, program) == flags


def test_an_npu_s_libraries_lie_beside_the_program_unless_it_is_said_otherwise() -> None:
    assert asked("npu", LITERT)[1] == "--dispatch_library_path=/data/local/tmp/mbench/b"


@pytest.mark.parametrize(
    ("program", "delegate", "flag"),
    [
        (TFLITE, "npu", "--compiler_plugin_library_path, --dispatch_library_path, --use_npu"),
        (LITERT, "nnapi", "--use_nnapi"),
        (LITERT, "nnapi:qti-dsp", "--nnapi_accelerator_name, --use_nnapi"),
        (LITERT, "xnnpack", "--use_xnnpack"),
        (LITERT, "xnnpack:fp16", "--use_xnnpack, --xnnpack_force_fp16"),
        (LITERT, "builtin", "--use_xnnpack"),
        (LITERT, "external:/d/libfoo.so", "--external_delegate_path"),
        (replace(LITERT, flags=LITERT_FLAGS - {"gpu-precision"}), "gpu:fp32", "--gpu-precision"),
        (replace(TFLITE, flags=TFLITE_FLAGS - {"gpu_backend"}), "gpu:cl", "--gpu_backend"),
    ],
)
def test_a_flag_that_the_program_lacks_is_refused_by_name(program: Instrument, delegate: str, flag: str) -> None:
    with pytest.raises(UsageError, match=rf"has no flag {flag}, which .* delegate {delegate} needs"):
        refuse_impossible([workload("cpu"), workload(delegate)], [Pass.LATENCY, Pass.MEMORY], program)


def test_what_the_program_can_do_is_not_refused() -> None:
    refuse_impossible([workload("gpu:fp32"), workload("nnapi"), workload(EXTERNAL)], list(Pass), TFLITE)


def test_an_accelerator_gets_longer_to_prepare_a_model() -> None:
    assert init_allowance_s(parse_delegate("gpu")) == 180
    assert init_allowance_s(parse_delegate("xnnpack:fp16")) == 60


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


@pytest.mark.parametrize(
    ("delegate", "name", "expected"),
    [
        ("gpu", PARTIAL, None),
        ("gpu:cl", PARTIAL, None),
        ("gpu:gl", PARTIAL, "delegate"),
        ("gpu", FALLBACK, None),
        ("gpu:gl", FALLBACK, None),
        ("gpu:cl", FALLBACK, "delegate"),
        ("gpu", FULL, None),
        ("cpu", FULL, "usage"),  # it says that it uses the GPU
        ("nnapi", PARTIAL, "usage"),
        ("nnapi", "trap_nnapi_unsupported_ran_on_cpu", "delegate"),
        ("nnapi:qti-dsp", "trap_nnapi_unsupported_ran_on_cpu", "delegate"),
        ("gpu", "crash_gpu_unavailable_abort", "crash:SIGABRT"),
        ("external:/data/local/tmp/libfoo.so", "crash_external_delegate_missing_segv", "crash:SIGSEGV"),
        ("xnnpack", "fail_require_full_delegation_partial", "delegate"),
        ("gpu", "ok_xnnpack_explicit", "delegate"),
        ("external:/d/libfoo.so", "ok_xnnpack_explicit", "delegate"),
        ("xnnpack:fp16", "ok_xnnpack_explicit", None),
    ],
)
def test_a_sample_counts_only_for_what_it_shows(delegate: str, name: str, expected: str | None) -> None:
    assert error_class(judge(recorded(delegate, name))) == expected


@pytest.mark.parametrize(
    "name", sorted(name for name, sample in RECORDINGS.items() if not name.startswith("recon_gpu") and name != FULL)
)
@pytest.mark.parametrize("delegate", ["gpu", "nnapi", "external:/d/libfoo.so"])
def test_no_recording_of_the_cpu_counts_for_an_accelerator(delegate: str, name: str) -> None:
    assert judge(recorded(delegate, name)) is not None


@pytest.mark.parametrize(("name", "api"), [(PARTIAL, "OpenCL"), (FALLBACK, "OpenGL"), (FULL, "OpenCL")])
def test_the_api_that_drove_the_gpu_is_known(name: str, api: str) -> None:
    assert delegate_proof(recorded("gpu", name)).gpu_api == api


def test_a_partial_delegation_is_doubted_with_its_share() -> None:
    doubts = delegate_doubts(delegate_proof(recorded("gpu", PARTIAL)))
    assert doubts[0].code is WarningCode.PARTLY_DELEGATED
    assert doubts[0].message == "gpu executed 21 of 31 nodes; the CPU the others, 8 of them by XNNPACK"


def test_the_runtime_information_knows_the_share_best() -> None:
    proof = replace(delegate_proof(recorded("gpu", FALLBACK)), nodes=33)
    assert delegate_doubts(proof)[0].message == "gpu executed 31 of 33 nodes; the CPU the others"


def test_an_old_text_without_totals_tells_a_partial_delegation_by_its_words() -> None:
    stdout = RECORDINGS[FULL].stdout.replace(
        "completely executed by the delegate", "partially executed by the delegate"
    )
    doubts = delegate_doubts(delegate_proof(recorded("gpu:fp32", FULL, stdout=stdout)))
    assert [doubt.message for doubt in doubts] == ["gpu:fp32 executed 64 nodes and not all of them; the CPU the others"]


@pytest.mark.parametrize("name", [FALLBACK, FULL])
def test_a_whole_delegation_is_not_doubted(name: str) -> None:
    assert WarningCode.PARTLY_DELEGATED not in codes(delegate_doubts(delegate_proof(recorded("gpu", name))))


@pytest.mark.parametrize(
    ("delegate", "name", "reduced"),
    [
        ("gpu", FALLBACK, True),
        ("gpu:fp32", FALLBACK, False),
        ("xnnpack:fp16", "ok_xnnpack_explicit", True),
        ("xnnpack", "ok_xnnpack_explicit", False),
    ],
)
def test_float16_is_labelled_as_reduced_precision(delegate: str, name: str, reduced: bool) -> None:
    assert (
        WarningCode.REDUCED_PRECISION in codes(delegate_doubts(delegate_proof(recorded(delegate, name))))
    ) == reduced


@pytest.mark.parametrize(
    "lost",
    [
        "Created 1 GPU delegate kernels.",
        "VERBOSE: Replacing 31 out of 31 node(s) with delegate (TfLiteGpuDelegateV2) node, ",
    ],
)
def test_a_gpu_row_needs_its_kernels_and_its_nodes(lost: str) -> None:
    stdout = RECORDINGS[FALLBACK].stdout
    assert lost in stdout
    kept = "\n".join(line for line in stdout.splitlines() if lost not in line)
    assert error_class(judge(recorded("gpu", FALLBACK, stdout=kept))) == "delegate"


def test_a_gpu_row_whose_runtime_information_shows_no_gpu_does_not_count() -> None:
    given = replace(recorded("gpu", FALLBACK), runtime_info=())
    assert error_class(judge(given)) == "delegate"


def test_a_backend_that_no_line_names_is_not_proved() -> None:
    stdout = RECORDINGS[PARTIAL].stdout.replace("INFO: Initialized OpenCL-based API.\n", "")
    assert judge(recorded("gpu", PARTIAL, stdout=stdout)) is None
    assert error_class(judge(recorded("gpu:cl", PARTIAL, stdout=stdout))) == "delegate"


@pytest.mark.parametrize(
    "words", ["Initialized OpenCL-based API from serialized data.", "Initialized OpenCL-based API."]
)
def test_kernels_from_a_cache_name_their_api_too(words: str) -> None:
    stdout = RECORDINGS[PARTIAL].stdout.replace("Initialized OpenCL-based API.", words)
    assert judge(recorded("gpu:cl", PARTIAL, stdout=stdout)) is None


@pytest.mark.parametrize(
    ("delegate", "echo"),
    [
        ("gpu:fp32", "Allow lower precision in gpu: [1]"),
        ("gpu:cl", "GPU backend: [gl]"),
        ("gpu", "Use NNAPI: [1]"),
    ],
)
def test_settings_other_than_those_given_do_not_count(delegate: str, echo: str) -> None:
    stdout = RECORDINGS[PARTIAL].stdout.replace("INFO: Use gpu: [1]", f"INFO: Use gpu: [1]\nINFO: {echo}")
    assert error_class(judge(recorded(delegate, PARTIAL, stdout=stdout))) == "usage"


def test_float16_that_the_program_did_not_take_does_not_count() -> None:
    stdout = RECORDINGS["ok_xnnpack_explicit"].stdout.replace(
        "INFO: Use xnnpack: [1]", "INFO: Use xnnpack: [1]\nINFO: xnnpack_force_fp16: [0]"
    )
    assert error_class(judge(recorded("xnnpack:fp16", "ok_xnnpack_explicit", stdout=stdout))) == "usage"


TRAP = RECORDINGS["trap_nnapi_unsupported_ran_on_cpu"]


def nnapi(delegate: str, *, listed: str | None = "qti-dsp,nnapi-reference", nodes: int = 29) -> Evidence:
    """Return a text in which NNAPI works, made from the recording in which it does not."""
    line = "" if listed is None else f"\nINFO: NNAPI accelerators available: [{listed}]"
    stdout = TRAP.stdout.replace("INFO: Use NNAPI: [1]", f"INFO: Use NNAPI: [1]{line}").replace(
        "WARN: NNAPI acceleration is unsupported on this platform.",
        "INFO: NNAPI delegate created.\n"
        "INFO: Explicitly applied NNAPI delegate, and the model graph will be partially executed by the delegate w/ 1 "
        "delegate kernels.",
    )
    stderr = TRAP.stderr.replace("TfLiteXNNPackDelegate", "TfLiteNnapiDelegate").replace(
        "Replacing 29", f"Replacing {nodes}"
    )
    return evidence(delegate, stdout, stderr)


@pytest.mark.parametrize(
    ("delegate", "listed", "expected"),
    [
        ("nnapi", "qti-dsp,nnapi-reference", None),
        ("nnapi", None, None),  # before Android 10 nothing is listed
        ("nnapi:qti-dsp", "qti-dsp,nnapi-reference", None),
        ("nnapi:nnapi-reference", "qti-dsp, nnapi-reference", None),
        ("nnapi:qti-gpu", "qti-dsp,nnapi-reference", "delegate"),
        ("nnapi:qti", "qti-dsp,nnapi-reference", "delegate"),
        ("nnapi:qti-dsp", None, "delegate"),
    ],
)
def test_nnapi_s_accelerator_must_be_one_of_those_listed(delegate: str, listed: str | None, expected: str) -> None:
    assert error_class(judge(nnapi(delegate, listed=listed))) == expected


def test_nnapi_that_was_applied_to_no_node_does_not_count() -> None:
    assert error_class(judge(nnapi("nnapi:qti-dsp", nodes=0))) == "delegate"


def test_nnapi_s_partial_delegation_is_doubted() -> None:
    assert codes(delegate_doubts(delegate_proof(nnapi("nnapi")))) == [WarningCode.PARTLY_DELEGATED]


def test_an_accelerator_that_is_not_there_is_a_failure_of_the_delegate() -> None:
    stdout, _, _ = TRAP.stdout.partition("WARN: NNAPI")
    stderr = (
        "INFO: Initialized TensorFlow Lite runtime.\n"
        "ERROR: Could not find the specified NNAPI accelerator: qti-htp. Must be one of: {nnapi-reference}.\n"
        "ERROR: Benchmarking failed.\n"
    )
    assert error_class(judge(evidence("nnapi:qti-htp", stdout, stderr, exit_code=1))) == "delegate"


EXPLICIT = RECORDINGS["ok_xnnpack_explicit"]


def external(
    delegate: str, *, name: str = "ExampleDelegate", path: str = "/d/libfoo.so", options: str = ""
) -> Evidence:
    echo = f"INFO: External delegate path: [{path}]" + (
        f"\nINFO: External delegate options: [{options}]" if options else ""
    )
    stdout = EXPLICIT.stdout.replace("INFO: Use xnnpack: [1]", echo).replace("XNNPACK delegate", "EXTERNAL delegate")
    return evidence(delegate, stdout, EXPLICIT.stderr.replace("TfLiteXNNPackDelegate", name))


@pytest.mark.parametrize(
    ("delegate", "changes", "expected"),
    [
        ("external:/d/libfoo.so", {}, None),
        ("external:/d/libfoo.so", {"name": "Vx Delegate"}, None),
        ("external:/d/libfoo.so", {"name": "TfLiteXNNPackDelegate"}, "delegate"),
        ("external:/d/libfoo.so", {"path": "/d/other.so"}, "usage"),
        (EXTERNAL, {"options": "a:1;b:x,y"}, None),
        (EXTERNAL, {"options": "a:2"}, "usage"),
        ("external:/d/libfoo.so", {"options": "a:2"}, "usage"),
    ],
)
def test_an_external_delegate_shows_by_nodes_that_are_not_xnnpack_s(
    delegate: str, changes: dict[str, str], expected: str | None
) -> None:
    assert error_class(judge(external(delegate, **changes))) == expected


def litert(delegate: str, name: str, *, nodes: str = "31 out of 31") -> Evidence:
    stderr = LITERT_STDERR.replace("LITERT_CL", name).replace("31 out of 31", nodes)
    stdout = LITERT_STDOUT.replace("Num threads: [4]", "Num threads: [1]")
    return evidence(delegate, stdout, stderr, num_runs=50, program=LITERT)


@pytest.mark.parametrize(
    ("delegate", "name", "expected"),
    [
        ("gpu", "LITERT_CL", None),
        ("gpu", "LITERT_WEBGPU", None),
        ("gpu:cl", "LITERT_CL", None),
        ("gpu:cl", "LITERT_WEBGPU", "delegate"),
        ("gpu:gl", "LITERT_CL", "delegate"),
        ("gpu", "TfLiteXNNPackDelegate", "delegate"),
        ("gpu", "DispatchDelegate", "delegate"),
        ("npu", "DispatchDelegate", None),
        ("npu:/d", "DispatchDelegate", None),
        ("npu", "TfLiteXNNPackDelegate", "delegate"),
        ("npu", "LITERT_CL", "delegate"),
        ("cpu", "TfLiteXNNPackDelegate", None),
        ("cpu", "LITERT_CL", "delegate"),
    ],
)
def test_litert_s_delegates_show_by_their_own_names(delegate: str, name: str, expected: str | None) -> None:
    assert error_class(judge(litert(delegate, name))) == expected


def test_litert_s_gpu_is_no_row_of_the_interpreter_s_tool() -> None:
    assert error_class(judge(replace(litert("gpu", "TfLiteGpuDelegateV2"), tool="litert"))) == "delegate"


def test_litert_s_partial_delegation_is_doubted() -> None:
    doubts = delegate_doubts(delegate_proof(litert("npu", "DispatchDelegate", nodes="2 out of 3")))
    assert [doubt.message for doubt in doubts] == ["npu executed 2 of 3 nodes; the CPU the others"]


@pytest.fixture
def here(tmp_path: Path) -> Stage:
    return stage(tmp_path)


def run(here: Stage, sample: Recording, delegate: str, *, runs: int, stdout: str | None = None) -> Run:
    """Play a sample as a row, without the files that the recorded CPU run wrote."""
    request = here.request(delegate=parse_delegate(delegate), settings=RunSettings(num_runs=runs, max_secs=1))
    program = here.play(sample.name, stdout=stdout or sample.stdout, then=f"exit {sample.exit_code}")
    program = replace(program, flags=program.flags - {"model_runtime_info_output_file", "output_filepath"})
    return run_once(here.transport, here.clock, program, request)[0]


def with_threads(sample: Recording) -> str:
    return sample.stdout.replace("Log parameter values", "Num threads: [1]\nINFO: Log parameter values")


def test_a_run_on_the_gpu_keeps_its_api_and_its_doubts(here: Stage) -> None:
    sample = RECORDINGS[PARTIAL]
    result = run(here, sample, "gpu", runs=50, stdout=with_threads(sample))
    assert (result.status, result.message, result.gpu_api) == (Status.OK, None, "OpenCL")
    assert codes(result.warnings) == [WarningCode.PARTLY_DELEGATED, WarningCode.REDUCED_PRECISION]
    assert [(each.name, each.nodes) for each in result.delegates] == [
        ("TfLiteGpuDelegateV2", 21), ("TfLiteXNNPackDelegate", 8),
    ]  # fmt: skip
    assert "--gpu_precision_loss_allowed=true" in result.argv


def test_a_run_that_fell_back_to_the_cpu_is_a_failed_one(here: Stage) -> None:
    result = run(here, TRAP, "nnapi", runs=5)
    assert (result.status, result.error_class) == (Status.FAILED, "delegate")
    assert result.message == "NNAPI acceleration is unsupported on this platform."


def test_an_external_delegate_that_is_not_on_the_device_is_never_started(here: Stage) -> None:
    result = run(here, EXPLICIT, f"external:{here.folder}/libfoo.so", runs=5)
    assert (result.status, result.error_class, result.exit_code) == (Status.FAILED, "delegate", None)
    assert result.message is not None
    assert f"{here.folder}/libfoo.so cannot be read on" in result.message
    assert result.measured is None


def test_an_external_delegate_that_is_on_the_device_is_started_with_its_options(here: Stage) -> None:
    library = here.folder / "libfoo.so"
    library.write_bytes(b"")
    result = run(here, EXPLICIT, f"external:{library}?a:1;b:$x,'y'", runs=5)
    assert "--external_delegate_options=a:1;b:$x,'y'" in result.argv
    assert result.exit_code == 0
    assert result.error_class == "delegate"  # the recording is of XNNPACK
