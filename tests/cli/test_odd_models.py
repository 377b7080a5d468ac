"""Files that are not what `mbench build` makes: each ends in a row that is right, or in one that says why not."""

import csv
import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import ONCE, Command
from emit_mobilenet import emit_mobilenet

sys.path.insert(0, str(Path(__file__).parents[1] / "hostbench"))

from tiny_models import Graph, Op, Tensor, add, counting_loop, model_bytes, schema

from mbench.cli.options.formats import Format
from mbench.report.render.number_format import milliseconds


@pytest.fixture
def cases() -> Path:
    """Small public model files, beside the folder of the test data."""
    folder = os.environ.get("MBENCH_TEST_DATA")
    path = Path(folder).parent / "cases" if folder else None
    if path is None or not path.is_dir():
        pytest.skip("there is no folder `cases` beside the one that MBENCH_TEST_DATA names")
    return path


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
    "a small MobileNet": emit_mobilenet(0.25, 64, seed=1),
    "several inputs": several_inputs(),
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
    done = mbench("run", *models, *ONCE, "--json")
    assert "Traceback" not in done.stderr
    return done.returncode, dict(zip(files, json.loads(done.stdout), strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Command, dict[str, dict]]:
    """A session of all whole files, and each file's row."""
    command = Command(tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("home"))
    code, rows = run_files(command, WHOLE)
    assert code == 0
    return command, rows


def test_unusual_but_whole_files_are_timed(whole):
    for name, row in whole[1].items():
        assert row["variant"].startswith(f"file:{name}@")
        assert row["status"] == "ok", row["message"]
        below_clock = "below_clock" in [warning["code"] for warning in row["warnings"]]
        assert (row["latency_median_us"] is None) == below_clock


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


@pytest.mark.parametrize("shape", [*Format, "html"])
def test_a_file_is_shown_in_the_format_that_was_asked_for_or_refused(bare, shape):
    """None is taken for markdown without a word, one that other commands print no less than one that nobody knows."""
    (bare.folder / "odd.tflite").write_bytes(model_bytes(add()))
    done = bare("inspect", "odd.tflite", "--format", shape)
    begins = {Format.MD: "###", Format.TABLE: "file:odd", Format.JSON: "{"}
    if shape in begins:
        assert (done.returncode, done.stdout.startswith(begins[shape])) == (0, True), done.stdout
    else:
        assert (done.returncode, done.stdout) == (2, "")
        assert f"--format{':' if shape == 'html' else ''} " in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_two_broken_files_of_one_name_have_a_row_each(mbench):
    for folder in ("a", "b"):
        (mbench.folder / folder).mkdir()
        (mbench.folder / folder / "x.tflite").write_bytes(f"no model, but {folder}".encode())
    done = mbench("run", "--model", "a/x.tflite", "--model", "b/x.tflite", *ONCE, "--json")
    rows = json.loads(done.stdout)
    assert done.returncode == 4
    assert [row["error_class"] for row in rows] == ["build", "build"]
    assert len({row["variant"] for row in rows}) == 2


UNKNOWN = {
    "custom:Zap": "Encountered unresolved custom op: Zap",
    "custom:FlexErf": "Select TensorFlow op(s)",
    250: "",
}
"""Operators that hostbench does not have, and what another program says of each."""


def test_another_program_judges_operators_by_itself(bare):
    arguments = ["run", *ONCE]
    for number, code in enumerate(UNKNOWN):
        graph = add()
        graph.ops[0].code = code
        (bare.folder / f"odd{number}.tflite").write_bytes(model_bytes(graph))
        arguments += ["--model", f"odd{number}.tflite"]
    refused = json.loads(bare(*arguments, "--json").stdout)
    assert [(row["error_class"], "--binary" in row["message"]) for row in refused] == [("build", True)] * len(UNKNOWN)
    assert bare(*arguments, "--dry-run").stdout.count("failed: build: it ") == len(UNKNOWN)
    own = own_program(bare.folder)
    done = bare(*arguments, "--json", "--binary", own)
    assert done.returncode == 4, done.stderr
    for row, message in zip(json.loads(done.stdout), UNKNOWN.values(), strict=True):
        assert (row["error_class"], message in row["message"]) == ("model", True), row["message"]
    planned = bare(*arguments, "--dry-run", "--binary", own).stdout
    assert "failed: build" not in planned
    assert planned.count("--graph=") >= len(UNKNOWN)


def test_a_dry_run_refuses_what_a_run_refuses(bare):
    (bare.folder / "odd.tflite").write_bytes(model_bytes(add())[:100])
    planned = bare("run", "--model", "odd.tflite", "--dry-run").stdout
    _, row = run_fed(bare)
    assert f"failed: build: {row['message']}" in planned
    assert "--graph=" not in planned


def open_shape() -> bytes:
    graph = add(shape=(1, 1))
    for tensor in graph.tensors:
        tensor.signature = (1, -1)
    graph.tensors[0].name = "serving_default_x:0"
    return model_bytes(graph)


def run_fed(mbench, *arguments: object) -> tuple[int, dict]:
    done = mbench("run", "--model", "odd.tflite", *ONCE, "--json", *arguments)
    assert "Traceback" not in done.stderr
    (row,) = json.loads(done.stdout)
    return done.returncode, row


def test_an_open_shape_is_refused_without_one_and_runs_with_one(bare):
    (bare.folder / "odd.tflite").write_bytes(open_shape())
    code, row = run_fed(bare)
    assert (code, row["error_class"]) == (4, "build")
    assert "--input-shape serving_default_x:0:1,1, or convert it" in row["message"]
    code, row = run_fed(bare, "--input-shape", "serving_default_x:0:1,3000")
    assert (code, row["status"], row["inputs"]) == (0, "ok", ["serving_default_x:0:1,3000"]), row["message"]
    assert "Configuration: fed serving_default_x:0:1,3000; " in bare("report", "--format", "md").stdout
    outputs = {path.stat().st_size for path in bare.folder.glob("results/*/runs/file*/latency-*/output.bin")}
    assert outputs == {4 * 3000}


def test_a_file_is_timed_with_the_users_own_values_in_the_batch_that_was_asked_for(bare):
    (bare.folder / "odd.tflite").write_bytes(dynamic_batch())
    values = np.array([1, 2, 3, 40, 5, 6, 7, 80], np.float32)
    (bare.folder / "values.bin").write_bytes(values.tobytes())
    fed = ("--input-shape", "x:2,4", "--input", "x:values.bin")
    code, row = run_fed(bare, *fed)
    assert (code, row["status"]) == (0, "ok"), row["message"]
    assert [each.partition(" ")[0] for each in row["inputs"]] == ["x:2,4"]
    outputs = [path.read_bytes() for path in bare.folder.glob("results/*/runs/file*/latency-*/output.bin")]
    assert [np.frombuffer(each, np.float32).tolist() for each in outputs] == [(2 * values).tolist()]
    (bare.folder / "values.bin").write_bytes(b"short")
    code, row = run_fed(bare, *fed)
    assert (code, row["message"]) == (4, "values.bin has 5 bytes; input 'x' takes 32: 2×4 float32 values, raw.")


@pytest.mark.parametrize(
    "arguments",
    [("mobilenet_v1_0.25_32_int8",), ("--sweep", "alpha"), ("--model", "odd.tflite", "--dataset", "digits")],
)
def test_only_files_of_the_users_own_are_fed(bare, arguments):
    (bare.folder / "odd.tflite").write_bytes(dynamic_batch())
    done = bare("run", *arguments, "--input-shape", "x:32,4")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "--input-shape" in done.stderr


def test_an_output_that_is_empty_is_no_full_disk(bare, cases):
    (bare.folder / "odd.tflite").write_bytes((cases / "dynamic_shapes.tflite").read_bytes())
    code, row = run_fed(bare, "--delegate", "builtin")
    assert (code, row["status"]) == (0, "ok"), row["message"]
    assert row["latency_median_us"] is not None


def test_mean_and_first_inference_are_columns_on_request(whole):
    command, rows = whole
    row = rows["a small MobileNet"]
    assert (row["first_us"] is None, row["latency_mean_us"] is None) == (False, False)
    plain = command("report", "--format", "md").stdout
    assert not any(said in plain for said in ("First (ms)", "Mean (ms)", "First: ", "Mean: "))
    asked = command("report", "--format", "md", "--columns", "variant,latency,mean,first").stdout
    lines = asked.splitlines()
    its = next(line for line in lines if "a small MobileNet" in line)
    head, shown = ([cell.strip() for cell in line.split("|")[1:-1]] for line in (lines[0], its))
    assert head[:4] == ["Variant", "Latency (ms)", "Mean (ms)", "First (ms)"]
    assert shown[2:4] == [milliseconds(row["latency_mean_us"]), milliseconds(row["first_us"])]
    assert "- Mean: over all inferences of all runs that ended well" in asked
    assert "- First: median over runs of the first inference" in asked
    data = csv.DictReader(io.StringIO(command("report", "--format", "csv").stdout))
    (kept,) = (each for each in data if each["variant"] == row["variant"])
    assert (float(kept["latency_mean_us"]), float(kept["first_us"])) == (row["latency_mean_us"], row["first_us"])
