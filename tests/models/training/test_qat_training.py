"""Quantization-aware training of a network that has learned digits, and the files that are built from it."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from running_files import answer, load, nodes_if_wholly_delegated
from trained_digits import HEAD, SIZE, digits, fine_tune_digits, train_digits

from mbench.core.builds.recipes import Calibration, CalibrationKind
from mbench.core.builds.variants import Quantization
from mbench.core.choices import Quantizer
from mbench.core.errors import ArtifactError
from mbench.models.networks.layers import LayerKind
from mbench.models.networks.mobilenet_v1 import layers
from mbench.models.tflite.build import BuildRequest, BuiltFile, FailedFile, build_files
from mbench.models.tflite.learned_ranges import LearnedRanges, holds_ranges, tensor_ranges
from mbench.models.training.qat.qat import QatWeights, as_levels
from mbench.models.weights.weights import describe_file

pytestmark = [pytest.mark.slow, pytest.mark.tensorflow]

CHAIN = layers(SIZE.alpha, HEAD.classes)
POINTWISE = [layer.name for layer in CHAIN if layer.kind is LayerKind.CONV and layer.kernel == 1]

ALIKE = 0.98
"""Least share of examples with the same first answer of the file as of the graph that was trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    weights: QatWeights
    logits: Any
    reports: list[dict[str, Any]]
    files: dict[Quantization, BuiltFile | FailedFile]

    def same_answers(self, quantization: Quantization) -> float:
        return float(np.mean(self.file_answers(quantization) == self.logits.argmax(axis=1)))

    def file_answers(self, quantization: Quantization) -> Any:
        built = self.files[quantization]
        assert isinstance(built, BuiltFile), built
        return answer(built.path, as_levels(digits("test")[0])).argmax(axis=1)


@pytest.fixture(scope="module")
def float_weights(tensorflow_worker: ProcessPoolExecutor) -> dict[str, Any]:
    return tensorflow_worker.submit(train_digits).result()


def fine_tuned(
    worker: ProcessPoolExecutor, weights: dict[str, Any], folder: Path, *, bits: int, epochs: int
) -> Trained:
    trained, logits, reports = worker.submit(fine_tune_digits, weights, bits, epochs).result()
    np.savez(folder / "weights.npz", **trained.archive())
    request = BuildRequest(
        architecture="mobilenet_v1",
        size=SIZE,
        head=HEAD,
        quantizations=(Quantization.FP32, Quantization.INT8, Quantization.INT8W4),
        weights=describe_file(folder / "weights.npz"),
        calibration=Calibration(kind=CalibrationKind.NONE, examples=0),
        quantizer=Quantizer.LITERT,
        folder=folder,
    )
    files = {file.variant.quantization: file for file in worker.submit(build_files, request).result()}
    return Trained(weights=trained, logits=logits, reports=reports, files=files)


