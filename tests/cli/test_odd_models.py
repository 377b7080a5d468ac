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


def own_program(folder: Path) -> Path:
    path = folder / "program"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mbench.hostbench "$@"\n')
    path.chmod(0o755)
    return path


def dynamic_batch() -> bytes:
    graph = add()
    for tensor in graph.tensors:
        tensor.signature = (-1, 4)
    return model_bytes(graph)


WHOLE = {
    "several inputs": several_inputs(),
    "several signatures": several_signatures(),
    "dynamic batch": dynamic_batch(),
    "a loop of three subgraphs": model_bytes(*counting_loop()),
}

BROKEN = {
    "custom operator": (custom(), "Zap"),
    "empty": (b"", "empty.tflite"),
    "garbage": (b"\x20\x00\x00\x00TFL3" + b"\xff" * 300, "garbage.tflite"),
    "cut": (model_bytes(add())[:100], "cut.tflite"),
    "wrong schema version": (model_bytes(add(), schema_version=99), "99"),
}
"""Files, and a word of the reason why each cannot run."""


def run_files(mbench, files: dict[str, bytes]) -> tuple[int, dict[str, dict]]:
    """Run files in one session; return its exit code and each file's row."""
    for name, data in files.items():
        (mbench.folder / f"{name}.tflite").write_bytes(data)
    models = (word for name in files for word in ("--model", f"{name}.tflite"))
    done = mbench("run", *models, *SHORT, "--json")
    assert "Traceback" not in done.stderr
    return done.returncode, dict(zip(files, json.loads(done.stdout), strict=True))


def test_unusual_but_whole_files_are_timed(bare):
    code, rows = run_files(bare, WHOLE)
    assert code == 0
    for name, row in rows.items():
        assert row["variant"].startswith(f"file:{name}@")
        assert row["status"] == "ok", row["message"]
        assert row["latency_median_us"] is not None


def test_files_that_cannot_run_have_rows_that_say_why(bare):
    code, rows = run_files(bare, {name: data for name, (data, _) in BROKEN.items()})
    assert code == 4
    for name, row in rows.items():
        assert (row["status"], row["latency_median_us"]) == ("failed", None)
        assert BROKEN[name][1] in row["message"]


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


@pytest.mark.parametrize(
    ("code", "message"),
    [("custom:Zap", "Encountered unresolved custom op: Zap"), ("custom:FlexErf", "FlexErf"), (250, "")],
)
def test_another_program_judges_operators_by_itself(bare, code, message):
    graph = add()
    graph.ops[0].code = code
    (bare.folder / "odd.tflite").write_bytes(model_bytes(graph))
    arguments = ("run", "--model", "odd.tflite", *SHORT)
    done = bare(*arguments, "--json")
    (row,) = json.loads(done.stdout)
    assert (row["error_class"], "--binary" in row["message"]) == ("build", True)
    assert "failed: build: it " in bare(*arguments, "--dry-run").stdout
    own = own_program(bare.folder)
    done = bare(*arguments, "--json", "--binary", own)
    (row,) = json.loads(done.stdout)
    assert (done.returncode, row["error_class"]) == (4, "model"), done.stderr
    assert message in row["message"]
    planned = bare(*arguments, "--dry-run", "--binary", own).stdout
    assert "failed: build" not in planned
    assert "--graph=" in planned


def test_a_dry_run_refuses_what_a_run_refuses(bare):
    (bare.folder / "odd.tflite").write_bytes(model_bytes(add())[:100])
    planned = bare("run", "--model", "odd.tflite", "--dry-run").stdout
    _, row = run_file(bare, "odd.tflite", model_bytes(add())[:100])
    assert f"failed: build: {row['message']}" in planned
    assert "--graph=" not in planned
