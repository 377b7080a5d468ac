"""Confirmed regressions at the edges of epochs, of files and of their re-runs: what still holds, and what is gone."""

import numpy as np
import pytest
from gate_series import decision

from mbench.core.nights.verdicts import Rerun, Standing
from mbench.gate import held
from mbench.gate.course import Course, Shift
from mbench.gate.held import held_shift, is_back
from mbench.gate.settled import Settled

CALM = [10_000.0] * 20
HOLDS = Shift(since=20, before=10_000.0, noise=0.0, standing=Standing.CONFIRMED)


def confirmed(since: int, asked: int, ratio: float | None = None) -> Settled:
    made = decision(since, asked, Standing.CONFIRMED)
    if ratio is not None:
        rerun = Rerun(old_us=(100.0,) * 12, new_us=(100.0 * ratio,) * 12, p_value=1e-5, session="s")
        made = decision(since, asked, Standing.CONFIRMED, rerun=rerun)
    return Settled(since=since, asked=asked, standing=Standing.CONFIRMED, decision=made)


def holds(values, *settled: Settled, epoch=None, thing=None, **course: int) -> Shift | None:
    values = np.array(values, dtype=float)
    epoch, thing = (np.zeros(values.size, dtype=int) if one is None else np.array(one) for one in (epoch, thing))
    return held_shift(values, epoch, thing, settled, Course(**course))


def test_the_constants_are_those_that_were_measured() -> None:
    assert (held.BEFORE_NIGHTS, held.AS_BEFORE, held.ONE_NIGHT, held.AT_ONCE) == (14, 0.025, 0.05, 0.1)


def test_what_was_confirmed_holds_and_what_was_decided_otherwise_does_not() -> None:
    values = [*CALM, *[10_300.0] * 5]
    assert holds(values, confirmed(20, 20, 1.03)) == HOLDS
    assert holds(values) is None
    for standing in (Standing.WITHDRAWN, Standing.PHONE_CHANGED, Standing.SUSPECT):
        assert holds(values, Settled(since=20, asked=20, standing=standing)) is None
    assert holds([*CALM, 10_300], confirmed(1, 1, 1.03)) is not None, "one night before it is a level"


def test_the_first_night_has_no_level_before_it_and_others_are_held_beside_it() -> None:
    assert holds([10_000.0], confirmed(0, 0, 1.03)) is None
    assert holds([*CALM, *[10_300.0] * 5], confirmed(0, 0, 1.03), confirmed(20, 20, 1.03)) == HOLDS


def test_what_is_gone_hides_none_that_still_holds() -> None:
    values = [*CALM, 12_000, *[10_000.0] * 19, 13_000, *[10_300.0] * 10]
    things = [*[0] * 20, 1, *[0] * 19, *[2] * 11]
    found = holds(values, confirmed(20, 20, 1.2), confirmed(40, 40, 1.03), thing=things)
    assert (found.since, found.before) == (40, 10_000)


@pytest.mark.parametrize("codes", [(0, 1), (1, 0)])
@pytest.mark.parametrize("prefix", [15, 16])
def test_ranks_that_see_it_go_in_a_later_epoch_count_its_places_from_its_first_night(codes, prefix) -> None:
    values = [*[30_000.0] * prefix, *CALM, *[10_300.0] * 11, *[10_000.0] * 10]
    epoch = [codes[0]] * prefix + [codes[1]] * 41
    assert holds(values, confirmed(prefix + 20, prefix + 20, 1.03), epoch=epoch) is None
    still = holds(values[:-9], confirmed(prefix + 20, prefix + 20, 1.03), epoch=epoch[:-9])
    assert (still.since, still.before) == (prefix + 20, 10_000)


@pytest.mark.parametrize("prefix", [0, 15])
def test_a_fall_on_the_first_night_of_a_regression_is_not_its_end(prefix: int) -> None:
    values, epoch = [*[30_000.0] * prefix, *[10_500.0] * 20, *[10_000.0] * 20], [0] * prefix + [1] * 40
    assert holds(values, confirmed(prefix + 20, prefix + 39, 1.03), epoch=epoch) is not None
    assert holds(values, confirmed(prefix + 19, prefix + 39, 1.03), epoch=epoch) is None


def test_ranks_that_see_it_rise_from_below_do_not_say_that_it_is_gone() -> None:
    values = [*[9_900.0] * 40, *[10_000.0] * 14, 13_000, *[9_900.0] * 20, *[10_040.0] * 20]
    found = holds(values, confirmed(54, 54, 1.03))
    assert (found.since, found.before) == (54, 10_000)


