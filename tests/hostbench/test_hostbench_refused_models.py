"""Files that hostbench cannot load, prepare or invoke end it as they end the official tool."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hostbench_runs import PROFILE, QUICK, Outcome, Runner, write
from tiny_models import Graph, Op, Tensor, add, model_bytes, schema


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
