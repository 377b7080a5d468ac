"""Quantizing: from the float32 `.tflite` file by litert-quantizer, or by TFLiteConverter's own quantizer to compare.

litert-quantizer needs no tensorflow and shares one calibration among all quantizations. Its own `calibrate` follows
minima and maxima by a moving average, which clips the logits to their average peak and costs MobileNet V1 12 to 16
points of top-1; here the true minima and maxima count.
"""

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mbench.core.builds.variants import INT4_REFUSAL, Quantization
from mbench.core.choices import CalibrationMethod, Ends
from mbench.core.errors import ArtifactError
from mbench.models.flatbuffers import (
    INPUT_NAME,
    SIGNATURE_KEY,
    name_ends,
    operator_name,
    read_model,
    rename_ends,
    write_model,
)
from mbench.models.tflite.calibration import Examples
from mbench.models.tflite.conversion import convert, float_converter
from mbench.models.tflite.float16 import to_float16
from mbench.models.tflite.large_kernels import large_kernels_by_rows

Ranges = Mapping[str, Mapping[str, Any]]
"""Minimum and maximum of each tensor by its name."""

PROBABILITIES: Final = {"min": np.array([0.0]), "max": np.array([255 / 256])}
"""Range of a softmax output, by definition and not by example: one int8 step is 1/256, as in TFLite's own kernel.

A range read off examples clips what is recognised better than any of them.
"""

UNIT_LENGTH: Final = {"min": np.array([-1.0]), "max": np.array([127 / 128])}
"""Range of a vector of length 1, likewise."""

