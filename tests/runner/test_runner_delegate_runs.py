"""Runs that are played back: what a row says of its delegate."""

from dataclasses import replace
from pathlib import Path

import pytest
from delegate_evidence import (
    EXPLICIT,
    PARTIAL,
    TRAP,
    codes,
)
from playing import Stage, stage
from recorded_texts import RECORDINGS, Recording

from mbench.core.delegates import parse_delegate
from mbench.core.results import Run, Status, WarningCode
from mbench.core.workloads import RunSettings
from mbench.runner.runs import run_once


@pytest.fixture
def here(tmp_path: Path) -> Stage:
    return stage(tmp_path)


def run(here: Stage, sample: Recording, delegate: str, *, runs: int, stdout: str | None = None) -> Run:
    """Play a sample as a row, without the files that the recorded CPU run wrote."""
    request = here.request(delegate=parse_delegate(delegate), settings=RunSettings(num_runs=runs, max_secs=1))
    program = here.play(sample.name, stdout=stdout or sample.stdout, then=f"exit {sample.exit_code}")
    program = replace(program, flags=program.flags - {"model_runtime_info_output_file", "output_filepath"})
    return run_once(here.transport, here.clock, program, request).run


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
