"""Whether a `.tflite` file is quantized already, by whatever tool: only a float file is quantized further."""

from collections.abc import Iterator
from typing import Final

from mbench.artifacts.graph import Tensor, TfliteModel

_INTEGERS: Final = frozenset({"int2", "int4", "uint4", "int8", "uint8", "int16"})


def quantized_parts(model: TfliteModel) -> str | None:
    """Return what of a file is quantized, such as `int8 weights and int8 activations`; None: it is a float file."""
    found = dict.fromkeys(_parts(model))
    return " and ".join(found) or None


def _parts(model: TfliteModel) -> Iterator[str]:
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    yield from (f"{tensor.dtype} weights" for tensor in tensors if tensor.constant and _is_narrow(tensor))
    yield from (f"{tensor.dtype} activations" for tensor in tensors if not tensor.constant and _is_integer(tensor))


def _is_narrow(tensor: Tensor) -> bool:
    return _is_integer(tensor) or tensor.dtype == "float16"


def _is_integer(tensor: Tensor) -> bool:
    return tensor.dtype in _INTEGERS and tensor.quantization is not None
