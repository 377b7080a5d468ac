import numpy as np
import pytest
from gate_series import decision, series, tonight

from mbench.core.nights.verdicts import Decision, FindingClass, Rerun, Standing
from mbench.gate.held import is_back
from mbench.gate.latency import judge_latency

CALM = [10_000.0] * 20


def confirmed(since: int, night: int, ratio: float | None = None) -> Decision:
    made = decision(since, night, Standing.CONFIRMED)
    if ratio is None:
        return made
    rerun = Rerun(old_us=(100.0,) * 12, new_us=(100.0 * ratio,) * 12, p_value=1e-5, session="s")
    return Decision(cell=made.cell, since=since, night=night, standing=made.standing, rerun=rerun)


def judged(values, *decisions, **columns):
    found = judge_latency(tonight(series(values, **columns)), decisions).findings
    return [(one.standing.value, one.since, one.before) for one in found if one.kind is FindingClass.LATENCY]


def test_what_a_hot_night_led_to_is_held_when_the_night_is_over() -> None:
    for nights in range(1, 40):
        values = [*CALM, 13_000, *[10_300.0] * nights]
        assert judged(values, confirmed(20, 20, 1.03)) == [("confirmed", "n20", 10_000)]


def test_ranks_that_see_it_begin_on_another_night_say_nothing_new() -> None:
    values = [*CALM, 13_000, 9_900, 9_900, *[10_300.0] * 20]
    assert judged(values, confirmed(20, 35, 1.03)) == [("confirmed", "n20", 10_000)]


@pytest.mark.parametrize(("nights", "new"), [(1, []), (2, []), (4, []), (5, [("suspect", "n26", 10_000)])])
def test_ranks_that_see_it_begin_up_to_five_nights_after_its_re_run_say_nothing_new(nights, new):
    values = [*CALM, 13_000, *[9_900.0] * nights, *[10_300.0] * 20]
    assert judged(values, confirmed(20, 20, 1.03)) == [("confirmed", "n20", 10_000), *new]


def test_what_grows_slowly_on_top_of_a_slow_one_is_a_suspect_beside_it():
    held = ("confirmed", "n20", 10_000)
    for nights, asked in ((10, 29), (40, 29), (10, 49)):
        values = [*CALM, *[10_300.0] * 30, *[10_650.0] * nights]
        assert judged(values, confirmed(20, asked, 1.03)) == [held, ("suspect", "n50", 10_300)]
    assert judged([*CALM, *[10_300.0] * 30, *[10_650.0] * 10], confirmed(20, 50, 1.03)) == [held]


def test_a_small_one_is_gone_when_ranks_see_it_go() -> None:
    values = [*CALM, *[10_300.0] * 20]
    assert judged([*values, *[10_000.0] * 2], confirmed(20, 20, 1.03))
    assert not judged([*values, *[10_000.0] * 10], confirmed(20, 20, 1.03))
    assert judged([*values, *[10_130.0] * 10], confirmed(20, 20, 1.03))
    assert not judged([*values, *[10_120.0] * 10], confirmed(20, 20, 1.03))


def test_one_night_shows_that_a_large_one_is_gone_and_not_that_a_small_one_is() -> None:
    values = [*CALM, 13_000, *[10_700.0] * 10]
    assert not judged([*values, 10_000], confirmed(20, 20, 1.07))
    assert judged([*values, 10_000], confirmed(20, 20, 1.049))
    assert not judged([*values, 10_000], confirmed(20, 20, 1.051))
    assert judged([*CALM, 13_000, *[10_900.0] * 10, 10_251], confirmed(20, 20, 1.07))
    assert not judged([*CALM, 13_000, *[10_900.0] * 10, 10_249], confirmed(20, 20, 1.07))


def test_what_was_mended_the_next_day_is_gone_the_next_night() -> None:
    for bad in range(1, 5):
        values = [*CALM, *[12_000.0] * bad]
        assert judged(values, confirmed(20, 20, 1.2)) == [("confirmed", "n20", 10_000)]
        assert not judged([*values, 10_000], confirmed(20, 20, 1.2))
        assert not judged([*values, 10_000, 10_050], confirmed(20, 20, 1.2))


def test_of_a_smaller_one_that_was_short_two_nights_show_that_it_is_gone() -> None:
    values = [*CALM, *[10_900.0] * 2]
    assert judged([*values, 10_000], confirmed(20, 20, 1.099))
    assert not judged([*values, 10_000], confirmed(20, 20, 1.101))
    assert not judged([*values, 10_000, 10_010], confirmed(20, 20, 1.099))
    assert judged([*values, 10_000, 10_510], confirmed(20, 20, 1.099))
    assert judged([*values, 10_000, 10_010], confirmed(20, 20, 1.049))


def test_what_was_measured_again_after_it_had_fallen_is_not_gone_by_that_fall() -> None:
    values = [*CALM, 12_000, 10_000, 10_000]
    assert judged(values, confirmed(20, 22, 1.2))
    assert not judged(values, confirmed(20, 20, 1.2))


def test_without_a_rerun_the_nights_say_how_large_it_was() -> None:
    values = [*CALM, *[10_300.0] * 20]
    assert judged([*values, 9_700], confirmed(20, 30))
    values = [*CALM, *[10_600.0] * 20]
    assert not judged([*values, 10_000], confirmed(20, 30))


def test_another_epoch_says_where_it_stands_after_five_nights() -> None:
    for level, nights, still in ((10_120, 4, True), (10_120, 5, False), (10_130, 5, True)):
        values = [*CALM, *[10_300.0] * 10, *[float(level)] * nights]
        epoch = [0] * 30 + [1] * nights
        assert bool(judged(values, confirmed(20, 29, 1.03), epoch=epoch)) is still


