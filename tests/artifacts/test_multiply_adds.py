"""Multiply-adds of one operator from its shapes alone: each dimension, each refusal."""

import pytest

from mbench.artifacts.graph import Operator, OperatorOptions, Tensor, Uncountable
from mbench.artifacts.multiply_adds import FREE_CUSTOM, UNCOUNTED, count_multiply_adds

Shape = tuple[int, ...]


def tensor(index: int, shape: Shape, signature: Shape | None = None) -> Tensor:
    return Tensor(
        index=index,
        name=f"t{index}",
        shape=shape,
        shape_signature=signature,
        dtype="float32",
        quantization=None,
        constant=False,
        variable=False,
        sparse=False,
        data=None,
    )


def operator(name: str, inputs: Shape, outputs: Shape = (0,), *, custom: str | None = None, **options) -> Operator:
    return Operator(
        index=0,
        name=name,
        custom=custom,
        version=1,
        inputs=inputs,
        outputs=outputs,
        options=OperatorOptions(**options),
    )


def count(name: str, output: Shape, *inputs: Shape, **options) -> int:
    """Count an operator whose output is tensor 0 and whose inputs follow."""
    tensors = [tensor(index, shape) for index, shape in enumerate((output, *inputs))]
    return count_multiply_adds(operator(name, tuple(range(1, len(tensors))), **options), tensors)


@pytest.mark.parametrize(
    ("name", "output", "inputs", "mult_adds"),
    [
        # outputs 2·3·5·7, each over a kernel of 11·13 and 17 channels of its group
        ("CONV_2D", (2, 3, 5, 7), [(2, 9, 9, 34), (7, 11, 13, 17)], 210 * 2431),
        ("DEPTHWISE_CONV_2D", (2, 3, 5, 7), [(2, 9, 9, 7), (1, 11, 13, 7)], 210 * 143),
        ("DEPTHWISE_CONV_2D", (2, 3, 5, 7), [(2, 9, 9, 7), (2, 11, 13, 7)], 210 * 143),  # whatever stands before height
        ("FULLY_CONNECTED", (2, 7), [(2, 11), (7, 11)], 14 * 11),
        ("FULLY_CONNECTED", (2, 3, 7), [(2, 3, 11), (7, 11)], 42 * 11),
        # inputs 2·3·5·17, each spread over 11·13 places of 7 outputs
        ("TRANSPOSE_CONV", (2, 9, 9, 7), [(4,), (7, 11, 13, 17), (2, 3, 5, 17)], 510 * 143 * 7),
        ("CONV_3D", (2, 3, 5, 7, 11), [(2, 9, 9, 9, 13), (2, 3, 4, 13, 11)], 2310 * 24 * 13),
        ("CONV_3D_TRANSPOSE", (2, 9, 9, 9, 11), [(5,), (2, 3, 4, 11, 13), (2, 3, 5, 7, 13)], 2730 * 24 * 11),
        ("BATCH_MATMUL", (2, 5, 3), [(2, 5, 7), (2, 7, 3)], 30 * 7),
        ("BATCH_MATMUL", (5, 3), [(5, 7), (7, 3)], 15 * 7),
        # one step of a batch of 2, or 2 sequences of 3 steps: 4 gates of 5 cells over 7 inputs and 5 of state
        ("LSTM", (2, 5), [(2, 7), *[(5, 7)] * 4, *[(5, 5)] * 4], 2 * (4 * 35 + 4 * 25)),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", (2, 3, 5), [(2, 3, 7), *[(5, 7)] * 4, *[(5, 5)] * 4], 6 * (4 * 35 + 4 * 25)),
        ("LSTM", (2, 5), [(2, 7), (2, 5), (20, 12), (20,), (2, 5)], 2 * 240),
        ("RNN", (2, 5), [(2, 7), (5, 7), (5, 5), (5,), (2, 5)], 2 * 60),
        ("UNIDIRECTIONAL_SEQUENCE_RNN", (2, 3, 5), [(2, 3, 7), (5, 7), (5, 5), (5,), (2, 5)], 6 * 60),
    ],
)
def test_an_operator_costs_what_its_shapes_say(name: str, output: Shape, inputs: list[Shape], mult_adds: int) -> None:
    assert count(name, output, *inputs) == mult_adds


@pytest.mark.parametrize(("transposed", "shared"), [((False, True), 7), ((True, False), 5), ((True, True), 5)])
def test_a_product_sums_over_what_the_first_factors_transposition_says(
    transposed: tuple[bool, bool], shared: int
) -> None:
    assert count("BATCH_MATMUL", (2, 4, 3), (2, 5, 7), (2, 9, 9), transposed_inputs=transposed) == 24 * shared


