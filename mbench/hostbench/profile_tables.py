"""The operator profile as text: the tables of `--op_profiling_output_mode=stdout` and `csv`.

A port of xla/tsl `util/stats_calculator.cc` with the options of TFLite's
`tflite/profiling/profile_summary_formatter.cc`. In csv, node types hold unescaped commas (`Convolution (NHWC, QU8)
GEMM`) and commas in names become tabs, as in the tool.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mbench.hostbench.op_profile import ProfileRow, SubgraphProfile
from mbench.hostbench.running_stat import format_number

_RULE = "=============================="
_TOP_LIMIT = 10
_RUN_TITLE = "Operator-wise Profiling Info for Regular Benchmark Runs:"


@dataclass(slots=True)
class _TypeSummary:
    count: int = 0
    time_us: int = 0
    times_called: int = 0


def format_tables(subgraphs: Sequence[SubgraphProfile], *, csv: bool) -> str:
    """Renders the profile of the measured runs, the heading included.

    The tool's first part, on its initialization, is missing: the runtime's Python package does not tell it.
    """
    parts = [f"{_RUN_TITLE}\n"]
    for subgraph in subgraphs:
        if len(subgraphs) > 1:
            parts.append(
                f"Primary graph (name: {subgraph.name}) profile:\n"
                if subgraph.index == 0
                else f"Subgraph (index: {subgraph.index}, name: {subgraph.name}) profile:\n"
            )
        parts.extend(_format_subgraph(subgraph, csv=csv))
    return "".join(parts) + "\n"


def _format_subgraph(subgraph: SubgraphProfile, *, csv: bool) -> Iterable[str]:
    rows = sorted(subgraph.rows.values(), key=lambda row: row.run_order)
    by_time = sorted(rows, key=lambda row: -row.elapsed_us.avg)
    yield _format_rows("Run Order", rows, subgraph, csv=csv)
    yield _format_rows("Top by Computation Time", by_time[:_TOP_LIMIT], subgraph, csv=csv)
    yield f"Number of nodes executed: {len(rows)}\n"
    yield _format_types(_summarize_types(rows, subgraph), csv=csv)
    if subgraph.index != 0:
        yield f"Subgraph (index: {subgraph.index}, name: {subgraph.name}) "
    yield f"Timings (microseconds): {subgraph.run_total_us.format()}\n"
    yield f"Memory (bytes): count=0\n{len(rows)} nodes observed\n\n"


def _field(width: int, value: str) -> str:
    return f"\t{value:>{width}}"


def _fixed(value: float) -> str:
    return f"{value:.3f}"


def _percent(part: float, whole: float) -> float:
    return part * 100.0 / whole if whole else 0.0


def _format_rows(title: str, rows: Iterable[ProfileRow], subgraph: SubgraphProfile, *, csv: bool) -> str:
    if csv:
        header = "node type, first, avg_ms, %, cdf%, mem KB, times called, name"
    else:
        columns = ((40, "[node type]"), (9, "[first]"), (9, "[avg ms]"), (8, "[%]"), (8, "[cdf%]"), (10, "[mem KB]"))
        header = "".join(_field(*column) for column in columns) + _field(9, "[times called]") + "\t[Name]"
    lines = [f"{_RULE} {title} {_RULE}", header]
    cumulative_us = 0
    for row in rows:
        cumulative_us += row.elapsed_us.total
        share = _percent(row.elapsed_us.total, subgraph.run_total_us.total)
        cumulative = _percent(cumulative_us, subgraph.run_total_us.total)
        lines.append(_format_row(row, share, cumulative, subgraph.times_called(row), csv=csv))
    return "\n".join(lines) + "\n\n"


def _format_row(row: ProfileRow, share: float, cumulative: float, times_called: int, *, csv: bool) -> str:
    first_ms, avg_ms = row.elapsed_us.first / 1000.0, row.elapsed_us.avg / 1000.0
    if csv:
        numbers = (
            f"{format_number(first_ms)}, {format_number(avg_ms)}, {format_number(share)}%, {format_number(cumulative)}%"
        )
        return f"{row.node_type}, {numbers}, 0, {times_called}, {row.name.replace(',', chr(9))}"
    return "".join(
        (
            _field(40, row.node_type),
            _field(9, _fixed(first_ms)),
            _field(9, _fixed(avg_ms)),
            _field(7, _fixed(share)) + "%",
            _field(7, _fixed(cumulative)) + "%",
            _field(10, _fixed(0.0)),  # the tool has no memory of operators either, and prints this zero
            _field(9, str(times_called)),
            f"\t{row.name}",
        )
    )


def _summarize_types(rows: Iterable[ProfileRow], subgraph: SubgraphProfile) -> dict[str, _TypeSummary]:
    summaries: dict[str, _TypeSummary] = {}
    for row in rows:
        summary = summaries.setdefault(row.node_type, _TypeSummary())
        summary.count += 1
        summary.time_us += row.elapsed_us.total // subgraph.run_total_us.count
        summary.times_called += subgraph.times_called(row)
    return summaries


def _format_types(summaries: dict[str, _TypeSummary], *, csv: bool) -> str:
    if csv:
        header = "node type, count, avg_ms, avg %, cdf %, mem KB, times called"
    else:
        columns = (
            (40, "[Node type]"),
            (9, "[count]"),
            (10, "[avg ms]"),
            (11, "[avg %]"),
            (11, "[cdf %]"),
            (10, "[mem KB]"),
        )
        header = "".join(_field(*column) for column in columns) + _field(10, "[times called]")
    lines = [f"{_RULE} Summary by node type {_RULE}", header]
    total_us = sum(summary.time_us for summary in summaries.values())
    cumulative = 0.0
    for node_type, summary in sorted(summaries.items(), key=lambda item: (item[1].time_us, item[0]), reverse=True):
        share = _percent(summary.time_us, total_us)
        cumulative += share
        time_ms = summary.time_us / 1000.0
        if csv:
            numbers = f"{format_number(time_ms)}, {format_number(share)}%, {format_number(cumulative)}%"
            lines.append(f"{node_type}, {summary.count}, {numbers}, 0, {summary.times_called}")
        else:
            lines.append(
                _field(40, node_type)
                + _field(9, str(summary.count))
                + _field(10, _fixed(time_ms))
                + _field(10, _fixed(share))
                + "%"
                + _field(10, _fixed(cumulative))
                + "%"
                + _field(10, _fixed(0.0))
                + _field(9, str(summary.times_called))
            )
    return "\n".join(lines) + "\n\n"