@pytest.mark.parametrize("codes", [(0, 1), (1, 0)])
@pytest.mark.parametrize("past", [1, 6, 7])
def test_the_level_before_is_that_of_its_own_epoch(codes, past) -> None:
    values = [*[30_000.0] * 10, *[10_000.0] * past, 12_000]
    epoch = [codes[0]] * 10 + [codes[1]] * (past + 1)
    assert holds(values, confirmed(10 + past, 10 + past), epoch=epoch).before == 10_000
    first = [codes[0]] * 10 + [codes[1]]
    assert holds([*[10_000.0] * 10, 12_000], confirmed(10, 10), epoch=first).before == 10_000


def test_what_was_gone_stays_gone_when_an_epoch_begins() -> None:
    small = [*CALM, *[10_300.0] * 20, *[10_000.0] * 10]
    large = [*CALM, *[12_000.0] * 6, 10_000]
    for nights in range(4):
        later = [10_000.0] * nights
        assert holds([*small, *later], confirmed(20, 20, 1.03), epoch=[0] * 50 + [1] * nights) is None
        for course in ({"fell": 26}, {"back": 26}):
            epoch = [0] * 27 + [1] * nights
            assert holds([*large, *later], confirmed(20, 20, 1.2), epoch=epoch, **course) is None
    slower = [10_300.0] * 6
    assert holds([*small, *slower], confirmed(20, 20, 1.03), epoch=[0] * 50 + [1] * 6) is None
    two = [*CALM, *[10_300.0] * 10, *[10_000.0] * 5, *[10_300.0] * 5]
    assert holds(two, confirmed(20, 29, 1.03), epoch=[0] * 30 + [1] * 5 + [2] * 5) is None


def test_what_held_at_the_end_of_its_epoch_holds_until_five_nights_of_another_say_otherwise() -> None:
    values = [*CALM, *[10_300.0] * 10]
    for level, nights, still in ((10_000, 4, True), (10_000, 5, False), (10_124, 5, False), (10_126, 5, True)):
        found = holds([*values, *[level] * nights], confirmed(20, 29, 1.03), epoch=[0] * 30 + [1] * nights)
        assert (found == HOLDS) is still


def test_what_was_measured_again_in_another_epoch_is_not_gone_by_nights_before_that() -> None:
    values = [*CALM, *[10_300.0] * 10, *[10_000.0] * 10, *[10_300.0] * 3]
    assert holds(values, confirmed(20, 42, 1.03), epoch=[0] * 40 + [1] * 3) == HOLDS
    assert holds(values, confirmed(20, 42, 1.03), epoch=[0] * 30 + [1] * 10 + [2] * 3) == HOLDS
    assert holds(values, confirmed(20, 38, 1.03), epoch=[0] * 30 + [1] * 10 + [2] * 3) is None
    assert holds(values, confirmed(20, 38, 1.03), epoch=[0] * 40 + [1] * 3) is None
    assert holds(values, confirmed(20, 39, 1.03), epoch=[0] * 40 + [1] * 3) is None
    assert holds(values, confirmed(20, 40, 1.03), epoch=[0] * 40 + [1] * 3) == HOLDS
    assert holds(values, confirmed(20, 40, 1.03), epoch=[0] * 30 + [1] * 10 + [2] * 3) == HOLDS


def test_a_fall_counts_after_the_re_run_within_the_epoch_and_to_the_level_before() -> None:
    values = [*CALM, *[10_700.0] * 10, 10_000]
    assert holds(values, confirmed(20, 29, 1.07), fell=30) is None
    assert holds(values, confirmed(20, 30, 1.07), fell=30) is not None
    assert holds(values, confirmed(20, 29, 1.07)) is not None
    assert holds([*values[:-1], 10_300], confirmed(20, 29, 1.07), fell=30) is not None
    epoch = [0] * 30 + [1]
    assert holds(values, confirmed(20, 29, 1.07), fell=30, epoch=epoch) is not None
    assert holds([*values, 10_700], confirmed(20, 29, 1.07), fell=30, epoch=[0] * 31 + [1]) is None


