"""`--model FLOAT.tflite` with a quantization: what is refused, and what is built; see `test_own_networks_in_files`."""

import json

import pytest
from command_line import ONCE, Command, rows_of
from linear_digits import linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS

UNIT = SCALINGS["unit"]


def save(command: Command, name: str = "my_net.tflite", **form: object) -> str:
    (command.folder / name).write_bytes(linear_digits(UNIT, **form))  # type: ignore[arg-type]
    return name


def test_a_quantized_file_is_said_to_be_one(bare: Command) -> None:
    done = bare("build", "--model", save(bare, int8_body=True), "--sweep", "quantization")

    assert done.returncode == 2
    assert "is quantized already (int8 weights and int8 activations): only a float file can be" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--quantization", "int8", "--weights", "none"), "--weights has no meaning with my_net.tflite"),
        (("--quantization", "int8", "--sweep", "alpha"), "alpha cannot be swept over a named variant or a file"),
        (("--quantization", "int8w4"), "int8w4 takes weights that mbench trained for 4 bits"),
        (("--quantization", "int8", "--calibration", "gone.npz"), "--calibration gone.npz cannot be read"),
        (("--quantization", "int8", "--calibration", "gone.py:f"), "--calibration gone.py: no such file"),
        (("--quantization", "int8", "--recipe", "gone.json"), "--recipe gone.json cannot be read"),
        (("--quantization", "int8", "--recipe", "my_net.tflite"), "--recipe my_net.tflite is not JSON"),
        (("--quantization", "fp16", "--recipe", "gone.json"), "as int8; leave fp16 out"),
        (("--io", "float"), "--io has no meaning with my_net.tflite, which is built already"),
        ((), "my_net.tflite is built already; name a --quantization for it"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_built(
    bare: Command, options: tuple[str, ...], reason: str
) -> None:
    done = bare("build", "--model", save(bare), *options)

    assert done.returncode == 2
    assert reason in done.stderr


def test_two_files_of_one_name_are_refused(bare: Command) -> None:
    save(bare, "my-net.tflite")
    done = bare("build", "--model", save(bare), "--model", "my-net.tflite", "--quantization", "fp16")

    assert done.returncode == 2
    assert "are both called my-net; rename one of them" in done.stderr


def test_options_of_own_networks_need_one(bare: Command) -> None:
    done = bare("build", "--io", "float")

    assert done.returncode == 2
    assert "--io is for your own networks; name one" in done.stderr


def test_a_dry_run_says_what_is_to_be_built(bare: Command) -> None:
    done = bare("run", "--model", save(bare), "--quantization", "int8", "--dry-run")

    assert "job my-net_int8-cpu-t1: to be built" in done.stdout


@pytest.mark.slow
@pytest.mark.tensorflow
def test_examples_that_do_not_fit_are_a_failed_build(bare: Command) -> None:
    (bare.folder / "gen.py").write_text("def examples():\n    yield {'image': [[0.0]]}\n")
    done = bare("build", "--model", save(bare), "--quantization", "int8", "--calibration", "gen.py:examples", "--json")

    assert done.returncode == 4
    (row,) = json.loads(done.stdout)
    assert "example 0 has image; its inputs are picture (1×8×8×3 float32)" in row["error"]


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_file_of_open_sizes_is_quantized_at_the_shape_that_is_typed(bare: Command) -> None:
    file = save(bare, open_size=True)
    asked = ("run", "--model", file, "--quantization", "int8", "--input-shape", "picture:1,8,8,3", "--json", *ONCE)
    done = bare(*asked)

    assert [(row["variant"], row["status"]) for row in rows_of(done)] == [("my-net_int8", "ok")], done.stderr


def test_values_of_inputs_are_for_files_that_are_measured_as_they_are(bare: Command) -> None:
    done = bare("run", "--model", save(bare), "--quantization", "int8", "--input", "picture:x.bin", "--dry-run")

    assert done.returncode == 2
    assert "--input is for files that are measured as they are; examples of yours are a --calibration" in done.stderr
