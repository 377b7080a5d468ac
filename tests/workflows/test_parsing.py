"""How a log is shown to a person: its delegate first, whole numbers, and a doubt where a part of the graph was left."""

import pytest

from mbench.core.results import Status, WarningCode
from mbench.runner.output.parsed import ParsedText
from mbench.workflows.parsing import parse_log, text_of

GPU_2019 = """\
STARTING!
Min num runs: [50]
Num threads: [4]
Graph: [/data/local/tmp/m.tflite]
Use gpu : [1]
Loaded model /data/local/tmp/m.tflite
resolved reporter
INFO: Initialized TensorFlow Lite runtime.
INFO: Created TensorFlow Lite delegate for GPU.
ERROR: Next operations are not supported by GPU delegate:
CAST: Operation is not supported.
First 2 operations will run on the GPU, and the remaining 249 on the CPU.
INFO: Initialized OpenCL-based API.
Applied GPU delegate.
Initialized session in 412.871ms
Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
count=1 curr=1732148

Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
count=50 first=1724377 curr=1724290 min=1724099 max=1725001 avg=1.7244e+06 std=181

Average inference timings in us: Warmup: 1.73215e+06, Init: 412871, no stats: 1.7244e+06
"""


def parse(text: str) -> ParsedText:
    return parse_log(text.encode(), b"", exit_code=None)


def lines_of(text: str) -> list[str]:
    return text_of(parse(text)).splitlines()


def graph(words: str) -> str:
    said = f"Explicitly applied GPU delegate, and the model graph will be {words}"
    return GPU_2019.replace("First 2 operations will run on the GPU, and the remaining 249 on the CPU.\n", "").replace(
        "Applied GPU delegate.", said
    )


COMPLETE = graph("completely executed by the delegate.")
PARTIAL = graph("partially executed by the delegate w/ 3 delegate kernels.")


@pytest.mark.parametrize(
    ("text", "delegate"),
    [
        (GPU_2019, "GPU: applied, to an unknown part of the graph, 2 operations, 249 left to the CPU, by OpenCL"),
        (COMPLETE, "GPU: all of the graph, by OpenCL"),
        (PARTIAL, "GPU: a part of the graph, in 3 delegate kernels, by OpenCL"),
        (GPU_2019.replace("Applied GPU delegate.\n", ""), "GPU: 2 operations, 249 left to the CPU, by OpenCL"),
    ],
)
def test_the_delegate_is_printed_before_all_numbers(text: str, delegate: str) -> None:
    assert lines_of(text)[:2] == ["status:      ok", f"delegate:    {delegate}"]


@pytest.mark.parametrize(("text", "doubted"), [(GPU_2019, True), (PARTIAL, True), (COMPLETE, False)])
def test_a_partial_application_is_a_doubt(text: str, doubted: bool) -> None:
    found = parse(text)
    assert found.status is Status.OK
    codes = [doubt.code for doubt in found.warnings]
    assert codes == ([WarningCode.PARTLY_DELEGATED] if doubted else [])
    assert any("the GPU delegate executed a part of the graph only" in row for row in lines_of(text)) is doubted


def test_explicit_xnnpack_may_be_partial_too() -> None:
    (doubt,) = parse(PARTIAL.replace("applied GPU", "applied XNNPACK").replace("Use gpu : [1]\n", "")).warnings
    assert (doubt.code, doubt.advice) == (
        WarningCode.PARTLY_DELEGATED,
        "Read the numbers as those of XNNPACK and builtin kernels together.",
    )


@pytest.mark.parametrize(
    ("printed", "shown"),
    [("1.7244e+06", "avg 1724400 µs"), ("1724500", "avg 1724500 µs"), ("1.72412e+06", "avg 1724120 µs")],
)
def test_numbers_are_printed_with_all_digits(printed: str, shown: str) -> None:
    (row,) = (row for row in lines_of(GPU_2019.replace("1.7244e+06", printed)) if row.startswith("measured:"))
    assert shown in row
    assert "max 1725001 µs" in row
    assert "e+" not in row


def test_a_mean_keeps_its_fraction() -> None:
    text = GPU_2019.replace(
        "first=1724377 curr=1724290 min=1724099 max=1725001 avg=1.7244e+06", "first=7 curr=7 min=7 max=9 avg=7.25"
    ).replace("no stats: 1.7244e+06", "no stats: 7.25")
    assert any("avg 7.25 µs" in row for row in lines_of(text))
