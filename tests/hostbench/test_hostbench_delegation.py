"""hostbench says which nodes XNNPACK executes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from ai_edge_litert import model_runtime_info_pb2
from hostbench_runs import CREATED, INITIALIZED, QUICK, Runner, replacing, write
from tiny_models import Graph, Op, Tensor, add, counting_loop, model_bytes, sandwich, schema, variable

from mbench.runner.output.protos import read_runtime_info


def case(name: str) -> Path:
    """Return a small public file, where there is one."""
    model = Path(os.environ.get("MBENCH_TEST_DATA", "/nowhere")).parent / "cases" / f"{name}.tflite"
    if not model.is_file():
        pytest.skip(f"beside the folder that MBENCH_TEST_DATA names lies no cases/{name}.tflite")
    return model


APPLIED = "Explicitly applied XNNPACK delegate, and the model graph will be"


@pytest.mark.parametrize(
    ("graph", "counts"),
    [
        (add(), (1, 1, 1)),
        (add("int8", scale=0.1), (1, 1, 1)),
        (sandwich(), (2, 3, 3)),
        (add("int16", scale=0.1), None),
        (add("int32"), None),
    ],
)
def test_the_delegates_nodes_and_partitions_are_counted(
    graph: Graph, counts: tuple[int, int, int] | None, hostbench: Runner, tmp_path: Path
) -> None:
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', graph)}", *QUICK)
    assert outcome.status == 0
    expected = [replacing(*counts)] if counts else []
    assert outcome.stderr.splitlines() == [INITIALIZED, CREATED, *expected]


def test_a_node_whose_output_nobody_reads_is_counted(hostbench: Runner, tmp_path: Path) -> None:
    graph = add()
    graph.tensors.append(Tensor("unread", (1, 4)))
    graph.ops.append(Op("ADD", [0, 0], [2], schema.AddOptionsT()))
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', graph)}", *QUICK)
    assert replacing(2, 2, 1) in outcome.stderr


@pytest.mark.parametrize(
    ("graphs", "counts"),
    [(variable(), (5, 6, 2)), (variable(of_output=True), (4, 5, 2)), (variable(apart=True), (5, 7, 4))],
    ids=["within", "of an output", "apart"],
)
def test_a_node_without_outputs_is_counted(
    graphs: tuple[Graph, Graph], counts: tuple[int, int, int], hostbench: Runner, tmp_path: Path
) -> None:
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', *graphs)}", *QUICK)
    assert outcome.status == 0
    called = replacing(2, 2, 1).replace("subgraph 0", "subgraph 1")  # that CALL_ONCE runs
    assert outcome.stderr.splitlines() == [INITIALIZED, CREATED, replacing(*counts), called]


def test_a_file_with_variables_of_a_converter_runs_on_both_kernels(hostbench: Runner, cases: Path) -> None:
    path = cases / "resource_vars_calibrated.tflite"
    called = replacing(2, 2, 1).replace("subgraph 0", "subgraph 1")
    for flags, lines in (([], [CREATED, replacing(7, 10, 4), called]), (["--use_xnnpack=false"], [])):
        outcome = hostbench(f"--graph={path}", *flags, *QUICK)
        assert outcome.status == 0
        assert outcome.stderr.splitlines() == [INITIALIZED, *lines]


def test_builtin_kernels_are_used_without_delegate(hostbench: Runner, sandwich_model: Path) -> None:
    outcome = hostbench(f"--graph={sandwich_model}", "--use_xnnpack=false", *QUICK)
    assert outcome.stderr.splitlines() == [INITIALIZED]
    assert "INFO: Use xnnpack: [0]\n" in outcome.stdout


@pytest.mark.parametrize(
    ("graph", "line"),
    [
        (
            add(),
            f"{APPLIED} completely executed by the delegate.",
        ),
        (
            sandwich(),
            f"{APPLIED} partially executed by the delegate w/ 2 delegate kernels.",
        ),
        (
            add("int32"),
            "Though XNNPACK delegate is explicitly applied, the model graph will not be executed by the delegate.",
        ),
    ],
)
def test_an_explicit_delegate_is_reported(graph: Graph, line: str, hostbench: Runner, tmp_path: Path) -> None:
    path = write(tmp_path / "m.tflite", graph)
    stdout = hostbench(f"--graph={path}", "--use_xnnpack=true", *QUICK).stdout
    assert f"INFO: Loaded model {path}\nINFO: XNNPACK delegate created.\nINFO: {line}\nINFO: The input model" in stdout


@pytest.mark.parametrize(
    ("graph", "flags", "status"),
    [
        (add(), ["--use_xnnpack=true"], 0),
        (sandwich(), ["--use_xnnpack=true"], 1),
        (add("int32"), ["--use_xnnpack=true"], 1),
        (add(), ["--use_xnnpack=false"], 1),
        (add(), [], 1),
    ],
)
def test_full_delegation_can_be_required(
    graph: Graph, flags: list[str], status: int, hostbench: Runner, tmp_path: Path
) -> None:
    outcome = hostbench(
        f"--graph={write(tmp_path / 'm.tflite', graph)}", "--require_full_delegation=true", *flags, *QUICK
    )
    assert outcome.status == status
    assert outcome.errors == (["Disallowed CPU fallback detected.", "Benchmarking failed."] if status else [])


@pytest.mark.parametrize(
    ("name", "said", "shares"),
    [
        ("l2_composite", "Replacing 5 out of 5 node(s)", [(1, 5, 5)]),
        ("multi_subgraphs_while", "Replacing 1 out of 3 node(s)", [(2, 1, 3)]),
        ("multi_signature", "Replacing 1 out of 1 node(s)", [(0, 1, 1)]),
    ],
)
def test_nodes_of_the_graphs_that_are_called_are_counted_as_the_official_program_counts_them(
    name: str, said: str, shares: list[tuple[int, int, int]], hostbench: Runner, tmp_path: Path
) -> None:
    model, info = case(name), tmp_path / "rt.pb"
    flags = ("--export_model_runtime_info=true", f"--model_runtime_info_output_file={info}")
    outcome = hostbench(f"--graph={model}", *QUICK, *flags)
    assert outcome.status == 0
    assert [line for line in outcome.stderr.splitlines() if said in line]
    assert outcome.stderr.count("Replacing") == len(shares)
    found = read_runtime_info(info.read_bytes())
    assert [(each.subgraph, each.nodes, each.total) for each in found] == shares


def test_without_the_delegate_nothing_of_a_called_graph_is_counted(hostbench: Runner, tmp_path: Path) -> None:
    path = write(tmp_path / "m.tflite", *counting_loop())
    outcome = hostbench(f"--graph={path}", *QUICK, "--use_xnnpack=false")
    assert (outcome.status, "Replacing" in outcome.stderr, "WARN" in outcome.stdout) == (0, False, False)


@pytest.mark.parametrize(("signature", "operator"), [("add", "ADD"), ("mul", "MUL"), ("sub", "SUB")])
def test_the_graph_of_the_chosen_signature_is_run(
    signature: str, operator: str, hostbench: Runner, tmp_path: Path
) -> None:
    model, info = case("multi_signature"), tmp_path / "rt.pb"
    flags = (f"--signature_to_run_for={signature}", "--export_model_runtime_info=true")
    outcome = hostbench(f"--graph={model}", *QUICK, *flags, f"--model_runtime_info_output_file={info}")
    assert outcome.status == 0
    assert f"INFO: Graph: [{model}]\nINFO: Signature to run: [{signature}]" in outcome.stdout
    details = model_runtime_info_pb2.ModelRuntimeDetails.FromString(info.read_bytes())
    assert details.subgraphs[0].nodes[0].name == operator


def test_a_signature_that_is_not_there_is_refused_with_those_that_are(hostbench: Runner) -> None:
    outcome = hostbench(f"--graph={case('multi_signature')}", *QUICK, "--signature_to_run_for=div")
    assert outcome.status == 1
    assert outcome.errors == ["No signature 'div'; the model has add, mul, sub.", "Benchmarking failed."]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (model_bytes(replace(add(), signature="encode"))[:200], "unpack_from requires a buffer of at least"),
        (b"", "unpack_from requires a buffer of at least 4 bytes"),
        (model_bytes(Graph([], [], [], []), replace(add(), signature="encode"), kept=1), "list index out of range"),
    ],
    ids=["cut off", "empty", "a graph that is not there"],
)
def test_a_file_whose_signatures_cannot_be_read_is_never_run_without(
    content: bytes, reason: str, hostbench: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(content)
    outcome = hostbench(f"--graph={path}", *QUICK, "--signature_to_run_for=encode")
    assert (outcome.status, outcome.counts) == (1, [])
    assert outcome.errors[0].startswith(f"Cannot read the signatures: {reason}")
    assert outcome.errors[1:] == [f"Failed to load model {path}", "Benchmarking failed."]
