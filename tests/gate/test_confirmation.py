import pytest

from mbench.core.nights.verdicts import Rerun, Standing
from mbench.gate import confirm as rules
from mbench.gate.confirm import Confirmation, confirm

BEFORE, NOW = 1000.0, 1100.0


def runs(level: float, count: int, *, wide: float = 0.004) -> tuple[float, ...]:
    return tuple(level * (1 + wide * (((7 * place) % 11) - 5) / 5) for place in range(count))


def said(old, new, *, before: float = BEFORE, now: float = NOW) -> Confirmation:
    return confirm(Rerun(old_us=tuple(old), new_us=tuple(new), p_value=None, session="s"), before=before, now=now)


def test_new_files_that_are_slower_than_old_ones_beside_them_are_confirmed() -> None:
    answer = said(runs(1000, 12), runs(1100, 12))
    assert answer.standing is Standing.CONFIRMED
    assert answer.rerun.p_value is not None
    assert answer.rerun.p_value < 0.0004
    assert "+10.0%" in answer.because
    assert not answer.more


def test_fewer_than_twelve_pairs_leave_a_suspect() -> None:
    answer = said(runs(1000, 12), runs(1100, 11))
    assert answer.standing is Standing.SUSPECT
    assert answer.more
    assert answer.rerun.p_value is None
    assert said(runs(1000, 1), runs(1100, 1)).standing is Standing.SUSPECT


def test_as_before_withdraws() -> None:
    answer = said(runs(1000, 12), runs(1000, 12))
    assert (answer.standing, answer.more) == (Standing.WITHDRAWN, False)


def test_old_files_that_are_as_slow_say_that_the_phone_changed() -> None:
    assert said(runs(1100, 12), runs(1100, 12)).standing is Standing.PHONE_CHANGED
    assert said(runs(1051, 12), runs(1051, 12)).standing is Standing.PHONE_CHANGED
    assert said(runs(1049, 12), runs(1049, 12)).standing is Standing.WITHDRAWN


def test_a_phone_that_changed_and_a_file_that_is_slower_too_is_confirmed() -> None:
    assert said(runs(1100, 12), runs(1200, 12)).standing is Standing.CONFIRMED


def test_what_is_neither_clear_nor_hopeless_wants_more_pairs_up_to_forty() -> None:
    old = runs(1000, 40, wide=0.1)
    new = runs(1010, 40, wide=0.1)
    first = said(old[:12], new[:12])
    assert (first.standing, first.more) == (Standing.SUSPECT, True)
    assert 0.0004 < first.rerun.p_value < 0.4
    assert said(old[:39], new[:39]).more
    last = said(old, new)
    assert (last.standing, last.more) == (Standing.WITHDRAWN, False)


def test_hopeless_is_a_p_value_of_four_in_ten_and_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for p_value, standing in ((0.399, Standing.SUSPECT), (0.4, Standing.WITHDRAWN)):
        monkeypatch.setattr(rules, "block_rank_p", lambda _old, _new, p_value=p_value: p_value)
        assert said(runs(1000, 12), runs(1000, 12)).standing is standing


def test_certain_is_a_p_value_of_four_in_ten_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    for p_value, standing in ((0.0004, Standing.CONFIRMED), (0.00041, Standing.SUSPECT)):
        monkeypatch.setattr(rules, "block_rank_p", lambda _old, _new, p_value=p_value: p_value)
        assert said(runs(1000, 12), runs(1100, 12)).standing is standing


def test_less_than_a_hundredth_is_nobodys_regression() -> None:
    assert said(runs(1000, 40, wide=0.0004), runs(1009, 40, wide=0.0004)).standing is Standing.WITHDRAWN
    assert said(runs(1000, 40, wide=0.0004), runs(1011, 40, wide=0.0004)).standing is Standing.CONFIRMED


def test_an_improvement_is_confirmed_the_other_way_round() -> None:
    assert said(runs(1000, 12), runs(900, 12), now=900).standing is Standing.CONFIRMED
    assert said(runs(1000, 12), runs(1100, 12), now=900).standing is Standing.WITHDRAWN


def test_without_old_files_both_repeats_must_be_as_bad() -> None:
    assert said((), (1100, 1060)).standing is Standing.CONFIRMED
    assert said((), (1100, 1050)).standing is Standing.CONFIRMED
    assert said((), (1100, 1049)).standing is Standing.SUSPECT
    assert said((), (1010, 990)).standing is Standing.WITHDRAWN
    assert "without old files to compare with" in said((), (1100, 1060)).because


def test_a_repeat_whose_phone_died_leaves_a_suspect() -> None:
    assert said((), (1100,)).standing is Standing.SUSPECT
    assert said((), ()).standing is Standing.SUSPECT
    assert said((), ()).because == "no run ended when it was measured again"
    assert said((), (1100,)).because.startswith("1 of 2 repeats ended")


def test_a_suspect_without_a_distance_is_not_seen_again() -> None:
    assert said((), (1000, 1000), before=1000, now=1000).standing is Standing.WITHDRAWN
