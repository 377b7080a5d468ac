"""The network against Table 1 and the counts of the paper."""

import pytest

from mbench.core.errors import UsageError
from mbench.models.networks.architectures import find_architecture
from mbench.models.networks.layers import LayerKind, count_mult_adds, count_weights
from mbench.models.networks.mobilenet_v1 import layers

PRINTED_TABLE_1 = """
Conv / s2        3x3x3x32       224x224x3
Conv dw / s1     3x3x32 dw      112x112x32
Conv / s1        1x1x32x64      112x112x32
Conv dw / s2     3x3x64 dw      112x112x64
Conv / s1        1x1x64x128     56x56x64
Conv dw / s1     3x3x128 dw     56x56x128
Conv / s1        1x1x128x128    56x56x128
Conv dw / s2     3x3x128 dw     56x56x128
Conv / s1        1x1x128x256    28x28x128
Conv dw / s1     3x3x256 dw     28x28x256
Conv / s1        1x1x256x256    28x28x256
Conv dw / s2     3x3x256 dw     28x28x256
Conv / s1        1x1x256x512    14x14x256
5x Conv dw / s1  3x3x512 dw     14x14x512
5x Conv / s1     1x1x512x512    14x14x512
Conv dw / s2     3x3x512 dw     14x14x512
Conv / s1        1x1x512x1024   7x7x512
Conv dw / s1     3x3x1024 dw    7x7x1024
Conv / s1        1x1x1024x1024  7x7x1024
FC / s1          1024x1000      1x1x1024
"""
"""As printed, pooling and softmax left out, with the one erratum: the last depthwise layer has stride 1, not 2."""

MULT_ADDS_AND_WEIGHTS = {
    1.0: (568_740_352, 4_209_088),
    0.75: (325_400_448, 2_568_144),
    0.5: (149_497_088, 1_319_648),
    0.25: (41_030_272, 463_600),
}
"""At 224 px with the classifier; Table 6 prints 569, 325, 149 and 41 million."""

PRINTED_MILLIONS = {(1.0, 192): 418, (1.0, 128): 186, (0.75, 224): 325, (0.5, 224): 149, (0.25, 224): 41}
"""Cells of Tables 6 and 7 that are counted with the classifier."""


def as_printed(alpha: float = 1.0, resolution: int = 224) -> list[str]:
    rows, side = [], resolution
    for layer in layers(alpha, 1000):
        if layer.kind is LayerKind.CLASSIFIER:
            rows.append(f"FC / s1 {layer.inputs}x{layer.filters} 1x1x{layer.inputs}")
            continue
        depthwise = layer.kind is LayerKind.DEPTHWISE
        filters = f"{layer.inputs} dw" if depthwise else f"{layer.inputs}x{layer.filters}"
        rows.append(
            f"Conv{' dw' * depthwise} / s{layer.stride} {layer.kernel}x{layer.kernel}x{filters} "
            f"{side}x{side}x{layer.inputs}"
        )
        side //= layer.stride
    return rows


def printed_rows() -> list[str]:
    rows = [" ".join(line.split()) for line in PRINTED_TABLE_1.strip().splitlines()]
    five = next(index for index, row in enumerate(rows) if row.startswith("5x"))
    repeated = [row.removeprefix("5x ") for row in rows[five : five + 2]] * 5
    return rows[:five] + repeated + rows[five + 2 :]


def test_every_layer_is_the_row_that_table_1_prints() -> None:
    assert as_printed() == printed_rows()


def test_there_are_28_layers_with_weights() -> None:
    assert len(layers(1.0, 1000)) == 28


@pytest.mark.parametrize("alpha", MULT_ADDS_AND_WEIGHTS)
def test_multiply_adds_and_weights_are_exactly_those_of_the_paper(alpha: float) -> None:
    network = layers(alpha, 1000)

    assert (count_mult_adds(network, 224), count_weights(network)) == MULT_ADDS_AND_WEIGHTS[alpha]


@pytest.mark.parametrize(("alpha", "resolution"), PRINTED_MILLIONS)
def test_multiply_adds_round_to_the_printed_millions(alpha: float, resolution: int) -> None:
    counted = count_mult_adds(layers(alpha, 1000), resolution)

    assert round(counted / 1e6) == PRINTED_MILLIONS[alpha, resolution]


def test_weights_do_not_depend_on_the_resolution_and_channels_scale_with_alpha() -> None:
    assert [layer.filters for layer in layers(0.5, 10)][:5] == [16, 16, 32, 32, 64]


@pytest.mark.parametrize(("alpha", "channels"), [(0.29, 9), (0.28, 8), (0.25, 8), (0.7, 22), (0.1, 8), (0.01, 8)])
def test_channels_are_rounded_down_but_never_below_eight(alpha: float, channels: int) -> None:
    assert layers(alpha, 10)[0].filters == channels


def test_an_unknown_architecture_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="Did you mean 'mobilenet_v1'"):
        find_architecture("mobilenet_1")
