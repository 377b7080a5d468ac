"""Counts of MobileNet V1 against the paper (arXiv 1704.04861) and the published files."""

import os
from pathlib import Path

import numpy as np
import pytest
from emit_mobilenet import emit_mobilenet

from mbench.artifacts.counting import Counts, Share, count_model
from mbench.artifacts.flatbuffer import read_model

MULT_ADDS = {
    (1.0, 224): 568_740_352,
    (1.0, 192): 418_121_728,
    (1.0, 160): 290_675_200,
    (1.0, 128): 186_400_768,
    (0.75, 224): 325_400_448,
    (0.75, 192): 239_273_472,
    (0.75, 160): 166_396_800,
    (0.75, 128): 106_770_432,
    (0.5, 224): 149_497_088,
    (0.5, 192): 109_970_432,
    (0.5, 160): 76_524_800,
    (0.5, 128): 49_160_192,
    (0.25, 224): 41_030_272,
    (0.25, 192): 30_212_608,
    (0.25, 160): 21_059_200,
    (0.25, 128): 13_570_048,
}
"""Tables 6, 7 and 9 print 569, 418, 290, 186, 325, 149, 76 and 41 million of these."""

PARAMETERS = {1.0: 4_221_032, 0.75: 2_577_352, 0.5: 1_326_120, 0.25: 467_336}
"""Weights, one folded bias per channel, and the classifier's bias; Table 6 prints 4.2, 2.6, 1.3 and 0.5 million."""

TABLE_2 = {
    "1×1 convolution": (539_492_352, 3_139_584, 94.857, 74.591),
    "depthwise 3×3": (17_385_984, 44_640, 3.057, 1.061),
    "3×3 convolution": (10_838_016, 864, 1.906, 0.0205),
    "fully connected": (1_024_000, 1_024_000, 0.180, 24.328),
}
"""Multiply-adds, weights, their shares in per cent. The paper prints 1.19 for 1.906: its column then sums to 99.29."""


def count(data: bytes) -> Counts:
    return count_model(read_model(data))


def published(name: str) -> bytes:
    folder = os.environ.get("MBENCH_TEST_DATA")
    if not folder or not (path := Path(folder) / name).is_file():
        pytest.skip(f"MBENCH_TEST_DATA names no folder with {name}")
    return path.read_bytes()


@pytest.fixture(scope="module")
def full() -> Counts:
    return count(emit_mobilenet(1.0, 224))


@pytest.mark.parametrize(("alpha", "resolution"), MULT_ADDS)
def test_multiply_adds_are_the_papers_for_every_width_and_resolution(alpha: float, resolution: int) -> None:
    assert count(emit_mobilenet(alpha, resolution)).mult_adds == MULT_ADDS[alpha, resolution]


@pytest.mark.parametrize("alpha", PARAMETERS)
def test_parameters_are_weights_and_biases_of_the_folded_network(alpha: float) -> None:
    assert count(emit_mobilenet(alpha, 128)).parameters == PARAMETERS[alpha]


def test_constants_that_are_stored_once_count_at_every_operator_that_takes_them() -> None:
    assert count(emit_mobilenet(0.25, 128, share_equal_constants=True)).parameters == 467_336


def test_shared_constants_are_really_stored_once_in_the_emitted_file() -> None:
    once = read_model(emit_mobilenet(0.25, 128, share_equal_constants=True))
    assert once.buffer_bytes < 4 * 467_336


@pytest.mark.parametrize("kind", TABLE_2)
def test_shares_are_those_of_table_2(full: Counts, kind: str) -> None:
    share = by_type(full)[kind]
    mult_adds, weights, mult_adds_percent, parameter_percent = TABLE_2[kind]
    assert (share.mult_adds, share.weights) == (mult_adds, weights)
    assert share.mult_adds_share is not None
    assert 100 * share.mult_adds_share == pytest.approx(mult_adds_percent, abs=0.0005)
    assert share.parameter_share is not None
    assert 100 * share.parameter_share == pytest.approx(parameter_percent, abs=0.0005)


def test_shares_name_exactly_the_four_types_of_table_2(full: Counts) -> None:
    assert [share.type for share in full.shares] == list(TABLE_2)


