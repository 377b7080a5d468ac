"""The registry of architectures: names, sizes and heads, without tensorflow."""

import subprocess
import sys

import pytest

from mbench.core.builds.variants import IMAGENET_HEAD, Head, Quantization, Size, Variant, parse_variant
from mbench.core.errors import UsageError
from mbench.models.networks import conv_mobilenet, mobilenet_v1, mobilenet_v1_min16, shallow_mobilenet
from mbench.models.networks.architectures import ARCHITECTURES, find_architecture, find_chain
from mbench.models.networks.layers import count_mult_adds, count_weights

ONE_SIZED = ("vgg16", "googlenet", "alexnet", "squeezenet", "inception_v3")

CHAIN_COUNTS = {
    # multiply-adds with and without the classifier, weights without biases
    (conv_mobilenet, 1.0, 224): (4_867_293_184, 4_866_269_184, 29_281_120),  # Table 4 prints 4866 and 29.3 million
    (conv_mobilenet, 0.5, 160): (622_592_000, 622_080_000, 7_576_496),
    (shallow_mobilenet, 1.0, 224): (307_323_392, 306_299_392, 2_875_328),  # Table 5: 307 and 2.9
    (shallow_mobilenet, 0.75, 128): (58_478_592, 57_710_592, 1_813_584),
    (mobilenet_v1_min16, 0.25, 128): (15_273_984, 15_017_984, 464_016),  # Table 12: 15 and 0.2
    (mobilenet_v1_min16, 1.0, 224): (568_740_352, 567_716_352, 4_209_088),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_has_its_own_size_and_head_and_a_name_that_reads_back(name: str) -> None:
    architecture = find_architecture(name)

    architecture.check(architecture.default, architecture.head)

    for head in (architecture.head, Head(name="dogs", classes=120)):
        variant = Variant(architecture=name, size=architecture.default, head=head, quantization=Quantization.INT16X8)
        assert parse_variant(str(variant)) == variant


@pytest.mark.parametrize("name", ONE_SIZED)
def test_a_network_without_width_multiplier_refuses_one(name: str) -> None:
    with pytest.raises(
        UsageError, match=rf"^{name} has no width multiplier, so alpha cannot be 0\.50; leave alpha out\.$"
    ):
        find_architecture(name).check(Size(alpha=0.5), IMAGENET_HEAD)


def test_too_small_a_picture_is_refused_with_the_least() -> None:
    with pytest.raises(UsageError, match=r"^inception_v3 takes at least 75 px, not 64\.$"):
        find_architecture("inception_v3").check(Size(resolution=64), IMAGENET_HEAD)


def test_a_single_layer_has_no_head() -> None:
    with pytest.raises(UsageError, match=r"^layer_conv has no head, so no dogs either\.$"):
        find_architecture("layer_conv").check(Size(), Head(name="dogs", classes=120))


def test_a_head_of_a_kind_that_a_network_does_not_have_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"^inception_v3 has no head of kind embedding; it has attributes, classifier\.$"
    ):
        find_architecture("inception_v3").check(Size(), Head(name="embedding", classes=128))


def test_what_is_no_chain_cannot_be_trained_and_says_what_can() -> None:
    with pytest.raises(UsageError, match=r"^vgg16 cannot be trained here; mobilenet_v1, .* can\.$"):
        find_chain("vgg16", 1.0, 1000)


def test_a_single_layer_takes_a_map_of_a_sixteenth_of_the_side() -> None:
    shape = find_architecture("layer_separable").input_shape

    assert shape(Size()) == (1, 14, 14, 512)
    assert shape(Size(alpha=0.75, resolution=160)) == (1, 10, 10, 384)


@pytest.mark.parametrize(("module", "alpha", "resolution"), CHAIN_COUNTS)
def test_chains_have_exactly_the_papers_multiply_adds_and_weights(module, alpha, resolution) -> None:
    network = module.layers(alpha, 1000)

    assert (
        count_mult_adds(network, resolution),
        count_mult_adds(network[:-1], resolution),
        count_weights(network),
    ) == CHAIN_COUNTS[module, alpha, resolution]


def test_the_bound_of_sixteen_channels_meets_the_first_layer_alone() -> None:
    thin, thinner = mobilenet_v1_min16.layers(0.25, 1000), mobilenet_v1.layers(0.25, 1000)

    assert [one.name for one, other in zip(thin, thinner, strict=True) if one.filters != other.filters] == [
        "conv1",
        "conv_dw_1",
    ]


def test_the_registry_is_there_without_tensorflow() -> None:
    code = "import sys, mbench.models.networks.architectures; print({'tensorflow', 'keras'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"set()\n"
