"""How each delegate is asked for on the command line, and what the program then says that it was asked for.

The flags are those of LiteRT's delegate providers (`tflite/tools/delegates/*_delegate_provider.cc`) for the `tflite`
flavour and of `litert/tools/benchmark_litert_model.h` for the `litert` one. Nothing here looks at what a program has:
flags that it lacks are refused by name where the command line is made, except where builds differ in a flag's name.
"""

import posixpath
from collections.abc import Mapping

from mbench.core.delegates import Delegate, DelegateKind, Precision
from mbench.runner.instrument import Instrument


def delegate_flags(delegate: Delegate, instrument: Instrument) -> tuple[str, ...]:
    """Return the flags of a delegate; `cpu` is the program without any: implicit XNNPACK, what an app gets."""
    match delegate.kind:
        case DelegateKind.CPU:
            return ()
        case DelegateKind.XNNPACK:
            forced = ("--xnnpack_force_fp16=true",) if delegate.precision is Precision.FP16 else ()
            return ("--use_xnnpack=true", *forced)
        case DelegateKind.BUILTIN:
            return ("--use_xnnpack=false",)
        case DelegateKind.GPU:
            backend = () if delegate.backend is None else (f"--gpu_backend={delegate.backend}",)
            return ("--use_gpu=true", *_gpu_precision(delegate, instrument), *backend)
        case DelegateKind.NNAPI:
            name = () if delegate.accelerator is None else (f"--nnapi_accelerator_name={delegate.accelerator}",)
            return ("--use_nnapi=true", *name)
        case DelegateKind.NPU:
            return ("--use_npu=true", *_npu_libraries(delegate, instrument))
        case DelegateKind.EXTERNAL:
            options = (f"--external_delegate_options={_options(delegate)}",) if delegate.options else ()
            return (f"--external_delegate_path={delegate.path}", *options)


def expected_echo(delegate: Delegate) -> Mapping[str, str]:
    """Return what the program's echo of its settings must say where it says it, by lower-case name."""
    echo = {
        "use gpu": "1" if delegate.kind is DelegateKind.GPU else "0",
        "use nnapi": "1" if delegate.kind is DelegateKind.NNAPI else "0",
    }
    match delegate.kind:
        case DelegateKind.XNNPACK:
            echo |= {"use xnnpack": "1", "xnnpack_force_fp16": _bit(delegate.precision is Precision.FP16)}
        case DelegateKind.BUILTIN:
            echo |= {"use xnnpack": "0"}
        case DelegateKind.GPU:
            echo |= {"allow lower precision in gpu": _bit(delegate.may_use_fp16), "gpu backend": delegate.backend or ""}
        case DelegateKind.NNAPI:
            echo |= {"nnapi accelerator name": delegate.accelerator or ""}
        case DelegateKind.EXTERNAL:
            echo |= {"external delegate path": delegate.path or "", "external delegate options": _options(delegate)}
        case DelegateKind.CPU | DelegateKind.NPU:
            pass
    return echo


def device_files(delegate: Delegate) -> tuple[str, ...]:
    """Return the paths on the device that a delegate is loaded from: without them the program crashes or falls back."""
    return () if delegate.path is None else (delegate.path,)


def _gpu_precision(delegate: Delegate, instrument: Instrument) -> tuple[str, ...]:
    """Return how float16 is allowed or forbidden; LiteRT's builds have one of two flags for it, or none."""
    allowed = "true" if delegate.may_use_fp16 else "false"
    if instrument.tool != "litert":
        return (f"--gpu_precision_loss_allowed={allowed}",)
    if "allow_fp16" in instrument.flags:
        return (f"--allow_fp16={allowed}",)
    if delegate.may_use_fp16 and "gpu-precision" not in instrument.flags:
        return ()  # what such a build does by itself
    return (f"--gpu-precision={Precision.FP16 if delegate.may_use_fp16 else Precision.FP32}",)


def _npu_libraries(delegate: Delegate, instrument: Instrument) -> tuple[str, ...]:
    """Return where the dispatch library and the compiler plugin lie: where it was said, else beside the program."""
    folder = delegate.path or (posixpath.dirname(instrument.path) if instrument.path else None)
    if folder is None:
        return ()
    return (f"--dispatch_library_path={folder}", f"--compiler_plugin_library_path={folder}")


def _options(delegate: Delegate) -> str:
    """Return `k:v;k:v`: the help says that commas divide options, the code divides at semicolons."""
    return ";".join(f"{key}:{value}" for key, value in delegate.options)


def _bit(value: bool) -> str:
    return "1" if value else "0"
