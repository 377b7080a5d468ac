"""Each reason why a run is not believed, and what is just enough to believe it."""

from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from mbench.core.delegates import parse_delegate
from mbench.core.error_classes import ENVIRONMENT
from mbench.core.results import DelegateCoverage, MeasurementWarning, Status, WarningCode
from mbench.core.workloads import ArtifactFacts, InputTensor, OutputFacts, RunSettings, Workload
from mbench.runner.command import Command
from mbench.runner.evidence import (
    Evidence,
    Failure,
    Proof,
    changed,
    delegate_proof,
    find_failure,
    parse_cpu_list,
    proved_delegates,
)
from mbench.runner.output.parsed import AppliedDelegate, Coverage, ParsedText

XNNPACK = DelegateCoverage(name="TfLiteXNNPackDelegate", nodes=29, total=31, partitions=4, subgraph=0)
GPU = DelegateCoverage(name="TfLiteGpuDelegateV2", nodes=31, total=31, partitions=1, subgraph=0)
GRAPH, BINARY = "/d/m.tflite", "/d/benchmark_model"
SAID = {"Graph": GRAPH, "Num threads": "2", "#threads used for CPU inference": "2", "Min num runs": "50"}
GOOD, OTHER = "1" * 64, "3" * 64
DELEGATE = Coverage.COMPLETELY


def reason(evidence: Evidence) -> tuple[str, str] | None:
    """Return the class and message of what is not to be believed, None where all is; nothing of it is lasting."""
    failure = find_failure(evidence)
    assert failure is None or not failure.lasting
    return None if failure is None else failure[:2]


def text(**changes: Any) -> ParsedText:
    fields: dict[str, Any] = {"status": Status.OK, "started": True, "parameters": SAID, "delegates": (XNNPACK,)}
    return ParsedText(**(fields | changes))


def evidence(delegate: str = "cpu", parsed: ParsedText | None = None, **changes: Any) -> Evidence:
    artifact = ArtifactFacts(
        name="m", sha256=GOOD, size_bytes=1, mult_adds=None, parameters=None, activation_bytes=None
    )
    given = Evidence(
        workload=Workload(artifact=artifact, delegate=parse_delegate(delegate), threads=2, settings=RunSettings()),
        tool="tflite",
        parsed=text() if parsed is None else parsed,
        exit_code=0,
        command=Command(argv=("benchmark_model",), writes=(), num_runs=50),
        graph=GRAPH,
        runtime_info=None,
        cpus=None,
        affinity=None,
        sizes={},
        proofs=(),
    )
    return replace(given, **changes)


def proof(path: str = GRAPH, before: str | None = GOOD, after: str | None = GOOD) -> Proof:
    return Proof(path=path, expected=GOOD, before=before, after=after)


def test_all_that_is_asked_for_and_no_more_is_believed() -> None:
    whole = evidence(
        runtime_info=(XNNPACK,), cpus=(4, 5), affinity="4-5", sizes={"/d/o.bin": 1}, proofs=(proof(), proof(BINARY))
    )
    assert reason(whole) is None
    assert reason(evidence()) is None


def test_evidence_is_a_value() -> None:
    given = evidence()
    assert (given.nodes, given.builtin_accepted, Proof(path="/", expected=GOOD, before=None).after) == (
        None,
        False,
        None,
    )
    for value, name in ((given, "nodes"), (proof(), "after")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, None)
        assert not hasattr(value, "__dict__")
    with pytest.raises(TypeError, match="positional"):
        Proof(GRAPH, GOOD, GOOD)  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        Evidence(*(getattr(given, each.name) for each in fields(given)))  # type: ignore[misc]


def test_a_file_is_read_after_the_run_too() -> None:
    assert proof(after=None).ended_as(OTHER) == proof(after=OTHER)


# The end


def test_a_run_without_an_exit_status_is_not_believed() -> None:
    assert reason(evidence(exit_code=None)) == ("environment", "the run left no exit status on the device.")


