"""Bencher Metric Format: a snapshot of benchmarks, in JSON.

{"BENCHMARK": {"latency": {"value": 88000.0, "lower_value": 87000.0, "upper_value": 89000.0}}}

`latency` is in nanoseconds and `file-size` in bytes, as Bencher's own measures are (bencher.dev/docs, "Measures").
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from mbench.core.errors import UsageError
from mbench.history.imports.csv_file import Imported
from mbench.history.imports.rows import checked_row, parse_number

LATENCY: Final = "latency"
SIZE: Final = "file-size"
_NS_IN_US: Final = 1000.0


def parse_bencher(
    text: str, *, source: str, project: str, branch: str, time: datetime, constants: Mapping[str, str]
) -> Imported:
    """Return what a snapshot holds.

    Args:
        text: of the file.
        source: its name, for messages.
        project: that the rows become part of.
        branch: likewise.
        time: at which it was measured; the format has none.
        constants: what holds for all of it: the device at least.

    Raises:
        UsageError: it is no such file, or a number in it cannot be.
    """
    benchmarks = _object(_parsed(text, source), source)
    rows, others = [], set[str]()
    for name, measures in benchmarks.items():
        where = f"{source}: {name}"
        measured = _object(measures, where)
        others |= {str(measure) for measure in measured if measure not in (LATENCY, SIZE)}
        fields: dict[str, object] = {"project": project, "branch": branch, "time": time, "workload": name}
        if LATENCY in measured:
            fields |= _latency(_object(measured[LATENCY], f"{where}: {LATENCY}"), f"{where}: {LATENCY}")
        if SIZE in measured:
            fields["size_bytes"] = _value(_object(measured[SIZE], f"{where}: {SIZE}"), "value", f"{where}: {SIZE}")
        if LATENCY in measured or SIZE in measured:
            rows.append(checked_row(fields | dict(constants), where=where))
    noted = f"measures that a history has no place for were left out: {', '.join(sorted(others))}"
    return Imported(rows=tuple(rows), notes=(noted,) if others else ())


def _latency(metric: Mapping[str, Any], where: str) -> dict[str, object]:
    value, low, high = (_value(metric, name, where) for name in ("value", "lower_value", "upper_value"))
    half = None if low is None or high is None or high < low else (high - low) / 2 / _NS_IN_US
    return {
        "latency_us": value / _NS_IN_US if value else None,
        "half_width_us": half,
        "latency_unit": "ns",
    }


def _value(metric: Mapping[str, Any], name: str, where: str) -> float | None:
    value = metric.get(name)
    if isinstance(value, bool) or not (value is None or isinstance(value, int | float)):
        raise UsageError(f"{where}: {name} is {value!r}, not a number.")
    return None if value is None else parse_number(str(value), where=f"{where}: {name}")


def _parsed(text: str, source: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{source}:{error.lineno}: no JSON: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source}: no JSON that can be read: {type(error).__name__}.") from error


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{where}: holds a {type(value).__name__}, where Bencher's format has an object.")
    return value