BY_DEFINITION: Final = {"SOFTMAX": PROBABILITIES, "LOGISTIC": PROBABILITIES, "L2_NORMALIZATION": UNIT_LENGTH}
"""Ranges of outputs by the operator that gives them (google-ai-edge/LiteRT `tflite/kernels/activations.cc`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEnds:
    """Inputs and outputs of a user's network.

    Attributes:
        names: of tensors by what the signature calls them.
        ends: whether a static quantization leaves them real numbers.
        kept: operators that it leaves in float, too: the kind, and the outputs' names with `;` behind each.
    """

    names: Mapping[str, str]
    ends: Ends = Ends.INT8
    kept: tuple[tuple[str, str], ...] = ()


EVERYWHERE: Final = ".*"

ACTIVATION_BITS: Final = {Quantization.INT8: 8, Quantization.INT16X8: 16, Quantization.INT8W4: 8}

NARROW_BITS: Final = 4

DYNAMIC_OPERATORS: Final = ("CONV_2D", "FULLY_CONNECTED")
"""XNNPACK has kernels of these for weights in int8 and activations in float; a DEPTHWISE_CONV_2D so quantized falls
back to the reference kernel and tears the graph into a dozen partitions, for 1 % of the weights."""


def read_ranges(float_file: bytes, examples: Examples, method: CalibrationMethod = CalibrationMethod.MIN_MAX) -> Ranges:
    """Return the range of every tensor over all examples.

    Args:
        float_file: as `convert` writes it.
        examples: (n, *shape) float32, where shape is the input's with or without a batch of one.
        method: how ranges follow from the examples.
    """
    graph = read_model(float_file).subgraphs[0]
    (entry,) = graph.inputs
    shape = tuple(graph.tensors[entry].shape)
    return read_named_ranges(float_file, [{INPUT_NAME: example.reshape(shape)} for example in examples], method)


def read_named_ranges(
    float_file: bytes, examples: Sequence[Mapping[str, Any]], method: CalibrationMethod = CalibrationMethod.MIN_MAX
) -> Ranges:
    """Return the range of every tensor over all examples.

    Args:
        float_file: with one signature, `SIGNATURE_KEY`.
        examples: an array of an inference by each input's name in the signature.
        method: how ranges follow from the examples.
    """
    from litert_quantizer.calibrator import CalibrationMode, Calibrator
    from litert_quantizer.recipe_manager import RecipeManager
    from litert_quantizer.utils.qsv_utils import min_max_update, moving_average_update

    calibrator = Calibrator(
        float_file,
        num_threads=1,
        mode=CalibrationMode.CALIBRATION_PROFILER_BASED,  # a tenth of the time of reading every tensor in Python
        qsv_update_func=min_max_update if method is CalibrationMethod.MIN_MAX else moving_average_update,
    )
    calibrator.calibrate({SIGNATURE_KEY: examples}, RecipeManager())
    return {**calibrator.get_model_qsvs(), **_defined_ranges(read_model(float_file))}


def _defined_ranges(model: Any) -> Ranges:
    """Return the ranges of those outputs that have one by definition."""
    graph = model.subgraphs[0]
    ranges = {}
    for operator in graph.operators:
        for index in set(operator.outputs) & set(graph.outputs):
            if (name := operator_name(model, operator)) in BY_DEFINITION:
                ranges[graph.tensors[index].name.decode()] = BY_DEFINITION[name]
    return ranges


def quantize(
    float_file: bytes,
    quantization: Quantization,
    ranges: Ranges | None,
    *,
    narrow: Sequence[str] = (),
    own: OwnEnds | None = None,
) -> bytes:
    """Return the quantized form of a float32 file.

    Args:
        float_file: as `convert` writes it.
        quantization: the form; for fp32 the file itself.
        ranges: for the quantizations that need calibration, read off examples or learned.
        narrow: by the name of its output, each CONV_2D whose weights were trained for 4 bits; for int8w4.
        own: inputs and outputs of a user's network; None: one input, called as mbench calls it.

    Raises:
        ArtifactError: no ranges where they are needed, or 4 bits for weights that were not trained for them.
    """
    match quantization:
        case Quantization.FP32:
            return float_file
        case Quantization.FP16:
            return to_float16(float_file)
        case Quantization.DRQ:
            return _quantize_dynamic(float_file, own)
        case Quantization.INT8 | Quantization.INT16X8:
            if ranges is None:
                raise ArtifactError(f"{quantization} needs calibration examples, and there are none.")
            return _quantize_static(float_file, ACTIVATION_BITS[quantization], ranges, own=own)
        case Quantization.INT8W4:
            if ranges is None or not narrow:
                raise ArtifactError(f"these weights were not trained for 4 bits. {INT4_REFUSAL}.")
            return _quantize_static(float_file, ACTIVATION_BITS[quantization], ranges, narrow)


def _quantize_dynamic(float_file: bytes, own: OwnEnds | None) -> bytes:
    from litert_quantizer.qtyping import TFLOperationName
    from litert_quantizer.quantizer import Quantizer

    quantizer = Quantizer(float_file)
    for operator in DYNAMIC_OPERATORS:
        quantizer.add_dynamic_config(EVERYWHERE, TFLOperationName(operator), num_bits=8)
    return _run(quantizer, None, own)


def _quantize_static(
    float_file: bytes,
    activation_bits: int,
    ranges: Ranges,
    narrow: Sequence[str] = (),
    *,
    own: OwnEnds | None = None,
) -> bytes:
    """Quantize all but the softmax, which XNNPACK has in float only: left so, the graph stays in one partition."""
    from litert_quantizer.algorithm_manager import AlgorithmName
    from litert_quantizer.qtyping import TFLOperationName
    from litert_quantizer.quantizer import Quantizer

    quantizer = Quantizer(float_file)
    quantizer.add_static_config(EVERYWHERE, TFLOperationName.ALL_SUPPORTED, activation_bits, weight_num_bits=8)
    for output in narrow:  # a later entry wins where two match
        quantizer.add_static_config(
            f"^{re.escape(output)};?$", TFLOperationName.CONV_2D, activation_bits, weight_num_bits=NARROW_BITS
        )
    kept = [TFLOperationName.SOFTMAX]
    if own is not None and own.ends is Ends.FLOAT:
        kept += [TFLOperationName.INPUT, TFLOperationName.OUTPUT]
    for operator in kept:
        quantizer.update_quantization_recipe(EVERYWHERE, operator, algorithm_key=AlgorithmName.NO_QUANTIZE)
    known = {each.value for each in TFLOperationName}
    for kind, scope in () if own is None else own.kept:
        if kind in known:  # the quantizer leaves others in float anyway
            quantizer.update_quantization_recipe(
                f"^{re.escape(scope.rstrip(';'))};?$", TFLOperationName(kind), algorithm_key=AlgorithmName.NO_QUANTIZE
            )
    return _run(quantizer, ranges, own)


def quantize_by_recipe(float_file: bytes, recipe: str, ranges: Ranges | None, own: OwnEnds) -> bytes:
    """Return what a recipe of litert-quantizer's own makes of a float32 file.

    Args:
        float_file: as `convert` writes it.
        recipe: JSON, a list of entries.
        ranges: for entries that need them.
        own: inputs and outputs.
    """
    from litert_quantizer.quantizer import Quantizer

    quantizer = Quantizer(float_file)
    quantizer.load_quantization_recipe(json.loads(recipe))
    return _run(quantizer, ranges if quantizer.need_calibration else None, own)


def _run(quantizer: Any, ranges: Ranges | None, own: OwnEnds | None) -> bytes:
    """Return the file; the quantizer changes the ranges that it is given, which other files are quantized by, too."""
    with large_kernels_by_rows():
        result = quantizer.quantize(deepcopy(ranges), enable_progress_bar=False, enable_progress_report=False)
    model = read_model(bytes(result.quantized_model))
    if own is None:
        rename_ends(model)
    else:
        name_ends(model, own.names)
    return write_model(model)


def quantize_with_tensorflow(
    frozen: Any, quantization: Quantization, examples: Examples | None, *, outputs: Sequence[str] | None = None
) -> bytes:
    """Return what TFLiteConverter's own quantizer makes of a frozen function: a cross-check of the other one.

    Args:
        frozen: of one input.
        quantization: the form.
        examples: as `read_ranges` takes them, where the form needs them.
        outputs: names of several outputs; None: the only one is `output`.

    Raises:
        ArtifactError: no examples where they are needed.
    """
    import tensorflow as tf

    converter = float_converter(frozen)
    shape = tuple(frozen.inputs[0].shape)
    if quantization is not Quantization.FP32:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization is Quantization.FP16:
        converter.target_spec.supported_types = [tf.float16]
    if quantization is Quantization.INT8W4:
        raise ArtifactError("TFLiteConverter has no 4-bit weights; build int8w4 with --quantizer litert.")
    if quantization in ACTIVATION_BITS:
        if examples is None:
            raise ArtifactError(f"{quantization} needs calibration examples, and there are none.")
        converter.representative_dataset = lambda: ([example.reshape(shape)] for example in examples)
    if quantization is Quantization.INT8:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    if quantization is Quantization.INT16X8:
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
        converter.inference_input_type = converter.inference_output_type = tf.int16
    return convert(converter, outputs)
