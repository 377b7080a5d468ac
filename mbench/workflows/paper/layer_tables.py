"""Tables 1, 2 and 11: those whose rows are layers, layer types and distances, and not networks."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from mbench.artifacts.counting import Layer, Share
from mbench.artifacts.inspection import Inspection
from mbench.core.reasons import PeakUnknown
from mbench.core.results import JobResult
from mbench.paper.comparing import Mark, prints_as
from mbench.paper.tables import LayerRow, Printed, Table
from mbench.report.paper.compute_rate import (
    DEFINITION,
    OTHERS,
    Peak,
    TypeRate,
    believable,
    peak_lines,
    peak_percent,
    profiled_operators,
    rates_by_type,
)
from mbench.report.paper.measured_columns import Measured, score_columns, source_lines, unmarked_doubts
from mbench.report.paper.paper_table import (
    EQUAL,
    Exact,
    Origin,
    Sheet,
    SheetCell,
    SheetColumn,
    columns_of,
    printed_cell,
    share_cell,
    text_column,
    unknown_column,
    with_note,
)
from mbench.report.render.number_format import ABSENT, UNKNOWN, significant
from mbench.report.render.text_table import Align
from mbench.workflows.paper.compute_rates import layers_of, peak_of
from mbench.workflows.paper.count_networks import Counted

_FORMED: Final = frozenset({"RESHAPE", "SQUEEZE", "QUANTIZE", "DEQUANTIZE"})
"""Operators that converters put between the paper's layers."""


def layer_sheet(table: Table, counted: Counted) -> Sheet:
    """Return Table 1: each printed layer beside the layer of the built file, `=` where they are the same."""
    printed = list(_expanded(table.layers))
    inspection = counted.inspections.get(table.network or "")
    built = _built_layers(inspection) if inspection is not None else []
    known = len(built) == len(printed)
    texts = [(row.type, row.filter, row.input) for row in printed]
    numbers = range(1, len(printed) + 1)
    columns = [_left("#", [SheetCell(str(number), exact=Exact(number)) for number in numbers])]
    for place, header in enumerate(("Type / stride", "Filter shape", "Input size")):
        notes = [row.note if place == 0 else None for row in printed]
        of_paper = [text[place] for text in texts]
        of_file = [layer[place] for layer in built] if known else [UNKNOWN] * len(printed)
        shown = [with_note(SheetCell(text), note) for text, note in zip(of_paper, notes, strict=True)]
        columns.append(_left(f"{header}, printed", shown, origin=Origin.PRINTED))
        built_cells = _cells(map(_marked, of_file, of_paper))
        columns.append(_left("built", built_cells, name=f"{header}, built", origin=Origin.COUNTED))
    missing = counted.missing.get(table.network or "")
    foot = (f"Printed: {table.source}.", *([f"Not built: {missing}."] if missing else []))
    return Sheet(title=_title(table), columns=tuple(columns), notes=table.notes, foot=foot)


def share_sheet(table: Table, counted: Counted, results: Sequence[JobResult], *, rates: bool) -> Sheet:
    """Return Table 2: shares printed and counted, and the shares of time that were measured."""
    inspection = counted.inspections.get(table.network or "")
    shares = {share.type: share for share in inspection.shares} if inspection is not None else {}
    rows = table.shares
    parts = [(table.network or "",)]
    measured = Measured(results, parts)
    mult_adds = [_share(row.mult_adds, shares.get(row.type), "mult_adds_share") for row in rows]
    parameters = [_share(row.parameters, shares.get(row.type), "parameter_share") for row in rows]
    nothing = SheetCell(ABSENT)
    profiles, peaks = _profiles(measured)
    kinds = [row.type for row in rows] + [OTHERS]
    timed = columns_of(*(_time_columns(label, found, peak, kinds, rates=rates) for label, found, peak in profiles))
    return Sheet(
        title=_title(table),
        columns=columns_of(
            [text_column("Type", [*(row.name for row in rows), "Others"])],
            [
                _printed("Mult-adds (%)", (*map(_cell, (row.mult_adds for row in rows)), nothing)),
                _counted("Mult-adds (%)", (*mult_adds, nothing)),
                _printed("Params (%)", (*map(_cell, (row.parameters for row in rows)), nothing)),
                _counted("Params (%)", (*parameters, nothing)),
            ],
            timed or [unknown_column("Time (%)", len(kinds), "Needs a session with --profile ops.")],
        ),
        notes=(*unmarked_doubts(measured), *table.notes),
        foot=(
            *([DEFINITION, *peak_lines(peaks)] if rates and profiles else []),
            *([f"Not counted: {reason}." for name, reason in counted.missing.items() if name == table.network]),
            *source_lines(measured),
            f"Printed: {table.source}.",
        ),
    )


