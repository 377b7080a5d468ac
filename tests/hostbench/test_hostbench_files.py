"""hostbench reads inputs from files, and writes outputs and the runtime information."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert import model_runtime_info_pb2
from hostbench_runs import QUICK, Runner, write
from tiny_models import add, sandwich


def test_outputs_are_computed_from_the_value_file(hostbench: Runner, sandwich_model: Path, tmp_path: Path) -> None:
    values, output = np.array([[1, 2, 3, 4]], np.float32), tmp_path / "o.bin"
    (tmp_path / "x.bin").write_bytes(values.tobytes())
    outcome = hostbench(
        f"--graph={sandwich_model}",
        "--input_layer=in0",
        "--input_layer_shape=1,4",
        f"--input_layer_value_files=in0:{tmp_path / 'x.bin'}",
        f"--output_filepath={output}",
        "--num_runs=1",
        "--min_secs=0",
        "--warmup_runs=0",
        "--warmup_min_secs=0",
    )
    assert outcome.status == 0
    assert np.frombuffer(output.read_bytes(), np.float32).tolist() == [3, 6, 10, 15]
    assert "WARN: Tensor # 0 is named x but flags call it in0\n" in outcome.stdout
    assert "First inference: 0, " in outcome.stdout


def test_outputs_of_random_inputs_are_the_same_in_every_run_and_under_the_profiler(
    hostbench: Runner, sandwich_model: Path, tmp_path: Path
) -> None:
    files = [tmp_path / f"{i}.bin" for i in range(4)]
    for flags, file in zip(([], [], ["--enable_op_profiling=true"], ["--use_xnnpack=false"]), files, strict=True):
        assert hostbench(f"--graph={sandwich_model}", f"--output_filepath={file}", *flags, *QUICK).status == 0
    contents = {file.read_bytes() for file in files}
    assert len(contents) == 1
    assert len(contents.pop()) == 16


def test_several_outputs_follow_one_another_in_the_graphs_order(hostbench: Runner, tmp_path: Path) -> None:
    graph = sandwich()
    graph.outputs = [5, 2]
    (tmp_path / "x.bin").write_bytes(np.zeros((1, 4), np.float32).tobytes())
    output = tmp_path / "o.bin"
    flags = "--input_layer=x", "--input_layer_shape=1,4", f"--input_layer_value_files=x:{tmp_path / 'x.bin'}"
    path = write(tmp_path / "m.tflite", graph)
    for extra in ([], ["--enable_op_profiling=true"]):
        assert hostbench(f"--graph={path}", f"--output_filepath={output}", *flags, *extra, *QUICK).status == 0
        assert np.frombuffer(output.read_bytes(), np.float32).tolist() == [2, 3, 4, 5, 1, 1, 1, 1]


def test_an_integer_range_bounds_the_random_values(hostbench: Runner, tmp_path: Path) -> None:
    path, output = write(tmp_path / "m.tflite", add("int32", shape=(1, 1000))), tmp_path / "o.bin"
    flags = "--input_layer=x", "--input_layer_shape=1,1000", "--input_layer_value_range=x,5,7"
    assert hostbench(f"--graph={path}", f"--output_filepath={output}", *flags, *QUICK).status == 0
    assert set(np.frombuffer(output.read_bytes(), np.int32).tolist()) == {10, 12, 14}


def test_an_unwritable_output_is_skipped_in_silence(hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", "--output_filepath=/nonexistent/o.bin", *QUICK)
    assert (outcome.status, outcome.errors) == (0, [])


def test_the_runtime_info_is_byte_for_byte_that_of_the_official_tool(
    hostbench: Runner, mobilenet: Path, recorded: Path, tmp_path: Path
) -> None:
    output = tmp_path / "rt.pb"
    flags = "--export_model_runtime_info=true", f"--model_runtime_info_output_file={output}"
    assert hostbench(f"--graph={mobilenet}", *flags, *QUICK).status == 0
    assert output.read_bytes() == (recorded / "artifact_model_runtime_info.pb").read_bytes()


def test_the_runtime_info_tells_who_executes_what(hostbench: Runner, tmp_path: Path) -> None:
    other = add()
    other.name = "other"
    path, output = write(tmp_path / "m.tflite", sandwich(), other), tmp_path / "rt.pb"
    flags = "--export_model_runtime_info=true", f"--model_runtime_info_output_file={output}"
    assert hostbench(f"--graph={path}", *flags, *QUICK).status == 0
    details = model_runtime_info_pb2.ModelRuntimeDetails.FromString(output.read_bytes())
    first, second = details.subgraphs
    assert list(first.execution_plan) == [3, 1, 4]
    assert [(node.name, node.type, node.delegated_to_node_id) for node in first.nodes] == [
        ("ADD", "0", 3),
        ("CUMSUM", "128", 0),
        ("ADD", "0", 4),
        ("TfLiteXNNPackDelegate", "TfLiteXNNPackDelegate", 0),
        ("TfLiteXNNPackDelegate", "TfLiteXNNPackDelegate", 0),
    ]
    assert list(first.nodes[4].delegate_node_details.tflite_node_ids_replaced) == [2]
    assert [(edge.name, edge.allocation_type, edge.size) for edge in first.edges][:2] == [
        ("x", "kTfLiteArenaRw", 16),
        ("one", "kTfLiteMmapRo", 16),
    ]
    assert (second.name, len(second.edges), len(second.nodes)) == ("other", 2, 0)


def test_an_unwritable_runtime_info_is_printed_instead(hostbench: Runner, add_model: Path) -> None:
    flags = "--export_model_runtime_info=true", "--model_runtime_info_output_file=/nonexistent/rt.pb"
    outcome = hostbench(f"--graph={add_model}", *flags, *QUICK)
    assert outcome.status == 0
    assert outcome.errors == ["Failed to open file: /nonexistent/rt.pb"]
    assert 'delegate_name: "TfLiteXNNPackDelegate"' in outcome.stdout
