"""When a night ends, and on which days one is due."""

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from mbench.workflows.nightly.windows import WEEKDAYS, missed_dates, window_end

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ends(begun: str, until: str, zone: ZoneInfo | None = BERLIN) -> datetime:
    return window_end(at(begun), until=time.fromisoformat(until), hours=None, zone=zone)


@pytest.mark.parametrize(
    ("begun", "end"),
    [
        ("2026-11-30 22:00", "2026-12-01 05:00"),
        ("2026-11-30 04:58", "2026-11-30 05:00"),
        ("2026-11-30 04:59", "2026-11-30 05:00"),
        ("2026-11-30 04:59:01", "2026-12-01 05:00"),
        ("2026-11-30 05:00", "2026-12-01 05:00"),
    ],
)
def test_a_night_ends_at_the_next_such_time_that_is_a_minute_away(begun, end):
    assert ends(begun, "06:00") == at(end)


@pytest.mark.parametrize(
    ("begun", "hours"),
    [("2026-03-28 21:00", 8.0), ("2026-10-24 20:00", 9.0), ("2026-10-23 20:00", 8.0)],
)
def test_summer_time_makes_a_night_longer_or_shorter_and_not_its_end_an_hour_off(begun, hours):
    local = {"2026-03-28 21:00": "07:00"}.get(begun, "06:00")
    end = ends(begun, local)
    assert end.astimezone(BERLIN).time() == time.fromisoformat(local)
    assert (end - at(begun)) == timedelta(hours=hours)


@pytest.fixture
def in_berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    clock.tzset()
    yield
    monkeypatch.undo()
    clock.tzset()


@pytest.mark.parametrize("zone", [BERLIN, None])
@pytest.mark.parametrize(
    ("begun", "end"),
    [
        ("2026-03-28 21:00", "2026-03-29 01:30"),  # skipped: 03:30 of summer time
        ("2026-03-29 01:29", "2026-03-29 01:30"),
        ("2026-03-29 01:29:01", "2026-03-30 00:30"),
        ("2026-10-24 21:00", "2026-10-25 00:30"),  # twice: the first
        ("2026-10-25 00:29", "2026-10-25 00:30"),
        ("2026-10-25 00:29:01", "2026-10-25 01:30"),  # the first is over: the second
        ("2026-10-25 01:29:01", "2026-10-26 01:30"),
    ],
)
def test_a_time_that_is_skipped_or_comes_twice_is_the_same_with_and_without_a_zone(in_berlin, zone, begun, end):
    assert ends(begun, "02:30", zone=zone) == at(end)


def test_without_a_zone_it_is_this_host_s_own(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    clock.tzset()
    try:
        assert ends("2026-07-01 03:00", "06:00", zone=None) == at("2026-07-01 10:00")
        assert ends("2026-12-01 03:00", "06:00", zone=None) == at("2026-12-01 11:00")
    finally:
        monkeypatch.undo()
        clock.tzset()


def test_hours_last_as_long_whatever_clocks_do():
    assert window_end(at("2026-10-24 20:00"), until=None, hours=7.5, zone=BERLIN) == at("2026-10-25 03:30")


@pytest.mark.parametrize(("until", "hours"), [(None, None), (time(6), 7.0)])
def test_a_window_has_an_end_or_a_duration(until, hours):
    with pytest.raises(ValueError, match="an end or a duration"):
        window_end(at("2026-10-24 20:00"), until=until, hours=hours, zone=None)


@pytest.mark.parametrize(
    ("last", "today", "due", "missed"),
    [
        (None, "2026-11-30", WEEKDAYS, []),
        ("2026-11-29", "2026-11-30", WEEKDAYS, []),
        ("2026-11-30", "2026-11-30", WEEKDAYS, []),
        ("2026-11-28", "2026-11-30", WEEKDAYS, ["2026-11-29"]),
        ("2026-11-26", "2026-11-30", ("mon", "tue", "wed", "thu", "fri"), ["2026-11-27"]),
        ("2026-11-27", "2026-11-30", ("mon", "tue", "wed", "thu", "fri"), []),
        ("0001-01-01", "2026-11-30", ("sun",), ["2026-11-01", "2026-11-08", "2026-11-15", "2026-11-22", "2026-11-29"]),
    ],
)
def test_a_date_between_two_nights_on_which_one_was_due_is_missed(last, today, due, missed):
    found = missed_dates(last and date.fromisoformat(last), date.fromisoformat(today), due=due)
    assert list(map(str, found)) == missed