def distance_sheet(table: Table, results: Sequence[JobResult]) -> Sheet:
    """Return Table 11: percent of pictures within a distance, printed, and measured where a data set was there."""
    rows = table.distances
    parts = [(table.network or "",)]
    measured = Measured(results, parts)
    found: dict[str, list[SheetCell]] = {}
    for place, row in enumerate(rows):
        for column in score_columns(measured, parts, row.metric):
            header = column.header.partition(" (%), ")[2]
            found.setdefault(header, [SheetCell(UNKNOWN)] * len(rows))[place] = column.cells[0]
    return Sheet(
        title=_title(table),
        columns=columns_of(
            [text_column("Scale", [row.name for row in rows])],
            [
                _printed("Im2GPS", tuple(_cell(row.im2gps) for row in rows)),
                _printed("PlaNet", tuple(_cell(row.planet) for row in rows)),
                _printed("PlaNet MobileNet", tuple(_cell(row.mobilenet) for row in rows)),
            ],
            [_measured(f"measured, {what}", cells) for what, cells in found.items()]
            or [unknown_column("measured", len(rows), "Needs --dataset geo:PATH and weights trained for its cells.")],
        ),
        notes=table.notes[:1],
        foot=(f"Printed: {table.source}.",),
    )


def _title(table: Table) -> str:
    return f"Table {table.number}: {table.title}"


def _expanded(rows: Sequence[LayerRow]) -> Iterable[LayerRow]:
    """Yield the rows as they run: those that are repeated alternate."""
    repeated: list[LayerRow] = []
    for row in rows:
        if row.times > 1:
            repeated.append(row)
            continue
        yield from (each for _ in range(repeated[0].times) for each in repeated) if repeated else ()
        repeated = []
        yield row


def _built_layers(inspection: Inspection) -> list[tuple[str, str, str]]:
    """Return the layers of a file in the words of Table 1: type and stride, filter, input."""
    return [_words(layer) for layer in inspection.layers if layer.op not in _FORMED]


def _words(layer: Layer) -> tuple[str, str, str]:
    inputs = layer.input_shape or ()
    channels = inputs[-1] if inputs else 0
    filters = layer.output_shape[-1] if layer.output_shape else 0
    kernel = "×".join(map(str, layer.kernel or ()))
    stride = f"s{layer.stride[0]}" if layer.stride else "s1"
    map_size = "×".join(map(str, inputs[1:]))
    match layer.type:
        case "fully connected":
            return f"FC / {stride}", f"{channels}×{filters}", f"1×1×{channels}"
        case "MEAN":
            return "Avg Pool / s1", f"Pool {'×'.join(map(str, inputs[1:3]))}", map_size
        case "SOFTMAX":
            return "Softmax / s1", "Classifier", f"1×1×{channels}"
        case kind if kind.startswith("depthwise"):
            return f"Conv dw / {stride}", f"{kernel}×{channels} dw", map_size
    return f"Conv / {stride}", f"{kernel}×{channels}×{filters}", map_size


def _marked(built: str, printed: str) -> str:
    return f"{built} {EQUAL}" if built == printed else built


