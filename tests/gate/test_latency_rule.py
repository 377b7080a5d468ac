import numpy as np
import pytest
from gate_series import decision, series, tonight
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.nights.series import PointState
from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.gate.latency import LatencyVerdict, judge_latency

CALM = [10_000.0] * 10


def judged(values, decisions=(), **columns) -> LatencyVerdict:
    return judge_latency(tonight(series(values, **columns)), decisions)


def worse(values, decisions=(), **columns):
    return [one for one in judged(values, decisions, **columns).findings if one.kind is FindingClass.LATENCY]


def test_five_percent_more_is_a_suspect_with_its_evidence() -> None:
    (one,) = worse([*CALM, 10_500])
    assert (one.standing, one.before, one.now, one.unit) == (Standing.SUSPECT, 10_000, 10_500, "µs")
    assert (one.since, one.nights, one.changed) == ("n10", 1, ("9 → 10",))
    assert one.since_date is not None
    assert one.since_date.isoformat() == "2026-01-11"
    assert one.because == "10.50 ms since then, 10.00 ms before: +5.0%; at least 5%, 80 µs and 2 × noise of 0.0%"
    assert not worse([*CALM, 10_490])


def test_below_eighty_microseconds_nothing_is_a_suspect() -> None:
    assert worse([*[500.0] * 10, 580])
    assert not worse([*[500.0] * 10, 579])


def test_twice_the_noise_of_the_own_past_is_demanded() -> None:
    past = [9_400.0, 10_000, 10_600] * 5  # 1.4826 × 6 % = 8.9 %
    assert worse([*past, 11_800])
    assert not worse([*past, 11_770])


def test_with_fewer_than_five_nights_an_epoch_is_too_young() -> None:
    assert judged([10_000.0] * 5).too_young
    assert not judged([10_000.0] * 6).too_young
    assert not worse([*[10_000.0] * 4, 20_000])
    assert worse([*[10_000.0] * 5, 20_000])


def test_another_epoch_is_young_again() -> None:
    epoch = [0] * 10 + [1] * 3
    answer = judged([*CALM, 12_000, 12_000, 12_000], epoch=epoch)
    assert answer.too_young
    assert not answer.findings


def test_nights_without_a_number_are_no_past() -> None:
    states = [0] * 10 + [PointState.FAILED, PointState.LAB, 0]
    (one,) = worse([*CALM, np.nan, 90_000, 11_000], state=np.array(states, dtype=np.int8))
    assert (one.before, one.since, one.nights) == (10_000, "n12", 1)


def test_tonight_without_a_number_says_nothing() -> None:
    assert judged([*CALM, np.nan]) == LatencyVerdict()
    assert judged([*CALM, 0.0]) == LatencyVerdict()
    assert judged([*CALM, np.inf]) == LatencyVerdict()
    assert judged([*CALM, 11_000], state=np.array([0] * 10 + [1], dtype=np.int8)) == LatencyVerdict()


def test_a_confirmed_regression_is_reported_every_night_until_it_is_gone() -> None:
    made = [decision(10, 10, Standing.CONFIRMED)]
    for nights in range(1, 60):
        (one,) = worse([*CALM, *[11_000.0] * nights], made)
        assert (one.standing, one.since, one.nights, one.before) == (Standing.CONFIRMED, "n10", nights, 10_000)
        assert one.alarm
    assert not judged([*CALM, *[11_000.0] * 20, 10_000], made).findings


def test_a_withdrawn_suspect_is_near_that_night_alone() -> None:
    made = [decision(10, 10, Standing.WITHDRAWN)]
    answer = judged([*CALM, 11_000], made)
    assert not answer.findings
    (near,) = answer.near
    assert near.standing is Standing.WITHDRAWN
    assert near.because.endswith("measured again")
    later = judged([*CALM, 11_000, 10_000], made)
    assert (later.findings, later.near) == ((), ())