@pytest.fixture(scope="module")
def int8(
    tensorflow_worker: ProcessPoolExecutor, float_weights: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    return fine_tuned(tensorflow_worker, float_weights, tmp_path_factory.mktemp("int8"), bits=8, epochs=1)


@pytest.fixture(scope="module")
def narrow(
    tensorflow_worker: ProcessPoolExecutor, float_weights: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    return fine_tuned(tensorflow_worker, float_weights, tmp_path_factory.mktemp("narrow"), bits=4, epochs=2)


def test_the_int8_file_answers_as_the_graph_that_was_trained(int8: Trained) -> None:
    assert int8.same_answers(Quantization.INT8) >= ALIKE


def test_the_file_with_4_bit_weights_answers_as_the_graph_that_was_trained(narrow: Trained) -> None:
    assert narrow.same_answers(Quantization.INT8W4) >= ALIKE


@pytest.mark.parametrize("quantization", [Quantization.FP32, Quantization.INT8])
def test_what_was_learned_is_in_the_files(quantization: Quantization, int8: Trained) -> None:
    assert np.mean(int8.file_answers(quantization) == digits("test")[1]) > 0.9


def test_four_bits_take_a_third_off_the_file_and_keep_what_was_learned(narrow: Trained) -> None:
    sizes = {quantization: file.path.stat().st_size for quantization, file in narrow.files.items()}

    assert sizes[Quantization.INT8W4] < 0.7 * sizes[Quantization.INT8]
    assert np.mean(narrow.file_answers(Quantization.INT8W4) == digits("test")[1]) > 0.9


def test_xnnpack_takes_every_node_of_the_int8_file(int8: Trained) -> None:
    assert nodes_if_wholly_delegated(int8.files[Quantization.INT8].path) is not None


def test_every_convolution_of_the_file_has_its_layers_learned_range(int8: Trained) -> None:
    interpreter = load(int8.files[Quantization.INT8].path)
    steps = {tensor["index"]: tensor["quantization"][0] for tensor in interpreter.get_tensor_details()}
    outputs = [node["outputs"][0] for node in interpreter._get_ops_details() if node["op_name"].endswith("CONV_2D")]

    built = [steps[output] * 255 for output in outputs]

    assert built == pytest.approx([np.ptp(int8.weights.ranges[layer.name]) for layer in CHAIN], rel=1e-5)


def test_ranges_behind_a_relu6_end_at_6_at_most(int8: Trained) -> None:
    tops = [int8.weights.ranges[layer.name][1] for layer in CHAIN[:-1]]

    assert all(0.0 < top <= 6.0 for top in tops)
    assert len(set(tops)) > 5


def test_the_float_file_holds_the_trained_kernels_to_the_bit(int8: Trained) -> None:
    interpreter = load(int8.files[Quantization.FP32].path)
    kernel = int8.weights.values["conv_pw_13/kernel"].transpose(3, 0, 1, 2)
    held = [
        interpreter.get_tensor(tensor["index"])
        for tensor in interpreter.get_tensor_details()
        if tuple(tensor["shape"]) == kernel.shape
    ]

    assert any(np.array_equal(values, kernel) for values in held)


def test_a_channel_of_4_bits_has_at_most_15_values(narrow: Trained) -> None:
    for name in POINTWISE:
        kernel = narrow.weights.values[f"{name}/kernel"]
        assert max(len(np.unique(kernel[..., channel])) for channel in range(kernel.shape[-1])) <= 15


def test_files_with_learned_ranges_say_that_they_were_not_calibrated(int8: Trained) -> None:
    notes = {quantization: getattr(file, "notes", None) for quantization, file in int8.files.items()}

    learned = "activation ranges learned in training, not calibrated"
    assert notes[Quantization.INT8] == (*notes[Quantization.FP32], learned)
    assert learned not in notes[Quantization.FP32]


def test_weights_that_were_trained_for_8_bits_are_refused_4(int8: Trained) -> None:
    failed = int8.files[Quantization.INT8W4]

    assert isinstance(failed, FailedFile)
    assert "not trained for 4 bits" in failed.message


def test_each_epoch_is_reported_and_the_loss_falls(narrow: Trained) -> None:
    assert [(facts["epoch"], facts["epochs"]) for facts in narrow.reports] == [(1, 2), (2, 2)]
    assert narrow.reports[1]["loss"] < narrow.reports[0]["loss"]


def test_a_file_of_another_network_gets_no_ranges(tensorflow_worker: ProcessPoolExecutor, int8: Trained) -> None:
    data = int8.files[Quantization.FP32].path.read_bytes()

    with pytest.raises(ArtifactError, match=r"CONV_2D with 8 channels where conv1, a CONV_2D with 16, was to be"):
        tensorflow_worker.submit(tensor_ranges, data, layers(0.5, HEAD.classes), int8.weights.learned).result()


def test_a_layer_whose_range_is_missing_is_named(tensorflow_worker: ProcessPoolExecutor, int8: Trained) -> None:
    data = int8.files[Quantization.FP32].path.read_bytes()
    ranges = {name: ends for name, ends in int8.weights.ranges.items() if name != "conv_dw_5"}

    with pytest.raises(ArtifactError, match="no learned range of conv_dw_5"):
        tensorflow_worker.submit(tensor_ranges, data, CHAIN, LearnedRanges(ranges=ranges)).result()


def test_a_weights_file_shows_that_it_brings_ranges(int8: Trained) -> None:
    folder = int8.files[Quantization.INT8].path.parent

    assert holds_ranges(folder / "weights.npz")
    assert not holds_ranges(folder / "probe.npz")
    assert not holds_ranges(folder / "nowhere.npz")
