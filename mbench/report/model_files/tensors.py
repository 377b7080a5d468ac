"""Inputs and outputs of an inspected model as a table."""

from collections.abc import Sequence
from typing import Protocol

from mbench.report.render.text_table import Cell, Column, TableValues, right_column


class InspectedTensor(Protocol):
    """What a row needs."""

    @property
    def name(self) -> str:
        """As the graph calls it."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As it is stored."""

    @property
    def dtype(self) -> str:
        """Type of its values, such as `int8`."""

    @property
    def scale(self) -> float | None:
        """What one step is worth; None where it is not quantized."""

    @property
    def zero_point(self) -> int | None:
        """The step that stands for 0; None where it is not quantized."""


def tensor_table(name: str, inputs: Sequence[InspectedTensor], outputs: Sequence[InspectedTensor]) -> TableValues:
    """Return a row per input and output of the model `name`."""
    columns = tuple(Column(header=header) for header in ("Tensor", "Name", "Shape", "Type"))
    rows = [_row("input", tensor) for tensor in inputs] + [_row("output", tensor) for tensor in outputs]
    return TableValues(
        title=f"{name}: inputs and outputs",
        columns=(*columns, right_column("Scale"), right_column("Zero point")),
        rows=tuple(rows),
    )


def _row(role: str, tensor: InspectedTensor) -> tuple[Cell, ...]:
    scale = "–" if tensor.scale is None else f"{tensor.scale:.6g}"
    zero = "–" if tensor.zero_point is None else str(tensor.zero_point)
    shape = "×".join(map(str, tensor.shape)) or "scalar"
    return tuple(Cell(text) for text in (role, tensor.name, shape, tensor.dtype, scale, zero))