def test_nights_that_were_withdrawn_later_together_are_not_suspected_again() -> None:
    made = [decision(10, 12, Standing.WITHDRAWN)]
    answer = judged([*CALM, 11_000, 11_000, 11_000], made)
    assert not answer.findings
    assert worse([*CALM, 11_000, 11_000, 11_000, 11_000], made)


def test_a_phone_that_changed_is_said_once_and_then_is_the_level() -> None:
    made = [decision(10, 10, Standing.PHONE_CHANGED)]
    (one,) = worse([*CALM, 11_000], made)
    assert one.standing is Standing.PHONE_CHANGED
    assert not one.alarm
    assert not judged([*CALM, *[11_000.0] * 8], made).findings
    (more,) = worse([*CALM, *[11_000.0] * 8, 12_000], made)
    assert more.before == 11_000


def test_a_slow_step_is_a_suspect_that_no_single_night_is() -> None:
    values = [10_000.0] * 30 + [10_300.0] * 10
    (one,) = worse(values)
    assert (one.since, one.nights, one.before, one.now) == ("n30", 10, 10_000, 10_300)
    assert "ranks" in one.because
    (one,) = worse(values, [decision(31, 39, Standing.CONFIRMED)])
    assert one.standing is Standing.CONFIRMED
    assert one.because.endswith("measured again")


def test_a_slow_step_is_carried_into_another_epoch() -> None:
    epoch = [0] * 42 + [1] * 3
    values = [10_000.0] * 30 + [10_300.0] * 15
    (one,) = worse(values, epoch=epoch)
    assert (one.since, one.before) == ("n30", 10_000)
    assert not worse([10_000.0] * 30 + [10_300.0] * 12 + [10_000.0] * 3, epoch=epoch)


def test_an_improvement_is_reported_for_a_fortnight() -> None:
    for nights, improved in ((1, True), (14, True), (15, False)):
        found = judged([*CALM, *[9_000.0] * nights]).findings
        assert [one.kind for one in found] == [FindingClass.IMPROVED] * improved
    assert not any(one.alarm for one in judged([*CALM, 9_000]).findings)


def test_an_improvement_must_be_four_times_the_noise() -> None:
    past = [9_800.0, 10_000, 10_200] * 5  # 2.97 %
    assert judged([*past, 8_800]).findings
    assert not judged([*past, 8_850]).findings


def test_the_interval_of_tonight_is_that_of_its_runs() -> None:
    (one,) = worse([*CALM, 11_000], half_width_us=100.0)
    assert (one.low, one.high) == (pytest.approx(1.09), pytest.approx(1.11))
    (later,) = worse([*CALM, 11_000, 11_000], half_width_us=100.0)
    assert (later.low, later.high) == (None, None)


def test_the_level_of_now_is_that_of_the_last_fortnight() -> None:
    made = [decision(10, 10, Standing.CONFIRMED)]
    (one,) = worse([*CALM, *[12_000.0] * 30, *[11_500.0] * 13], made)
    assert one.now == 11_500
    (one,) = worse([*CALM, *[12_000.0] * 30, *[11_500.0] * 6], made)
    assert one.now == 12_000


@given(
    st.lists(st.one_of(st.floats(), st.sampled_from([0.0, -5.0, 1e4, 1.2e4])), min_size=1, max_size=50),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from(list(Standing))), max_size=4),
)
def test_no_column_and_no_decision_breaks_the_rule(values: list[float], made: list) -> None:
    decisions = [decision(since, night, standing) for since, night, standing in made]
    for one in judged(values, decisions).findings:
        assert one.before is not None
        assert 1 <= one.nights <= len(values)


def test_what_changed_is_asked_from_the_last_night_with_a_number() -> None:
    state = [*[PointState.NUMBER] * 8, PointState.FAILED, PointState.MISSING, PointState.NUMBER]
    whole = series([*[10_000.0] * 8, np.nan, np.nan, 12_000], state=state)
    (one,) = judge_latency(tonight(whole), ()).findings
    assert (one.since, one.changed) == ("n10", ("7 → 10",))


