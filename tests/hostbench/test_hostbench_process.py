"""hostbench as a process: its lines, files and statuses, on real models."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import model_runtime_info_pb2, profiling_info_pb2
from conftest import QUICK, Outcome, Runner, command, environment
from tiny_models import Graph, Op, Tensor, add, counting_loop, model_bytes, sandwich, schema

CREATED = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
INITIALIZED = "INFO: Initialized TensorFlow Lite runtime."
RUNNING = (
    "INFO: Running benchmark for at least N iterations and at least N seconds but terminate if exceeding N seconds."
)
NOTE = (
    "INFO: Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the "
    "actual memory footprint of the model at runtime. Take the information at your discretion."
)
APPLIED = "Explicitly applied XNNPACK delegate, and the model graph will be"


def replacing(nodes: int, total: int, partitions: int) -> str:
    return (
        f"VERBOSE: Replacing {nodes} out of {total} node(s) with delegate (TfLiteXNNPackDelegate) node, "
        f"yielding {partitions} partitions for subgraph 0."
    )


def write(path: Path, *graphs: Graph, **options: int) -> Path:
    path.write_bytes(model_bytes(*graphs, **options))
    return path


def skeleton(text: str) -> list[str]:
    """The lines of an output without its numbers and the path of the model."""
    text = re.sub(r"[^\s\[]+\.tflite", "MODEL", text.rstrip())
    # Few fast inferences may all take equally long, which has a form of its own.
    text = re.sub(
        r"curr=\d+(\(all same\))? ",
        "first=1 curr=1 min=1 max=1 avg=1 std=1 ",
        re.sub(r"first=.* std=\d+ ", "curr=1 ", text),
    )
    return re.sub(r"\d+(\.\d+)?(e[+-]\d+)?", "N", text).splitlines()


# --- the same lines as the official tool ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "ok_default_flags",
        "ok_fixed_runs",
        "ok_single_run",
        "ok_two_threads",
        "ok_peak_memory",
        "ok_xnnpack_explicit",
        "trap_max_secs_truncated",
        "trap_output_unwritable",
        "trap_unconsumed_unknown_flag",
        "fail_require_full_delegation_partial",
    ],
)
def test_output_is_that_of_the_official_tool_but_for_the_numbers(
    name: str, hostbench: Runner, mobilenet: Path, recorded: Path
) -> None:
    sample = json.loads((recorded / "index.json").read_text(encoding="utf-8"))[name]
    flags = sample["cmd"].replace("/data/local/tmp/m.tflite", shlex.quote(str(mobilenet)))
    outcome = hostbench(*shlex.split(flags))
    assert outcome.status == sample["exit_code"]
    assert outcome.stderr == (recorded / f"{name}.stderr.txt").read_text(encoding="utf-8")
    assert skeleton(outcome.stdout) == skeleton((recorded / f"{name}.stdout.txt").read_text(encoding="utf-8"))


def test_a_quick_run_prints_these_lines(hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", "--num_threads=1", *QUICK)
    assert outcome.status == 0
    assert outcome.stderr.splitlines() == [INITIALIZED, CREATED, replacing(1, 1, 1)]
    assert skeleton(outcome.stdout) == [
        "INFO: STARTING!",
        "INFO: Log parameter values verbosely: [N]",
        "INFO: Min num runs: [N]",
        "INFO: Min runs duration (seconds): [N]",
        "INFO: Num threads: [N]",
        "INFO: Min warmup runs: [N]",
        "INFO: Min warmup runs duration (seconds): [N]",
        "INFO: Graph: [MODEL]",
        "INFO: Signature to run: []",
        "INFO: #threads used for CPU inference: [N]",
        "INFO: Loaded model MODEL",
        "INFO: The input model file size (MB): N",
        "INFO: Initialized session in Nms.",
        RUNNING,
        "INFO: count=N first=N curr=N min=N max=N avg=N std=N pN=N median=N pN=N",
        "",
        RUNNING,
        "INFO: count=N first=N curr=N min=N max=N avg=N std=N pN=N median=N pN=N",
        "",
        "INFO: Inference timings in us: Init: N, First inference: N, Warmup (avg): N, Inference (avg): N",
        NOTE,
        "INFO: Memory footprint delta from the start of the tool (MB): init=N overall=N",
    ]


def test_the_timings_line_repeats_the_phases(hostbench: Runner, sandwich_model: Path) -> None:
    outcome = hostbench(
        f"--graph={sandwich_model}", "--num_runs=7", "--min_secs=0", "--warmup_runs=5", "--warmup_min_secs=0"
    )
    warm_up, measured = (dict(re.findall(r"(\w+)=([\d.e+]+)", line)) for line in outcome.counts)
    timings = dict(re.findall(r"(Init|First inference|Warmup \(avg\)|Inference \(avg\)): ([\d.e+]+)", outcome.stdout))
    assert (warm_up["count"], measured["count"]) == ("5", "7")
    assert timings["First inference"] == warm_up.get("first", warm_up["curr"])
    assert timings["Warmup (avg)"] == warm_up.get("avg", warm_up["curr"])
    assert timings["Inference (avg)"] == measured.get("avg", measured["curr"])
    assert float(re.findall(r"session in ([\d.e+]+)ms", outcome.stdout)[0]) * 1000 == pytest.approx(
        float(timings["Init"]), rel=1e-5
    )


def test_a_phase_lasts_as_long_as_it_should(hostbench: Runner, add_model: Path) -> None:
    flags = "--num_runs=1", "--min_secs=0.2", "--warmup_min_secs=0", "--run_delay=0.01"
    count = int(re.findall(r"count=(\d+)", hostbench(f"--graph={add_model}", *flags).counts[1])[0])
    assert 5 <= count <= 20


def test_a_phase_ends_when_it_exceeds_its_time(hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", "--num_runs=1000000", "--max_secs=0.2", "--warmup_min_secs=0")
    assert outcome.status == 0
    assert 10 < int(re.findall(r"count=(\d+)", outcome.counts[1])[0]) < 1000000


def test_a_dry_run_invokes_nothing(hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", "--dry_run=true")
    assert outcome.status == 0
    assert outcome.counts == ["count=0 p5=0 median=0 p95=0"] * 2
    assert "INFO: Run w/o invoking kernels: [1]" in outcome.stdout
    assert "First inference: 0, Warmup (avg): 0, Inference (avg): 0" in outcome.stdout


def test_verbose_echoes_every_parameter(hostbench: Runner, add_model: Path) -> None:
    stdout = hostbench(f"--graph={add_model}", "--verbose=true", *QUICK).stdout
    for line in (
        "Inter-run delay (seconds): [-1]",
        "Input layers: []",
        "Op profiling output mode.: [stdout]",
        "Use xnnpack: [0]",
    ):
        assert f"INFO: {line}\n" in stdout


def test_flags_of_a_phone_are_unconsumed(hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", "--use_gpu=true", "--use_xnnpack", "--num_runs=2", *QUICK)
    assert outcome.status == 0
    assert "WARN: Unconsumed cmdline flags: --use_gpu=true --use_xnnpack --num_runs=3\n" in outcome.stdout
    assert outcome.counts[1].startswith("count=2 ")


def test_peak_memory_is_monitored_when_asked_for(hostbench: Runner, add_model: Path) -> None:
    stdout = hostbench(
        f"--graph={add_model}", "--report_peak_memory_footprint=true", "--memory_footprint_check_interval_ms=0", *QUICK
    ).stdout
    assert "WARN: --memory_footprint_check_interval_ms is set to 0 (ms), This value is invalid" in stdout
    peak = float(re.findall(r"periodic monitoring: ([\d.]+)", stdout)[0])
    assert 20 < peak < 500
    assert re.search(r"exeution:\nINFO: - VmRSS              : \d+ MB\nINFO: \+ RssAnnon           : \d+ MB\n", stdout)


def test_memory_is_that_of_this_process_and_not_of_its_parent(add_model: Path) -> None:
    parent = (
        "import subprocess, sys; ballast = b'x' * 300_000_000; "
        "sys.exit(subprocess.run(sys.argv[1:], close_fds=False).returncode)"
    )
    words = [
        sys.executable,
        "-c",
        parent,
        *command(f"--graph={add_model}", "--report_peak_memory_footprint=true", *QUICK),
    ]
    stdout = subprocess.run(words, capture_output=True, env=environment(), text=True, timeout=60, check=True).stdout
    assert float(re.findall(r"periodic monitoring: ([\d.]+)", stdout)[0]) < 250
    assert float(re.findall(r"init=([\d.]+)", stdout)[0]) > 0


# --- delegation -----------------------------------------------------------------------------------------------------


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


# --- models of all kinds --------------------------------------------------------------------------------------------


def test_a_file_with_several_signatures_runs_its_first_subgraph(hostbench: Runner, tmp_path: Path) -> None:
    first, second = sandwich(), add()
    first.signature, second.signature, second.name = "first", "second", "other"
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', first, second)}", *QUICK)
    assert outcome.status == 0
    assert replacing(2, 3, 3) in outcome.stderr


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


# --- files ----------------------------------------------------------------------------------------------------------


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


PROFILE = ("--enable_op_profiling=true", "--num_runs=20", "--min_secs=0", "--warmup_runs=3", "--warmup_min_secs=0")


def read_profile(path: Path) -> object:
    return profiling_info_pb2.BenchmarkProfilingData.FromString(path.read_bytes()).runtime_profile.subgraph_profiles[0]


@pytest.mark.parametrize("flags", [[], ["--use_xnnpack=true"], ["--use_xnnpack=false"]])
def test_the_operators_of_a_profile_add_up_to_the_invocation(
    flags: list[str], hostbench: Runner, mobilenet: Path, tmp_path: Path
) -> None:
    output = tmp_path / "p.pb"
    words = "--op_profiling_output_mode=proto", f"--op_profiling_output_file={output}"
    outcome = hostbench(f"--graph={mobilenet}", *PROFILE, *words, *flags)
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
    average = float(re.findall(r"Inference \(avg\): ([\d.e+]+)", outcome.stdout)[0])
    assert 0.8 <= sum(op.inference_microseconds.sum for op in ops) / 20 / average <= 1.05
    assert ops[27].name == "[MobilenetV1/Logits/AvgPool_1a/AvgPool]:27"
    assert ops[30].node_type == "SOFTMAX"


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


# --- failures -------------------------------------------------------------------------------------------------------


def failed(outcome: Outcome, *errors: str) -> None:
    assert outcome.status == 1
    assert outcome.errors == [*errors, "Benchmarking failed."]
    assert "Traceback" not in outcome.stderr


def test_without_a_graph_it_says_what_is_missing(hostbench: Runner) -> None:
    outcome = hostbench()
    failed(outcome, "Please specify the name of your TF Lite input file with --graph")
    assert outcome.stdout == "INFO: STARTING!\n"


def test_a_missing_file_is_named(hostbench: Runner, recorded: Path) -> None:
    outcome = hostbench("--graph=/data/local/tmp/nope.tflite")
    assert outcome.status == 1
    assert outcome.stderr == (recorded / "fail_missing_model.stderr.txt").read_text(encoding="utf-8")
    assert outcome.stdout == (recorded / "fail_missing_model.stdout.txt").read_text(encoding="utf-8")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_an_unreadable_file_is_like_a_missing_one(hostbench: Runner, add_model: Path) -> None:
    add_model.chmod(0)
    failed(
        hostbench(f"--graph={add_model}"),
        f"Could not open '{add_model}'.",
        "The model allocation is null/empty",
        f"Failed to load model {add_model}",
    )


@pytest.mark.parametrize("content", [model_bytes(add())[:200], bytes(range(256)) * 20, b"x"])
def test_truncated_and_random_bytes_are_no_model(content: bytes, hostbench: Runner, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(content)
    outcome = hostbench(f"--graph={path}")
    failed(outcome, "The model is not a valid Flatbuffer buffer", f"Failed to load model {path}")
    assert "Loaded model" not in outcome.stdout


def test_an_empty_file_and_a_folder_are_no_model(hostbench: Runner, tmp_path: Path) -> None:
    empty = tmp_path / "empty.tflite"
    empty.touch()
    for path, reason in (
        (empty, "mmap of size 0 requested."),
        (tmp_path, "Mmap of '3' at offset '0' failed with error '19'."),
    ):
        failed(
            hostbench(f"--graph={path}"), reason, "The model allocation is null/empty", f"Failed to load model {path}"
        )


def test_another_schema_version_is_refused(hostbench: Runner, tmp_path: Path) -> None:
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', add(), schema_version=99)}")
    failed(
        outcome,
        "Model provided is schema version 99 not equal to supported version 3.",
        "Failed to initialize the interpreter",
    )
    assert "INFO: Loaded model" in outcome.stdout


def test_an_operator_version_that_is_too_new_is_refused(hostbench: Runner, tmp_path: Path) -> None:
    graph = add()
    graph.ops[0].version = 99
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', graph)}")
    failed(
        outcome,
        "Didn't find op for builtin opcode 'ADD' version '99'. An older version of this builtin might be supported. "
        "Are you using an old TFLite binary with a newer model?",
        "Registration failed.",
        "Failed to initialize the interpreter",
    )


def test_an_unknown_builtin_operator_is_refused(hostbench: Runner, tmp_path: Path) -> None:
    graph = add()
    graph.ops[0].code = 250
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', graph)}")
    failed(
        outcome,
        "Op builtin_code out of range: 250. Are you using old TFLite binary with newer model?",
        "Registration failed.",
        "Failed to initialize the interpreter",
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Zap", "Encountered unresolved custom op: Zap."),
        ("FlexZap", "Select TensorFlow op(s), included in the given model, is(are) not supported by this interpreter."),
    ],
)
def test_a_custom_operator_is_unresolved(name: str, reason: str, hostbench: Runner, tmp_path: Path) -> None:
    graph = add()
    graph.ops[0].code = f"custom:{name}"
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', graph)}")
    assert outcome.status == 1
    assert outcome.errors[0].startswith(reason)
    assert outcome.errors[1:] == [
        f"Node number 0 ({name}) failed to prepare.",
        "Failed to allocate tensors!",
        "Benchmarking failed.",
    ]


def test_a_node_that_cannot_be_prepared_is_named(hostbench: Runner, tmp_path: Path) -> None:
    graph = add("int32")
    graph.tensors.append(Tensor("z", (1, 3), "int32"))
    graph.ops[0].inputs, graph.inputs = [0, 2], [0, 2]
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', graph)}")
    assert outcome.status == 1
    assert outcome.errors[-3:] == [
        "Node number 0 (ADD) failed to prepare.",
        "Failed to allocate tensors!",
        "Benchmarking failed.",
    ]
    assert outcome.counts == []


def out_of_bounds() -> Graph:
    """GATHER from a table of four rows at random indices of 0..99."""
    table = Tensor("table", (4, 3), data=np.zeros((4, 3), np.float32))
    op = Op("GATHER", [1, 0], [2], schema.GatherOptionsT())
    return Graph([Tensor("i", (9,), "int32"), table, Tensor("y", (9, 3))], [op], [0], [2])


def test_an_inference_that_fails_leaves_a_count_but_no_timings(hostbench: Runner, tmp_path: Path) -> None:
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', out_of_bounds())}", *QUICK)
    failed(outcome, "gather index out of bounds", "Node number 0 (GATHER) failed to invoke.")
    assert len(outcome.counts) == 1
    assert "Inference timings" not in outcome.stdout


def test_an_inference_that_fails_under_the_profiler_fails_as_well(hostbench: Runner, tmp_path: Path) -> None:
    outcome = hostbench(f"--graph={write(tmp_path / 'm.tflite', out_of_bounds())}", *PROFILE)
    assert outcome.status == 1
    assert "Node number 0 (GATHER) failed to invoke." in outcome.errors
    assert outcome.errors[-1] == "Benchmarking failed."
    assert "Inference timings" not in outcome.stdout


@pytest.mark.parametrize("word", ["--num_runs=abc", "--use_xnnpack=yes", "--max_secs=soon"])
def test_a_bad_value_is_answered_with_the_usage_on_stderr(word: str, hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", word)
    name = word[2:].split("=", maxsplit=1)[0]
    assert outcome.status == 1
    assert outcome.errors[0] == f"Failed to parse flag '{name}' against argv '{word}'"
    assert outcome.errors[1].startswith("usage: ")
    assert "\t--input_layer_value_files=" in outcome.stderr
    assert outcome.stderr.endswith("\n\nERROR: Benchmarking failed.\n")
    assert outcome.stdout == "INFO: STARTING!\n"


def test_help_is_the_usage_and_a_failure(hostbench: Runner) -> None:
    for word in ("--help", "--help=true"):
        outcome = hostbench(word)
        assert outcome.status == 1
        assert outcome.errors[0].startswith("usage: ")


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (
            ["--op_profiling_output_mode=json", "--enable_op_profiling=true"],
            "Output modejson is not supported. Supported values are: 'stdout', 'csv' and",
        ),
        (["--input_layer=x"], "must match the number of items in --input_layer (x, with 1 items)"),
        (["--input_layer=x", "--input_layer_shape=-1,4"], "Any unknown sizes in the shapes (-1's) must be replaced"),
        (["--input_layer=x", "--input_layer_shape=1,1,4"], "Input tensor #0 should have 2 dimensions!"),
        (
            ["--input_layer=x", "--input_layer_shape=1,4", "--input_layer_value_range=x,9"],
            "Wrong input value range item specified: x,9",
        ),
        (["--input_layer=x", "--input_layer_shape=1,4", "--input_layer_value_range=x,9,1"], "Wrong low and high value"),
        (
            ["--input_layer=x", "--input_layer_shape=1,4", "--input_layer_value_files=x"],
            "x doesn't contain any delimiter.",
        ),
        (["--num_threads=-5"], "num_threads should be >=0 or just -1"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(
    flags: list[str], error: str, hostbench: Runner, add_model: Path
) -> None:
    outcome = hostbench(f"--graph={add_model}", *flags)
    assert outcome.status == 1
    assert error in outcome.errors[0]
    assert outcome.errors[-1] == "Benchmarking failed."


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (
            ["--input_layer_shape=1,4", "--input_layer_value_files=x:/nonexistent/x.bin"],
            "Failed to read the input_layer_value_file:/nonexistent/x.bin",
        ),
        (
            ["--input_layer_shape=1,4", "--input_layer_value_files=x:/dev/null"],
            "The size of /dev/null is 0 bytes. It should be 16 bytes.",
        ),
        (
            ["--input_layer_shape=1,4", "--input_layer_value_files=z:/dev/null"],
            "Cannot find the corresponding input_layer name(z) in --input_layer as x",
        ),
        (["--input_layer_shape=one,4"], "Incorrect size string specified: one,4"),
        (["--input_layer=x,w", "--input_layer_shape=1,4:1,4"], "Inputs mismatch: Model inputs #:2 expected: 1"),
    ],
)
def test_what_the_tool_checks_by_aborting_aborts(
    flags: list[str], error: str, hostbench: Runner, add_model: Path
) -> None:
    first = [] if flags[0].startswith("--input_layer=") else ["--input_layer=x"]
    outcome = hostbench(f"--graph={add_model}", *first, *flags)
    assert outcome.status == -signal.SIGABRT
    assert outcome.errors == [error]
    assert "Traceback" not in outcome.stderr
    assert "Inference timings" not in outcome.stdout


# --- the end by force -----------------------------------------------------------------------------------------------


@contextmanager
def endless(model: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the middle of its measured phase."""
    flags = f"--graph={model}", "--num_runs=100000000", "--warmup_min_secs=0"
    with subprocess.Popen(
        command(*flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        phases = 0
        while phases < 2:
            line = process.stdout.readline()
            assert line, "ended too early"
            phases += line.startswith(b"INFO: Running benchmark")
        time.sleep(0.05)
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_without_a_traceback(number: signal.Signals, add_model: Path) -> None:
    with endless(add_model) as process:
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=5)
        assert process.returncode == -number
        assert stdout == b""
        assert stderr.decode().splitlines() == [INITIALIZED, CREATED, replacing(1, 1, 1)]


def test_a_closed_pipe_ends_it_as_it_ends_any_program(add_model: Path) -> None:
    flags = f"--graph={add_model}", "--num_runs=1", "--min_secs=0"
    with subprocess.Popen(
        command(*flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read()
    assert process.returncode == -signal.SIGPIPE
    assert b"Traceback" not in stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_fails_the_run(add_model: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(f"--graph={add_model}", *QUICK), stdout=full, stderr=subprocess.PIPE, env=environment(), check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"ERROR: cannot write to file descriptor 1: No space left on device.\n"


def test_closed_streams_fail_the_run(add_model: Path) -> None:
    words = shlex.join(map(str, command(f"--graph={add_model}", *QUICK)))
    done = subprocess.run(["sh", "-c", f"{words} >&-"], stderr=subprocess.PIPE, env=environment(), check=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


# --- the program itself ---------------------------------------------------------------------------------------------


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    ).stdout


def test_it_imports_nothing_of_mbench_but_itself_and_no_protos() -> None:
    modules = python("import sys, mbench.hostbench.benchmark; print(*sys.modules)").split()
    assert {name for name in modules if name.split(".")[0] == "mbench"} == {
        name for name in modules if name == "mbench" or name.startswith("mbench.hostbench")
    }
    assert "google.protobuf" not in modules
    assert "ai_edge_litert.schema_py_generated" not in modules


def test_its_manifest_names_it_without_loading_the_runtime() -> None:
    code = (
        "import json, sys, time; start = time.perf_counter()\n"
        "from mbench.hostbench.identity import program_manifest\n"
        "manifest = program_manifest()\n"
        "print(json.dumps([manifest, sorted(sys.modules), time.perf_counter() - start]))"
    )
    manifest, modules, seconds = json.loads(python(code))
    assert set(manifest) == {"name", "version", "python", "ai_edge_litert", "sha256"}
    assert re.fullmatch(r"[0-9a-f]{64}", manifest["sha256"])
    assert not {"numpy", "ai_edge_litert"} & set(modules)
    assert json.loads(python(code))[0] == manifest
    assert seconds < 1
