"""What was measured night by night, where somebody wants to see it: files, programs, systems, labels, and why not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mbench.core.nights.series import PointState
from mbench.history.door import asking
from mbench.history.past import PastCell, PastNight
from mbench.history.segments import table

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

POINTS_TOGETHER: Final = 400_000
"""That one question is about: some 100 MB of its memory."""

THINGS: Final = ("artifact_sha256", "binary_sha256", "tool", "tools", "os", "build")
"""What a stretch is of, in the order of its values."""


@dataclass(frozen=True, slots=True)
class CellMeasured:
    """What was measured of one cell.

    Attributes:
        things: by index of the night on which it was first another one: values in the order of `THINGS`.
        reasons: by index of the night, why a point has no number, in the order of the night's points.
    """

    things: dict[int, tuple[str | None, ...]] = field(default_factory=dict)
    reasons: dict[int, list[str | None]] = field(default_factory=dict)


def measured_of(
    segments: "Sequence[Path]", cells: Sequence[PastCell], nights: Sequence[PastNight], *, since: int = 0
) -> list[CellMeasured]:
    """Return what was measured of each cell.

    Args:
        segments: of the archive.
        cells: that are asked for.
        nights: all of the project's branch.
        since: index of the first night that is wanted.

    Raises:
        StoreError: the archive cannot be read.
    """
    found = [CellMeasured() for _ in cells]
    sessions = {night.session: night.index for night in nights if night.session is not None and night.index >= since}
    if not segments or not sessions:
        return found
    together = max(POINTS_TOGETHER // len(sessions), 1)
    with asking() as connection:
        connection.execute("CREATE TEMP TABLE nights (session VARCHAR, night INTEGER)")
        connection.execute("INSERT INTO nights SELECT unnest(?), unnest(?)", [[*sessions], [*sessions.values()]])
        for first in range(0, len(cells), together):
            keys = [
                (key, first + place) for place, one in enumerate(cells[first : first + together]) for key in one.keys
            ]
            for place, night, number, said in _asked(connection, segments, keys):
                if number:
                    found[place].things[night] = said
                else:
                    found[place].reasons.setdefault(night, []).append(": ".join(filter(None, said)) or None)
    return found


def labels_of(segments: "Sequence[Path]", nights: Sequence[PastNight]) -> Mapping[int, str]:
    """Return the labels of what nights measured, by their index.

    Raises:
        StoreError: the archive cannot be read.
    """
    sessions = {night.session: night.index for night in nights if night.session is not None}
    if not segments or not sessions:
        return {}
    with asking() as connection:
        rows = connection.execute(
            f"SELECT session, max(label) FROM {table(segments)} WHERE label IS NOT NULL GROUP BY session"
        ).fetchall()
    return {sessions[session]: label for session, label in rows if session in sessions}


def _asked(
    connection: "DuckDBPyConnection", segments: "Sequence[Path]", keys: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, bool, tuple[str | None, ...]]]:
    """Yield place, night, whether it has a number, and what was first measured, else class and text of the error."""
    connection.execute("CREATE OR REPLACE TEMP TABLE asked (cell BIGINT, place INTEGER)")
    connection.execute("INSERT INTO asked SELECT unnest(?), unnest(?)", [*map(list, zip(*keys, strict=True))])
    from_points = (
        f"FROM {table(segments)} JOIN asked USING (cell) JOIN nights USING (session) WHERE cell BETWEEN ? AND ?"
    )
    bounds = [min(key for key, _ in keys), max(key for key, _ in keys)]
    things = ", ".join(THINGS)
    rows = connection.execute(
        f"SELECT place, night, {things} FROM (SELECT place, night, job, {things}, hash({things}) AS now, "
        "lag(now) OVER (PARTITION BY place ORDER BY night, job) AS before "
        f"{from_points} AND state = {PointState.NUMBER:d}) "
        "WHERE before IS DISTINCT FROM now ORDER BY place, night, job",
        bounds,
    )
    yield from ((place, night, True, tuple(said)) for place, night, *said in rows.fetchall())
    rows = connection.execute(
        f"SELECT place, night, error_class, error {from_points} AND state <> {PointState.NUMBER:d} "
        "ORDER BY place, night, job",
        bounds,
    )
    yield from ((place, night, False, tuple(said)) for place, night, *said in rows.fetchall())
