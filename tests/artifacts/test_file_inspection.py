"""What `mbench inspect` says of a file."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from emit_mobilenet import Emitter, emit_mobilenet, options

from mbench.artifacts.inspection import (
    Inspection,
    foreign_operators,
    has_open_size,
    inspect_bytes,
    inspect_file,
    runnable_reason,
)
from mbench.core.errors import ArtifactError, UsageError


@pytest.fixture(scope="module")
def small() -> Inspection:
    return inspect_bytes(emit_mobilenet(0.25, 128), name="mobilenet_v1_0.25_128_fp32")


def unary(
    dtype: str = "float32", shape: tuple[int, ...] = (1, 4), *, custom: str | None = None, **options: object
) -> bytes:
    emitter = Emitter()
    source, target = emitter.tensor("x", shape, dtype, **options), emitter.tensor("y", shape)
    emitter.operator("CUSTOM" if custom else "ABS", [source], [target], custom=custom)
    return emitter.finish([source], [target])


def test_json_has_exactly_the_published_names_and_more(small: Inspection) -> None:
    published = "name sha256 size_bytes mult_adds parameters activation_bytes inputs outputs layers"
    further = "shares operators signatures subgraphs custom_operators float_operators notes normalization"
    assert list(small.model_dump()) == [*published.split(), *further.split()]


def test_an_inspection_survives_json(small: Inspection) -> None:
    assert Inspection.model_validate_json(small.model_dump_json()) == small


def test_inputs_and_outputs_are_named_with_shape_and_type(small: Inspection) -> None:
    assert [(tensor.name, tensor.shape, tensor.dtype) for tensor in (*small.inputs, *small.outputs)] == [
        ("input", (1, 128, 128, 3), "float32"),
        ("output", (1, 1000), "float32"),
    ]


def test_operators_are_counted(small: Inspection) -> None:
    assert small.operators == {"CONV_2D": 15, "DEPTHWISE_CONV_2D": 13, "MEAN": 1, "RESHAPE": 1, "SOFTMAX": 1}


def test_signatures_are_listed(small: Inspection) -> None:
    (signature,) = small.signatures
    assert (signature.key, signature.inputs, signature.outputs) == ("serving_default", ("input",), ("output",))


def test_facts_travel_with_a_workload(small: Inspection) -> None:
    facts = small.facts()
    assert (facts.name, facts.mult_adds, facts.parameters) == (small.name, 13_570_048, 467_336)


def test_a_users_own_file_is_named_by_its_stem_and_hash(tmp_path: Path) -> None:
    data = unary()
    (tmp_path / "My Model.tflite").write_bytes(data)
    inspection = inspect_file(tmp_path / "My Model.tflite")
    assert inspection.name == f"file:My Model@{hashlib.sha256(data).hexdigest()[:12]}"
    assert (inspection.sha256, inspection.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))


def test_a_name_that_is_given_is_kept(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(unary())
    assert inspect_file(tmp_path / "x.tflite", name="mine").name == "mine"


@pytest.mark.parametrize(("make", "words"), [(False, "is not there"), (True, "is a folder")])
def test_a_path_that_is_no_file_is_refused(tmp_path: Path, make: bool, words: str) -> None:
    path = tmp_path / "x.tflite"
    if make:
        path.mkdir()
    with pytest.raises(UsageError, match=words):
        inspect_file(path)


def test_a_pipe_is_reported_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.tflite")
    with pytest.raises(UsageError, match=r"x\.tflite is a pipe \(FIFO\), not a file; name a \.tflite file"):
        inspect_file(tmp_path / "x.tflite")


def test_a_damaged_file_is_reported_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(unary()[:80])
    with pytest.raises(ArtifactError, match="damaged or cut short") as refusal:
        inspect_file(path)
    assert str(path) in str(refusal.value)


def test_nothing_speaks_against_an_ordinary_network(small: Inspection) -> None:
    assert runnable_reason(small) is None
    assert foreign_operators(small) is None


def test_custom_operators_are_named_as_the_reason() -> None:
    inspection = inspect_bytes(unary(custom="MyAttention"), name="x")
    assert inspection.custom_operators == ("MyAttention",)
    assert runnable_reason(inspection) is None
    assert foreign_operators(inspection) == (
        "it has custom operators that this host's runtime does not bring: MyAttention; run it on a phone whose "
        "delegate takes them, or name a program that has them by --binary."
    )


def test_tensorflow_kernels_are_named_as_the_reason() -> None:
    inspection = inspect_bytes(unary(custom="FlexErf"), name="x")
    assert runnable_reason(inspection) is None
    reason = foreign_operators(inspection)
    assert reason is not None
    assert reason.startswith("it needs TensorFlow's own kernels for FlexErf, which this host's runtime lacks; ")


def test_custom_operators_of_the_runtime_are_no_reason() -> None:
    assert foreign_operators(inspect_bytes(unary(custom="TFLite_Detection_PostProcess"), name="x")) is None


def test_several_inputs_are_no_reason() -> None:
    emitter = Emitter()
    first, second, target = (emitter.tensor(name, (1, 4)) for name in "abc")
    emitter.operator("ADD", [first, second], [target], options("AddOptions"))
    assert runnable_reason(inspect_bytes(emitter.finish([first, second], [target]), name="x")) is None


def test_an_open_batch_can_be_fed_but_an_open_picture_size_cannot() -> None:
    batch, size = (
        has_open_size(inspect_bytes(unary(shape=(1, 8, 8, 3), signature=signature), name="x").inputs[0])
        for signature in ((-1, 8, 8, 3), (1, -1, -1, 3))
    )
    assert (batch, size) == (False, True)


def test_quantized_inputs_say_their_scale() -> None:
    (source,) = inspect_bytes(unary("int8", scale=0.5, zero_point=-3), name="x").inputs
    assert (source.dtype, source.scale, source.zero_point) == ("int8", 0.5, -3)


def test_published_files_are_inspected_whole() -> None:
    path = Path(os.environ.get("MBENCH_TEST_DATA", "nowhere")) / "mobilenet_v1_0.25_128_quant.tflite"
    if not path.is_file():
        pytest.skip("MBENCH_TEST_DATA names no folder with mobilenet_v1_0.25_128_quant.tflite")
    inspection = inspect_file(path)
    assert (inspection.outputs[0].shape, inspection.inputs[0].dtype, inspection.notes) == ((1, 1001), "uint8", ())
    assert np.isclose(inspection.inputs[0].scale or 0, 1 / 128)
