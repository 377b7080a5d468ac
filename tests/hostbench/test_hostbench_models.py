"""hostbench runs models of all kinds, under any file name."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import profiling_info_pb2
from hostbench_runs import PROFILE, QUICK, Runner, replacing, write
from tiny_models import Graph, Op, Tensor, add, counting_loop, sandwich, schema


def test_a_file_with_several_signatures_runs_its_first_subgraph(hostbench: Runner, tmp_path: Path) -> None:
    first, second = sandwich(), add()
    first.signature, second.signature, second.name = "first", "second", "other"
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', first, second)}", *QUICK)
    assert outcome.status == 0
    assert replacing(2, 3, 3) in outcome.stderr


def test_a_shape_that_the_runtime_does_not_take_is_never_timed_at_the_old_one(
    hostbench: Runner, tmp_path: Path
) -> None:
    path = write(tmp_path / "m.tflite", add(shape=(1, 1, 1, 4)))
    huge = "2147483647,2147483647,2147483647,4"
    outcome = hostbench(f"--graph={path}", *QUICK, "--input_layer=x", f"--input_layer_shape={huge}")
    assert (outcome.status, outcome.counts) == (1, [])
    assert outcome.errors[-2:] == [f"Failed to resize input tensor x to {huge}", "Benchmarking failed."]


def test_a_loop_runs_and_its_subgraphs_are_profiled_apart(hostbench: Runner, tmp_path: Path) -> None:
    path, output, profile = write(tmp_path / "m.tflite", *counting_loop()), tmp_path / "o.bin", tmp_path / "p.pb"
    flags = "--input_layer=i", "--input_layer_shape=1", "--input_layer_value_range=i,2,2", f"--output_filepath={output}"
    words = "--op_profiling_output_mode=proto", f"--op_profiling_output_file={profile}"
    for extra in (QUICK, (*PROFILE, *words)):
        assert hostbench(f"--graph={path}", *flags, *extra).status == 0
        assert np.frombuffer(output.read_bytes(), np.int32).tolist() == [5]
    data = profiling_info_pb2.BenchmarkProfilingData.FromString(profile.read_bytes())
    calls = {
        subgraph.subgraph_name: [(op.name, op.times_called) for op in subgraph.per_op_profiles]
        for subgraph in data.runtime_profile.subgraph_profiles
    }
    assert calls == {"main": [("[end]:0", 1)], "condition": [("[go]:0", 4)], "body": [("[next]:0", 3)]}


@pytest.mark.parametrize("dtype", ["float32", "int8", "int16", "int32", "int64", "uint8", "bool", "string"])
def test_inputs_of_every_common_type_are_filled(dtype: str, hostbench: Runner, tmp_path: Path) -> None:
    options = schema.ReshapeOptionsT()
    options.newShape = np.array([4, 2], np.int32)
    graph = Graph(
        [Tensor("x", (2, 4), dtype), Tensor("y", (4, 2), dtype)], [Op("RESHAPE", [0], [1], options)], [0], [1]
    )
    assert hostbench(f"--graph={write(tmp_path / 'm.tflite', graph)}", *QUICK).status == 0


def test_an_input_that_cannot_be_filled_aborts(hostbench: Runner, tmp_path: Path) -> None:
    graph = Graph([Tensor("x", (1,), "float16"), Tensor("y", (1,))], [Op("DEQUANTIZE", [0], [1])], [0], [1])
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', graph)}", *QUICK)
    assert outcome.status == -signal.SIGABRT
    assert outcome.errors == ["Populating the tensor x of type FLOAT16 is disabled."]


def test_a_dynamic_dimension_runs_as_the_file_says_or_as_asked(hostbench: Runner, tmp_path: Path) -> None:
    graph = add()
    for tensor in graph.tensors:
        tensor.signature = (-1, 4)
    path, output = write(tmp_path / "m.tflite", graph), tmp_path / "o.bin"
    assert hostbench(f"--graph={path}", f"--output_filepath={output}", *QUICK).status == 0
    assert output.stat().st_size == 16
    resized = hostbench(
        f"--graph={path}", f"--output_filepath={output}", "--input_layer=x", "--input_layer_shape=5,4", *QUICK
    )
    assert resized.status == 0
    assert output.stat().st_size == 80
    assert "INFO: Input shapes: [5,4]\n" in resized.stdout


def test_several_threads_are_used_when_asked_for(hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", "--num_threads=2", *QUICK)
    assert outcome.status == 0
    assert "INFO: #threads used for CPU inference: [2]\n" in outcome.stdout


@pytest.mark.parametrize("name", ["with space.tflite", "größe_模型.tflite", os.fsdecode(b"latin\xe9.tflite")])
def test_any_file_name_will_do(name: str, hostbench: Runner, tmp_path: Path) -> None:
    path = write(tmp_path / name, add())
    output, profile = tmp_path / f"{name}.bin", tmp_path / f"{name}.pb"
    outcome = hostbench(
        os.fsencode(f"--graph={path}"),
        os.fsencode(f"--output_filepath={output}"),
        "--enable_op_profiling=true",
        "--op_profiling_output_mode=proto",
        os.fsencode(f"--op_profiling_output_file={profile}"),
        *QUICK,
    )
    assert outcome.status == 0
    assert output.stat().st_size == 16
    assert profile.exists()