@pytest.mark.parametrize("exit_code", [1, -9, 137])
def test_a_status_that_is_not_0_is_not_believed(exit_code: int) -> None:
    message = f"ended with status {exit_code} although its output is complete"
    assert reason(evidence(exit_code=exit_code)) == ("output", message)


@pytest.mark.parametrize("changes", [{"started": False}, {"unconsumed": ("--x",)}, {"failed_line": True}], ids=str)
def test_a_status_of_0_is_not_enough(changes: dict[str, Any]) -> None:
    assert reason(evidence(parsed=text(**changes))) == (
        "output",
        "ended with status 0 although its output is complete",
    )


def test_what_the_text_says_of_its_end_goes_first() -> None:
    failed = text(error_class="killed", message="ended by SIGKILL", parameters={})
    assert reason(evidence(parsed=failed, exit_code=137)) == ("killed", "ended by SIGKILL")
    assert reason(evidence(parsed=failed.model_copy(update={"parameters": {"Graph": "/x"}})))[0] == "usage"  # type: ignore[index]


def test_a_text_that_failed_is_not_believed() -> None:
    failed = text(error_class="output", message="the output ends before the timings")
    assert reason(evidence(parsed=failed)) == ("output", "the output ends before the timings")
    assert reason(evidence(parsed=text(error_class="output"))) == ("output", "the output is not complete")


# The settings


@pytest.mark.parametrize("name", SAID)
def test_a_setting_that_is_said_must_be_the_one_given(name: str) -> None:
    for spelled in (name, name.upper(), name.lower()):
        said = {key: value for key, value in SAID.items() if key != name} | {spelled: "3"}
        wanted = SAID[name]
        assert reason(evidence(parsed=text(parameters=said))) == (
            "usage",
            f"the program says {name.lower()}: [3], not [{wanted}] as it was asked",
        )


@pytest.mark.parametrize(("name", "tool"), [("Use gpu", "tflite"), ("Use nnapi", "hostbench")])
def test_a_delegate_that_is_said_must_be_the_one_asked_for(name: str, tool: str) -> None:
    for value, failure in (("0", None), ("1", "usage")):
        found = reason(evidence(parsed=text(parameters=SAID | {name: value}), tool=tool))
        assert (found and found[0]) == failure


@pytest.mark.parametrize("tool", ["tflite", "hostbench"])
@pytest.mark.parametrize(("name", "required"), [("Graph", True), ("Num threads", True), ("Min num runs", False)])
def test_graph_and_threads_must_be_said(tool: str, name: str, required: bool) -> None:
    said = {key: value for key, value in SAID.items() if key != name}
    failure = ("output", f"the program does not say which {name.lower()} it uses") if required else None
    assert reason(evidence(parsed=text(parameters=said), tool=tool)) == failure


def test_litert_says_little() -> None:
    assert reason(evidence(parsed=text(parameters={}), tool="litert")) is None
    assert reason(evidence(parsed=text(parameters={"Num threads": "3"}), tool="litert")) is not None


# The delegate


def test_delegates_are_those_of_the_runtime_where_it_was_asked() -> None:
    assert proved_delegates(evidence()) == (XNNPACK,)
    assert proved_delegates(evidence(runtime_info=())) == ()
    assert proved_delegates(evidence(runtime_info=(GPU,))) == (GPU,)


def test_a_run_shows_its_delegate_by_all_that_is_known() -> None:
    given = evidence("gpu", runtime_info=(GPU,), nodes=31, builtin_accepted=True, tool="litert")
    shown = delegate_proof(given)
    assert (shown.asked, shown.tool, shown.parsed, shown.executed) == (
        parse_delegate("gpu"),
        "litert",
        given.parsed,
        (GPU,),
    )
    assert (shown.nodes, shown.builtin_accepted) == (31, True)


