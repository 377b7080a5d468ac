"""What a text of NNAPI, of an external delegate or of LiteRT's own delegates must show before it counts for one."""

from dataclasses import replace

import pytest
from delegate_evidence import (
    EXPLICIT,
    EXTERNAL,
    LITERT,
    TRAP,
    codes,
    error_class,
    evidence,
)
from recorded_texts import LITERT_STDERR, LITERT_STDOUT

from mbench.core.results import WarningCode
from mbench.runner.delegate_proof import delegate_doubts
from mbench.runner.evidence import Evidence, delegate_proof, find_failure


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
    assert error_class(find_failure(nnapi(delegate, listed=listed))) == expected


def test_nnapi_that_was_applied_to_no_node_does_not_count() -> None:
    assert error_class(find_failure(nnapi("nnapi:qti-dsp", nodes=0))) == "delegate"


def test_nnapi_s_partial_delegation_is_doubted() -> None:
    assert codes(delegate_doubts(delegate_proof(nnapi("nnapi")))) == [WarningCode.PARTLY_DELEGATED]


def test_an_accelerator_that_is_not_there_is_a_failure_of_the_delegate() -> None:
    stdout, _, _ = TRAP.stdout.partition("WARN: NNAPI")
    stderr = (
        "INFO: Initialized TensorFlow Lite runtime.\n"
        "ERROR: Could not find the specified NNAPI accelerator: qti-htp. Must be one of: {nnapi-reference}.\n"
        "ERROR: Benchmarking failed.\n"
    )
    assert error_class(find_failure(evidence("nnapi:qti-htp", stdout, stderr, exit_code=1))) == "delegate"


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
    assert error_class(find_failure(external(delegate, **changes))) == expected


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
    assert error_class(find_failure(litert(delegate, name))) == expected


def test_litert_s_gpu_is_no_row_of_the_interpreter_s_tool() -> None:
    assert error_class(find_failure(replace(litert("gpu", "TfLiteGpuDelegateV2"), tool="litert"))) == "delegate"


def test_litert_s_partial_delegation_is_doubted() -> None:
    doubts = delegate_doubts(delegate_proof(litert("npu", "DispatchDelegate", nodes="2 out of 3")))
    assert [doubt.message for doubt in doubts] == ["npu executed 2 of 3 nodes; the CPU the others"]
