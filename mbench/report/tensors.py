"""Inputs and outputs of an inspected model as a table."""

from collections.abc import Sequence
from typing import Protocol

from mbench.report.text_table import Align, Cell, Column, TableValues


class InspectedTensor(Protocol):
    """What a row needs."""

    @property
    def name(self) -> str: ...  # noqa: D102  # the names say it
    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dtype(self) -> str: ...  # noqa: D102
    @property
    def scale(self) -> float | None: ...  # noqa: D102
    @property
    def zero_point(self) -> int | None: ...  # noqa: D102


def tensor_table(name: str, inputs: Sequence[InspectedTensor], outputs: Sequence[InspectedTensor]) -> TableValues:
    """Return a row per input and output of the model `name`."""
    columns = tuple(Column(header=header) for header in ("Tensor", "Name", "Shape", "Type"))
    rows = [_row("input", tensor) for tensor in inputs] + [_row("output", tensor) for tensor in outputs]
    return TableValues(
        title=f"{name}: inputs and outputs",
        columns=(*columns, Column(header="Scale", align=Align.RIGHT), Column(header="Zero point", align=Align.RIGHT)),
        rows=tuple(rows),
    )


def _row(role: str, tensor: InspectedTensor) -> tuple[Cell, ...]:
    scale = "–" if tensor.scale is None else f"{tensor.scale:.6g}"
    zero = "–" if tensor.zero_point is None else str(tensor.zero_point)
    shape = "×".join(map(str, tensor.shape)) or "scalar"
    return tuple(Cell(text) for text in (role, tensor.name, shape, tensor.dtype, scale, zero))
