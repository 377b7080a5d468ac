"""Local times as people type them: `18:00`, `2026-12-01T06:00`; right over the change to summer time and back."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import count
from typing import Final

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ].+")


def next_local(clock: time, now: datetime, zone: tzinfo | None = None) -> datetime:
    """Return when a clock on the wall next shows a time, strictly after now, as UTC.

    A time that the change to summer time leaves out is as much later as the clock was put on; one that comes twice when
    it is put back is taken at its first, or at its second where the first is over.

    Args:
        clock: what the clock shows.
        now: aware.
        zone: of the clock; None: this machine's.
    """
    today = now.astimezone(zone).date()
    shown = (datetime.combine(today + timedelta(days=days), clock.replace(tzinfo=None)) for days in count())
    return next(at for local in shown for at in _both(local, zone) if at > now)


def parse_local(text: str, now: datetime, zone: tzinfo | None = None) -> datetime:
    """Return the time that a text means, as UTC: `18:00`, the next one; `2026-12-01T06:00`, with an offset or local.

    Args:
        text: what was typed.
        now: aware.
        zone: of local times; None: this machine's.

    Raises:
        ValueError: no such time; the message says what one looks like.
    """
    said = text.strip()
    if found := _CLOCK.fullmatch(said):
        return next_local(time(int(found[1]), int(found[2])), now, zone)
    try:
        if not _DATE.fullmatch(said):
            raise ValueError(said)
        read = datetime.fromisoformat(said)
        return next(_both(read, zone)) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no time; one looks like 18:00 or 2026-12-01T06:00") from None


def _both(local: datetime, zone: tzinfo | None) -> Iterator[datetime]:
    """Yield when it is that time there: twice, where the clock is put back over it; else the same time twice."""
    for fold in (0, 1):
        folded = local.replace(fold=fold)
        if zone is None:  # astimezone() takes the offset of after the change for a time that the change leaves out
            yield datetime.fromtimestamp(folded.timestamp(), UTC)
        else:
            yield folded.replace(tzinfo=zone).astimezone(UTC)
