"""Formats of tables, as they are asked for."""

from enum import StrEnum

from mbench.core.errors import UsageError


class Format(StrEnum):
    """How a table is printed."""

    MD = "md"
    CSV = "csv"
    JSON = "json"
    TABLE = "table"


def format_of(format_: Format | None, *, json: bool) -> Format | None:
    """Return the format that is asked for by `--format` and `--json` together; None: by neither.

    Raises:
        UsageError: they contradict each other.
    """
    if json and format_ not in (None, Format.JSON):
        raise UsageError(f"--json prints JSON, and --format {format_} asks for another form; leave one of them out.")
    return Format.JSON if json else format_
