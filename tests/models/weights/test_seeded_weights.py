"""Seeded weights: the same on every machine, and of use."""

import hashlib

import numpy as np

from mbench.models.networks.mobilenet_v1 import layers
from mbench.models.weights.seeded_weights import relu6_moments, seeded_weights

PINNED_SHA256 = "9cbe03894e1f9a2c56b9ddd4c56541106f39f2b54f02b98226fcb61656187c51"
"""Of all weights at α = 0.25 with 10 classes and seed 0, in order: whoever computes them gets these."""


def digest(alpha: float, classes: int, seed: int) -> str:
    sha256 = hashlib.sha256()
    for name, values in seeded_weights(layers(alpha, classes), seed).items():
        sha256.update(name.encode() + values.tobytes())
    return sha256.hexdigest()


def test_a_seed_gives_the_same_bits_on_every_machine() -> None:
    assert digest(0.25, 10, seed=0) == PINNED_SHA256


def test_another_seed_gives_other_weights() -> None:
    assert digest(0.25, 10, seed=1) != PINNED_SHA256


def test_no_bias_vanishes_when_batch_normalization_is_folded() -> None:
    values = seeded_weights(layers(0.25, 10), 0)
    for name in {name.split("/")[0] for name in values if name.endswith("/gamma")}:
        scale = values[f"{name}/gamma"] / np.sqrt(values[f"{name}/moving_variance"] + 1e-3)
        assert np.all(values[f"{name}/beta"] - scale * values[f"{name}/moving_mean"])


def test_moments_after_relu6_are_those_of_drawn_uniform_variables() -> None:
    source = np.random.default_rng(0)
    mean, deviation = source.uniform(-2, 8, 50), source.uniform(0.1, 4, 50)
    drawn = mean + np.sqrt(3) * deviation * source.uniform(-1, 1, (200_000, 50))
    clipped = np.clip(drawn, 0, 6)

    first, variance = relu6_moments(mean, deviation)

    assert np.allclose(first, clipped.mean(axis=0), atol=0.02)
    assert np.allclose(variance, clipped.var(axis=0), atol=0.05)
