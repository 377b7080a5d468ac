"""Seeded weights of any network, and weights that Keras wrote."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import architecture_facts
import numpy as np
import pytest
from test_architecture_counts import OURS, left_to_slow, small

from mbench.core.builds.variants import Size
from mbench.core.errors import UsageError
from mbench.models.networks import mobilenet_v1
from mbench.models.weights.seeded_weights import seeded_weights

pytestmark = pytest.mark.tensorflow

PINNED_SHA256 = {
    "squeezenet": "a4f4da526c645df9755b6b72046b0a1f38344b39c920245758f6edfe7b757515",
    "alexnet": "88cd72528751bd2e78b3c73ab91683a13920cd4a8d3d7cd902d329bd8deed4be",
    "mobilenet_v3_small": "3bac51b96b5e8fc1f2453db593056cda5774ec59637a517370a573b4cafbb315",
}
"""Of all weights for seed 0, in order: whoever computes them, with whatever BLAS, gets these."""

ALIVE = ("mobilenet_v1", "squeezenet", "mobilenet_v3_small")
"""Of each kind of block one."""

LEAST_SPREAD, GREATEST_SPREAD = 0.01, 5.0
"""Standard deviation over inputs of a layer's output. A dead layer has 0; probabilities, of 1000 classes, 0.0005."""


@pytest.mark.parametrize("name", left_to_slow(OURS, ALIVE))
def test_every_layer_is_alive(name: str, tensorflow_worker: ProcessPoolExecutor) -> None:
    spread = tensorflow_worker.submit(architecture_facts.spread_over_inputs, name, small(name)).result()
    outputs = spread.pop("predictions", None)

    weak = {layer: each for layer, each in spread.items() if not LEAST_SPREAD < each < GREATEST_SPREAD}
    assert weak == {}
    assert outputs is None or outputs > 1e-4


@pytest.mark.parametrize("name", PINNED_SHA256)
def test_a_seed_gives_a_network_the_same_bits_on_every_machine(
    name: str, tensorflow_worker: ProcessPoolExecutor
) -> None:
    found = tensorflow_worker.submit(architecture_facts.weights_digest, name, small(name), 0).result()

    assert found == PINNED_SHA256[name]


def test_another_seed_gives_a_network_other_weights(tensorflow_worker: ProcessPoolExecutor) -> None:
    found = tensorflow_worker.submit(architecture_facts.weights_digest, "squeezenet", small("squeezenet"), 1).result()

    assert found != PINNED_SHA256["squeezenet"]


@pytest.mark.parametrize(
    ("form", "name", "reference", "size"),
    [
        pytest.param(
            *("weights.h5", "mobilenet_v2", "MobileNetV2", Size(alpha=0.35, resolution=64)),
            marks=pytest.mark.slow,
        ),
        ("h5", "mobilenet_v3_small", "MobileNetV3Small", Size(alpha=0.5, resolution=64)),
        pytest.param(
            *("keras", "mobilenet_v3_large", "MobileNetV3Large", Size(alpha=0.5, resolution=64)),
            marks=pytest.mark.slow,
        ),
        pytest.param(  # its layers are named by Keras' counter
            *("h5", "inception_v3", "InceptionV3", Size(resolution=75)),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_weights_that_keras_wrote_give_the_answers_of_keras(
    form: str, name: str, reference: str, size: Size, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    ours, theirs = tensorflow_worker.submit(
        architecture_facts.answers_with_saved_weights, name, reference, size, tmp_path / f"saved.{form}"
    ).result()

    assert np.array_equal(ours, theirs)


def test_vgg16_has_the_layers_of_keras_in_its_order(tensorflow_worker: ProcessPoolExecutor) -> None:
    ours, theirs = tensorflow_worker.submit(
        architecture_facts.layers_of_keras, "vgg16", "VGG16", Size(resolution=32)
    ).result()

    assert [shapes for _, shapes in ours] == [shapes for _, shapes in theirs]
    assert [name for name, _ in ours][:-1] == [name for name, _ in theirs][:-1]


def test_weights_of_another_network_are_refused_by_their_first_layer(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    path = tmp_path / "saved.npz"
    np.savez(path, **seeded_weights(mobilenet_v1.layers(0.25, 1000), 0))

    asked = tensorflow_worker.submit(architecture_facts.load_weights_of, "squeezenet", small("squeezenet"), path)

    with pytest.raises(
        UsageError, match=r"weights saved\.npz do not fit: layer conv1 wants 2 weights \(kernel, bias\)"
    ):
        asked.result()
