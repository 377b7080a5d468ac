"""What a `.tflite` file holds, as plain values: tensors, operators, subgraphs, signatures."""

import math
from dataclasses import dataclass, field
from typing import Final

BITS: Final = {
    **dict.fromkeys(("int2",), 2),
    **dict.fromkeys(("int4", "uint4"), 4),
    **dict.fromkeys(("int8", "uint8", "bool", "float8_e4m3fn", "float8_e5m2"), 8),
    **dict.fromkeys(("int16", "uint16", "float16", "bfloat16"), 16),
    **dict.fromkeys(("int32", "uint32", "float32"), 32),
    **dict.fromkeys(("int64", "uint64", "float64", "complex64"), 64),
    **dict.fromkeys(("complex128",), 128),
}
"""Bits of one element; strings, resources and variants have no fixed size."""

Shape = tuple[int, ...]


class Uncountable(Exception):
    """A number cannot be counted from the file; the message says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizationParameters:
    """Affine quantization, real = scale × (stored − zero point): one entry, or one per slice along `axis`."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor of a subgraph.

    Attributes:
        shape: as stored: what the runtime allocates when nobody resizes.
        shape_signature: the same with −1 where a dimension may change, None where the file says nothing of it.
        dtype: lower-case name such as `int8`; `type99` where the schema knows no name.
        constant: whether its values are in the file (or, for huge models, beside it).
        data: stored bytes of a constant, without a copy; None where the tensor is no constant or they lie outside.
        sparse: whether `data` holds a sparse encoding.
    """

    index: int
    name: str
    shape: Shape
    shape_signature: Shape | None
    dtype: str
    quantization: QuantizationParameters | None
    constant: bool
    variable: bool
    sparse: bool
    data: memoryview | None = field(repr=False, compare=False)

    @property
    def fixed_shape(self) -> bool:
        """Whether no dimension may change, save the batch (the first), which then is run as stored."""
        signature = self.shape if self.shape_signature is None else self.shape_signature
        return len(signature) == len(self.shape) and all(size >= 0 for size in (*self.shape, *signature[1:]))

    @property
    def dynamic_batch(self) -> bool:
        """Whether the first dimension may change."""
        return any(size < 0 for size in (self.shape_signature or ())[:1])

    @property
    def elements(self) -> int:
        """Number of elements of the stored shape; a scalar has one."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int | None:
        """Bytes of the stored shape in memory; None for types without a fixed size."""
        bits = BITS.get(self.dtype)
        return None if bits is None else -(-self.elements * bits // 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorOptions:
    """The options that counting and tables need; None where the operator has no such option.

    Attributes:
        stride: (height, width); 3-D convolutions have the depth in front.
        padding: `same` or `valid`.
        activation: fused activation such as `relu6`, None where there is none.
        transposed_inputs: of BATCH_MATMUL: whether the first, the second input is transposed.
    """

    stride: Shape | None = None
    dilation: Shape | None = None
    padding: str | None = None
    depth_multiplier: int | None = None
    activation: str | None = None
    transposed_inputs: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator; `inputs` holds −1 where an optional input is left out.

    Attributes:
        name: builtin name such as `CONV_2D`, `CUSTOM`, or `BUILTIN_300` where the schema knows no name.
        custom: name of a custom operator, else None.
        custom_bytes: of a custom operator's own options, which may hold weights.
    """

    index: int
    name: str
    custom: str | None
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: OperatorOptions
    custom_bytes: int = 0

    @property
    def label(self) -> str:
        """The name that people know the operator by: the custom name where there is one."""
        return self.custom or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgraph:
    """One subgraph; subgraph 0 is what an interpreter's invoke runs. Operators are in execution order."""

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A named entry point: (name, tensor index) of its inputs and outputs in one subgraph."""

    key: str
    subgraph: int
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TfliteModel:
    """A whole file. `buffer_bytes` sums the distinct stored constants; `metadata` is TFLite metadata's, if any."""

    description: str
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...]
    buffer_bytes: int
    metadata: bytes | None = None

    @property
    def main(self) -> Subgraph:
        """The subgraph that an interpreter runs."""
        return self.subgraphs[0]
