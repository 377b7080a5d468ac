"""Families built as in use, in a process of their own, and run on the real runtime."""

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from running_files import answer, load, misaligned_buffers, nodes_if_wholly_delegated, signal_to_noise_db

from mbench.core.builds.recipes import Calibration, CalibrationKind, Weights
from mbench.core.builds.variants import POST_TRAINING, Head, Quantization, Size
from mbench.core.choices import CalibrationMethod, Quantizer
from mbench.core.errors import ArtifactError, UsageError
from mbench.models.networks.architectures import find_chain
from mbench.models.tflite.build import BuildRequest, BuiltFile, FailedFile, build_files
from mbench.models.tflite.calibration import synthetic_examples
from mbench.models.tflite.quantization import read_ranges
from mbench.models.weights.seeded_weights import seeded_weights
from mbench.models.weights.weights import describe_file

pytestmark = pytest.mark.tensorflow

LEAST_SNR_DB = {
    Quantization.FP32: 60.0,
    Quantization.FP16: 25.0,
    Quantization.DRQ: 10.0,
    Quantization.INT8: 8.0,
    Quantization.INT16X8: 8.0,
}
"""Over 26 seeded networks (α 0.06 to 1.5, 32 to 224 px, 2 to 1000 classes) the least were 98, 38, 16, 13 and 15 dB."""

NODES = {Quantization.FP32: 31, Quantization.FP16: 87, Quantization.DRQ: 31, Quantization.INT8: 33}

ENDS = {
    Quantization.FP32: np.float32,
    Quantization.FP16: np.float32,
    Quantization.DRQ: np.float32,
    Quantization.INT8: np.int8,
    Quantization.INT16X8: np.int16,
}

BUILD_ALONE = """
import sys
from pathlib import Path
from mbench.core.choices import Quantizer
from mbench.core.builds.recipes import Calibration, Weights
from mbench.core.builds.variants import POST_TRAINING, Head, Size
from mbench.models.networks.architectures import find_chain
from mbench.models.tflite.build import BuildRequest, build_files

build_files(BuildRequest(
    architecture="mobilenet_v1", size=Size(alpha=0.25, resolution=64), head=Head(), quantizations=POST_TRAINING,
    weights=Weights(), calibration=Calibration(), quantizer=Quantizer.LITERT, folder=Path(sys.argv[1]),
))
"""


def request_in(folder: Path) -> BuildRequest:
    folder.mkdir(parents=True, exist_ok=True)
    return BuildRequest(
        architecture="mobilenet_v1",
        size=Size(alpha=0.25, resolution=64),
        head=Head(),
        quantizations=POST_TRAINING,
        weights=Weights(),
        calibration=Calibration(),
        quantizer=Quantizer.LITERT,
        folder=folder,
    )


def build(worker: ProcessPoolExecutor, request: BuildRequest) -> dict[Quantization, BuiltFile]:
    files = worker.submit(build_files, request).result()
    assert [file for file in files if isinstance(file, FailedFile)] == []
    return {file.variant.quantization: file for file in files if isinstance(file, BuiltFile)}


@pytest.fixture(scope="module")
def family(
    tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory
) -> dict[Quantization, BuiltFile]:
    return build(tensorflow_worker, request_in(tmp_path_factory.mktemp("family")))


@pytest.fixture(scope="module")
def tensorflow_family(
    tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory
) -> dict[Quantization, BuiltFile]:
    request = replace(request_in(tmp_path_factory.mktemp("by_tensorflow")), quantizer=Quantizer.TF)
    return build(tensorflow_worker, request)


def distance_db(file: BuiltFile) -> float:
    with np.load(file.probe) as probe:
        return signal_to_noise_db(probe["outputs"], answer(file.path, probe["inputs"]))


@pytest.mark.slow
def test_files_come_in_the_order_asked_and_bear_their_variants_names(family: dict[Quantization, BuiltFile]) -> None:
    assert [file.path.name for file in family.values()] == [
        f"mobilenet_v1_0.25_64_{quantization}.tflite" for quantization in POST_TRAINING
    ]


