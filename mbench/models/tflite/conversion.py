"""From a Keras model to a float32 `.tflite` file, with the shape of its input baked in.

The model is traced and frozen before it is converted: six times as quick as `TFLiteConverter.from_keras_model`, which
exports a SavedModel first, and without the pitfall of converting variables that are then never filled.
"""

from collections.abc import Sequence
from typing import Any

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


def freeze(traced: Any) -> Any:
    """Return the traced function with its variables made constants."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    return convert_variables_to_constants_v2(traced)


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
