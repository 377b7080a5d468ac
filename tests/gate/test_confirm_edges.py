"""What measuring again says at its bounds: twice as slow, three repeats, suspects that doubled."""

from dataclasses import FrozenInstanceError

import pytest

from mbench.core.nights.verdicts import Rerun, Standing
from mbench.gate.confirm import Confirmation, confirm


def said(old, new, *, before: float = 1000.0, now: float = 1100.0) -> Confirmation:
    rerun = Rerun(old_us=tuple(old), new_us=tuple(new), p_value=None, session="s")
    return confirm(rerun=rerun, before=before, now=now)


@pytest.mark.parametrize(("new", "percent"), [(2000.0, "+100.0%"), (2500.0, "+150.0%")])
def test_a_file_that_is_twice_as_slow_is_confirmed_by_how_much(new, percent):
    answer = said([1000.0] * 12, [new] * 12)
    assert answer.standing is Standing.CONFIRMED
    assert answer.because.startswith(f"new files {percent} against old ones in 12 interleaved pairs")


def test_a_file_that_is_faster_is_said_to_be():
    answer = said([1000.0] * 12, [900.0] * 12)
    assert answer.standing is Standing.WITHDRAWN
    assert "new files -10.0% against old ones" in answer.because


def test_a_suspect_without_a_distance_is_one_of_slower_files():
    assert said([1000.0] * 12, [1100.0] * 12, now=1000.0).standing is Standing.CONFIRMED
    assert said([1100.0] * 12, [1000.0] * 12, now=1000.0).standing is Standing.WITHDRAWN


@pytest.mark.parametrize(("old", "standing"), [(2000.0, Standing.PHONE_CHANGED), (1999.0, Standing.WITHDRAWN)])
def test_half_of_a_suspected_tripling_is_a_phone_that_changed(old, standing):
    assert said([old] * 12, [old] * 12, now=3000.0).standing is standing


@pytest.mark.parametrize(
    ("new", "standing"),
    [
        ((1100.0, 1100.0, 1050.0), Standing.CONFIRMED),
        ((1100.0, 1100.0, 1049.0), Standing.SUSPECT),
        ((1049.0, 1000.0, 900.0), Standing.WITHDRAWN),
        ((1100.0,), Standing.SUSPECT),
        ((), Standing.SUSPECT),
    ],
)
def test_without_old_files_all_repeats_must_reach_half_and_two_are_the_least(new, standing):
    assert said((), new).standing is standing


def test_more_than_forty_pairs_decide_too():
    swings = [1000 * (1 + 0.1 * (((7 * place) % 11) - 5) / 5) for place in range(48)]
    answer = said(swings, [1.01 * each for each in swings])
    assert (answer.standing, answer.more) == (Standing.WITHDRAWN, False)


def test_an_improvement_is_seen_again_the_other_way_round():
    assert said((), (905.0, 950.0), now=900.0).standing is Standing.CONFIRMED
    assert said((), (951.0, 960.0), now=900.0).standing is Standing.WITHDRAWN


def test_a_suspect_that_is_where_its_level_is_was_not_seen_again():
    assert said((), (1100.0, 1100.0), before=1000.0, now=500.0 * 2).standing is Standing.WITHDRAWN


def test_what_is_said_stays_as_it_was_made_and_wants_no_more_by_itself():
    answer = Confirmation(standing=Standing.SUSPECT, rerun=said((), ()).rerun, because="")
    assert answer.more is False
    with pytest.raises(FrozenInstanceError):
        answer.more = True
    with pytest.raises(TypeError):
        Confirmation(Standing.SUSPECT, answer.rerun, "")
    assert not hasattr(answer, "__dict__")
