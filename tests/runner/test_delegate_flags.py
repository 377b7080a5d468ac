"""How each delegate is asked for, and what the program must then say of it."""

import pytest

from mbench.core.delegates import parse_delegate
from mbench.runner.delegate_flags import delegate_flags, device_files, expected_echo
from mbench.runner.instrument import Instrument, Tool

NONE = {"use gpu": "0", "use nnapi": "0"}
PLUGINS = ("--dispatch_library_path=/p", "--compiler_plugin_library_path=/p")


def program(tool: Tool = "tflite", *flags: str, path: str | None = "/p/benchmark_model") -> Instrument:
    return Instrument(argv_prefix=("b",), tool=tool, sha256="2" * 64, path=path, flags=frozenset(flags))


@pytest.mark.parametrize(
    ("delegate", "echo"),
    [
        ("cpu", {}),
        ("builtin", {"use xnnpack": "0"}),
        ("xnnpack", {"use xnnpack": "1", "xnnpack_force_fp16": "0"}),
        ("xnnpack:fp16", {"use xnnpack": "1", "xnnpack_force_fp16": "1"}),
        ("gpu", {"use gpu": "1", "allow lower precision in gpu": "1", "gpu backend": ""}),
        ("gpu:fp32:cl", {"use gpu": "1", "allow lower precision in gpu": "0", "gpu backend": "cl"}),
        ("nnapi", {"use nnapi": "1", "nnapi accelerator name": ""}),
        ("nnapi:dsp", {"use nnapi": "1", "nnapi accelerator name": "dsp"}),
        ("npu", {}),
        ("external:/d/l.so", {"external delegate path": "/d/l.so", "external delegate options": ""}),
        ("external:/d/l.so?a:1;b:2", {"external delegate path": "/d/l.so", "external delegate options": "a:1;b:2"}),
    ],
)
def test_the_program_must_say_what_it_was_given(delegate: str, echo: dict[str, str]) -> None:
    assert expected_echo(parse_delegate(delegate)) == NONE | echo


@pytest.mark.parametrize(
    ("delegate", "flags"),
    [
        ("cpu", ()),
        ("builtin", ("--use_xnnpack=false",)),
        ("xnnpack", ("--use_xnnpack=true",)),
        ("xnnpack:fp16", ("--use_xnnpack=true", "--xnnpack_force_fp16=true")),
        ("gpu", ("--use_gpu=true", "--gpu_precision_loss_allowed=true")),
        ("gpu:fp32:gl", ("--use_gpu=true", "--gpu_precision_loss_allowed=false", "--gpu_backend=gl")),
        ("nnapi", ("--use_nnapi=true",)),
        ("nnapi:dsp", ("--use_nnapi=true", "--nnapi_accelerator_name=dsp")),
        ("npu", ("--use_npu=true", *PLUGINS)),
        ("npu:/q", ("--use_npu=true", "--dispatch_library_path=/q", "--compiler_plugin_library_path=/q")),
        ("external:/d/l.so", ("--external_delegate_path=/d/l.so",)),
        (
            "external:/d/l.so?a:1;b:2",
            ("--external_delegate_path=/d/l.so", "--external_delegate_options=a:1;b:2"),
        ),
    ],
)
def test_a_delegate_is_asked_for_by_its_flags(delegate: str, flags: tuple[str, ...]) -> None:
    for tool in ("tflite", "hostbench"):
        assert delegate_flags(parse_delegate(delegate), program(tool)) == flags


@pytest.mark.parametrize(
    ("delegate", "has", "flags"),
    [
        ("gpu", "allow_fp16", ("--allow_fp16=true",)),
        ("gpu:fp32", "allow_fp16", ("--allow_fp16=false",)),
        ("gpu", "gpu-precision", ("--gpu-precision=fp16",)),
        ("gpu:fp32", "gpu-precision", ("--gpu-precision=fp32",)),
        ("gpu", "other", ()),
        ("gpu:fp32", "other", ("--gpu-precision=fp32",)),
    ],
)
def test_litert_names_its_precision_by_build(delegate: str, has: str, flags: tuple[str, ...]) -> None:
    assert delegate_flags(parse_delegate(delegate), program("litert", has)) == ("--use_gpu=true", *flags)


def test_an_npu_without_a_folder_leaves_its_libraries_to_the_program() -> None:
    assert delegate_flags(parse_delegate("npu"), program("litert", path=None)) == ("--use_npu=true",)


@pytest.mark.parametrize(
    ("delegate", "paths"), [("external:/d/l.so", ("/d/l.so",)), ("npu:/q", ("/q",)), ("npu", ()), ("gpu", ())]
)
def test_a_delegate_is_loaded_from_its_path(delegate: str, paths: tuple[str, ...]) -> None:
    assert device_files(parse_delegate(delegate)) == paths