def _share(cell: Printed, share: Share | None, which: str) -> SheetCell:
    """Return a counted share beside a printed one; 0 where the file has no such layer."""
    fraction = None if share is None else getattr(share, which)
    if fraction is None:
        return SheetCell(UNKNOWN)
    mark = Mark.EQUAL if prints_as(Decimal(str(100 * fraction)), cell) else Mark.DIFFERENT
    return share_cell(100 * fraction, mark, printed=cell.printed)


def _cell(cell: Printed) -> SheetCell:
    return printed_cell(cell.printed, cell.note)


def _profiles(
    measured: Measured,
) -> tuple[list[tuple[str, tuple[TypeRate, ...], Peak | PeakUnknown]], list[Peak | PeakUnknown]]:
    """Return the profiled ways of running the network, each with its layer types and its peak."""
    found: list[tuple[str, tuple[TypeRate, ...], Peak | PeakUnknown]] = []
    for way in measured.ways:
        for result in measured.results:
            if measured.of(measured.rows[0], way) != [result]:
                continue
            operators, layers = profiled_operators(result), layers_of(result)
            rates = rates_by_type(operators, layers) if operators and layers else None
            if rates is not None:
                peak = believable(peak_of(result), [rate.gmacs for rate in rates])
                found.append((way.label, rates, peak))
    return found, [peak for _, _, peak in found]


def _time_columns(
    label: str, found: Sequence[TypeRate], peak: Peak | PeakUnknown, kinds: Sequence[str], *, rates: bool
) -> tuple[SheetColumn, ...]:
    by_kind = {rate.type: rate for rate in found}
    of_kinds = [by_kind.get(kind) for kind in kinds]
    time = [_number(None if rate is None else 100 * rate.share, ".1f") for rate in of_kinds]
    columns = [_measured(f"Time (%), {label}", time)]
    if rates:
        achieved = [None if rate is None else rate.gmacs for rate in of_kinds]
        columns.append(_measured("GMAC/s", _of_kinds(kinds, map(_significant, achieved)), name=f"GMAC/s, {label}"))
        shares = (_significant(peak_percent(each, peak)) for each in achieved)
        columns.append(_measured("Of peak (%)", _of_kinds(kinds, shares), name=f"Of peak (%), {label}"))
    return tuple(columns)


def _of_kinds(kinds: Sequence[str], cells: Iterable[SheetCell]) -> Iterable[SheetCell]:
    """Return the cells, and that there is none for layers that multiply nothing."""
    return (SheetCell(ABSENT) if kind == OTHERS else cell for kind, cell in zip(kinds, cells, strict=True))


def _significant(value: float | None) -> SheetCell:
    return SheetCell(significant(value), exact=None if value is None else Exact(value))


def _number(value: float | None, form: str) -> SheetCell:
    return SheetCell(UNKNOWN) if value is None else SheetCell(format(value, form), exact=Exact(value))


def _printed(what: str, cells: Iterable[SheetCell]) -> SheetColumn:
    return SheetColumn(header=f"{what}, printed", cells=tuple(cells), origin=Origin.PRINTED)


def _counted(what: str, cells: Iterable[SheetCell]) -> SheetColumn:
    return SheetColumn(header="counted", cells=tuple(cells), name=f"{what}, counted", origin=Origin.COUNTED)


def _measured(header: str, cells: Iterable[SheetCell], *, name: str = "") -> SheetColumn:
    return SheetColumn(header=header, cells=tuple(cells), name=name, origin=Origin.MEASURED)


def _cells(texts: Iterable[str]) -> tuple[SheetCell, ...]:
    return tuple(map(SheetCell, texts))


def _left(header: str, cells: Sequence[SheetCell], *, name: str = "", origin: Origin | None = None) -> SheetColumn:
    return SheetColumn(header=header, cells=tuple(cells), align=Align.LEFT, name=name, origin=origin)
