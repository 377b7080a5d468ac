"""Runs of a resumed session that lie days apart: the pause that divides them, and their levels."""

from datetime import timedelta

import pytest
import sample_results as sample

from mbench.report.results.conditions.periods import periods_of
from mbench.report.results.feet.foot_lines import grid_lines, provenance_lines
from mbench.report.results.feet.session_periods import period_lines
from mbench.report.results.rows.fastest import clear_winner
from mbench.report.results.rows.job_rows import row_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LENGTH = timedelta(seconds=0.5)
"""Of a sample's run, at 9:30 of 2026-01-15 or later (UTC)."""


def runs_at(*begun, medians_us=None):
    """Return a latency run for each time after that."""
    medians_us = medians_us or [10_000] * len(begun)
    return tuple(
        sample.latency_run(median_us, index, started_at=sample.NOW + after)
        for index, (after, median_us) in enumerate(zip(begun, medians_us, strict=True))
    )


def said(*begun, medians_us=None, **changes):
    """Return the doubts of a row about its periods."""
    row = row_of(sample.result(runs=runs_at(*begun, medians_us=medians_us), **changes))
    return [warning.message for warning in row.warnings if warning.code == "runs_apart"]


@pytest.mark.parametrize(
    ("pause", "periods"), [(timedelta(0), 1), (6 * HOUR, 1), (6 * HOUR + timedelta(seconds=1), 2), (3 * DAY, 2)]
)
def test_a_pause_of_more_than_six_hours_begins_another_period(pause, periods):
    runs = runs_at(timedelta(0), LENGTH + pause)
    assert len(periods_of(runs)) == periods
    assert len(said(timedelta(0), LENGTH + pause)) == periods - 1


def test_a_pause_lasts_from_the_latest_end_of_the_runs_before():
    long = sample.latency_run(10_000, 0, wall_s=7 * 3600.0)
    short, later = runs_at(HOUR, 12 * HOUR)
    (one,) = periods_of([later, short, long])  # in whatever order
    assert one.runs == (long, short, later)
    assert (one.began_at, one.ended_at) == (sample.NOW, sample.NOW + 12 * HOUR + LENGTH)


def test_no_runs_have_no_periods():
    assert periods_of([]) == []


def test_levels_that_do_not_differ_are_said_to():
    assert said(timedelta(0), timedelta(seconds=1), 3 * DAY) == [
        "runs of 2026-01-15 and 2026-01-18, 3 days apart, count together; their levels do not differ"
    ]


@pytest.mark.parametrize(("later_us", "differ"), [(10_200, False), (10_203, True), (9_800, False), (9_790, True)])
def test_levels_differ_by_more_than_a_fiftieth(later_us, differ):
    medians_us = [10_000, 10_000, 10_000, later_us]
    (message,) = said(*(timedelta(seconds=second) for second in range(3)), 3 * DAY, medians_us=medians_us)
    assert ("although they differ by 2%: 3 around 10000 µs on 2026-01-15" in message) == differ


@pytest.mark.parametrize(("later_us", "differ"), [(12, False), (13, True)])
def test_levels_differ_by_more_than_two_steps_of_the_clock(later_us, differ):
    (message,) = said(timedelta(0), 3 * DAY, medians_us=[10, later_us])
    assert ("differ by" in message) == differ


def test_each_level_is_the_median_of_its_runs():
    begun = [timedelta(0), HOUR, 2 * HOUR, 2 * DAY, 2 * DAY + HOUR, 5 * DAY]
    medians_us = [10_000, 10_900, 10_100, 11_000, 11_200, 12_000]
    (message,) = said(*begun, medians_us=medians_us)
    assert message == (
        "runs of 2026-01-15, 2026-01-17 and 2026-01-20, 3 days apart, count together although they differ by 17%: "
        "3 around 10100 µs on 2026-01-15, 2 around 11100 µs on 2026-01-17, 1 around 12000 µs on 2026-01-20"
    )


def test_levels_of_nothing_are_no_division():
    (message,) = said(*(timedelta(seconds=second) for second in range(3)), 3 * DAY, medians_us=[0, 0, 0, 5])
    assert "differ by 500%" in message


@pytest.mark.parametrize(
    ("pause", "text"),
    [(9 * HOUR, "9 hours"), (47.4 * HOUR, "47 hours"), (48 * HOUR, "2 days"), (2.6 * DAY, "3 days")],
)
def test_a_pause_is_in_hours_up_to_two_days(pause, text):
    (message,) = said(timedelta(0), LENGTH + pause)
    assert f", {text} apart, " in message


def test_two_periods_of_one_day_are_told_apart_by_their_time():
    assert said(timedelta(0), 9 * HOUR) == [
        "runs of 2026-01-15 09:30 and 2026-01-15 18:30, 9 hours apart, count together; their levels do not differ"
    ]


def test_what_did_not_end_well_has_no_levels():
    assert said(timedelta(0), 3 * DAY, status="failed") == []


def test_no_row_is_the_fastest_where_one_was_measured_on_two_days():
    fast = sample.result(medians_us=[10_000] * 5)
    for begun, winner in (([timedelta(0)] * 5, 0), ([timedelta(0)] * 4 + [3 * DAY], None)):
        slow = sample.result(runs=runs_at(*begun, medians_us=[20_000] * 5))
        assert clear_winner([row_of(fast), row_of(slow)]) == winner


FOOT = (
    "Session s was measured in 2 periods, 3 days apart: 2026-01-15 09:30 to 2026-01-15 10:10 and "
    "2026-01-18 06:30 to 2026-01-18 06:30 (UTC)."
)


def test_the_foot_says_from_when_to_when_a_session_was_measured():
    morning = 2 * DAY + 21 * HOUR
    one = sample.result(runs=runs_at(timedelta(0), 40 * HOUR / 60), session="s")
    other = sample.result(runs=runs_at(timedelta(minutes=20), morning), session="s")
    assert [*period_lines([one, other])] == [FOOT]
    assert FOOT in provenance_lines([one, other])
    assert FOOT in grid_lines([one, other])


def test_sessions_of_two_days_are_not_periods_of_one():
    one = sample.result(runs=runs_at(timedelta(0)), session="s")
    other = sample.result(runs=runs_at(3 * DAY), session="t")
    assert [*period_lines([one, other])] == []


def test_a_session_without_runs_has_no_periods():
    assert [*period_lines([sample.result()])] == []


def test_sessions_are_one_where_their_names_are_equal():
    names = ["session", "".join(("ses", "sion"))]
    found = [
        sample.result(runs=runs_at(after), session=name)
        for after, name in zip((timedelta(0), 3 * DAY), names, strict=True)
    ]
    assert len([*period_lines(found)]) == 1
