"""From a Keras model to a float32 `.tflite` file, with the shape of its input baked in.

The model is traced and frozen before it is converted: six times as quick as `TFLiteConverter.from_keras_model`, which
exports a SavedModel first, and without the pitfall of converting variables that are then never filled.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mbench.models.flatbuffers import INPUT_NAME, drop_conversion_metadata, read_model, rename_ends, write_model
from mbench.models.tflite.stand_ins import StandIn, put_kernels, state_of


def trace(model: Any, shape: tuple[int, ...], stand_ins: Sequence[StandIn] = ()) -> Any:
    """Return the model's inference as a TensorFlow concrete function; its variables stay variables.

    Args:
        model: a Keras model of one input.
        shape: of its input, the batch included.
        stand_ins: constants that take the place of some of its kernels.
    """
    import keras
    import tensorflow as tf

    def infer(pictures: Any) -> Any:
        if not stand_ins:
            return model(pictures, training=False)
        with keras.StatelessScope(state_mapping=state_of(stand_ins)):
            return model(pictures, training=False)

    spec = tf.TensorSpec(shape, tf.float32, name=INPUT_NAME)
    return tf.function(infer, autograph=False).get_concrete_function(spec)


def freeze(traced: Any, *, control_flow: bool = False) -> Any:
    """Return the traced function with its variables made constants, and 1/√ of constants computed.

    TensorFlow's own 1/√ begins with an approximation that every maker of processors builds otherwise: 1/√1 is 1 on one
    machine and 0.99999994 on another, and so each kernel that a batch normalization is folded into.

    Args:
        traced: a concrete function.
        control_flow: whether it has loops and branches, as recurrent layers have.
    """
    from tensorflow.python.eager.wrap_function import function_from_graph_def
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(traced, lower_control_flow=not control_flow)
    graph = frozen.graph.as_graph_def()
    _compute_reciprocal_roots(graph)
    inputs, outputs = ([tensor.name for tensor in tensors] for tensors in (frozen.inputs, frozen.outputs))
    return function_from_graph_def(graph, inputs, outputs)


def _compute_reciprocal_roots(graph: Any) -> None:
    """Make constants of a graph's Rsqrt nodes, each rounded once, where their input is known (x, or x + y)."""
    import tensorflow as tf

    nodes = {node.name: node for node in graph.node}
    for node in graph.node:
        if node.op == "Rsqrt" and (known := _constant(nodes, node.input[0])) is not None:
            root = (1.0 / np.sqrt(known.astype(np.float64))).astype(known.dtype)
            node.CopyFrom(tf.compat.v1.NodeDef(name=node.name, op="Const"))
            node.attr["dtype"].type = tf.as_dtype(root.dtype).as_datatype_enum
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(root))


def _constant(nodes: Mapping[str, Any], name: str) -> npt.NDArray[np.floating[Any]] | None:
    """Return the value of a tensor that follows from constants by identity and addition, None of any other."""
    import tensorflow as tf

    node = nodes[name.partition(":")[0]]
    match node.op:
        case "Const":
            value: npt.NDArray[np.floating[Any]] = tf.make_ndarray(node.attr["value"].tensor)
            return value
        case "Identity":
            return _constant(nodes, node.input[0])
        case "AddV2":
            first, second = (_constant(nodes, one) for one in node.input)
            return None if first is None or second is None else first + second
        case _:
            return None


def float_converter(frozen: Any) -> Any:
    """Return a TFLiteConverter for a frozen function.

    The empty module makes it keep a signature, which calibration needs; a Keras model in its place would give a
    file whose variables are never filled, without an error.
    """
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_concrete_functions([frozen], tf.Module())


def convert(converter: Any, outputs: Sequence[str] | None = None, stand_ins: Sequence[StandIn] = ()) -> bytes:
    """Return the converter's file with plain names of its ends.

    Args:
        converter: of one input.
        outputs: names of several outputs, those of the Keras model's dictionary; None: the only one is `output`.
        stand_ins: with which the function was traced; their kernels are put into the file.
    """
    model = read_model(converter.convert())
    put_kernels(model, stand_ins)
    rename_ends(model, outputs)
    drop_conversion_metadata(model)
    return write_model(model)
