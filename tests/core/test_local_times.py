"""Local times as people type them, over changes of the clock too."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from mbench.core.nights.local_times import next_local, parse_local

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text):
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("text", "now", "meant"),
    [
        ("18:00", "2026-11-30T16:59:59", "2026-11-30T17:00:00"),
        ("18:00", "2026-11-30T17:00:00", "2026-12-01T17:00:00"),  # now is over
        ("6:00", "2026-11-30T17:00:00", "2026-12-01T05:00:00"),
        ("00:00", "2026-11-30T22:59:00", "2026-11-30T23:00:00"),
        ("06:00", "2026-03-28T22:00:00", "2026-03-29T04:00:00"),  # the night is an hour shorter
        ("06:00", "2026-10-24T21:00:00", "2026-10-25T05:00:00"),  # and an hour longer
        ("02:30", "2026-10-25T00:00:00", "2026-10-25T00:30:00"),  # comes twice: the first
        ("02:30", "2026-10-25T00:30:00", "2026-10-25T01:30:00"),  # the second
        ("02:30", "2026-10-25T01:30:00", "2026-10-26T01:30:00"),
        ("02:30", "2026-03-29T00:00:00", "2026-03-29T01:30:00"),  # is left out: 03:30
        ("2026-12-01T06:00", "2026-11-30T17:00:00", "2026-12-01T05:00:00"),
        ("2026-12-01 06:00:30", "2026-11-30T17:00:00", "2026-12-01T05:00:30"),
        ("2026-12-01T06:00+00:00", "2026-11-30T17:00:00", "2026-12-01T06:00:00"),
        ("2026-12-01T06:00Z", "2026-11-30T17:00:00", "2026-12-01T06:00:00"),
        (" 18:00 ", "2026-11-30T16:00:00", "2026-11-30T17:00:00"),
    ],
)
def test_a_local_time_is_the_one_that_is_meant(text, now, meant):
    assert parse_local(text, utc(now), BERLIN) == utc(meant)


@pytest.mark.parametrize(
    "text",
    ["", "24:00", "18:60", "18", "18:00:00", "tomorrow", "2026-12-01", "2026-13-01T06:00", "9999-12-31T23:59-23:00"],
)
def test_what_is_no_time_is_said_with_an_example(text):
    with pytest.raises(ValueError, match="is no time; one looks like 18:00 or 2026-12-01T06:00"):
        parse_local(text, utc("2026-11-30T17:00:00"), BERLIN)


def test_without_a_zone_it_is_this_machines():
    now = datetime.now(UTC)
    found = next_local(time(12, 34), now)
    assert (found > now, (found.astimezone().hour, found.astimezone().minute)) == (True, (12, 34))
