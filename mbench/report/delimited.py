"""Rows for machines: CSV and JSON under their stable names."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from mbench.report.rows import Row

_ROWS: TypeAdapter[list[Row]] = TypeAdapter(list[Row])


def as_csv(rows: Sequence[Row]) -> str:
    """Return rows as CSV with a header line; unknown is an empty field, lists are JSON inside theirs."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row.model_fields)
    for row in rows:
        writer.writerow([_field(value) for value in row.model_dump(mode="json").values()])
    return text.getvalue()


def as_json(rows: Sequence[Row]) -> str:
    """Return rows as a JSON list; unknown is null. Ends with a newline."""
    return _ROWS.dump_json(list(rows), indent=2).decode() + "\n"


def _field(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value
