"""hostbench's operator profile: its rows, and the three forms that it is written in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ai_edge_litert import profiling_info_pb2
from emit_mobilenet import emit_mobilenet
from hostbench_runs import PROFILE, Runner, write
from tiny_models import Graph, add, sandwich

KERNEL = "Softmax (NC, F32)"
"""What XNNPACK calls its own."""


def read_profile(path: Path) -> object:
    return profiling_info_pb2.BenchmarkProfilingData.FromString(path.read_bytes()).runtime_profile.subgraph_profiles[0]


@pytest.mark.parametrize("flags", [[], ["--use_xnnpack=true"], ["--use_xnnpack=false"]])
def test_the_operators_of_a_profile_add_up_to_the_invocation(
    flags: list[str], hostbench: Runner, tmp_path: Path
) -> None:
    model, output = tmp_path / "m.tflite", tmp_path / "p.pb"
    model.write_bytes(emit_mobilenet(0.25, 128, seed=1))
    words = "--op_profiling_output_mode=proto", f"--op_profiling_output_file={output}"
    outcome = hostbench(f"--graph={model}", *PROFILE, *words, *flags)
    assert outcome.status == 0
    assert outcome.stderr.count("Created TensorFlow Lite XNNPACK delegate") == (
        0 if flags == ["--use_xnnpack=false"] else 1
    )
    profile = read_profile(output)
    ops = profile.per_op_profiles  # type: ignore[attr-defined]
    assert len(ops) == 31
    assert [op.run_order for op in ops] == list(range(31))
    assert {op.times_called for op in ops} == {1}
    assert {op.inference_microseconds.count for op in ops} == {20}
    # The quickest of each: what interrupts the process between two operators belongs to the invocation alone.
    quickest = int(re.findall(r"count=\d+ .*?min=(\d+) ", outcome.stdout)[-1])
    assert 0.7 <= sum(op.inference_microseconds.min for op in ops) / quickest <= 1.0
    named = ("[pooled]:27", "SOFTMAX") if "--use_xnnpack=false" in flags else ("Delegate/Mean (ND) Reduce2:27", KERNEL)
    assert (ops[27].name, ops[30].node_type) == named


@pytest.mark.parametrize("graph", [add(), sandwich(), add("int32")])
def test_a_profile_has_the_rows_of_its_graph(graph: Graph, hostbench: Runner, tmp_path: Path) -> None:
    path, output = write(tmp_path / "m.tflite", graph), tmp_path / "p.pb"
    words = "--op_profiling_output_mode=proto", f"--op_profiling_output_file={output}"
    assert hostbench(f"--graph={path}", *PROFILE, *words).status == 0
    profile = read_profile(output)
    rows = [(op.node_type, op.name, op.times_called) for op in profile.per_op_profiles]  # type: ignore[attr-defined]
    assert (
        rows
        == {
            1: [("Add (ND)", "Delegate/Add (ND):0", 1)]
            if graph.tensors[0].dtype == "float32"
            else [("ADD", "[y]:0", 1)],
            3: [("Add (ND)", "Delegate/Add (ND):0", 2), ("CUMSUM", "[b]:1", 1)],
        }[len(graph.ops)]
    )


def test_a_resized_model_is_profiled_in_its_new_shape(hostbench: Runner, tmp_path: Path) -> None:
    graph = add()
    for tensor in graph.tensors:
        tensor.signature = (-1, 4)
    path, output = write(tmp_path / "m.tflite", graph), tmp_path / "o.bin"
    shape = "--input_layer=x", "--input_layer_shape=6,4"
    outcome = hostbench(f"--graph={path}", *shape, f"--output_filepath={output}", *PROFILE)
    assert outcome.status == 0
    assert output.stat().st_size == 96
    assert "Delegate/Add (ND):0" in outcome.stdout


def test_the_csv_profile_is_written_to_its_file(hostbench: Runner, sandwich_model: Path, tmp_path: Path) -> None:
    output = tmp_path / "p.csv"
    words = "--op_profiling_output_mode=csv", f"--op_profiling_output_file={output}"
    outcome = hostbench(f"--graph={sandwich_model}", *PROFILE, *words)
    assert outcome.status == 0
    assert "Operator-wise" not in outcome.stdout
    lines = output.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "Operator-wise Profiling Info for Regular Benchmark Runs:"
    assert lines[2] == "node type, first, avg_ms, %, cdf%, mem KB, times called, name"
    assert lines[3].startswith("Add (ND), ")
    assert lines[3].endswith(", 0, 2, Delegate/Add (ND):0")


@pytest.mark.parametrize("mode", ["stdout", "csv", "proto"])
def test_a_profile_without_a_writable_file_goes_to_stdout(mode: str, hostbench: Runner, add_model: Path) -> None:
    words = f"--op_profiling_output_mode={mode}", "--op_profiling_output_file=/nonexistent/p"
    outcome = hostbench(f"--graph={add_model}", *PROFILE, *words)
    assert (outcome.status, outcome.errors) == (0, [])
    after = outcome.stdout[outcome.stdout.index("Memory footprint delta") :]
    assert "Delegate/Add (ND):0" in after
