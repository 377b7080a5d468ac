"""Numbers of some cells on some nights, a row each: what exports of whole series hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mbench.history.door import asking
from mbench.history.segments import table


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """A cell's number of one night.

    Attributes:
        cell: its key.
        begun_at: of the night.
    """

    cell: int
    session: str
    begun_at: datetime
    latency_us: float
    size_bytes: int | None
    memory_kib: float | None
    artifact_sha256: str | None
    binary_sha256: str | None


def latencies_of(segments: Sequence[Path], cells: Sequence[int], sessions: Sequence[str]) -> list[Latency]:
    """Return what cells have a number of, in the order of time.

    Args:
        segments: of the archive.
        cells: by their keys.
        sessions: of the nights.

    Raises:
        StoreError: the archive cannot be read.
    """
    if not segments or not cells or not sessions:
        return []
    with asking() as connection:
        rows = connection.execute(
            "SELECT cell, session, begun_at, latency_us, size_bytes, memory_kib, artifact_sha256, binary_sha256 "
            f"FROM {table(segments)} WHERE cell IN (SELECT unnest(?)) AND session IN (SELECT unnest(?)) "
            "AND state = 0 AND latency_us > 0 ORDER BY begun_at, session, job",
            [list(cells), list(sessions)],
        ).fetchall()
    return [
        Latency(
            cell=cell,
            session=session,
            begun_at=begun_at.replace(tzinfo=UTC),
            latency_us=latency_us,
            size_bytes=size_bytes,
            memory_kib=memory_kib,
            artifact_sha256=artifact,
            binary_sha256=binary,
        )
        for cell, session, begun_at, latency_us, size_bytes, memory_kib, artifact, binary in rows
    ]
