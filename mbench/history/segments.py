"""Segments: Parquet files of points, sorted by cell and time; the only text of SQL that writes them."""

import dataclasses
import json
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from mbench.files.disk import OTHER_RESULTS, disk_errors
from mbench.files.whole import place, unfinished
from mbench.history.door import asking
from mbench.history.points import Point

COLUMNS: Final = {
    "cell": "BIGINT",
    "session": "VARCHAR",
    "project": "VARCHAR",
    "branch": "VARCHAR",
    "farm": "VARCHAR",
    "day": "DATE",
    "begun_at": "TIMESTAMP",
    "host": "VARCHAR",
    "job": "VARCHAR",
    "workload": "VARCHAR",
    "variant": "VARCHAR",
    "delegate": "VARCHAR",
    "threads": "INTEGER",
    "serial": "VARCHAR",
    "profile": "VARCHAR",
    "device_model": "VARCHAR",
    "soc": "VARCHAR",
    "emulated": "BOOLEAN",
    "state": "TINYINT",
    "status": "VARCHAR",
    "error_class": "VARCHAR",
    "error": "VARCHAR",
    "latency_us": "DOUBLE",
    "half_width_us": "DOUBLE",
    "runs": "INTEGER",
    "runs_us": "DOUBLE[]",
    "init_us": "DOUBLE",
    "first_us": "DOUBLE",
    "memory_kib": "DOUBLE",
    "size_bytes": "BIGINT",
    "metric": "VARCHAR",
    "accuracy": "DOUBLE",
    "correct": "BIGINT",
    "examples": "BIGINT",
    "question": "VARCHAR",
    "dataset": "BIGINT",
    "merit": "DOUBLE",
    "delegated": "INTEGER",
    "nodes": "INTEGER",
    "partitions": "INTEGER",
    "artifact_sha256": "VARCHAR",
    "binary_sha256": "VARCHAR",
    "tools": "VARCHAR",
    "thing": "BIGINT",
    "tool": "VARCHAR",
    "os": "VARCHAR",
    "build": "VARCHAR",
    "conditions_asked": "VARCHAR",
    "epoch": "BIGINT",
    "mbench": "VARCHAR",
    "git": "VARCHAR",
    "label": "VARCHAR",
    "temperature_c": "DOUBLE",
    "battery_percent": "DOUBLE",
    "battery_temperature_c": "DOUBLE",
    "thermal_status": "INTEGER",
    "powered_by": "VARCHAR",
    "warnings": "VARCHAR[]",
}
"""Of a segment: the fields of `Point`, in their order."""

ROWS_TOGETHER: Final = 32_768
"""Of a row group: what one cell or one workload is asked for is found in few of them."""

ORDER: Final = "cell, begun_at, session, job"


def write_points(path: Path, points: Iterable[Point], *, temporary: Path) -> int:
    """Write points as a segment, whole or not at all, and return how many they are.

    Args:
        path: of the segment, which is new.
        points: in any order.
        temporary: folder on the same disk for what is being written.

    Raises:
        StoreError: the disk refused.
    """
    with unfinished(temporary) as text:
        count = 0
        with disk_errors("write", text, otherwise=OTHER_RESULTS), text.open("w", encoding="ascii") as file:
            for point in points:
                file.write(f"{json.dumps(_fields(point), default=_text)}\n")
                count += 1
        types = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items()) + "}"
        source = f"read_json({_quoted(_plain(text))}, format = 'newline_delimited', columns = {types})"
        _copy(f"SELECT {', '.join(COLUMNS)} FROM {source}", path, temporary)
    return count


def merge(path: Path, segments: Sequence[Path], *, without: "Without", temporary: Path) -> None:
    """Write what segments hold, but for what is to go, as one segment, whole or not at all.

    Raises:
        DamagedArchive: one of them cannot be read.
        StoreError: the disk refused.
    """
    _copy(f"SELECT * FROM {table(segments)} WHERE {without.condition()}", path, temporary)


def count_rows(segments: Sequence[Path]) -> int:
    """Return how many points segments hold.

    Raises:
        DamagedArchive: one of them cannot be read.
    """
    with asking() as connection:
        found = connection.execute(f"SELECT count(*) FROM {table(segments)}").fetchone()
    return 0 if found is None else int(found[0])


def distinct(segments: Sequence[Path], column: str) -> set[str]:
    """Return the texts that a column has.

    Raises:
        DamagedArchive: a segment cannot be read.
    """
    if not segments:
        return set()
    with asking() as connection:
        rows = connection.execute(f"SELECT DISTINCT {column} FROM {table(segments)} WHERE {column} IS NOT NULL")
        return {str(value) for (value,) in rows.fetchall()}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """Points that are to go: those of sessions, of phones, of projects."""

    sessions: Collection[str] = ()
    phones: Collection[str] = ()
    projects: Collection[str] = ()

    def __bool__(self) -> bool:
        return bool(self.sessions or self.phones or self.projects)

    def condition(self) -> str:
        """Return what is true of a point that stays, as SQL."""
        chosen = {"session": self.sessions, "serial": self.phones, "project": self.projects}
        parts = [
            f"{name} NOT IN ({', '.join(map(_quoted, sorted(values)))})" for name, values in chosen.items() if values
        ]
        return " AND ".join(parts) or "true"


def table(segments: Sequence[Path]) -> str:
    """Return segments as a table of SQL."""
    return f"read_parquet([{', '.join(_quoted(_plain(path)) for path in segments)}])"


def _copy(question: str, path: Path, temporary: Path) -> None:
    """Write the answer to a question as a segment."""
    with unfinished(temporary) as part, unfinished(temporary) as spill, asking(str(spill)) as connection:
        connection.execute(
            f"COPY ({question} ORDER BY {ORDER}) TO {_quoted(part)} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_TOGETHER})"
        )
        with disk_errors("write", path, otherwise=OTHER_RESULTS):
            place(part, path, fsync=True)


def _fields(point: Point) -> dict[str, Any]:
    return {name: _valid(getattr(point, name)) for name in COLUMNS}


def _valid(value: object) -> object:
    """Return a value as it is; of a text, bytes of a name that are not UTF-8 are written out."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _text(value: object) -> str:
    """Return a moment as UTC without a zone, and a date, as JSON takes them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no column holds {type(value).__name__}")


def _plain(path: Path) -> str:
    """Return a path in which DuckDB sees no pattern."""
    return re.sub(r"[*?\[]", lambda match: f"[{match[0]}]", str(path))


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
