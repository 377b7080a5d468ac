"""Everything that is wrong with a profile's text, each thing with the line that it stands in."""

import re
from typing import Final

from pydantic import ValidationError

from mbench.devices.profiles.profile import Profile
from mbench.files.texts import parse_toml

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"'-]+)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+)\s*=")
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)$")
_AT_END: Final = " (at end of document)"

Place = tuple[str | int, ...]
"""A field's way from the top: `("clusters", 0, "cores")`."""


def check_profile(text: str, *, source: str) -> tuple[str, ...]:
    """Return what is wrong with a TOML text as a profile, one line each: `FILE:LINE: key: what`; empty for nothing.

    A text that is no TOML has one fault; after that, every field's faults are reported at once.
    """
    try:
        data = parse_toml(text)
    except ValueError as error:
        return (_syntax_fault(str(error), text, source),)
    try:
        Profile.model_validate(data)
    except ValidationError as error:
        lines = index_lines(text)
        faults = [(one["loc"], one["msg"], one["type"]) for one in error.errors()]
        # A list whose items are at fault is also reported as too short: that is no fault of its own.
        inner = {place[:length] for place, _, _ in faults for length in range(1, len(place))}
        found = [_field_fault(place, message, kind, lines) for place, message, kind in faults if place not in inner]
        return tuple(f"{source}:{line}: {fault}" for line, fault in sorted(found))
    return ()


def index_lines(text: str) -> dict[Place, int]:
    """Return the line (from 1) of every table and key of a TOML text.

    Keys inside inline tables are not found: their line is that of the key that holds them.
    """
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, counts[table])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_parts(key[1])), number)
    return lines


def _parts(dotted: str) -> Place:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _syntax_fault(said: str, text: str, source: str) -> str:
    if where := _AT_LINE.search(said):
        return f"{source}:{where[1]}: syntax: {said[: where.start()]}"
    return f"{source}:{max(1, len(text.splitlines()))}: syntax: {said.removesuffix(_AT_END)}"


def _field_fault(place: Place, message: str, kind: str, lines: dict[Place, int]) -> tuple[int, str]:
    """Return line and `key: what`; a missing field is reported at the table that lacks it, else at line 1."""
    what = message.removeprefix("Value error, ")
    if not place:
        # A rule over several fields begins with the name of the one at fault.
        key, _, rest = what.partition(": ")
        return lines.get((key,), 1), f"{key}: {rest}" if rest else what
    searched = place[:-1] if kind == "missing" else place
    while searched and searched not in lines:
        searched = searched[:-1]
    return lines.get(searched, 1), f"{'.'.join(str(part) for part in place)}: {what}"
