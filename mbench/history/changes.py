"""What changed of a cell between two nights, in words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from mbench.history.door import asking
from mbench.history.segments import table

_ASKED: Final = (
    "artifact_sha256",
    "binary_sha256",
    "tool",
    "tools",
    "os",
    "build",
    "conditions_asked",
    "label",
    "mbench",
    "git",
)
_HASH: Final = 12
"""Digits of a hash that are shown, as file names have them."""


def changed_between(
    segments: Sequence[Path], asked: Sequence[tuple[Sequence[int], int, int]], sessions: Mapping[int, str | None]
) -> list[tuple[str, ...]]:
    """Return for each cell, by its keys, what changed between two nights by index.

    Args:
        segments: of the archive.
        asked: keys of a cell, the night before, the night after.
        sessions: of nights, by index.
    """
    wanted = [
        (place, key, night)
        for place, (keys, before, after) in enumerate(asked)
        for key in keys
        for night in (before, after)
        if sessions.get(night) is not None
    ]
    if not wanted or not segments:
        return [() for _ in asked]
    with asking() as connection:
        connection.execute("CREATE TEMP TABLE asked (place INTEGER, cell BIGINT, night INTEGER, session VARCHAR)")
        connection.execute(
            "INSERT INTO asked SELECT unnest(?), unnest(?), unnest(?), unnest(?)",
            [*map(list, zip(*wanted, strict=True)), [sessions[night] for _, _, night in wanted]],
        )
        keys = [key for _, key, _ in wanted]
        rows = connection.execute(
            f"SELECT place, night, {', '.join(_ASKED)} FROM {table(segments)} JOIN asked USING (cell, session) "
            "WHERE cell BETWEEN ? AND ? AND epoch <> -1 ORDER BY job DESC",
            [min(keys), max(keys)],
        ).fetchall()
    found = {(place, night): dict(zip(_ASKED, values, strict=True)) for place, night, *values in rows}
    return [
        _words(found.get((place, before)), found.get((place, after))) for place, (_, before, after) in enumerate(asked)
    ]


def _words(before: Mapping[str, str | None] | None, after: Mapping[str, str | None] | None) -> tuple[str, ...]:
    if before is None or after is None:
        return ()
    said = [
        _said("artifact", _short(before["artifact_sha256"]), _short(after["artifact_sha256"])),
        _said("binary", _short(before["binary_sha256"]), _short(after["binary_sha256"])),
        _said("tools", before["tools"], after["tools"]),
        _said("program", before["tool"], after["tool"]),
        _said("OS build", before["build"], after["build"]) or _said("OS", before["os"], after["os"]),
        *_conditions(before["conditions_asked"], after["conditions_asked"]),
        _said("label", before["label"], after["label"]),
    ]
    words = tuple(each for each in said if each is not None)
    return words or tuple(filter(None, [_said("mbench", _version(before), _version(after))]))


def _conditions(before: str | None, after: str | None) -> list[str | None]:
    """Return what of the settings is another one, without what stays."""
    old, new = (each.split("; ") if each else [] for each in (before, after))
    gone, come = [each for each in old if each not in new], [each for each in new if each not in old]
    return [_said("settings", "; ".join(gone) or "none", "; ".join(come) or "none")] if gone or come else []


def _said(what: str, before: str | None, after: str | None) -> str | None:
    return None if before == after else f"{what} {before or 'unknown'} → {after or 'unknown'}"


def _short(sha256: str | None) -> str | None:
    return None if sha256 is None else sha256[:_HASH]


def _version(point: Mapping[str, str | None]) -> str | None:
    return point["mbench"] if point["git"] is None else f"{point['mbench']} ({point['git']})"