def test_layers_of_mobilenet_cost_what_the_paper_says() -> None:
    # arXiv 1704.04861, table 1: the first convolution, the first depthwise and pointwise layers, the classifier
    assert count("CONV_2D", (1, 112, 112, 32), (1, 224, 224, 3), (32, 3, 3, 3)) == 10_838_016
    assert count("DEPTHWISE_CONV_2D", (1, 112, 112, 32), (1, 112, 112, 32), (1, 3, 3, 32)) == 3_612_672
    assert count("CONV_2D", (1, 112, 112, 64), (1, 112, 112, 32), (64, 1, 1, 32)) == 25_690_112
    assert count("FULLY_CONNECTED", (1, 1000), (1, 1024), (1000, 1024)) == 1_024_000


@pytest.mark.parametrize("name", ["ADD", "MUL", "SOFTMAX", "AVERAGE_POOL_2D", "RELU6", "CAST"])
def test_all_else_that_the_schema_knows_costs_nothing(name: str) -> None:
    assert count(name, (1, 8), (1, 8)) == 0


@pytest.mark.parametrize("name", sorted(FREE_CUSTOM))
def test_the_runtimes_own_custom_operators_cost_nothing(name: str) -> None:
    assert count("CUSTOM", (1, 8), (1, 8), custom=name) == 0


def test_another_custom_operator_is_uncountable() -> None:
    with pytest.raises(Uncountable, match="custom operator 'MyAttention' does not say what it computes"):
        count("CUSTOM", (1, 8), (1, 8), custom="MyAttention")


@pytest.mark.parametrize("name", [*sorted(UNCOUNTED), "BUILTIN_300"])
def test_operators_whose_shapes_do_not_tell_are_uncountable(name: str) -> None:
    with pytest.raises(Uncountable, match=f"operator {name} does not tell its work by its shapes"):
        count(name, (1, 8), (1, 8))


def test_recurrent_operators_and_those_that_run_other_graphs_are_among_them() -> None:
    assert {"LSTM", "SVDF", "WHILE", "IF", "CALL", "DELEGATE", "STABLEHLO_CONVOLUTION", "RFFT2D"} <= UNCOUNTED


@pytest.mark.parametrize(
    ("inputs", "outputs"), [((), (0,)), ((1,), (0,)), ((1, -1), (0,)), ((1, 2), ()), ((1, 2), (-1,))]
)
def test_an_operator_that_lacks_a_tensor_is_uncountable(inputs: Shape, outputs: Shape) -> None:
    tensors = [tensor(0, (1, 4, 4, 8)), tensor(1, (1, 4, 4, 3)), tensor(2, (8, 3, 3, 3))]
    lacking = 1 if outputs == (0,) else 0
    with pytest.raises(Uncountable, match=f"CONV_2D lacks a tensor at position {lacking}"):
        count_multiply_adds(operator("CONV_2D", inputs, outputs), tensors)


def test_tensor_0_is_a_tensor_like_any_other() -> None:
    tensors = [tensor(0, (7, 11)), tensor(1, (2, 7)), tensor(2, (2, 11))]
    assert count_multiply_adds(operator("FULLY_CONNECTED", (2, 0), (1,)), tensors) == 14 * 11


def test_a_tensor_that_may_change_its_size_is_uncountable_but_for_its_batch() -> None:
    filters, inputs = tensor(1, (8, 3, 3, 3)), tensor(2, (1, 4, 4, 3))
    convolution = operator("CONV_2D", (2, 1))
    batch = tensor(0, (1, 4, 4, 8), (-1, 4, 4, 8))
    assert count_multiply_adds(convolution, [batch, filters, inputs]) == 128 * 27
    with pytest.raises(Uncountable, match="CONV_2D has a tensor 't0' of no fixed shape"):
        count_multiply_adds(convolution, [tensor(0, (1, 4, 4, 8), (1, -1, 4, 8)), filters, inputs])


