"""hostbench says which nodes XNNPACK executes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostbench_runs import CREATED, INITIALIZED, QUICK, Runner, replacing, write
from tiny_models import Graph, Op, Tensor, add, sandwich, schema

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
