"""Nights for Apache Otava: a CSV file for each cell, and the YAML that names their columns.

Otava reads a test's whole series from its file, every field of a metric a number (apache/otava, `otava/importer.py`,
`CsvImporter`; `docs/CSV.md`). So a cell has a file of its own, and a night without a number no row in it.

    time,night,artifact,latency_us
    2026-11-29T21:00:04+00:00,20261129-210004-farm-main-1a2b,1f3a…,14310.0
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from mbench.core.nights.cells import Cell
from mbench.files.names import file_name
from mbench.report.exports.cell_rows import CellRow
from mbench.report.exports.foreign_text import plain_name, unique_names
from mbench.report.results.delimited import csv_text

CONFIG_FILE = "otava.yaml"

_ATTRIBUTES = ("night", "artifact")
_OPTIONAL = {"size_bytes": "size_bytes", "peak_memory_kib": "peak_memory_kib"}
"""Metrics that a cell has where every row of it has them, with their attributes of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightRows:
    """The rows of one night."""

    night: str
    rows: tuple[CellRow, ...]


def otava_files(nights: Sequence[NightRows]) -> dict[str, bytes]:
    """Return the files by name: `otava.yaml` and a CSV for each cell with a latency.

    Args:
        nights: the oldest first.
    """
    cells: dict[Cell, list[tuple[str, CellRow]]] = {}
    for night in nights:
        for row in night.rows:
            if row.latency_us is not None:
                cells.setdefault(row.cell, []).append((night.night, row))
    names = unique_names(str(cell) for cell in cells)
    files, tests = {}, []
    for name, (cell, points) in zip(names, cells.items(), strict=True):
        metrics = ["latency_us", *(metric for metric in _OPTIONAL if _known(metric, points))]
        file = f"{file_name(str(cell))}.csv"
        files[file] = _csv(points, metrics)
        tests.append(_test(name, file, metrics))
    files[CONFIG_FILE] = ("tests:\n" + "".join(tests) if tests else "tests: {}\n").encode()
    return files


def _known(metric: str, points: Sequence[tuple[str, CellRow]]) -> bool:
    return all(getattr(row, _OPTIONAL[metric]) is not None for _, row in points)


def _csv(points: Sequence[tuple[str, CellRow]], metrics: Sequence[str]) -> bytes:
    lines: list[Sequence[object]] = [["time", *_ATTRIBUTES, *metrics]]
    for night, row in points:
        at = f"{row.ended_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}"
        lines.append([at, plain_name(night), row.artifact_sha256 or "", *(getattr(row, metric) for metric in metrics)])
    return csv_text(lines).encode()


def _test(name: str, file: str, metrics: Sequence[str]) -> str:
    """Return a test of the YAML file; texts stand in it as JSON has them, which YAML reads (YAML 1.2, section 1.3)."""
    named = "".join(f"      {metric}: {{column: {metric}, direction: -1, scale: 1}}\n" for metric in metrics)
    return (
        f"  {json.dumps(name)}:\n    type: csv\n    file: {json.dumps(file)}\n    time_column: time\n"
        f"    attributes: [{', '.join(_ATTRIBUTES)}]\n    csv_options: {{delimiter: ',', quote_char: '\"'}}\n"
        f"    metrics:\n{named}"
    )