def test_a_new_suspect_stands_beside_it() -> None:
    values = [*CALM, 13_000, *[10_300.0] * 10, 12_000]
    assert judged(values, confirmed(20, 20, 1.03)) == [("suspect", "n31", 10_300), ("confirmed", "n20", 10_000)]


def test_what_is_new_is_of_nights_after_the_last_re_run_of_what_is_held_and_of_no_other():
    values = [*CALM, 13_000, *[10_300.0] * 10, 12_000]
    new, held = ("suspect", "n31", 10_300), ("confirmed", "n20", 10_000)
    assert judged(values, confirmed(20, 20, 1.03), confirmed(20, 30, 1.03)) == [new, held]
    assert judged(values, confirmed(20, 20, 1.03), confirmed(20, 31, 1.03)) == [held]
    assert judged(values, confirmed(20, 20, 1.03), decision(25, 31, Standing.SUSPECT)) == [new, held]
    values = [*CALM, 13_000, *[10_300.0] * 20, 13_000, *[10_600.0] * 10, 12_000]
    made = confirmed(20, 20, 1.03), confirmed(20, 52, 1.03), confirmed(41, 41, 1.03)
    assert judged(values, *made) == [("suspect", "n52", 10_600), ("confirmed", "n41", 10_000)]


def test_what_began_before_the_last_re_run_is_not_new_in_a_long_series_either():
    held = ("confirmed", "n20", 10_000)
    values = [*CALM, 13_000, *[10_300.0] * 10, *[12_000.0] * 5]
    assert judged(values, confirmed(20, 20, 1.03), confirmed(20, 35, 1.03)) == [held]
    values = [*[10_000.0] * 300, 13_000, *[10_300.0] * 10, 12_000]
    assert judged(values, confirmed(300, 300, 1.03), confirmed(300, 311, 1.03)) == [("confirmed", "n300", 10_000)]


def test_a_confirmed_one_that_grows_at_once_stays_so_with_its_growth_as_a_suspect():
    values = [*CALM, *[12_000.0] * 5, 14_000]
    assert judged(values, confirmed(20, 20, 1.2)) == [("confirmed", "n20", 10_000), ("suspect", "n25", 12_000)]


def test_a_new_slow_step_beside_what_is_held_is_said_to_be_one():
    values = [*CALM, 13_000, *[10_000.0] * 30, *[10_300.0] * 10]
    held, new = judge_latency(tonight(series(values)), [confirmed(20, 20, 1.03)]).findings
    assert [(one.standing, one.since) for one in (held, new)] == [
        (Standing.CONFIRMED, "n20"),
        (Standing.SUSPECT, "n51"),
    ]
    assert new.because.endswith("ranks of the nights before and since differ beyond chance")


def test_of_several_the_newest_is_reported_with_the_level_before_the_first() -> None:
    values = [*CALM, 13_000, *[10_300.0] * 20, 13_000, *[10_600.0] * 20]
    both = confirmed(20, 20, 1.03), confirmed(41, 41, 1.03)
    assert judged(values, *both) == [("confirmed", "n41", 10_000)]


def test_its_level_of_before_is_that_of_a_fortnight() -> None:
    values = [*[9_000.0] * 30, *[9_900.0] * 8, *[10_000.0] * 6, 13_000, *[10_300.0] * 3]
    made = [decision(30, 30, Standing.PHONE_CHANGED), confirmed(44, 44, 1.03)]
    ((standing, since, before),) = judged(values, *made)
    assert (standing, since, before) == ("confirmed", "n44", 9_900)


def test_the_first_night_cannot_be_held() -> None:
    assert judged(np.array([10_000.0]), confirmed(0, 0, 1.03)) == []


def test_nights_are_back_within_a_fortieth_of_the_level_of_before() -> None:
    assert is_back(np.array([10_249.0]), 10_000)
    assert not is_back(np.array([10_251.0]), 10_000)


def test_what_another_file_mended_and_comes_back_is_another_regression() -> None:
    values = [*CALM, 12_000, 10_000, 12_000]
    for came_back in (1, 2):
        things = [*[0] * 20, 1, 0, came_back]
        assert judged(values, confirmed(20, 20, 1.2), thing=things) == [("suspect", "n22", 10_000)]
    same_file = [*[0] * 20, 1, 1, 1]
    assert ("confirmed", "n20", 10_000) in judged(values, confirmed(20, 20, 1.2), thing=same_file)


def test_a_hot_night_of_the_file_that_mended_is_a_suspect_alone() -> None:
    values = [*CALM, 12_000, *[10_000.0] * 3, 12_500]
    assert judged(values, confirmed(20, 20, 1.2), thing=[*[0] * 20, 1, *[2] * 4]) == [("suspect", "n24", 10_000)]


def test_another_file_must_be_as_before_to_have_mended() -> None:
    def after(*nights: float, ratio: float = 1.2):
        return judged(
            [*CALM, 12_000, *nights, 12_000], confirmed(20, 20, ratio), thing=[*[0] * 20, 1, *things_of(nights)]
        )

    def things_of(nights):
        return [*[2] * len(nights), 1]

    held = ("confirmed", "n20", 10_000)
    assert held in after(10_251)
    assert held not in after(10_249)
    assert held in after(10_000, ratio=1.099)
    assert held not in after(10_000, 10_000, ratio=1.099)
    assert held in after(10_000, 10_000, ratio=1.049)
