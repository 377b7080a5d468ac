"""What it takes to believe a run."""

from dataclasses import replace

import pytest
from recorded_texts import RECORDINGS

from mbench.core.delegates import Delegate
from mbench.core.results import DelegateCoverage, Pass
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload
from mbench.runner.command import RunPaths, command_of
from mbench.runner.evidence import Evidence, Proof, find_failure, parse_cpu_list
from mbench.runner.instrument import Instrument, flags_of
from mbench.runner.output.parse import parse_text

GRAPH = "/data/local/tmp/m.tflite"
PATHS = RunPaths(work_dir="/data/local/tmp/run", model=GRAPH)
XNNPACK = DelegateCoverage(name="TfLiteXNNPackDelegate", nodes=29, total=31, partitions=4, subgraph=0)
RECORDED = {Delegate.CPU: "ok_fixed_runs", Delegate.XNNPACK: "ok_xnnpack_explicit", Delegate.BUILTIN: "ok_fixed_runs"}
WITHOUT_DELEGATE = "INFO: Initialized TensorFlow Lite runtime.\n"


def evidence(delegate: Delegate = Delegate.CPU, *, stderr: str | None = None, exit_code: int | None = 0) -> Evidence:
    recording = RECORDINGS[RECORDED[delegate]]
    artifact = ArtifactFacts(
        name="m", sha256="1" * 64, size_bytes=1, mult_adds=None, parameters=None, activation_bytes=None
    )
    num_runs = 5 if delegate == Delegate.XNNPACK else 20
    workload = Workload(artifact=artifact, delegate=delegate, threads=1, settings=RunSettings(num_runs=num_runs))
    instrument = Instrument(
        argv_prefix=("./benchmark_model",),
        tool="tflite",
        sha256="2" * 64,
        path=None,
        flags=flags_of(RECORDINGS["fail_bad_flag_value"].stderr),
    )
    return Evidence(
        workload=workload,
        tool="tflite",
        parsed=parse_text(recording.stdout, recording.stderr if stderr is None else stderr, exit_code=exit_code),
        exit_code=exit_code,
        command=command_of(workload, Pass.LATENCY, PATHS, instrument),
        graph=GRAPH,
        runtime_info=None if stderr is not None or delegate == Delegate.BUILTIN else (XNNPACK,),
        cpus=None,
        affinity="0-3",
        sizes={PATHS.output: 1001, PATHS.runtime_info: 17348},
        proofs=(Proof(path=GRAPH, expected="1" * 64, before="1" * 64, after="1" * 64),),
    )


def error_class(given: Evidence) -> str | None:
    failure = find_failure(given)
    return failure[0] if failure else None


@pytest.mark.parametrize("delegate", [Delegate.CPU, Delegate.XNNPACK], ids=str)
def test_a_run_with_all_its_proofs_is_believed(delegate: Delegate) -> None:
    assert find_failure(evidence(delegate)) is None


def test_builtin_kernels_show_by_no_delegate_at_all() -> None:
    assert find_failure(evidence(Delegate.BUILTIN, stderr=WITHOUT_DELEGATE)) is None
    assert error_class(evidence(Delegate.BUILTIN)) == "delegate"


def test_a_cpu_row_without_xnnpack_counts_only_where_that_is_accepted() -> None:
    bare = evidence(stderr=WITHOUT_DELEGATE)
    assert error_class(bare) == "delegate"
    assert find_failure(replace(bare, builtin_accepted=True)) is None


def test_text_and_runtime_information_must_agree() -> None:
    fewer = XNNPACK.model_copy(update={"nodes": 27})
    assert error_class(replace(evidence(), runtime_info=(fewer,))) == "delegate"
    assert error_class(replace(evidence(), runtime_info=())) == "delegate"


def test_another_delegate_than_the_one_asked_for_is_no_cpu_row() -> None:
    stderr = (
        "VERBOSE: Replacing 31 out of 31 node(s) with delegate (TfLiteGpuDelegateV2) node, yielding 1 partitions.\n"
    )
    assert error_class(evidence(stderr=stderr)) == "delegate"


@pytest.mark.parametrize(
    ("cpus", "affinity", "expected"),
    [
        ((0, 1, 2, 3), "0-3", None),
        ((3, 2, 1, 0), "0-3", None),
        ((0, 1), "0-3", "environment"),
        ((0, 1), None, "environment"),
        ((0, 1), "garbage", "environment"),
        (None, None, None),
    ],
)
def test_the_cores_must_be_those_asked_for(
    cpus: tuple[int, ...] | None, affinity: str | None, expected: str | None
) -> None:
    assert error_class(replace(evidence(), cpus=cpus, affinity=affinity)) == expected


@pytest.mark.parametrize(
    ("text", "cores"),
    [
        ("0", {0}),
        ("0-3,6", {0, 1, 2, 3, 6}),
        (" 4-7\n", {4, 5, 6, 7}),
        ("", None),
        ("0-", None),
        ("-1", None),
        ("x", None),
    ],
)
def test_a_list_of_cores_is_read_as_the_kernel_writes_it(text: str, cores: set[int] | None) -> None:
    assert parse_cpu_list(text) == (None if cores is None else frozenset(cores))


@pytest.mark.parametrize("size", [0, None])
def test_files_must_have_been_written(size: int | None) -> None:
    assert error_class(replace(evidence(), sizes={PATHS.output: size})) == "io"


@pytest.mark.parametrize(
    ("before", "after"), [("3" * 64, "1" * 64), ("1" * 64, "3" * 64), ("1" * 64, None), (None, None)]
)
def test_model_and_program_must_stay_the_same(before: str | None, after: str | None) -> None:
    proof = Proof(path=GRAPH, expected="1" * 64, before=before, after=after)
    assert error_class(replace(evidence(), proofs=(proof,))) == "environment"


@pytest.mark.parametrize(
    "changes", [{"graph": "/other.tflite"}, {"workload": evidence().workload.model_copy(update={"threads": 2})}]
)
def test_the_program_must_say_that_it_runs_what_it_was_given(changes: dict[str, object]) -> None:
    assert error_class(replace(evidence(), **changes)) == "usage"


@pytest.mark.parametrize(("exit_code", "expected"), [(None, "environment"), (1, "output"), (137, "killed")])
def test_the_exit_status_comes_first(exit_code: int | None, expected: str) -> None:
    given = evidence(exit_code=exit_code)
    assert error_class(replace(given, sizes={PATHS.output: None})) == expected
