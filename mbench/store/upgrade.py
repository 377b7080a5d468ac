"""Old documents become current ones, step by step; newer ones are refused with advice.

psf/pyperf and airspeed-velocity/asv (`asv/util.py`, `update_json`) keep years of results readable in this way.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from mbench.core.errors import NewerFormat, StoreError
from mbench.core.results import FORMAT_VERSION

KINDS: Final = ("plan", "job", "run", "ending", "night", "night_end", "verdict")
"""What a document can be; its field `kind`."""

Step = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes a document (any kind) of one version and returns it in the next; it need not set `format_version`."""


def _from_1(document: dict[str, Any]) -> dict[str, Any]:
    """Put the one device of a plan into a part of its own."""
    if document["kind"] == "plan":
        names = ("device", "binary", "rules", "canary", "jobs")
        document["devices"] = [{name: document.pop(name) for name in names if name in document}]
    return document


def _from_2(document: dict[str, Any]) -> dict[str, Any]:
    """Change nothing: what format 3 has more is unknown in older documents."""
    return document


STEPS: Final[Mapping[int, Step]] = {1: _from_1, 2: _from_2}
"""Step n leads from version n to n + 1."""


def upgrade(
    document: dict[str, Any],
    *,
    steps: Mapping[int, Step] = STEPS,
    current: int = FORMAT_VERSION,
    source: str = "document",
) -> dict[str, Any]:
    """Return the document in the current format; `document` itself is not changed.

    Args:
        document: the JSON object as it was read.
        steps: upgrades by the version they start from.
        current: the version to arrive at.
        source: file that it came from, for messages.

    Raises:
        NewerFormat: written by a newer mbench.
        StoreError: no document of ours, or older than the oldest step.
    """
    kind = document.get("kind")
    if kind not in KINDS:
        raise StoreError(f"{source}: kind is {kind!r}; a document of mbench is one of {', '.join(KINDS)}.")
    version = document.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise StoreError(f"{source}: format_version is {version!r}; a document of mbench has 1 or more there.")
    if version > current:
        raise NewerFormat(
            f"{source}: written by a newer mbench (format {version}); this one reads up to {current}: "
            "pip install -U mbench"
        )
    for number in range(version, current):
        if number not in steps:
            raise StoreError(f"{source}: format {version} is too old; no step leads from format {number} on.")
        document = {**steps[number](dict(document)), "format_version": number + 1}
    return document
