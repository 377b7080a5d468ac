"""Delegates are asked for by the flags that each program has; what a program lacks is refused before it starts."""

from dataclasses import replace

import pytest
from delegate_evidence import (
    EXTERNAL,
    LITERT,
    LITERT_FLAGS,
    OLDER_LITERT,
    TFLITE,
    TFLITE_FLAGS,
    workload,
)

from mbench.core.delegates import parse_delegate
from mbench.core.errors import UsageError
from mbench.core.results import Pass
from mbench.runner.command import RunPaths, command_of, refuse_impossible
from mbench.runner.instrument import Instrument
from mbench.runner.script import init_allowance_s


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
