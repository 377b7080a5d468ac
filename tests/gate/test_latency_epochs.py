"""Latency where epochs begin in the middle of a series, and what its findings say: places, words and bounds."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from gate_series import decision, series, tonight

from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.gate.latency import LatencyVerdict, _Past, judge_latency

OTHER = [30_000.0] * 23
"""Nights of an epoch before, whose level says nothing of the one after it."""

EPOCHS = [0] * len(OTHER) + [1] * 40
SLOW = [*OTHER, *[10_000.0] * 30, *[10_300.0] * 10]
"""A step of 3 % at night 53 of the second epoch."""


def judged(values, decisions=(), *, alone: bool = False, **columns) -> LatencyVerdict:
    return judge_latency(replace(tonight(series(values, **columns)), alone=alone), decisions)


def test_a_slow_step_of_a_later_epoch_has_its_own_night():
    (one,) = judged(SLOW, epoch=EPOCHS).findings
    assert (one.kind, one.standing, one.since, one.nights) == (FindingClass.LATENCY, Standing.SUSPECT, "n53", 10)
    assert (one.before, one.now) == (10_000, 10_300)
    assert one.because == (
        "10.30 ms since then, 10.00 ms before: +3.0%; ranks of the nights before and since differ beyond chance"
    )


@pytest.mark.parametrize("since", [48, 53, 58])
def test_what_was_decided_of_a_slow_step_of_a_later_epoch_is_about_it(since):
    (one,) = judged(SLOW, [decision(since, 62, Standing.CONFIRMED)], epoch=EPOCHS).findings
    assert (one.standing, one.since) == (Standing.CONFIRMED, f"n{since}")
    assert one.because.endswith("before: +3.0%; measured again")
    answer = judged(SLOW, [decision(since, 62, Standing.WITHDRAWN)], epoch=EPOCHS)
    assert ([one.since for one in answer.near], answer.findings) == (["n53"], ())
    assert answer.near[0].because.endswith("; measured again")


@pytest.mark.parametrize("since", [47, 59])
def test_what_was_decided_six_nights_from_a_slow_step_is_not_about_it(since):
    answer = judged(SLOW, [decision(since, 62, Standing.WITHDRAWN)], epoch=EPOCHS)
    assert ([one.since for one in answer.findings], answer.near) == (["n53"], ())


def test_a_withdrawn_slow_step_of_a_later_epoch_is_asked_about_again_after_seven_nights():
    made = [decision(53, 56, Standing.WITHDRAWN)]
    assert not judged(SLOW[:-1], made, epoch=EPOCHS[:-1]).findings
    for asked in (54, 55):
        (one,) = judged(SLOW, [decision(53, asked, Standing.WITHDRAWN)], epoch=EPOCHS).findings
        assert (one.standing, one.since) == (Standing.SUSPECT, "n53")


def test_a_slow_step_of_the_epoch_before_the_last_is_carried_with_its_night():
    values = [*SLOW, *[10_300.0] * 3]
    (one,) = judged(values, epoch=[*EPOCHS, 2, 2, 2]).findings
    assert (one.since, one.before, one.now, one.nights) == ("n53", 10_000, 10_300, 13)
    # the epoch before was of a smaller number, or of a larger one: what counts is that it is another
    assert judged(values, epoch=[*([7] * len(OTHER)), *([1] * 40), 2, 2, 2]).findings[0].since == "n53"
    for first in (0, 7):
        low = [*[5_000.0] * len(OTHER), *values[len(OTHER) :]]
        (one,) = judged(low, epoch=[*([first] * len(OTHER)), *([1] * 40), 2, 2, 2]).findings
        assert (one.since, one.before) == ("n53", 10_000)
    assert not judged([*SLOW, *[10_000.0] * 3], epoch=[*EPOCHS, 2, 2, 2]).findings


@pytest.mark.parametrize("other", [[], OTHER, OTHER[1:]])
def test_a_slow_step_that_the_epoch_before_just_shows_is_carried_whole(other):
    values = [*other, *[10_000.0] * 5, *[10_300.0] * 8]
    epoch = [*[0] * len(other), *[1] * 10, 2, 2, 2]
    (one,) = judged(values, epoch=epoch).findings
    assert (one.since, one.before, one.now) == (f"n{len(other) + 5}", 10_000, 10_300)


@pytest.mark.parametrize("last", [2, 0])
def test_an_epoch_of_one_night_is_its_own_whatever_its_number(last):
    values = [*[20_000.0] * 10, 30_000.0, *[10_000.0] * 5]
    epoch = [2 - last] * 10 + [1] + [last] * 5
    answer = judged(values, epoch=epoch)
    assert (answer.measured, answer.too_young, answer.findings) == (True, True, ())
    assert not judged([*values, 10_000.0], epoch=[*epoch, last]).too_young
    (one,) = judged([*values, 10_500.0], epoch=[*epoch, last]).findings
    assert (one.before, one.since) == (10_000, "n16")


def test_an_improvement_says_from_where_to_where_and_needs_five_nights_of_its_epoch():
    calm, epoch = [*[20_000.0] * 9, *[10_000.0] * 5], [0] * 9 + [1] * 6
    (one,) = judged([*calm, 9_000.0], epoch=epoch).findings
    assert (one.kind, one.since, one.nights) == (FindingClass.IMPROVED, "n14", 1)
    assert one.because == "9000 µs since then, 10.00 ms before: -10.0%"
    assert not judged([*calm[:-1], 9_000.0], epoch=epoch[:-1]).findings
    assert not judged([*[20_000.0] * 5, *[10_000.0] * 4, 9_000.0], epoch=[0] * 5 + [1] * 5).findings


def test_a_slow_improvement_says_so():
    (one,) = judged([*OTHER, *[10_000.0] * 30, *[9_700.0] * 10], epoch=EPOCHS).findings
    assert (one.kind, one.since) == (FindingClass.IMPROVED, "n53")
    assert one.because == "9700 µs since then, 10.00 ms before: -3.0%, a slow step"


def test_what_is_ten_milliseconds_is_said_in_milliseconds():
    for level, said in ((10_000.0, "10.00 ms"), (9_999.0, "9999 µs")):
        (one,) = judged([*[level] * 10, 2 * level]).findings
        assert f" since then, {said} before: +100.0%" in one.because


def test_a_branch_is_compared_with_the_level_of_now_on_its_own_night_alone():
    values = [*[10_000.0] * 10, 11_000.0, 11_000.0, 12_500.0]
    (main,), (branch,) = (judged(values, alone=alone).findings for alone in (False, True))
    assert (main.since, main.before) == ("n12", 10_000)
    assert (branch.since, branch.before) == ("n12", 11_000)
    assert judged([*values, 12_500.0], alone=True).findings[0].before == 10_000
    assert judged([10_000.0, *values], alone=True).findings[0].before == 11_000


def test_a_fall_that_ranks_know_of_ends_nothing_that_they_see_left():
    up = [*[10_000.0] * 30, *[10_400.0] * 15, *[10_800.0] * 15]
    (one,) = judged([*up, *[10_200.0] * 8]).findings
    assert (one.since, one.before, one.now) == ("n30", 10_000, 10_200)
    (one,) = judged([*OTHER, *up, *[10_200.0] * 8], epoch=[0] * 23 + [1] * 68).findings
    assert (one.since, one.before, one.now) == ("n53", 10_000, 10_200)


def test_one_night_shows_that_a_slow_step_is_gone():
    slow = [*[10_000.0] * 30, *[10_400.0] * 12]
    assert [one.kind for one in judged(slow).findings] == [FindingClass.LATENCY]
    assert [one.kind for one in judged([*slow, 9_750.0]).findings] == [FindingClass.IMPROVED]


@pytest.mark.parametrize("other", [[], OTHER])
@pytest.mark.parametrize(("nights", "stands"), [(4, True), (5, True), (6, False), (12, False)])
def test_a_fall_shows_that_a_slow_step_is_gone_six_nights_after_it_and_no_sooner(other, nights, stands):
    values = [*other, *[10_000.0] * 60, *[10_400.0] * nights, 9_750.0]
    found = judged(values, epoch=[*[0] * len(other), *[1] * (61 + nights)]).findings
    assert [one.since for one in found if one.kind is FindingClass.LATENCY] == [f"n{len(other) + 60}"] * stands


def test_a_fall_after_a_slow_improvement_is_one_more():
    (one,) = judged([*[10_000.0] * 30, *[9_700.0] * 10, 9_000.0]).findings
    assert (one.kind, one.since) == (FindingClass.IMPROVED, "n40")


def test_an_improvement_of_one_night_is_said_as_such_on_its_fourteenth_night():
    (one,) = judged([*[10_000.0] * 10, *[9_000.0] * 14]).findings
    assert one.because == "9000 µs since then, 10.00 ms before: -10.0%"


@pytest.mark.parametrize(("nights", "level"), [(6, 12_000), (7, 11_750), (8, 11_500)])
def test_the_level_of_now_is_the_median_of_fourteen_nights(nights, level):
    made = [decision(10, 10, Standing.CONFIRMED)]
    (one,) = judged([*[10_000.0] * 10, *[12_000.0] * 30, *[11_500.0] * nights], made).findings
    assert one.now == level


def test_a_microsecond_is_a_number_and_six_nights_are_not_too_young():
    assert judged([1.0]).measured
    assert [judged([10_000.0] * nights).too_young for nights in (1, 4, 5, 6, 7)] == [True, True, True, False, False]


def test_an_improvement_is_four_times_the_noise_and_no_less():
    past = [9_800.0, 10_000.0, 10_200.0] * 5
    assert judged([*past, 10_000 - 4 * 1.4826 * 200]).findings
    assert judged([*past, 3_000.0]).findings
    assert not judged([*past, 10_000 - 4 * 1.4826 * 200 + 0.01]).findings


@pytest.mark.parametrize("standing", [Standing.WITHDRAWN, Standing.PHONE_CHANGED])
def test_what_was_decided_of_the_night_before_says_nothing_of_a_sudden_one(standing):
    (one,) = judged([*[10_000.0] * 10, 11_000.0], [decision(9, 9, standing)]).findings
    assert (one.since, "measured again" in one.because) == ("n10", False)


def test_a_phone_that_changed_last_night_is_not_said_with_what_is_measured_again_tonight():
    made = [decision(10, 10, Standing.PHONE_CHANGED), decision(11, 11, Standing.CONFIRMED)]
    found = judged([*[10_000.0] * 10, 11_000.0, 12_500.0], made).findings
    assert [(one.standing, one.since) for one in found] == [(Standing.CONFIRMED, "n11")]


def test_what_was_withdrawn_tonight_is_near_in_a_long_series_too():
    answer = judged([*[10_000.0] * 300, 11_000.0], [decision(300, 300, Standing.WITHDRAWN)])
    assert ([one.since for one in answer.near], answer.findings) == (["n300"], ())


def test_a_night_without_an_interval_has_none():
    (one,) = judged([*[10_000.0] * 10, 11_000.0], half_width_us=np.nan).findings
    assert (one.low, one.high) == (None, None)
    (one,) = judged([*[10_000.0] * 10, 11_000.0], half_width_us=[np.nan] * 10 + [100.0]).findings
    assert (one.low, one.high) == (pytest.approx(1.09), pytest.approx(1.11))
    (one,) = judged([*[10_000.0] * 10, 11_000.0, 11_000.0], half_width_us=100.0).findings
    assert (one.low, one.high) == (None, None), "it is tonight's alone, and this one began before"


def test_long_series_say_what_short_ones_do():
    for past in (11, 300):
        (one,) = judged([*[10_000.0] * past, 11_000.0], half_width_us=100.0).findings
        assert (one.low, one.high) == (pytest.approx(1.09), pytest.approx(1.11))
    (one,) = judged([*[10_000.0] * 300, 11_000.0, 11_000.0, 12_500.0], alone=True).findings
    assert (one.since, one.before) == ("n302", 11_000)


def test_without_a_number_nothing_is_measured_and_nothing_too_young():
    answer = judged([10_000.0, np.nan])
    assert (answer.measured, answer.too_young) == (False, False)


def test_a_past_stays_as_it_was_made():
    known = tonight(series([10_000.0]))
    fields = {"places": np.array([0]), "values": np.array([10_000.0]), "epoch": np.array([0]), "start": 0}
    past = _Past(tonight=known, **fields)
    with pytest.raises(FrozenInstanceError):
        past.start = 1
    with pytest.raises(TypeError):
        _Past(known, *fields.values())
    assert not hasattr(past, "__dict__")


def test_a_verdict_of_latency_stays_as_it_was_made():
    answer = judged([10_000.0])
    with pytest.raises(FrozenInstanceError):
        answer.measured = False
    with pytest.raises(TypeError):
        LatencyVerdict((), ())
    assert not hasattr(answer, "__dict__")