@pytest.mark.parametrize(
    ("info", "agree"),
    [
        (None, True),
        ((XNNPACK,), True),
        ((XNNPACK.model_copy(update={"total": 99, "partitions": 1, "subgraph": 3}),), True),
        ((XNNPACK.model_copy(update={"nodes": 28}),), False),
        ((XNNPACK.model_copy(update={"nodes": 30}),), False),
        ((), False),
        ((XNNPACK, GPU.model_copy(update={"nodes": 0})), True),
    ],
)
def test_text_and_runtime_information_agree_about_nodes(info: tuple[DelegateCoverage, ...] | None, agree: bool) -> None:
    found = reason(evidence(runtime_info=info))
    if agree:
        assert found is None
        return
    shown = {each.name: each.nodes for each in info or ()}
    said = {"TfLiteXNNPackDelegate": 29}
    message = f"the text says that delegates took {said} nodes, the runtime information says {shown}"
    assert found == ("delegate", message)


def warned(code: WarningCode) -> ParsedText:
    return text(warnings=(MeasurementWarning(code=WarningCode.NO_MEMORY, message="memory"),
                          MeasurementWarning(code=code, message="not there")))  # fmt: skip


def test_a_delegate_that_was_not_applied_is_a_failure() -> None:
    assert reason(evidence(parsed=warned(WarningCode.DELEGATE_NOT_APPLIED))) == ("delegate", "not there")
    for other in (WarningCode.TIME_LIMITED, WarningCode.BUSY):
        assert reason(evidence(parsed=warned(other))) is None


def test_a_delegate_that_shows_nowhere_is_a_failure() -> None:
    found = reason(evidence(parsed=text(delegates=())))
    assert found == (
        "delegate",
        "TfLiteXNNPackDelegate executed nothing; a cpu row is what an app gets, which is XNNPACK",
    )
    assert reason(evidence(parsed=text(delegates=()), builtin_accepted=True)) is None


# The cores


@pytest.mark.parametrize(
    ("cpus", "affinity", "message"),
    [
        ((4, 5), "4-5", None),
        ((5, 4), "4,5", None),
        ((4,), "4", None),
        (None, "0-7", None),
        (None, None, None),
        ((4, 5), "4-6", "the run was allowed cores 4-6, not [4, 5] as asked for"),
        ((4, 5), "4", "the run was allowed cores 4, not [4, 5] as asked for"),
        ((4, 5), "3-4", "the run was allowed cores 3-4, not [4, 5] as asked for"),
        ((4, 5), None, "the device does not say which cores the run used; asked for [4, 5]"),
        ((4, 5), "all", "the device does not say which cores the run used; asked for [4, 5]"),
    ],
)
def test_cores_are_those_asked_for(cpus: tuple[int, ...] | None, affinity: str | None, message: str | None) -> None:
    failure = None if message is None else ("environment", message)
    assert reason(evidence(cpus=cpus, affinity=affinity)) == failure


@pytest.mark.parametrize(
    ("said", "cores"),
    [
        ("0", {0}),
        ("7", {7}),
        ("0-1", {0, 1}),
        ("3-3", {3}),
        ("0-2,5,7-8", {0, 1, 2, 5, 7, 8}),
        (" 4-5\n", {4, 5}),
        ("4,4", {4}),
        ("5-4", set()),
        ("", None),
        ("0,", None),
        (",0", None),
        ("0-", None),
        ("-1", None),
        ("0-1-2", None),
        ("a-1", None),
        ("1-a", None),
        ("0,x", None),
        ("1.0", None),
    ],
)
def test_a_list_of_cores_has_both_its_ends(said: str, cores: set[int] | None) -> None:
    assert parse_cpu_list(said) == cores


# Files


@pytest.mark.parametrize(("size", "state"), [(1, None), (2, None), (0, "is empty"), (None, "is not there")])
def test_a_file_of_one_byte_was_written(size: int | None, state: str | None) -> None:
    message = f"/d/o.bin, which the run was to write, {state}; check the free space on the device's storage."
    failure = None if state is None else ("io", message)
    assert reason(evidence(sizes={"/d/rt.pb": 5, "/d/o.bin": size, "/d/prof.pb": 5})) == failure