def test_shares_count_their_layers(full: Counts) -> None:
    assert [share.layers for share in full.shares] == [13, 13, 1, 1]


def test_activation_memory_peaks_at_the_first_pointwise_layer(full: Counts) -> None:
    assert full.activation_bytes == 4 * (112 * 112 * 32 + 112 * 112 * 64)


def test_a_dense_head_is_counted_like_a_convolutional_one() -> None:
    counts = count(emit_mobilenet(0.25, 128, head="dense"))
    assert (counts.mult_adds, counts.parameters) == (13_570_048, 467_336)
    assert by_type(counts)["fully connected"].weights == 256_000


def test_half_precision_constants_are_counted_through_their_dequantize_operators() -> None:
    counts = count(emit_mobilenet(0.25, 128, half=True))
    assert (counts.mult_adds, counts.parameters) == (13_570_048, 467_336)


def test_half_precision_weights_take_two_bytes_each() -> None:
    assert sum(layer.weight_bytes or 0 for layer in count(emit_mobilenet(0.25, 128, half=True)).layers) == 2 * 467_336


def test_unpacked_half_precision_weights_are_no_activations() -> None:
    single, half = (count(emit_mobilenet(0.25, 128, half=half)).activation_bytes for half in (False, True))
    assert single == half


def test_a_dynamic_batch_is_counted_as_stored_and_noted() -> None:
    counts = count(emit_mobilenet(0.25, 128, dynamic=(0,)))
    assert counts.mult_adds == 13_570_048
    assert counts.notes == ("input 'input' takes any batch; counts are of batch 1, as stored.",)


def test_a_dynamic_picture_size_gives_no_number_but_a_reason() -> None:
    counts = count(emit_mobilenet(0.25, 128, dynamic=(0, 1, 2)))
    assert (counts.mult_adds, counts.activation_bytes, counts.parameters) == (None, None, 467_336)
    assert counts.notes == (
        "multiply-adds unknown: CONV_2D has a tensor 'conv1' of no fixed shape (and 27 more such reasons).",
        "activation memory unknown: tensor 'input' has no fixed shape.",
    )


def test_a_batch_of_four_takes_four_times_the_multiply_adds() -> None:
    assert count(emit_mobilenet(0.25, 128, batch=4)).mult_adds == 4 * 13_570_048


def test_pointwise_layers_on_a_1x1_map_before_the_pooling_stay_convolutions() -> None:
    counts = count(emit_mobilenet(0.25, 32))
    assert [share.layers for share in counts.shares if share.type == "fully connected"] == [1]


def test_layers_follow_execution_order_with_their_shapes(full: Counts) -> None:
    first, second, third = full.layers[:3]
    assert (first.type, first.input_shape, first.output_shape, first.kernel, first.stride) == (
        "3×3 convolution",
        (1, 224, 224, 3),
        (1, 112, 112, 32),
        (3, 3),
        (2, 2),
    )
    assert (second.type, second.mult_adds, second.parameters) == ("depthwise 3×3", 112 * 112 * 32 * 9, 32 * 9 + 32)
    assert (third.type, third.mult_adds, third.weights) == ("1×1 convolution", 112 * 112 * 32 * 64, 32 * 64)


@pytest.mark.parametrize(
    ("name", "mult_adds", "parameters", "activation_bytes"),
    [
        ("mobilenet_v1_0.25_128_quant.tflite", 13_570_304, 467_593, 64 * 64 * (8 + 16)),
        ("mobilenet_v1_0.5_160_quant.tflite", 76_525_312, 1_326_633, 80 * 80 * (16 + 32)),
    ],
)
def test_published_uint8_files_of_1001_classes_are_counted(
    name: str, mult_adds: int, parameters: int, activation_bytes: int
) -> None:
    counts = count(published(name))
    assert (counts.mult_adds, counts.parameters) == (mult_adds, parameters)
    assert counts.activation_bytes == activation_bytes


def test_counts_do_not_depend_on_the_weights() -> None:
    ruined = {0: np.full((8, 3, 3, 3), np.nan, np.float32)}
    assert count(emit_mobilenet(0.25, 128, weights=ruined)).mult_adds == 13_570_048


def by_type(counts: Counts) -> dict[str, Share]:
    return {share.type: share for share in counts.shares}
