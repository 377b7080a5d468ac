"""What is just enough to count for each delegate, and what falls just short of it."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from mbench.core.delegates import parse_delegate
from mbench.core.results import DelegateCoverage, MeasurementWarning, Status, WarningCode
from mbench.runner.delegate_proof import DelegateProof, delegate_doubts, missing_proof, nodes_by_name
from mbench.runner.output.parsed import AppliedDelegate, Coverage, ParsedText

XNNPACK, GPU, NNAPI = "TfLiteXNNPackDelegate", "TfLiteGpuDelegateV2", "TfLiteNnapiDelegate"
NPU, OTHER = "DispatchDelegate", "ExampleDelegate"


def took(name: str, nodes: int = 31, total: int | None = 31, subgraph: int | None = 0) -> DelegateCoverage:
    return DelegateCoverage(name=name, nodes=nodes, total=total, partitions=1, subgraph=subgraph)


def proof(
    delegate: str, *executed: DelegateCoverage, tool: Any = "tflite", nodes: int | None = None, **text: Any
) -> DelegateProof:
    builtin = text.pop("builtin_accepted", False)
    return DelegateProof(
        asked=parse_delegate(delegate),
        tool=tool,
        parsed=ParsedText(status=Status.OK, **text),
        executed=executed,
        nodes=nodes,
        builtin_accepted=builtin,
    )


def applied(name: str, coverage: str) -> dict[str, Any]:
    return {"applied": (AppliedDelegate(name=name, coverage=Coverage(coverage)),)}


def test_what_a_run_shows_is_a_value() -> None:
    shown = DelegateProof(asked=parse_delegate("cpu"), tool="tflite", parsed=ParsedText(status=Status.OK), executed=())
    assert (shown.nodes, shown.builtin_accepted) == (None, False)
    with pytest.raises(FrozenInstanceError):
        shown.nodes = 3  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        DelegateProof(parse_delegate("cpu"), "tflite", ParsedText(status=Status.OK), ())  # type: ignore[misc]
    assert not hasattr(shown, "__dict__")


def test_nodes_are_added_up_by_name() -> None:
    delegates = [took(XNNPACK, 3), took(GPU, 4), took(XNNPACK, 5), took(NNAPI, 0), took(NPU, 1)]
    assert nodes_by_name(delegates) == {XNNPACK: 8, GPU: 4, NPU: 1}
    assert nodes_by_name([]) == {}


# What counts


@pytest.mark.parametrize(
    "given",
    [
        proof("cpu", took(XNNPACK, 1)),
        proof("cpu", builtin_accepted=True),
        proof("cpu", took(OTHER, 0), took(XNNPACK)),
        proof("builtin"),
        proof("builtin", took(XNNPACK, 0), took(GPU, 0)),
        proof("xnnpack", took(XNNPACK, 1), **applied("XNNPACK", "partially")),
        proof("xnnpack:fp16", took(XNNPACK, 1), **applied("xnnpack", "completely")),
        proof("gpu", took(GPU, 1), gpu_kernels=1),
        proof("gpu", took("TfLiteGpuDelegate", 1), took(XNNPACK, 1), gpu_kernels=2),
        proof("gpu:cl", took(GPU), gpu_kernels=1, gpu_api="OpenCL"),
        proof("gpu:gl", took(GPU), gpu_kernels=1, gpu_api="OpenGL"),
        proof("gpu", took("LITERT_CL"), tool="litert"),
        proof("gpu", took("LITERT_WEBGPU"), tool="litert"),
        proof("gpu:cl", took("LITERT_CL"), tool="litert"),
        proof("gpu", took(GPU), tool="hostbench", gpu_kernels=1),
        proof("gpu:cl", took(GPU), gpu_kernels=1, gpu_api="".join(("Open", "CL"))),
        proof("npu", took(NPU), tool="litert"),
        proof("external:/d/lib.so", took(OTHER), tool="litert"),
        proof("nnapi", took(NNAPI, 1)),
        proof("nnapi:dsp", took(NNAPI, 1), parameters={"NNAPI accelerators available": "a, dsp ,b"}),
        proof("npu", took(NPU, 1)),
        proof("external:/d/lib.so", took(OTHER, 1), took(XNNPACK, 1)),
        proof("external:/d/lib.so", took(f"{XNNPACK}2", 1)),
    ],
    ids=lambda given: str(given.asked),
)
def test_this_counts(given: DelegateProof) -> None:
    assert missing_proof(given) is None


CPU_NUMBERS = "was asked for and executed nothing: these are the CPU's numbers"
NOT_APPLIED = "no line shows that XNNPACK was explicitly applied and executed nodes"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (proof("cpu"), f"{XNNPACK} executed nothing; a cpu row is what an app gets, which is XNNPACK"),
        (proof("cpu", took(GPU, 1)), f"{GPU} executed nodes, although cpu was asked for"),
        (
            proof("cpu", took(OTHER), took(NPU), took(XNNPACK), builtin_accepted=True),
            f"{NPU}, {OTHER} executed nodes, although cpu was asked for",
        ),
        (proof("builtin", took(XNNPACK, 1)), f"{XNNPACK} executed 1 nodes, not builtin"),
        (proof("builtin", took(XNNPACK, 1), took(XNNPACK, 2)), f"{XNNPACK} executed 3 nodes, not builtin"),
        (proof("builtin", took(GPU, 1)), f"{GPU} executed nodes, although builtin was asked for"),
        (proof("xnnpack", took(XNNPACK)), NOT_APPLIED),
        (proof("xnnpack", **applied("XNNPACK", "partially")), NOT_APPLIED),
        (proof("xnnpack", took(XNNPACK, 0), **applied("XNNPACK", "completely")), NOT_APPLIED),
        (proof("xnnpack", took(XNNPACK), **applied("XNNPACK", "not")), NOT_APPLIED),
        (proof("xnnpack", took(XNNPACK), **applied("GPU", "completely")), NOT_APPLIED),
        (proof("xnnpack", took(XNNPACK), **applied("Zeta", "completely")), NOT_APPLIED),
        (
            proof("xnnpack", took(GPU), **applied("XNNPACK", "completely")),
            f"{GPU} executed nodes, although xnnpack was asked for",
        ),
        (proof("gpu", gpu_kernels=1), f"gpu {CPU_NUMBERS}"),
        (proof("gpu", took(GPU, 0), took(XNNPACK), gpu_kernels=1), f"gpu {CPU_NUMBERS}"),
        (proof("gpu", took(GPU)), "gpu was asked for, and no line says that GPU kernels were created"),
        (
            proof("gpu", took(GPU), tool="hostbench"),
            "gpu was asked for, and no line says that GPU kernels were created",
        ),
        (proof("gpu", took(GPU), gpu_kernels=0), "gpu was asked for, and no line says that GPU kernels were created"),
        (proof("gpu", took(NNAPI), gpu_kernels=1), f"{NNAPI} executed nodes, although gpu was asked for"),
        (proof("gpu", took("LITERT_CL"), gpu_kernels=1), "LITERT_CL executed nodes, although gpu was asked for"),
        (proof("gpu", took(GPU), tool="litert"), f"{GPU} executed nodes, although gpu was asked for"),
        (
            proof("gpu:cl", took(GPU), gpu_kernels=1, gpu_api="OpenGL"),
            "gpu:cl must use OpenCL; the GPU was driven by OpenGL",
        ),
        (
            proof("gpu:gl", took(GPU), gpu_kernels=1),
            "gpu:gl must use OpenGL; the GPU was driven by an API that no line names",
        ),
        (
            proof("gpu:gl", took("LITERT_CL"), tool="litert"),
            "gpu:gl must use OpenGL; the GPU was driven by OpenCL",
        ),
        (
            proof("gpu:cl", took("LITERT_WEBGPU"), tool="litert"),
            "gpu:cl must use OpenCL; the GPU was driven by WebGPU",
        ),
        (proof("nnapi"), f"nnapi {CPU_NUMBERS}"),
        (proof("nnapi", took(NNAPI, 0)), f"nnapi {CPU_NUMBERS}"),
        (proof("nnapi:dsp", took(NNAPI)), "nnapi:dsp is not among NNAPI's accelerators: it lists none"),
        (
            proof("nnapi:dsp", took(NNAPI), parameters={"nnapi Accelerators available": "a,, b"}),
            "nnapi:dsp is not among NNAPI's accelerators: a, b",
        ),
        (proof("npu", took(XNNPACK)), f"npu {CPU_NUMBERS}"),
        (proof("npu", took(OTHER)), f"{OTHER} executed nodes, although npu was asked for"),
        (proof("external:/d/lib.so", took(XNNPACK)), f"external:/d/lib.so {CPU_NUMBERS}"),
        (proof("external:/d/lib.so"), f"external:/d/lib.so {CPU_NUMBERS}"),
    ],
    ids=lambda given: str(given.asked) if isinstance(given, DelegateProof) else None,
)
def test_this_falls_short(given: DelegateProof, reason: str) -> None:
    assert missing_proof(given) == reason


@pytest.mark.parametrize(
    ("given", "api"),
    [
        (proof("gpu", took(GPU), gpu_api="OpenGL"), "OpenGL"),
        (proof("gpu", took("LITERT_CL"), tool="litert", gpu_api="Metal"), "Metal"),
        (proof("gpu", took(XNNPACK), took("LITERT_WEBGPU"), tool="litert"), "WebGPU"),
        (proof("gpu", took(GPU)), None),
        (proof("cpu"), None),
    ],
)
def test_the_api_is_that_of_the_text_else_that_of_the_nodes(given: DelegateProof, api: str | None) -> None:
    assert given.gpu_api == api


def test_a_delegates_own_share_is_its_nodes() -> None:
    first, second = took(GPU, 1), took("TfLiteGpuDelegate", 2)
    assert proof("gpu", first, took(XNNPACK), took(GPU, 0), second).own() == (first, second)
    assert proof("xnnpack", first, took(XNNPACK, 3)).own() == (took(XNNPACK, 3),)


# What is doubted


def doubts(given: DelegateProof) -> list[tuple[str, str, str | None]]:
    return [(str(doubt.code), doubt.message, doubt.advice) for doubt in delegate_doubts(given)]


def shares(given: DelegateProof) -> list[str]:
    return [doubt.message for doubt in delegate_doubts(given) if doubt.code is WarningCode.PARTLY_DELEGATED]


def test_a_partial_share_is_doubted_with_its_rest() -> None:
    assert delegate_doubts(proof("nnapi", took(NNAPI, 21), took(XNNPACK, 8))) == (
        MeasurementWarning(
            code=WarningCode.PARTLY_DELEGATED,
            message="nnapi executed 21 of 31 nodes; the CPU the others, 8 of them by XNNPACK",
            advice="read it as accelerator and CPU together",
        ),
    )
    assert shares(proof("nnapi", took(NNAPI, 21))) == ["nnapi executed 21 of 31 nodes; the CPU the others"]


@pytest.mark.parametrize(
    ("given", "share"),
    [
        (proof("nnapi", took(NNAPI, 30)), "30 of 31 nodes"),
        (proof("nnapi", took(NNAPI, 31)), None),
        (proof("nnapi", took(NNAPI, 31), nodes=32), "31 of 32 nodes"),
        (proof("nnapi", took(NNAPI, 30), nodes=30), None),
        (proof("nnapi", took(NNAPI, 30), nodes=29), None),
        (proof("nnapi", took(NNAPI, 3, 10, 0), took(NNAPI, 4, 10, 0)), "7 of 10 nodes"),
        (proof("nnapi", took(NNAPI, 6, 10, 0), took(NNAPI, 4, 10, 0)), None),
        (proof("nnapi", took(NNAPI, 3, 10, 0), took(NNAPI, 4, 5, 1)), "7 of 15 nodes"),
        (proof("nnapi", took(NNAPI, 3, 10, 0), took(NNAPI, 4, None, 1)), None),
        (proof("nnapi", took(NNAPI, 3, None, 0), took(NNAPI, 4, 5, 1), nodes=9), "7 of 9 nodes"),
        (proof("nnapi", took(NNAPI, 3, None), **applied("NNAPI", "partially")), "3 nodes and not all of them"),
        (proof("nnapi", took(NNAPI, 3, None), **applied("NNAPI", "completely")), None),
        (proof("nnapi", took(NNAPI, 3, None), **applied("NNAPI", "not")), None),
        (proof("nnapi", took(NNAPI, 3, None)), None),
        (proof("nnapi", took(NNAPI, 31, 31), **applied("NNAPI", "partially")), None),
        (proof("nnapi", *(took(NNAPI, 1, 2, subgraph) for subgraph in range(300))), "300 of 600 nodes"),
        (proof("nnapi"), None),
        (proof("nnapi", nodes=31), "0 of 31 nodes"),
        (proof("nnapi", nodes=0), None),
        (proof("cpu", took(XNNPACK, 3)), None),
        (proof("xnnpack", took(XNNPACK, 3)), None),
        (proof("builtin", nodes=31), None),
        (proof("npu", took(NPU, 3)), "3 of 31 nodes"),
        (proof("external:/d/l.so", took(OTHER, 3)), "3 of 31 nodes"),
        (proof("gpu:fp32", took(GPU, 3)), "3 of 31 nodes"),
    ],
)
def test_an_accelerators_share_is_doubted_where_it_is_not_all(given: DelegateProof, share: str | None) -> None:
    rest = "the CPU the others"
    assert shares(given) == ([] if share is None else [f"{given.asked} executed {share}; {rest}"])


@pytest.mark.parametrize(
    ("delegate", "advice"),
    [
        ("gpu", "compare with gpu:fp32"),
        ("gpu:cl", "compare with gpu:fp32"),
        ("xnnpack:fp16", "compare with xnnpack"),
        ("gpu:fp32", None),
        ("xnnpack", None),
        ("cpu", None),
        ("nnapi", None),
    ],
)
def test_float16_is_doubted_with_what_to_compare(delegate: str, advice: str | None) -> None:
    expected = [] if advice is None else [("reduced_precision", f"{delegate} may compute in float16", advice)]
    assert doubts(proof(delegate)) == expected