@pytest.mark.parametrize(
    ("outputs", "size", "believed"),
    [
        (None, 0, True),
        (None, 1, True),
        (None, None, False),
        ((OutputFacts(dtype="float32", elements=4, zero_point=None),), 0, False),
    ],
)
def test_outputs_of_no_known_size_may_be_empty(
    outputs: tuple[OutputFacts, ...] | None, size: int | None, believed: bool
) -> None:
    given = evidence(sizes={"/d/rt.pb": 5, "/d/o.bin": size}, output="/d/o.bin")
    artifact = given.workload.artifact.model_copy(update={"outputs": outputs})
    failure = reason(replace(given, workload=given.workload.model_copy(update={"artifact": artifact})))
    assert (failure is None) is believed
    runtime_info = replace(given, sizes={"/d/rt.pb": 0, "/d/o.bin": 5})
    assert reason(runtime_info) is not None


FED = (InputTensor(name="x", shape=(1, 8)), InputTensor(name="y", shape=(3,)))


@pytest.mark.parametrize(("said", "believed"), [("1,8:3", True), ("1,4:3", False), (None, False)])
def test_the_shapes_that_were_asked_for_are_said_back(said: str | None, believed: bool) -> None:
    parameters = SAID | ({} if said is None else {"Input shapes": said})
    given = evidence(parsed=text(parameters=parameters))
    failure = reason(replace(given, workload=given.workload.model_copy(update={"inputs": FED})))
    assert (failure is None) is believed


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("found", "state"), [(OTHER, f"has SHA-256 {OTHER}, not {GOOD},"), (None, "is not there")])
def test_files_are_the_same_before_and_after_the_run(when: Any, found: str | None, state: str) -> None:
    proofs = (proof(), proof(BINARY, **{when: found}), proof("/d/lib.so"))
    failure = Failure(
        ENVIRONMENT,
        f"{BINARY} {state} {when} the run: something on the device removes or changes our files. "
        "Find out what (a cleaner, another user), then run it again, which pushes them anew.",
    )
    assert find_failure(evidence(proofs=proofs)) == failure
    assert changed(proofs, when=when) == failure
    assert changed(proofs, when="after" if when == "before" else "before") is None


def test_equal_hashes_are_equal_wherever_they_come_from() -> None:
    read = "".join("1" for _ in range(64))
    assert changed((proof(before=read, after=read),), when="before") is None


def test_the_first_reason_counts() -> None:
    worst = evidence(
        "gpu",
        parsed=text(
            parameters=SAID | {"Graph": "/x", "Use gpu": "1"}, error_class="output", message="text", delegates=()
        ),
        exit_code=None,
        cpus=(1,),
        affinity="2",
        sizes={"/d/o.bin": 0},
        proofs=(proof(before=None, after=OTHER),),
    )
    order = [
        ("environment", {"exit_code": 0}),
        ("usage", {"graph": "/x"}),
        ("output", {"parsed": text(parameters=SAID | {"Graph": "/x", "Use gpu": "1"}, delegates=())}),
        (
            "delegate",
            {
                "parsed": text(
                    parameters=SAID | {"Graph": "/x", "Use gpu": "1"},
                    delegates=(GPU,),
                    gpu_kernels=1,
                    applied=(AppliedDelegate(name="GPU", coverage=DELEGATE),),
                )
            },
        ),
        ("environment", {"affinity": "1"}),
        ("io", {"sizes": {}}),
        ("environment", {"proofs": (proof(after=OTHER),)}),
        ("environment", {"proofs": ()}),
    ]
    for error_class, mended in order:
        found = reason(worst)
        assert found is not None
        assert found[0] == error_class, found
        worst = replace(worst, **mended)
    assert reason(worst) is None


def test_when_a_file_was_read_is_said_by_name() -> None:
    with pytest.raises(TypeError, match="positional"):
        changed((), "before")  # type: ignore[misc]
