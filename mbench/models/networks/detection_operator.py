"""Puts TFLite's own non-maximum suppression behind a detector's raw outputs: `TFLite_Detection_PostProcess`.

The converter would put it there too, for a TensorFlow function that says it implements the operator
(tensorflow/models `research/object_detection/export_tflite_graph_lib_tf2.py`), but freezing a function inlines it; and
put behind a finished file, the operator fits every quantization: it computes in float, so integers are widened first.
The runtime brings the operator with it (google-ai-edge/LiteRT `tflite/kernels/detection_postprocess.cc`).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from mbench.core.default_boxes import BOX_CODER, DefaultBox
from mbench.models.flatbuffers import read_model, schema, write_model
from mbench.models.networks.ssd import BOXES, SCORES

OPERATOR: Final = "TFLite_Detection_PostProcess"

MOST_DETECTIONS: Final = 100
OVERLAP: Final = 0.6
LEAST_SCORE: Final = 1e-8
"""As in the published configurations (tensorflow/models `ssd_mobilenet_v1_coco.config`)."""

OUTPUTS: Final = ("detection_boxes", "detection_classes", "detection_scores", "detections")
"""In the operator's order: (1, 100, 4) as (top, left, bottom, right) shares of the picture; (1, 100) classes without
the background; (1, 100); and how many of them count, (1,). All float32."""

ANCHORS: Final = "default_boxes"


def add_detection_operator(file: bytes, default_boxes: Sequence[DefaultBox]) -> bytes:
    """Return a detector's file with the operator behind its `boxes` and `scores`, in place of which its outputs stand.

    Non-maximum suppression is done for each class by itself, as in COCO's evaluation. How long it takes depends on
    the scores: of a network that nobody trained nearly all boxes are candidates of all classes.

    Args:
        file: a `.tflite` file with these two outputs, in any quantization.
        default_boxes: as many as it has rows.
    """
    model = read_model(file)
    (subgraph,) = model.subgraphs
    signature = model.signatureDefs[0]
    raw = {str(argument.name, "utf-8"): argument.tensorIndex for argument in signature.outputs}
    classes = int(subgraph.tensors[raw[SCORES]].shape[-1])
    inputs = [_as_float(model, subgraph, raw[name]) for name in (BOXES, SCORES)]
    anchors = _constant(model, subgraph, np.array(default_boxes, np.float32))
    outputs = [_output(subgraph, name) for name in OUTPUTS]
    _append_operator(model, subgraph, [*inputs, anchors], outputs, classes - 1)
    subgraph.outputs = np.array(outputs, np.int32)
    signature.outputs = [_argument(name, index) for name, index in zip(OUTPUTS, outputs, strict=True)]
    return write_model(model)


def _as_float(model: Any, subgraph: Any, index: int) -> int:
    """Return the index of a float32 tensor with the values of another: itself, or behind a DEQUANTIZE."""
    narrow = subgraph.tensors[index]
    if narrow.type == schema().TensorType.FLOAT32:
        return index
    wide = _tensor(subgraph, narrow.name + b"_float", narrow.shape)
    operator = schema().OperatorT()
    operator.opcodeIndex = _operator_code(model, schema().BuiltinOperator.DEQUANTIZE, version=2)
    operator.inputs, operator.outputs = np.array([index], np.int32), np.array([wide], np.int32)
    operator.builtinOptionsType = schema().BuiltinOptions.DequantizeOptions
    operator.builtinOptions = schema().DequantizeOptionsT()
    subgraph.operators.append(operator)
    return wide


def _append_operator(model: Any, subgraph: Any, inputs: list[int], outputs: list[int], classes: int) -> None:
    operator = schema().OperatorT()
    operator.opcodeIndex = _operator_code(model, schema().BuiltinOperator.CUSTOM, custom=OPERATOR)
    operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
    operator.customOptions = np.frombuffer(_options(classes), np.uint8)
    subgraph.operators.append(operator)


def _options(classes: int) -> bytes:
    """Return the operator's options as it reads them: a flexbuffer map; `classes` without the background."""
    from flatbuffers import flexbuffers

    return bytes(
        flexbuffers.Dumps(
            {
                "detections_per_class": MOST_DETECTIONS,
                "h_scale": BOX_CODER.height_scale,
                "max_classes_per_detection": 1,
                "max_detections": MOST_DETECTIONS,
                "nms_iou_threshold": OVERLAP,
                "nms_score_threshold": LEAST_SCORE,
                "num_classes": classes,
                "use_regular_nms": True,
                "w_scale": BOX_CODER.width_scale,
                "x_scale": BOX_CODER.x_scale,
                "y_scale": BOX_CODER.y_scale,
            }
        )
    )


def _operator_code(model: Any, builtin: int, *, version: int = 1, custom: str | None = None) -> int:
    """Return the index of a new operator code."""
    code = schema().OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    code.version = version
    code.customCode = custom
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _output(subgraph: Any, name: str) -> int:
    shapes = {OUTPUTS[0]: (1, MOST_DETECTIONS, 4), OUTPUTS[3]: (1,)}
    return _tensor(subgraph, name.encode(), shapes.get(name, (1, MOST_DETECTIONS)))


def _constant(model: Any, subgraph: Any, values: Any) -> int:
    buffer = schema().BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    model.buffers.append(buffer)
    return _tensor(subgraph, ANCHORS.encode(), values.shape, buffer=len(model.buffers) - 1)


def _tensor(subgraph: Any, name: bytes, shape: Sequence[int], *, buffer: int = 0) -> int:
    """Return the index of a new float32 tensor; buffer 0 is empty, by convention."""
    tensor = schema().TensorT()
    tensor.name = name
    tensor.shape = np.array(shape, np.int32)
    tensor.type = schema().TensorType.FLOAT32
    tensor.buffer = buffer
    subgraph.tensors.append(tensor)
    return len(subgraph.tensors) - 1


def _argument(name: str, index: int) -> Any:
    argument = schema().TensorMapT()
    argument.name, argument.tensorIndex = name, index
    return argument
