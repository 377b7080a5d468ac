"""Windows: from when to when a night lasts, and on which days one is due; right over changes of summer time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mbench.core.nights.local_times import next_local

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MOST_MISSED: Final = 31
"""Days before a night that are looked at: a clock that was dead for years missed no nights."""

_SOON: Final = timedelta(minutes=1)


def window_end(begun: datetime, *, until: time | None, hours: float | None, zone: ZoneInfo | None) -> datetime:
    """Return when a night that begins at `begun` ends, in UTC.

    Args:
        begun: aware.
        until: local time of day, the next one that is at least a minute away: a change of summer time in between makes
            the night an hour longer or shorter, and not its end an hour off. A time that a change skips is as much
            later as the clock is put on; one that comes twice is the first that is still to come.
        hours: how long it lasts instead, whatever clocks say.
        zone: of `until`; None: this host's.

    Raises:
        ValueError: neither or both are given.
    """
    if (until is None) == (hours is None):
        raise ValueError("a window has an end or a duration")
    if hours is not None:
        return begun.astimezone(UTC) + timedelta(hours=hours)
    assert until is not None
    return next_local(until, begun + _SOON - datetime.resolution, zone)


def missed_dates(last: date | None, today: date, *, due: Sequence[str]) -> tuple[date, ...]:
    """Return the dates between two nights on which one was due; none where no night came before.

    Args:
        last: of the night before, as it began.
        today: of the present one.
        due: weekdays on which a night is due.
    """
    if last is None:
        return ()
    first = max(last, today - timedelta(days=MOST_MISSED + 1))
    between = (first + timedelta(days=later) for later in range(1, (today - first).days))
    return tuple(day for day in between if WEEKDAYS[day.weekday()] in due)