@pytest.mark.parametrize("quantization", POST_TRAINING)
def test_every_quantization_follows_the_keras_model(
    quantization: Quantization, family: dict[Quantization, BuiltFile]
) -> None:
    assert distance_db(family[quantization]) > LEAST_SNR_DB[quantization]


@pytest.mark.parametrize("quantization", POST_TRAINING)
def test_input_and_output_have_plain_names_and_the_quantizations_type(
    quantization: Quantization, family: dict[Quantization, BuiltFile]
) -> None:
    interpreter = load(family[quantization].path)
    (entry,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()

    assert (entry["name"], end["name"]) == ("input", "output")
    assert (entry["dtype"], end["dtype"]) == (ENDS[quantization], ENDS[quantization])
    assert (list(entry["shape"]), list(end["shape"])) == ([1, 64, 64, 3], [1, 1000])


@pytest.mark.parametrize("quantization", POST_TRAINING)
def test_the_signature_has_the_same_names(quantization: Quantization, family: dict[Quantization, BuiltFile]) -> None:
    assert load(family[quantization].path).get_signature_list() == {
        "serving_default": {"inputs": ["input"], "outputs": ["output"]}
    }


@pytest.mark.parametrize("quantization", NODES)
def test_xnnpack_takes_every_node(quantization: Quantization, family: dict[Quantization, BuiltFile]) -> None:
    assert nodes_if_wholly_delegated(family[quantization].path) == NODES[quantization]


@pytest.mark.parametrize("quantization", POST_TRAINING)
def test_no_trace_of_the_conversions_time_or_place_is_in_the_file(
    quantization: Quantization, family: dict[Quantization, BuiltFile]
) -> None:
    data = family[quantization].path.read_bytes()

    assert b"CONVERSION_METADATA" not in data
    assert b"/tmp" not in data


@pytest.mark.parametrize("quantization", POST_TRAINING)
def test_weights_are_aligned_as_the_schema_demands(
    quantization: Quantization, family: dict[Quantization, BuiltFile]
) -> None:
    assert misaligned_buffers(family[quantization].path, 16) == []


@pytest.mark.slow
def test_another_process_builds_the_same_bytes_without_a_word_whatever_the_users_keras_settings(
    family: dict[Quantization, BuiltFile], tmp_path: Path
) -> None:
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text('{"floatx": "float16", "image_data_format": "channels_first"}')
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])}
    command = (sys.executable, "-c", BUILD_ALONE, str(tmp_path))

    alone = subprocess.run(command, env=environment, capture_output=True, check=True)

    assert (alone.stdout, alone.stderr) == (b"", b"")
    for file in family.values():
        again = tmp_path / file.path.name
        assert sha256(again.read_bytes()).digest() == sha256(file.path.read_bytes()).digest(), file.variant


def test_the_probe_holds_probabilities_that_differ_between_inputs(family: dict[Quantization, BuiltFile]) -> None:
    with np.load(family[Quantization.FP32].probe) as probe:
        outputs = probe["outputs"]

    assert np.allclose(outputs.sum(axis=1), 1.0, atol=1e-5)
    assert outputs.max() < 0.99
    assert outputs.std(axis=0).max() > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("quantization", POST_TRAINING)
def test_tensorflows_own_quantizer_gives_files_of_the_same_worth(
    quantization: Quantization,
    family: dict[Quantization, BuiltFile],
    tensorflow_family: dict[Quantization, BuiltFile],
) -> None:
    assert distance_db(tensorflow_family[quantization]) == pytest.approx(distance_db(family[quantization]), abs=6.0)


