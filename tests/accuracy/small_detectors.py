"""The smallest detectors: each quarter of the picture is one box, and how red, green or blue it is is what it shows."""

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from mbench.core.default_boxes import ssd_boxes

RESOLUTION = 32

QUARTERS = np.array([[y, x, 0.5, 0.5] for y in (0.25, 0.75) for x in (0.25, 0.75)], np.float32)
"""Centre and size: top left, top right, bottom left, bottom right."""

OPERATOR = "TFLite_Detection_PostProcess"
OWN_NAMES = (OPERATOR, f"{OPERATOR}:1", f"{OPERATOR}:2", f"{OPERATOR}:3")

SSD_LAYOUT = ((19, 10, 5, 3, 2, 1), (3, 6, 6, 6, 6, 6))

_BUILTIN, _OPTIONS = schema.BuiltinOperator, schema.BuiltinOptions


class _File:
    """Collects tensors and operators of one graph."""

    def __init__(self) -> None:
        self.graph, self.model = schema.SubGraphT(), schema.ModelT()
        self.graph.tensors, self.graph.operators, self.graph.name = [], [], b"main"
        self.model.version, self.model.subgraphs = 3, [self.graph]
        self.model.buffers, self.model.operatorCodes = [schema.BufferT()], []

    def tensor(self, name: str, shape: tuple[int, ...], data: np.ndarray | None = None) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.buffer = name.encode(), list(shape), 0
        made.type = (
            schema.TensorType.INT32 if data is not None and data.dtype == np.int32 else schema.TensorType.FLOAT32
        )
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            made.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def constant(self, name: str, data: np.ndarray) -> int:
        return self.tensor(name, data.shape, data)

    def operator(self, code: int, inputs: list[int], outputs: list[int], **more: Any) -> None:
        declared = schema.OperatorCodeT()
        declared.builtinCode = declared.deprecatedBuiltinCode = code
        declared.version, declared.customCode = 1, more.pop("customCode", None)
        self.model.operatorCodes.append(declared)
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = len(self.model.operatorCodes) - 1, inputs, outputs
        for name, value in more.items():
            setattr(made, name, value)
        self.graph.operators.append(made)

    def finish(self, inputs: list[int], outputs: list[int]) -> bytes:
        self.graph.inputs, self.graph.outputs = inputs, outputs
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def quarters(self, rows: int, *, name: str = "scores") -> tuple[int, int]:
        """Return the picture, and (1, rows, 4): background 0, then each quarter's mean red, green and blue, then 0."""
        picture = self.tensor("picture", (1, RESOLUTION, RESOLUTION, 3))
        pooling = schema.Pool2DOptionsT()
        pooling.padding = schema.Padding.VALID
        pooling.strideW = pooling.strideH = pooling.filterWidth = pooling.filterHeight = RESOLUTION // 2
        pooled, listed = self.tensor("pooled", (1, 2, 2, 3)), self.tensor("listed", (1, 4, 3))
        self.operator(
            _BUILTIN.AVERAGE_POOL_2D,
            [picture],
            [pooled],
            builtinOptionsType=_OPTIONS.Pool2DOptions,
            builtinOptions=pooling,
        )
        self.operator(_BUILTIN.RESHAPE, [pooled, self.constant("shape", np.array([1, 4, 3], np.int32))], [listed])
        scores = self.tensor(name, (1, rows, 4))
        behind = self.constant("behind", np.array([[0, 0], [0, rows - 4], [1, 0]], np.int32))
        self.operator(_BUILTIN.PAD, [listed, behind], [scores])
        return picture, scores


def suppressing_detector(names: tuple[str, str, str, str] = OWN_NAMES, order: tuple[int, ...] = (0, 1, 2, 3)) -> bytes:
    """Return a detector with TFLite's own operator.

    Args:
        names: of boxes, classes, scores and their number.
        order: in which they are outputs of the file.
    """
    file = _File()
    picture, scores = file.quarters(4)
    encoded = file.constant("encoded", np.zeros((1, 4, 4), np.float32))
    shapes = ((1, 10, 4), (1, 10), (1, 10), (1,))
    outputs = [file.tensor(name, shape) for name, shape in zip(names, shapes, strict=True)]
    options = {
        "detections_per_class": 10,
        "h_scale": 5.0,
        "max_classes_per_detection": 1,
        "max_detections": 10,
        "nms_iou_threshold": 0.6,
        "nms_score_threshold": 0.1,
        "num_classes": 3,
        "use_regular_nms": True,
        "w_scale": 5.0,
        "x_scale": 10.0,
        "y_scale": 10.0,
    }
    file.operator(
        _BUILTIN.CUSTOM,
        [encoded, scores, file.constant("quarters", QUARTERS)],
        outputs,
        customCode=OPERATOR,
        customOptions=np.frombuffer(bytes(flexbuffers.Dumps(options)), np.uint8),
    )
    return file.finish([picture], [outputs[place] for place in order])


def raw_detector() -> bytes:
    """Return a detector with an SSD's raw outputs: of its first four default boxes each is moved onto a quarter."""
    file = _File()
    defaults = np.array(ssd_boxes(*SSD_LAYOUT), np.float32)
    picture, scores = file.quarters(len(defaults))
    moved = np.zeros((1, len(defaults), 4), np.float32)
    moved[0, :4, :2] = 10 * (QUARTERS[:, :2] - defaults[:4, :2]) / defaults[:4, 2:]
    moved[0, :4, 2:] = 5 * np.log(QUARTERS[:, 2:] / defaults[:4, 2:])
    boxes = file.tensor("boxes", moved.shape)
    options = schema.AddOptionsT()
    zero = file.constant("zero", np.zeros(1, np.float32))
    file.operator(
        _BUILTIN.ADD,
        [file.constant("moved", moved), zero],
        [boxes],
        builtinOptionsType=_OPTIONS.AddOptions,
        builtinOptions=options,
    )
    return file.finish([picture], [boxes, scores])
