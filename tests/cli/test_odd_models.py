"""Files that are not what `mbench build` makes: each ends in a row that is right, or in one that says why not."""

import json
import sys
from pathlib import Path

import pytest
from command_line import SHORT

sys.path.insert(0, str(Path(__file__).parents[1] / "hostbench"))

from tiny_models import Graph, Op, Tensor, add, counting_loop, model_bytes, schema


def custom() -> bytes:
    graph = add()
    graph.ops[0].code = "custom:Zap"
    return model_bytes(graph)


def several_inputs() -> bytes:
    tensors = [Tensor("left", (1, 4)), Tensor("right", (1, 4)), Tensor("sum", (1, 4))]
    return model_bytes(Graph(tensors, [Op("ADD", [0, 1], [2], schema.AddOptionsT())], [0, 1], [2]))


def several_signatures() -> bytes:
    first, second = add(), add()
    first.signature, second.signature, second.name = "first", "second", "other"
    return model_bytes(first, second)


def dynamic_batch() -> bytes:
    graph = add()
    for tensor in graph.tensors:
        tensor.signature = (-1, 4)
    return model_bytes(graph)


def run_file(mbench, name: str, data: bytes) -> tuple[int, dict]:
    (mbench.folder / name).write_bytes(data)
    done = mbench("run", "--model", name, *SHORT, "--json")
    assert "Traceback" not in done.stderr
    (row,) = json.loads(done.stdout)
    return done.returncode, row


@pytest.mark.parametrize(
    "data",
    [several_inputs(), several_signatures(), dynamic_batch(), model_bytes(*counting_loop())],
    ids=["several inputs", "several signatures", "dynamic batch", "a loop of three subgraphs"],
)
def test_an_unusual_but_whole_file_is_timed(bare, data):
    code, row = run_file(bare, "odd.tflite", data)
    assert (code, row["status"]) == (0, "ok"), row["message"]
    assert row["latency_median_us"] is not None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (custom(), "Zap"),
        (b"", "odd.tflite"),
        (b"\x20\x00\x00\x00TFL3" + b"\xff" * 300, "odd.tflite"),
        (model_bytes(add())[:100], "odd.tflite"),
        (model_bytes(add(), schema_version=99), "99"),
    ],
    ids=["custom operator", "empty", "garbage", "cut", "wrong schema version"],
)
def test_a_file_that_cannot_run_has_a_row_that_says_why(bare, data, reason):
    code, row = run_file(bare, "odd.tflite", data)
    assert code == 4
    assert (row["status"], row["latency_median_us"]) == ("failed", None)
    assert reason in row["message"]


@pytest.mark.parametrize("data", [custom(), several_signatures(), dynamic_batch()])
def test_any_whole_file_can_be_inspected(bare, data):
    (bare.folder / "odd.tflite").write_bytes(data)
    done = bare("inspect", "odd.tflite", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["layers"]


def test_two_broken_files_of_one_name_have_a_row_each(mbench):
    for folder in ("a", "b"):
        (mbench.folder / folder).mkdir()
        (mbench.folder / folder / "x.tflite").write_bytes(f"no model, but {folder}".encode())
    done = mbench("run", "--model", "a/x.tflite", "--model", "b/x.tflite", *SHORT, "--json")
    rows = json.loads(done.stdout)
    assert done.returncode == 4
    assert [row["error_class"] for row in rows] == ["build", "build"]
    assert len({row["variant"] for row in rows}) == 2
