"""What quantization-aware training consists of: folding, rounding, and the ranges that travel with weights."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mbench.core.errors import TrainingFailed, UsageError
from mbench.models.networks.chains import BATCH_NORM_EPSILON
from mbench.models.networks.layers import Layer, LayerKind
from mbench.models.networks.mobilenet_v1 import layers
from mbench.models.tflite.learned_ranges import LearnedRanges, find_learned
from mbench.models.training.distillation import Distillation, loss
from mbench.models.training.qat import qat, qat_network
from mbench.models.training.qat.qat_folding import check_chain, fold, unfold
from mbench.models.weights.seeded_weights import seeded_weights

CHAIN = layers(0.25, 10)

TINY = (
    Layer(name="first", kind=LayerKind.CONV, kernel=3, stride=2, inputs=3, filters=8),
    Layer(name="middle", kind=LayerKind.DEPTHWISE, kernel=3, stride=1, inputs=8, filters=8),
    Layer(name="point", kind=LayerKind.CONV, kernel=1, stride=1, inputs=8, filters=8),
    Layer(name="last", kind=LayerKind.CLASSIFIER, kernel=1, stride=1, inputs=8, filters=2),
)


def bright_and_dark(count: int) -> tuple[Any, Any]:
    source = np.random.default_rng(0)
    labels = source.integers(0, 2, count).astype(np.int32)
    noise = source.integers(0, 100, (count, 8, 8, 3))
    return (noise + 155 * labels[:, None, None, None]).astype(np.uint8), labels


def train_tiny(rate: float, seed: int = 0, distilled: bool = False) -> qat.QatWeights:
    pictures, labels = bright_and_dark(256)
    settings = qat.QatSettings(epochs=6, learning_rate=rate, seed=seed)
    teacher = np.eye(2, dtype=np.float32)[labels] * 0.9 + 0.05
    return qat.fine_tune(
        TINY,
        seeded_weights(TINY, 0),
        pictures,
        teacher if distilled else labels,
        settings=settings,
        on_epoch=lambda **_: None,
        loss=loss(Distillation.SOFTMAX, 2.0) if distilled else None,
    )


def share_of_right_answers(trained: qat.QatWeights) -> float:
    pictures, labels = bright_and_dark(256)
    return float(np.mean(qat.answer(TINY, trained, pictures).argmax(axis=1) == labels))


def slopes_of_rounding(values: list[float], high: float) -> tuple[Any, Any, Any]:
    """Return rounded values, their slope by the values, and the slope of each by the upper end."""
    import tensorflow as tf

    inputs, top = tf.constant(values), tf.constant(high)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([inputs, top])
        rounded = qat_network.round_to_range(inputs, 0.0, top)
    return rounded.numpy(), tape.gradient(rounded, inputs).numpy(), tape.jacobian(rounded, top).numpy()


def rounded_kernel(layer: Layer, kernel: Any, bits: int) -> Any:
    return qat_network.round_kernel(layer, kernel, bits).numpy()


def test_folding_what_was_unfolded_changes_no_bit() -> None:
    folded = fold(CHAIN, seeded_weights(CHAIN, 0))

    again = fold(CHAIN, unfold(CHAIN, folded))

    assert all(np.array_equal(again[name], folded[name]) for name in folded)


def test_the_variance_of_unfolded_weights_and_epsilon_are_exactly_1_in_float32() -> None:
    variance = unfold(CHAIN, fold(CHAIN, seeded_weights(CHAIN, 0)))["conv1_bn/moving_variance"]

    assert np.all(variance + np.float32(BATCH_NORM_EPSILON) == np.float32(1.0))


@pytest.mark.parametrize("kinds", [(), ("classifier",), ("conv",), ("classifier", "conv"), ("conv", "conv")])
def test_what_is_no_chain_with_a_classifier_is_refused(kinds: tuple[str, ...]) -> None:
    chain = [
        Layer(name=f"l{index}", kind=LayerKind(kind), kernel=1, stride=1, inputs=8, filters=8)
        for index, kind in enumerate(kinds)
    ]
    with pytest.raises(UsageError, match="chain of convolutions"):
        check_chain(chain)


def test_learned_ranges_come_back_out_of_the_weights_they_travel_with() -> None:
    learned = LearnedRanges(ranges={"input": (-1.0, 1.0), "conv1": (0.0, 4.5)}, weight_bits={"conv_pw_1": 4})

    assert find_learned({"conv1/kernel": np.zeros((1, 1, 1, 1), np.float32), **learned.entries()}) == learned


def test_weights_without_ranges_have_none() -> None:
    assert find_learned(seeded_weights(CHAIN, 0)) is None


@pytest.mark.parametrize("ends", [[1.0], [0.5, 1.0], [0.0, 0.0], [0.0, np.nan], [1.0, -1.0]])
def test_a_damaged_range_is_refused_by_name(ends: list[float]) -> None:
    with pytest.raises(UsageError, match="ranges/conv1 is no range"):
        find_learned({"ranges/conv1": np.array(ends, np.float32)})


@pytest.mark.parametrize("bits", [[], [3.0], [4.0, 4.0], [np.nan]])
def test_bits_that_nobody_trains_for_are_refused_by_name(bits: list[float]) -> None:
    with pytest.raises(UsageError, match="bits/conv_pw_1 is not 4"):
        find_learned({"bits/conv_pw_1": np.array(bits, np.float32)})


@pytest.mark.parametrize("settings", [{"pointwise_bits": 2}, {"epochs": 0}, {"learning_rate": 0.0}])
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        qat.QatSettings(**settings)


def test_as_many_labels_as_pictures_are_wanted() -> None:
    with pytest.raises(UsageError, match="4 pictures and 3 labels"):
        qat.fine_tune(
            TINY,
            seeded_weights(TINY, 0),
            np.zeros((4, 8, 8, 3), np.uint8),
            np.zeros(3, np.int32),
            settings=qat.QatSettings(),
            on_epoch=lambda **_: None,
        )


def test_no_two_pixel_levels_but_the_middle_ones_fall_on_one_step_of_the_input() -> None:
    low, high = qat_network.INPUT_RANGE
    levels = (np.arange(256, dtype=np.float32) / 127.5 - 1.0) / ((high - low) / 255)

    assert len(np.unique(np.round(levels))) == 255
    assert np.abs(levels - np.floor(levels) - 0.5).min() > 1e-3


@pytest.mark.tensorflow
def test_rounding_passes_slopes_straight_through_inside_and_to_the_end_outside(
    tensorflow_worker: ProcessPoolExecutor,
) -> None:
    rounded, by_values, by_end = tensorflow_worker.submit(slopes_of_rounding, [1.004, 3.0], 2.55).result()

    assert rounded == pytest.approx([1.0, 2.55], rel=1e-6)
    assert by_values == pytest.approx([1.0, 0.0])
    assert by_end == pytest.approx([-0.4 / 255, 1.0], abs=1e-5)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("kind", "axes"), [(LayerKind.CONV, (0, 1, 2)), (LayerKind.DEPTHWISE, (0, 1, 3))])
@pytest.mark.parametrize("bits", [8, 4])
def test_the_largest_weight_of_each_channel_is_the_last_step(
    kind: LayerKind, axes: tuple[int, ...], bits: int, tensorflow_worker: ProcessPoolExecutor
) -> None:
    layer = Layer(name="one", kind=kind, kernel=3, stride=1, inputs=4, filters=4)
    kernel = np.random.default_rng(0).normal(size=layer.kernel_shape).astype(np.float32)

    rounded = tensorflow_worker.submit(rounded_kernel, layer, kernel, bits).result()

    last = 2 ** (bits - 1) - 1
    steps = rounded / np.abs(kernel).max(axis=axes, keepdims=True) * last
    assert np.abs(steps).max(axis=axes) == pytest.approx(np.full(4, last), rel=1e-6)
    assert steps == pytest.approx(np.round(steps), abs=1e-4)


@pytest.fixture(scope="module")
def taught_by_labels(tensorflow_worker: ProcessPoolExecutor) -> qat.QatWeights:
    return tensorflow_worker.submit(train_tiny, 0.003).result()


@pytest.mark.slow
@pytest.mark.tensorflow
def test_labels_and_a_teachers_outputs_both_teach(
    tensorflow_worker: ProcessPoolExecutor, taught_by_labels: qat.QatWeights
) -> None:
    distilled = tensorflow_worker.submit(train_tiny, 0.003, distilled=True).result()

    for trained in (taught_by_labels, distilled):
        assert tensorflow_worker.submit(share_of_right_answers, trained).result() > 0.95


@pytest.mark.tensorflow
def test_the_same_seed_trains_the_same_weights(
    tensorflow_worker: ProcessPoolExecutor, taught_by_labels: qat.QatWeights
) -> None:
    one = taught_by_labels.archive()
    same, other = (tensorflow_worker.submit(train_tiny, 0.003, seed).result().archive() for seed in (0, 1))

    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert not all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.tensorflow
def test_a_loss_that_is_no_number_ends_the_training(tensorflow_worker: ProcessPoolExecutor) -> None:
    with pytest.raises(TrainingFailed, match="lower learning rate"):
        tensorflow_worker.submit(train_tiny, 1e38).result()


@pytest.mark.parametrize("name", ["weights.npz", "weights.npy"])
def test_arrays_that_are_no_weights_are_refused(name: str, tmp_path: Path) -> None:
    from mbench.models.weights.weights import describe_file, load_weights

    path = tmp_path / "weights.npz"
    with path.open("wb") as file:
        (np.savez if name.endswith("z") else np.save)(file, np.zeros(3))
    with pytest.raises(UsageError, match=r"weights weights\.npz"):
        load_weights(describe_file(path), CHAIN)