@pytest.mark.parametrize(
    ("name", "output", "inputs"),
    [
        ("CONV_2D", (4, 4, 8), [(1, 4, 4, 3), (8, 3, 3, 3)]),
        ("CONV_2D", (1, 1, 4, 4, 8), [(1, 4, 4, 3), (8, 3, 3, 3)]),
        ("CONV_2D", (1, 4, 4, 8), [(1, 4, 4, 3), (8, 27)]),
        ("CONV_2D", (1, 4, 4, 8), [(1, 4, 4, 3), (8, 3, 3, 3, 1)]),
        ("CONV_2D", (1, 0, 4, 8), [(1, 4, 4, 3), (8, 3, 3, 3)]),
        ("DEPTHWISE_CONV_2D", (4, 4, 8), [(1, 4, 4, 8), (1, 3, 3, 8)]),
        ("DEPTHWISE_CONV_2D", (1, 4, 4, 8, 1), [(1, 4, 4, 8), (1, 3, 3, 8)]),
        ("DEPTHWISE_CONV_2D", (1, 4, 4, 8), [(1, 4, 4, 8), (3, 3, 8)]),
        ("DEPTHWISE_CONV_2D", (1, 4, 4, 8), [(1, 4, 4, 8), (1, 3, 3, 8, 1)]),
        ("FULLY_CONNECTED", (7,), [(1, 11), (7, 11)]),
        ("FULLY_CONNECTED", (1, 7), [(1, 11), (7, 11, 1)]),
        ("FULLY_CONNECTED", (1, 7), [(1, 11), (77,)]),
        ("TRANSPOSE_CONV", (1, 8, 8, 5), [(4,), (5, 2, 7), (1, 4, 4, 7)]),
        ("TRANSPOSE_CONV", (1, 8, 8, 5), [(4,), (5, 2, 2, 7, 1), (1, 4, 4, 7)]),
        ("TRANSPOSE_CONV", (1, 8, 8, 5), [(4,), (5, 2, 2, 7), (4, 4, 7)]),
        ("TRANSPOSE_CONV", (1, 8, 8, 5), [(4,), (5, 2, 2, 7), (1, 1, 4, 4, 7)]),
        ("CONV_3D", (4, 8, 8, 6), [(1, 4, 8, 8, 3), (3, 3, 3, 3, 6)]),
        ("CONV_3D", (1, 4, 8, 8, 6, 1), [(1, 4, 8, 8, 3), (3, 3, 3, 3, 6)]),
        ("CONV_3D", (1, 4, 8, 8, 6), [(1, 4, 8, 8, 3), (3, 3, 3, 6)]),
        ("CONV_3D", (1, 4, 8, 8, 6), [(1, 4, 8, 8, 3), (3, 3, 3, 3, 6, 1)]),
        ("CONV_3D_TRANSPOSE", (1, 8, 8, 8, 6), [(5,), (3, 3, 6, 3), (1, 4, 4, 4, 3)]),
        ("CONV_3D_TRANSPOSE", (1, 8, 8, 8, 6), [(5,), (3, 3, 3, 6, 3, 1), (1, 4, 4, 4, 3)]),
        ("CONV_3D_TRANSPOSE", (1, 8, 8, 8, 6), [(5,), (3, 3, 3, 6, 3), (4, 4, 4, 3)]),
        ("CONV_3D_TRANSPOSE", (1, 8, 8, 8, 6), [(5,), (3, 3, 3, 6, 3), (1, 4, 4, 4, 3, 1)]),
        ("BATCH_MATMUL", (5, 3), [(7,), (7, 3)]),
        ("BATCH_MATMUL", (3,), [(5, 7), (7, 3)]),
    ],
)
def test_a_shape_of_another_rank_or_without_elements_is_uncountable(
    name: str, output: Shape, inputs: list[Shape]
) -> None:
    with pytest.raises(Uncountable, match=rf"{name} has a tensor 't\d' of shape"):
        count(name, output, *inputs)


def test_gates_that_are_left_out_and_projections_that_are_not_are_counted_so() -> None:
    shapes = [(2, 6), (2, 3, 7), *[(5, 7)] * 4, *[(5, 6)] * 4, *[(5,)] * 7, (6, 5)]
    tensors = [tensor(index, shape) for index, shape in enumerate(shapes)]
    places = list(range(1, 18))
    whole = count_multiply_adds(operator("UNIDIRECTIONAL_SEQUENCE_LSTM", tuple(places)), tensors)
    assert whole == 6 * (4 * 35 + 4 * 30 + 30)
    places[1] = places[5] = -1  # the input gate, coupled with the forget gate
    coupled = count_multiply_adds(operator("UNIDIRECTIONAL_SEQUENCE_LSTM", tuple(places)), tensors)
    assert coupled == 6 * (3 * 35 + 3 * 30 + 30)


def test_a_recurrent_operator_without_matrices_does_not_tell_its_work() -> None:
    with pytest.raises(Uncountable, match="operator RNN does not tell its work by its shapes"):
        count("RNN", (2, 5), (2, 7))
