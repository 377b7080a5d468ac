"""Counts of single operators, and of what cannot be counted."""

from dataclasses import replace

import numpy as np
import pytest
from emit_mobilenet import Emitter, options, spatial

from mbench.artifacts.counting import Counts, count_model, least
from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.graph import Operator, OperatorOptions, Subgraph, Tensor, TfliteModel


def one_operator(
    name: str,
    inputs: list[tuple[int, ...] | np.ndarray | None],
    output: tuple[int, ...],
    table: object = None,
    *,
    custom: str | None = None,
) -> Counts:
    """Count a file of one operator; arrays are constants, None is an optional input that is left out."""
    emitter = Emitter()
    indices = []
    for position, value in enumerate(inputs):
        if value is None:
            indices.append(-1)
        elif isinstance(value, np.ndarray):
            indices.append(emitter.constant(f"constant{position}", value))
        else:
            indices.append(emitter.tensor(f"input{position}", value))
    target = emitter.tensor("output", output)
    emitter.operator(name, indices, [target], table, custom=custom)
    live = [index for index, value in zip(indices, inputs, strict=True) if isinstance(value, tuple)]
    return count_model(read_model(emitter.finish(live, [target])))


def zeros(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.zeros(shape, dtype)


def test_a_grouped_convolution_multiplies_only_within_its_groups() -> None:
    counts = one_operator("CONV_2D", [(1, 8, 8, 16), zeros(32, 3, 3, 4), None], (1, 8, 8, 32), spatial("Conv2DOptions"))
    assert (counts.mult_adds, counts.parameters) == (8 * 8 * 32 * 9 * 4, 32 * 9 * 4)


def test_a_depth_multiplier_is_in_the_depthwise_output() -> None:
    table = spatial("DepthwiseConv2DOptions", depthMultiplier=3)
    counts = one_operator("DEPTHWISE_CONV_2D", [(1, 8, 8, 4), zeros(1, 5, 5, 12), zeros(12)], (1, 8, 8, 12), table)
    assert (counts.mult_adds, counts.parameters) == (8 * 8 * 12 * 25, 12 * 25 + 12)


def test_a_transposed_convolution_spreads_every_input_by_its_kernel() -> None:
    size = np.array([1, 8, 8, 5], np.int32)
    inputs = [size, zeros(5, 2, 2, 7), (1, 4, 4, 7), zeros(5)]
    counts = one_operator("TRANSPOSE_CONV", inputs, (1, 8, 8, 5), spatial("TransposeConvOptions", 2))
    assert (counts.mult_adds, counts.parameters) == (4 * 4 * 7 * 2 * 2 * 5, 5 * 2 * 2 * 7 + 5)


def test_a_3d_convolution_counts_its_depth() -> None:
    inputs = [(1, 4, 8, 8, 3), zeros(3, 3, 3, 3, 6), zeros(6)]
    counts = one_operator("CONV_3D", inputs, (1, 4, 8, 8, 6), options("Conv3DOptions", strideD=1, strideH=1, strideW=1))
    assert (counts.mult_adds, counts.parameters) == (4 * 8 * 8 * 6 * 27 * 3, 27 * 3 * 6 + 6)


def test_a_product_of_two_activations_multiplies_but_has_no_parameters() -> None:
    counts = one_operator("BATCH_MATMUL", [(2, 5, 7), (2, 7, 3)], (2, 5, 3), options("BatchMatMulOptions"))
    assert (counts.mult_adds, counts.parameters) == (2 * 5 * 3 * 7, 0)


def test_a_transposed_first_factor_sums_over_its_rows() -> None:
    table = options("BatchMatMulOptions", adjX=True)
    assert one_operator("BATCH_MATMUL", [(2, 7, 5), (2, 7, 3)], (2, 5, 3), table).mult_adds == 2 * 5 * 3 * 7


def test_int8_weights_count_with_their_int32_biases() -> None:
    inputs = [(1, 4, 4, 8), zeros(16, 1, 1, 8, dtype="int8"), zeros(16, dtype="int32")]
    counts = one_operator("CONV_2D", inputs, (1, 4, 4, 16), spatial("Conv2DOptions"))
    assert (counts.parameters, counts.layers[0].weight_bytes) == (16 * 8 + 16, 16 * 8 + 4 * 16)


def test_slopes_of_prelu_are_parameters() -> None:
    assert one_operator("PRELU", [(1, 4, 4, 8), zeros(1, 1, 8)], (1, 4, 4, 8)).parameters == 8


@pytest.mark.parametrize("name", ["ADD", "MUL", "SUB", "DIV"])
def test_a_constant_vector_in_elementwise_arithmetic_is_a_parameter(name: str) -> None:
    counts = one_operator(name, [(1, 4, 4, 8), zeros(8)], (1, 4, 4, 8), options(f"{name.title()}Options"))
    assert (counts.mult_adds, counts.parameters) == (0, 8)


def test_a_single_constant_number_is_no_parameter() -> None:
    assert one_operator("MUL", [(1, 4, 4, 8), zeros(1)], (1, 4, 4, 8), options("MulOptions")).parameters == 0


@pytest.mark.parametrize(
    ("name", "constant", "output"),
    [
        ("RESHAPE", np.array([1, 128], np.int32), (1, 128)),
        ("MEAN", np.array([1, 2], np.int32), (1, 8)),
        ("PAD", np.zeros((4, 2), np.int32), (1, 4, 4, 8)),
        ("TRANSPOSE", np.array([0, 3, 1, 2], np.int32), (1, 8, 4, 4)),
    ],
)
def test_shapes_axes_and_paddings_are_no_parameters(name: str, constant: np.ndarray, output: tuple[int, ...]) -> None:
    counts = one_operator(name, [(1, 4, 4, 8), constant], output)
    assert (counts.mult_adds, counts.parameters) == (0, 0)


def test_a_custom_operator_leaves_the_multiply_adds_unknown_and_is_named() -> None:
    counts = one_operator("CUSTOM", [(1, 8)], (1, 8), custom="MyAttention")
    assert (counts.mult_adds, counts.parameters) == (None, 0)
    assert counts.notes == ("multiply-adds unknown: custom operator 'MyAttention' does not say what it computes.",)


def test_constants_of_a_custom_operator_leave_the_parameters_unknown() -> None:
    assert one_operator("CUSTOM", [(1, 8), zeros(8, 8)], (1, 8), custom="MyAttention").parameters is None


@pytest.mark.parametrize("name", ["SVDF", "RFFT2D", "WHILE"])
def test_operators_that_do_not_tell_their_work_leave_the_total_unknown(name: str) -> None:
    assert one_operator(name, [(1, 8)], (1, 8)).mult_adds is None


def test_weights_in_variables_leave_the_parameters_unknown() -> None:
    counts = one_operator("READ_VARIABLE", [(1,)], (8, 8))
    assert counts.parameters is None


def test_a_convolution_of_impossible_shapes_is_unknown_and_not_zero() -> None:
    counts = one_operator("CONV_2D", [(1, 8, 8, 3), zeros(8, 27), None], (1, 8, 8, 8), spatial("Conv2DOptions"))
    assert counts.mult_adds is None


def test_shares_are_unknown_where_a_total_is() -> None:
    (share,) = one_operator("CUSTOM", [(1, 8)], (1, 8), custom="MyAttention").shares
    assert (share.mult_adds, share.mult_adds_share, share.parameter_share) == (None, None, None)


def test_activation_memory_is_the_largest_sum_alive_at_one_operator() -> None:
    emitter = Emitter()
    first, second, third, fourth = (emitter.tensor(f"t{size}", (size,)) for size in (10, 100, 20, 10))
    emitter.operator("ABS", [first], [second])
    emitter.operator("ABS", [second], [third])
    emitter.operator("ADD", [third, first], [fourth], options("AddOptions"))
    counts = count_model(read_model(emitter.finish([first], [fourth])))
    # At the second operator: the input, still to be read by the third, its own input and its output.
    assert counts.activation_bytes == 4 * (10 + 100 + 20)


def test_activation_memory_of_strings_is_unknown() -> None:
    emitter = Emitter()
    source, target = emitter.tensor("text", (1,), "string"), emitter.tensor("out", (1,))
    emitter.operator("CAST", [source], [target])
    assert count_model(read_model(emitter.finish([source], [target]))).activation_bytes is None


def test_variables_are_alive_all_the_time() -> None:
    emitter = Emitter()
    source, target, last = (emitter.tensor(name, (10,)) for name in "abc")
    state = emitter.tensor("state", (1000,), variable=True)
    emitter.operator("ABS", [source], [target])
    emitter.operator("ADD", [target, state], [last], options("AddOptions"))
    assert count_model(read_model(emitter.finish([source], [last]))).activation_bytes == 4 * (1000 + 20)


def test_counts_of_several_subgraphs_are_of_the_first_and_say_so() -> None:
    emitter = Emitter()
    source, target = emitter.tensor("a", (10,)), emitter.tensor("b", (10,))
    emitter.operator("ABS", [source], [target])
    counts = count_model(read_model(emitter.many([([source], [target])] * 2)))
    assert counts.notes == ("counts are of subgraph 0 of 2.",)


def counted(*operators: Operator) -> Counts:
    """Count a model of operators that take no tensors but the first, of weights."""
    weights = Tensor(
        index=0,
        name="w",
        shape=(7, 11),
        shape_signature=None,
        dtype="int8",
        quantization=None,
        constant=True,
        variable=False,
        sparse=False,
        data=None,
    )
    others = [replace(weights, index=index, shape=(1, size), constant=False) for index, size in ((1, 11), (2, 7))]
    graph = Subgraph(name="", tensors=(weights, *others), operators=operators, inputs=(1,), outputs=(2,))
    return count_model(TfliteModel(description="", subgraphs=(graph,), signatures=(), buffer_bytes=0))


def operator(name: str, inputs: tuple[int, ...], *, custom: str | None = None, custom_bytes: int = 0) -> Operator:
    return Operator(
        index=0,
        name=name,
        custom=custom,
        version=1,
        inputs=inputs,
        outputs=(2,),
        options=OperatorOptions(),
        custom_bytes=custom_bytes,
    )


CONNECTED = operator("FULLY_CONNECTED", (1, 0))


@pytest.mark.parametrize(
    ("custom", "custom_bytes", "known"),
    [
        ("edgetpu-custom-op", 0, False),
        ("DISPATCH_OP", 0, False),
        ("Mine", 1024, False),
        ("Mine", 1023, True),
        ("TFLite_Detection_PostProcess", 4096, True),
    ],
)
def test_weights_in_a_custom_operator_of_its_own_form_are_unknown_and_not_none(
    custom: str, custom_bytes: int, known: bool
) -> None:
    compiled = operator("CUSTOM", (1,), custom=custom, custom_bytes=custom_bytes)
    assert counted(compiled).parameters == (0 if known else None)
    both = counted(CONNECTED, compiled)
    counted_at_least = least(layer.parameters for layer in both.layers)
    assert (both.parameters, counted_at_least) == ((77, None) if known else (None, 77))


@pytest.mark.parametrize(
    ("counts", "sum_of_known"),
    [([77, 3], None), ([77, None], 77), ([None, 77, 3], 80), ([None], None), ([0, None], None), ([], None)],
)
def test_what_can_be_counted_is_the_least_of_what_cannot(counts: list[int | None], sum_of_known: int | None) -> None:
    assert least(counts) == sum_of_known
