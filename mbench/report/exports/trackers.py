"""A night for trackers of benchmarks: Bencher's metric format, and github-action-benchmark's JSON."""

import json
from collections.abc import Sequence
from typing import Any, Final

from mbench.core.plain_text import escaped_json
from mbench.files.names import file_name
from mbench.report.exports.cell_rows import CellRow
from mbench.report.exports.foreign_text import plain_name, unique_names

NS_PER_US: Final = 1000
BYTES_PER_KIB: Final = 1024

_IGNORED: Final = "-bencher-ignore"
"""Ending of a benchmark's name by which Bencher never alarms (its reference, "Bencher Metric Format")."""

_DOT: Final = " ·"


def bencher_files(rows: Sequence[CellRow]) -> dict[str, bytes]:
    """Return a file for each device, which is what Bencher calls a testbed; by file name.

        {"detector gpu ×4": {"latency": {"value": 14310000.0, "lower_value": …, "upper_value": …},
                             "file-size": {"value": 4456789.0}, "peak-memory": …, "top-1": …}}

    `latency` is in ns, `file-size` and `peak-memory` in bytes, `top-1` in percent. A cell without numbers is left out.
    """
    files = {}
    devices: dict[str, list[CellRow]] = {}
    for row in rows:
        devices.setdefault(row.cell.serial, []).append(row)
    for serial, own in devices.items():
        names = [f"{name}{_DOT}" if name.endswith(_IGNORED) else name for name in unique_names(row.name for row in own)]
        benchmarks = {name: measures for name, row in zip(names, own, strict=True) if (measures := _measures(row))}
        files[f"{file_name(serial)}.json"] = _json(benchmarks)
    return files


def github_benchmark_json(rows: Sequence[CellRow]) -> bytes:
    r"""Return latencies for github-action-benchmark, tool `customSmallerIsBetter`; cells without one are left out.

    [{"name": "detector gpu ×4 on Pixel 4 9A1", "unit": "µs", "value": 14310.0, "range": "14200..14400",
      "extra": "8 runs\nartifact 1f3a…"}]
    """
    known = [row for row in rows if row.latency_us is not None]
    names = unique_names(f"{row.name} on {row.model} {row.cell.serial}" for row in known)
    return _json([_benchmark(name, row) for name, row in zip(names, known, strict=True)])


def _measures(row: CellRow) -> dict[str, dict[str, float]]:
    measures: dict[str, dict[str, float]] = {}
    if row.latency_us is not None:
        bounds = {"value": row.latency_us, "lower_value": row.low_us, "upper_value": row.high_us}
        measures["latency"] = {name: NS_PER_US * value for name, value in bounds.items() if value is not None}
        if row.size_bytes is not None:
            measures["file-size"] = {"value": float(row.size_bytes)}
    if row.peak_memory_kib is not None:
        measures["peak-memory"] = {"value": BYTES_PER_KIB * row.peak_memory_kib}
    if row.top1 is not None:
        measures["top-1"] = {"value": 100 * row.top1}
    return measures


def _benchmark(name: str, row: CellRow) -> dict[str, Any]:
    extra = [f"{row.runs} runs", *([f"artifact {row.artifact_sha256}"] if row.artifact_sha256 else [])]
    benchmark = {"name": name, "unit": "µs", "value": row.latency_us, "extra": "\n".join(map(plain_name, extra))}
    if row.low_us is not None and row.high_us is not None:
        benchmark["range"] = f"{row.low_us:g}..{row.high_us:g}"
    return benchmark


def _json(value: Any) -> bytes:
    return escaped_json(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)).encode() + b"\n"
