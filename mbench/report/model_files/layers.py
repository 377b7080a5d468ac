"""What a model file holds, as tables: its layers in order, and what each type of layer takes of the whole."""

# ruff: noqa: D102  # the protocols' members are called what they are

from collections.abc import Sequence
from typing import Protocol

from mbench.report.render.number_format import ABSENT, MILLION, SHORT_SHA, UNKNOWN, significant
from mbench.report.render.text_table import Cell, Column, TableValues, right_column


class InspectedLayer(Protocol):
    """One operator, in execution order; None is not known, or is nothing that this operator has."""

    @property
    def index(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def op(self) -> str: ...
    @property
    def input_shape(self) -> tuple[int, ...] | None: ...
    @property
    def output_shape(self) -> tuple[int, ...] | None: ...
    @property
    def kernel(self) -> tuple[int, ...] | None: ...
    @property
    def stride(self) -> tuple[int, ...] | None: ...
    @property
    def mult_adds(self) -> int | None: ...
    @property
    def parameters(self) -> int | None: ...


class InspectedShare(Protocol):
    """What the layers of one type take of the whole (arXiv 1704.04861, Table 2); shares lie in 0 to 1."""

    @property
    def type(self) -> str: ...
    @property
    def layers(self) -> int: ...
    @property
    def mult_adds(self) -> int | None: ...
    @property
    def parameters(self) -> int | None: ...
    @property
    def mult_adds_share(self) -> float | None: ...
    @property
    def parameter_share(self) -> float | None: ...


class Inspected(Protocol):
    """A model file by its content."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def mult_adds(self) -> int | None: ...
    @property
    def parameters(self) -> int | None: ...
    @property
    def layers(self) -> Sequence[InspectedLayer]: ...
    @property
    def shares(self) -> Sequence[InspectedShare]: ...
    @property
    def notes(self) -> Sequence[str]: ...


def layer_table(model: Inspected) -> TableValues:
    """Return one row per operator in execution order."""
    return TableValues(
        title=f"{model.name}: layers",
        columns=(
            right_column("#"),
            Column(header="Layer"),
            Column(header="Operator"),
            right_column("Kernel"),
            right_column("Stride"),
            right_column("Input"),
            right_column("Output"),
            right_column("Mult-adds"),
            right_column("Params"),
        ),
        rows=tuple(
            (
                Cell(str(layer.index)),
                Cell(layer.type),
                Cell(layer.op),
                Cell(_size(layer.kernel)),
                Cell(_size(layer.stride)),
                Cell(_shape(layer.input_shape)),
                Cell(_shape(layer.output_shape)),
                Cell(_count(layer.mult_adds)),
                Cell(_count(layer.parameters)),
            )
            for layer in model.layers
        ),
    )


def share_table(model: Inspected) -> TableValues:
    """Return one row per type of layer: the paper's Table 2 for this file."""
    return TableValues(
        title=f"{model.name}: resources per layer type",
        columns=(
            Column(header="Type"),
            right_column("Layers"),
            right_column("Mult-adds (M)"),
            right_column("Mult-adds (%)"),
            right_column("Params (M)"),
            right_column("Weights (%)"),
        ),
        rows=tuple(
            (
                Cell(share.type),
                Cell(str(share.layers)),
                Cell(significant(share.mult_adds, scale=MILLION)),
                Cell(_percent(share.mult_adds_share)),
                Cell(significant(share.parameters, scale=MILLION)),
                Cell(_percent(share.parameter_share)),
            )
            for share in model.shares
        ),
        foot=_foot(model),
    )


WEIGHTS_NOTE = "Params are weights and biases; shares of weights leave biases out, as the paper's Table 2 does."


def _foot(model: Inspected) -> tuple[str, ...]:
    mult_adds = _whole_or_least(model.mult_adds, [layer.mult_adds for layer in model.layers])
    counts = f"multiply-adds {mult_adds}, parameters {_count(model.parameters)}"
    return (
        f"File: {_count(model.size_bytes)} bytes, sha256 {model.sha256[:SHORT_SHA]}; {counts}.",
        WEIGHTS_NOTE,
        *model.notes,
    )


def _whole_or_least(whole: int | None, counts: Sequence[int | None]) -> str:
    """Return the whole, or what the layers that could be counted take at least."""
    known = sum(count for count in counts if count is not None)
    return f"at least {_count(known)}" if whole is None and known else _count(whole)


def _shape(shape: Sequence[int] | None) -> str:
    return UNKNOWN if shape is None else "×".join(map(str, shape)) or "scalar"


def _size(size: Sequence[int] | None) -> str:
    return ABSENT if size is None else "×".join(map(str, size))


def _count(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number:,}".replace(",", " ")


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share * 100:.2f}"
