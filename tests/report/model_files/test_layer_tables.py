from dataclasses import dataclass

from mbench.report.model_files.layers import layer_table, share_table
from mbench.report.render.markdown import table_markdown


@dataclass(frozen=True)
class Layer:
    index: int
    type: str
    op: str
    input_shape: tuple[int, ...] | None
    output_shape: tuple[int, ...] | None
    kernel: tuple[int, ...] | None
    stride: tuple[int, ...] | None
    mult_adds: int | None
    parameters: int | None


@dataclass(frozen=True)
class Share:
    type: str
    layers: int
    mult_adds: int | None
    parameters: int | None
    mult_adds_share: float | None
    parameter_share: float | None


@dataclass(frozen=True)
class Model:
    name: str = "mobilenet_v1_1.00_224_fp32"
    sha256: str = "e" * 64
    size_bytes: int = 16_900_000
    mult_adds: int | None = 568_740_352
    parameters: int | None = None
    layers: tuple[Layer, ...] = (
        Layer(0, "Conv", "CONV_2D", (1, 224, 224, 3), (1, 112, 112, 32), (3, 3), (2, 2), 10_838_016, 896),
        Layer(1, "CUSTOM", "Flex|Op", None, (), None, None, None, None),
    )
    shares: tuple[Share, ...] = (
        Share("Conv 1×1", 13, 539_623_424, 3_139_584, 0.9486, 0.7459),
        Share("CUSTOM", 1, None, None, None, None),
    )
    notes: tuple[str, ...] = ("Flex|Op is not counted",)


LAYERS = """\
### mobilenet_v1_1.00_224_fp32: layers

|   # | Layer  | Operator | Kernel | Stride |       Input |       Output |  Mult-adds | Params |
| --: | ------ | -------- | -----: | -----: | ----------: | -----------: | ---------: | -----: |
|   0 | Conv   | CONV_2D  |    3×3 |    2×2 | 1×224×224×3 | 1×112×112×32 | 10 838 016 |    896 |
|   1 | CUSTOM | Flex\\|Op |      – |      – |           ? |       scalar |          ? |      ? |
"""

SHARES = """\
### mobilenet_v1_1.00_224_fp32: resources per layer type

| Type     | Layers | Mult-adds (M) | Mult-adds (%) | Params (M) | Weights (%) |
| -------- | -----: | ------------: | ------------: | ---------: | ----------: |
| Conv 1×1 |     13 |           540 |         94.86 |       3.14 |       74.59 |
| CUSTOM   |      1 |             ? |             ? |          ? |           ? |

- File: 16 900 000 bytes, sha256 eeeeeeeeeeee; multiply-adds 568 740 352, parameters ?.
- Params are weights and biases; shares of weights leave biases out, as the paper's Table 2 does.
- Flex\\|Op is not counted
"""


def test_layers_stand_in_execution_order():
    assert table_markdown(layer_table(Model())) == LAYERS


def test_shares_stand_as_in_the_paper():
    assert table_markdown(share_table(Model())) == SHARES