def test_nights_back_count_after_the_re_run_within_the_epoch_and_to_the_level_before() -> None:
    values = [*CALM, *[10_700.0] * 3, 10_000, 10_010]
    assert holds(values, confirmed(20, 22, 1.07), back=23) is None
    assert holds(values, confirmed(20, 23, 1.07), back=23) is not None
    assert holds(values[:-1], confirmed(20, 22, 1.07), back=23) is not None
    assert holds(values[:-1], confirmed(20, 22, 1.12), back=23) is None
    assert holds([*values[:-2], 10_300, 10_300], confirmed(20, 22, 1.07), back=23) is not None
    assert holds(values, confirmed(20, 22, 1.07), back=23, epoch=[0] * 24 + [1]) is not None
    assert holds(values, confirmed(20, 22, 1.12), back=23, epoch=[0] * 24 + [1]) is None
    assert holds(values, confirmed(20, 22, 1.12), back=24, epoch=[0] * 24 + [1]) is not None


def test_nights_are_back_below_a_fortieth_more_than_before_and_not_at_it() -> None:
    bound = (1 + 0.025) * 40.0
    assert not is_back(np.array([bound]), 40)
    assert is_back(np.array([np.nextafter(bound, 0)]), 40)


def test_without_a_re_run_of_both_files_the_nights_up_to_it_say_how_large_it_was() -> None:
    """11,200 alone is a change of 12 %, which one night shows to be gone; with the night after it, it would be 6 %."""
    values = [*CALM, 11_200, 10_000]
    assert holds(values, confirmed(20, 20), back=21) is None
    assert holds([*CALM, 10_400, 10_000], confirmed(20, 20), back=21) is not None
    assert holds([*CALM, 10_000, 11_200, 11_200, 10_000], confirmed(20, 22), back=23) is None
    for rerun in (
        Rerun(old_us=(), new_us=(103.0, 104.0), p_value=None, session="s"),
        Rerun(old_us=(100.0,), new_us=(), p_value=None, session="s"),
    ):
        made = Settled(
            since=20,
            asked=20,
            standing=Standing.CONFIRMED,
            decision=decision(20, 20, Standing.CONFIRMED, rerun=rerun),
        )
        assert holds(values, made, back=21) is None
    unknown = Settled(since=20, asked=20, standing=Standing.CONFIRMED)
    assert holds(values, unknown, back=21) is None


HOT = [*CALM, 13_000, *[10_300.0] * 10]


@pytest.mark.parametrize("more", [0, 1])
def test_a_file_that_is_as_before_tonight_has_mended_it(more: int) -> None:
    values, things = [*HOT, *[10_300.0] * more, 10_000], [*[0] * 20, *[1] * (11 + more), 2]
    assert holds(values, confirmed(20, 20, 1.12), thing=things) is None
    assert holds(values, confirmed(20, 20, 1.07), thing=things) is not None
    assert holds([*values, 10_000], confirmed(20, 20, 1.07), thing=[*things, 2]) is None
    assert holds([*values, 10_000], confirmed(20, 20, 1.049), thing=[*things, 2]) is not None


def test_a_file_that_comes_some_nights_after_the_re_run_mends_it_too() -> None:
    things = [*[0] * 20, 1, 1, 1, 2, 1]
    assert holds([*CALM, 12_000, 12_000, 12_000, 10_000, 12_000], confirmed(20, 20, 1.2), thing=things) is None


def test_files_of_before_the_re_run_mend_nothing() -> None:
    """The file of before it, too, was as before."""
    between = [*CALM, 12_000, 10_000, 12_000]
    assert holds(between, confirmed(20, 22, 1.2), thing=[*[0] * 20, 1, 0, 1]) == HOLDS
    things = [*[0] * 15, *[5] * 5, *[1] * 11]
    for asked in (20, 21, 22):
        assert holds(HOT, confirmed(20, asked, 1.12), thing=things) == HOLDS


@pytest.mark.parametrize("other", [2, 9])
def test_a_lucky_night_of_a_file_that_did_not_mend_it_mends_nothing(other: int) -> None:
    values, things = [*HOT, 12_000, 10_000, 12_000], [*[0] * 20, *[5] * 11, *[other] * 3]
    assert holds(values, confirmed(20, 20, 1.12), thing=things) == HOLDS


@pytest.mark.parametrize("other", [2, 9])
def test_nights_of_the_file_that_was_measured_again_are_none_of_those_of_another(other: int) -> None:
    values, things = [*HOT, 10_251, 10_000, 10_000, 10_251], [*[0] * 20, *[5] * 11, other, 5, 5, other]
    assert holds(values, confirmed(20, 30, 1.12), thing=things) == HOLDS
