"""Rows for machines: CSV and JSON under their stable names."""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from mbench.core.plain_text import plain_lines
from mbench.report.results.rows.row import Row

_ROWS: TypeAdapter[list[Row]] = TypeAdapter(list[Row])

_FORMULA: Final = re.compile(r"[\t\r]|[\s'\"]*[=+\-@＝＋－＠]")
"""What spreadsheets take for the beginning of a formula, behind blanks and quotes too, and in full width (OWASP,
"CSV Injection")."""


def as_csv(rows: Sequence[Row]) -> str:
    """Return rows as CSV with a header line; unknown is an empty field, lists and objects are JSON inside theirs."""
    return csv_text([Row.model_fields, *(row.model_dump(mode="json").values() for row in rows)])


def as_json(rows: Sequence[Row]) -> str:
    """Return rows as a JSON list; unknown is null. Ends with a newline."""
    try:
        return _ROWS.dump_json(list(rows), indent=2).decode() + "\n"
    except PydanticSerializationError:  # a name that is not UTF-8
        return json.dumps(_ROWS.dump_python(list(rows), mode="json"), indent=2) + "\n"


def csv_text(lines: Iterable[Iterable[Any]]) -> str:
    """Return lines of values as CSV: numbers as they are, texts cleaned and never a formula of a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([csv_field(value) for value in line] for line in lines)
    return text.getvalue()


def csv_field(value: Any) -> Any:
    """Return a value as CSV holds it; a text that a spreadsheet would compute gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return value
    guard = "'" if _FORMULA.match(value) else ""
    return guard + plain_lines(value)


def unguarded(text: str) -> str:
    """Return a text without the apostrophe that `csv_field` put in front of it."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text