def test_two_points_of_one_night_are_one_night() -> None:
    values, night = [10_000.0] * 8 + [12_000.0] * 3, [*range(8), 8, 8, 9]
    for points, nights in ((10, 1), (11, 2)):
        (one,) = judge_latency(tonight(series(values[:points], night=night[:points])), ()).findings
        assert (one.since, one.nights) == ("n8", nights)


def stated(findings) -> list[tuple[str, str, int]]:
    return [(one.standing.value, one.since, one.nights) for one in findings]


@pytest.mark.parametrize("past", [10, 30])
def test_a_suspect_of_several_nights_that_is_withdrawn_is_near_once_with_all_of_them(past: int) -> None:
    """Of three nights behind thirty ranks see a step, too; behind ten they see none."""
    values = [*[10_000.0] * past, 11_000, 11_000, 11_000]
    assert stated(worse(values)) == [("suspect", f"n{past}", 3)]
    made = [decision(past, past + 2, Standing.WITHDRAWN)]
    answer = judged(values, made)
    assert (answer.findings, stated(answer.near)) == ((), [("withdrawn", f"n{past}", 3)])
    (near,) = answer.near
    assert (near.before, near.now) == (10_000, 11_000)
    assert near.because.endswith("80 µs and 2 × noise of 0.0%; measured again")
    later = judged([*values, 10_000], made)
    assert (later.findings, later.near) == ((), ())


def test_what_the_phone_brought_some_nights_ago_is_said_once_on_the_night_of_its_re_run() -> None:
    values, made = [*[10_000.0] * 30, 11_000, 11_000, 11_000], [decision(30, 32, Standing.PHONE_CHANGED)]
    answer = judged(values, made)
    assert (stated(answer.findings), answer.near) == ([("phone_changed", "n30", 3)], ())
    assert not judged([*values, 11_000], made).findings


def test_each_of_two_suspects_that_were_withdrawn_is_near_on_its_own_night() -> None:
    first, second = decision(10, 10, Standing.WITHDRAWN), decision(11, 11, Standing.WITHDRAWN)
    assert stated(judged([*CALM, 11_000, 11_000], [first, second]).near) == [("withdrawn", "n11", 1)]
    assert stated(judged([*CALM, 11_000], [first]).near) == [("withdrawn", "n10", 1)]


def test_what_grew_on_top_of_a_confirmed_one_some_nights_ago_is_near_when_it_is_withdrawn() -> None:
    values = [*CALM, *[11_000.0] * 6, 12_500, 12_500]
    made = [decision(10, 10, Standing.CONFIRMED), decision(16, 17, Standing.WITHDRAWN)]
    answer = judged(values, made)
    assert stated(answer.findings) == [("confirmed", "n10", 8)]
    assert [(one.since, one.nights, one.before) for one in answer.near] == [("n16", 2, 11_000)]


def test_a_slow_step_of_the_epoch_before_is_near_when_it_is_withdrawn_and_no_night_later() -> None:
    values, epoch = [10_000.0] * 30 + [10_300.0] * 15, [0] * 42 + [1] * 4
    made = [decision(30, 44, Standing.WITHDRAWN)]
    answer = judged(values, made, epoch=epoch[:-1])
    assert (answer.findings, stated(answer.near)) == ((), [("withdrawn", "n30", 15)])
    later = judged([*values, 10_300.0], made, epoch=epoch)
    assert (later.findings, later.near) == ((), ())


def test_beside_what_is_held_a_withdrawn_suspect_is_near_and_what_is_held_is_not() -> None:
    hot = [*[10_000.0] * 20, 13_000, *[10_300.0] * 10]
    held = decision(20, 20, Standing.CONFIRMED)
    answer = judged([*hot, 12_000], [held, decision(31, 31, Standing.WITHDRAWN)])
    assert stated(answer.findings) == [("confirmed", "n20", 12)]
    assert stated(answer.near) == [("withdrawn", "n31", 1)]
    answer = judged(hot, [held, decision(22, 30, Standing.WITHDRAWN)])
    assert (stated(answer.findings), answer.near) == ([("confirmed", "n20", 11)], ())
