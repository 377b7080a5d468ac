"""The errors of a quantized file, operator by operator, as a table."""

# ruff: noqa: D102  # the protocol's members are called what they are

from collections.abc import Sequence
from typing import Final, Protocol

from mbench.report.render.number_format import ABSENT, count_of, legend, significant
from mbench.report.render.text_table import Cell, Column, Style, TableValues, right_column

WORST: Final = 3
"""Operators that lose most are marked."""

LEAST_LOST_DB: Final = 3.0
"""Half of the ratio: what loses less is not marked."""


class MeasuredLayer(Protocol):
    """What a row needs."""

    @property
    def operator(self) -> int | None: ...
    @property
    def op(self) -> str: ...
    @property
    def tensor(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def snr_db(self) -> float | None: ...
    @property
    def lost_db(self) -> float | None: ...
    @property
    def rmse_per_step(self) -> float | None: ...
    @property
    def max_error(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def error_table(
    title: str, layers: Sequence[MeasuredLayer], *, examples: int, unmatched: Sequence[str], source: str
) -> TableValues:
    """Return a row for each tensor.

    Args:
        title: both files' names.
        layers: in the float file's order.
        examples: that both were run on.
        unmatched: tensors that only the float file has.
        source: of the examples.
    """
    worst = _worst(layers)
    rows = [_row(place, layer, worst) for place, layer in enumerate(layers)]
    return TableValues(
        title=title,
        columns=(
            right_column("#"),
            Column(header="Operator"),
            Column(header="Tensor", spare=3),
            Column(header="Stored as", spare=4),
            right_column("SNR (dB)"),
            right_column("Lost (dB)"),
            right_column("RMSE / step", spare=2),
            right_column("Largest error", spare=1),
            right_column("Float range", spare=5),
        ),
        rows=tuple(rows),
        foot=tuple(_foot(rows, worst, examples, unmatched, source)),
    )


def _worst(layers: Sequence[MeasuredLayer]) -> frozenset[int]:
    lost = [(layer.lost_db, place) for place, layer in enumerate(layers) if layer.lost_db is not None]
    return frozenset(place for db, place in sorted(lost, reverse=True)[:WORST] if db >= LEAST_LOST_DB)


def _row(place: int, layer: MeasuredLayer, worst: frozenset[int]) -> tuple[Cell, ...]:
    style = Style.STRONG if place in worst else Style.PLAIN
    return (
        Cell(ABSENT if layer.operator is None else str(layer.operator)),
        Cell(layer.op, style),
        Cell(layer.tensor.partition(";")[0]),  # converters join the names of all that was fused
        Cell(layer.dtype),
        Cell(_db(layer.snr_db)),
        Cell(_db(layer.lost_db), style),
        Cell(ABSENT if layer.rmse_per_step is None else f"{layer.rmse_per_step:.2f}"),
        Cell(significant(layer.max_error)),
        Cell(f"{significant(layer.low)} to {significant(layer.high)}"),
    )


def _db(ratio: float | None) -> str:
    return ABSENT if ratio is None else f"{ratio + 0.0:.1f}"


def _foot(
    rows: Sequence[tuple[Cell, ...]], worst: frozenset[int], examples: int, unmatched: Sequence[str], source: str
) -> list[str]:
    lines = [
        f"Both files ran on {count_of(examples, 'example')} ({source}) by the runtime's own kernels, all tensors kept.",
        "SNR: 10·log10(Σ float² / Σ error²), of the network as a whole: errors of earlier operators are in it.",
        "Lost: how much of the worst ratio of the operator's inputs; below 0 it got better.",
        "RMSE / step: 0.29 is rounding alone.",
    ]
    if worst:
        lines.append(f"Marked: what loses most, {LEAST_LOST_DB:.0f} dB or more.")
    if unmatched:
        lines.append(f"{count_of(len(unmatched), 'tensor')} of the float file has no counterpart in the other one.")
    return [*lines, *legend(cell.text for row in rows for cell in row)]