@pytest.mark.slow
def test_the_fp16_form_answers_exactly_as_tensorflows(
    family: dict[Quantization, BuiltFile], tensorflow_family: dict[Quantization, BuiltFile]
) -> None:
    with np.load(family[Quantization.FP16].probe) as probe:
        ours = answer(family[Quantization.FP16].path, probe["inputs"])
        theirs = answer(tensorflow_family[Quantization.FP16].path, probe["inputs"])

    assert np.array_equal(ours, theirs)


@pytest.mark.slow
def test_an_odd_resolution_and_another_head_stay_whole(tensorflow_worker: ProcessPoolExecutor, tmp_path: Path) -> None:
    request = replace(
        request_in(tmp_path),
        size=Size(alpha=0.25, resolution=50),
        head=Head(name="ten", classes=10),
        quantizations=(Quantization.FP32,),
    )

    (file,) = build(tensorflow_worker, request).values()

    assert nodes_if_wholly_delegated(file.path) == NODES[Quantization.FP32]
    assert distance_db(file) > LEAST_SNR_DB[Quantization.FP32]


def test_a_quantization_that_fails_leaves_the_others(tensorflow_worker: ProcessPoolExecutor, tmp_path: Path) -> None:
    weights = seeded_weights(find_chain("shallow_mobilenet", 0.25, 10), 0)
    weights["conv1/kernel"][...] = 0.0  # folded, these give 0 × ∞
    weights["conv1_bn/gamma"][...] = 3e38
    weights["conv1_bn/moving_variance"][...] = 0.0
    np.savez(tmp_path / "wild.npz", **weights)
    request = replace(
        request_in(tmp_path / "built"),
        architecture="shallow_mobilenet",
        size=Size(alpha=0.25, resolution=32),
        head=Head(name="ten", classes=10),
        weights=describe_file(tmp_path / "wild.npz"),
        quantizer=Quantizer.TF,
        quantizations=(Quantization.INT16X8, Quantization.FP32),
    )

    failed, built = tensorflow_worker.submit(build_files, request).result()

    assert isinstance(built, BuiltFile)
    assert isinstance(failed, FailedFile)
    assert failed.message.startswith("shallow_mobilenet_0.25_32_ten10_int16x8: quantization failed: ")
    assert "\n" not in failed.message


def test_an_int8_build_without_calibration_is_refused(tensorflow_worker: ProcessPoolExecutor, tmp_path: Path) -> None:
    request = replace(request_in(tmp_path), calibration=Calibration(kind=CalibrationKind.NONE))

    with pytest.raises(UsageError, match="needs calibration examples"):
        tensorflow_worker.submit(build_files, request).result()


def test_what_breaks_a_conversion_arrives_as_one_line(tensorflow_worker: ProcessPoolExecutor, tmp_path: Path) -> None:
    request = replace(request_in(tmp_path), folder=tmp_path / "nowhere")

    with pytest.raises(ArtifactError, match=r"mobilenet_v1_0\.25_64_fp32: conversion failed: .*No such file") as caught:
        tensorflow_worker.submit(build_files, request).result()
    assert "\n" not in str(caught.value)


def ranges_of(float_file: bytes, method: CalibrationMethod) -> dict[str, float]:
    """Return the width of each tensor's range over eight examples."""
    ranges = read_ranges(float_file, synthetic_examples(8, 64, seed=3), method)
    return {name: float(np.max(ends["max"]) - np.min(ends["min"])) for name, ends in ranges.items()}


def test_a_moving_average_clips_what_minima_and_maxima_keep(
    family: dict[Quantization, BuiltFile], tensorflow_worker: ProcessPoolExecutor
) -> None:
    float_file = family[Quantization.FP32].path.read_bytes()
    whole = tensorflow_worker.submit(ranges_of, float_file, CalibrationMethod.MIN_MAX).result()
    average = tensorflow_worker.submit(ranges_of, float_file, CalibrationMethod.MOVING_AVERAGE).result()
    assert all(average[name] <= width * (1 + 1e-6) for name, width in whole.items())
    assert any(average[name] < 0.95 * width for name, width in whole.items())
