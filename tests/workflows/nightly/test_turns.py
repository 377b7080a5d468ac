"""Turns: which phones are left to another night, because that is of higher priority and alive."""

from pathlib import Path

import pytest

from mbench.workflows.nightly.turns import Turns


def turns(folder: Path, name: str, priority: int) -> Turns:
    return Turns(folder, session=f"20261201-220000-night-{name}-0000", farm=name, priority=priority)


@pytest.mark.parametrize(("priority", "left"), [(4, ["A", "B"]), (5, []), (6, [])])
def test_phones_are_left_to_nights_of_higher_priority_alone(tmp_path, priority, left):
    high, own = turns(tmp_path, "high", 5), turns(tmp_path, "own", priority)
    with high.taken():
        high.say(["B", "A"])
        assert sorted(own.ahead()) == left
        assert {turn.farm for turn in own.ahead().values()} <= {"high"}


def test_a_phone_that_a_night_has_done_with_is_free(tmp_path):
    high, own = turns(tmp_path, "high", 5), turns(tmp_path, "own", 0)
    with high.taken():
        high.say(["A", "B"])
        high.say(["B"])
        assert list(own.ahead()) == ["B"]
    assert own.ahead() == {}
    assert list(tmp_path.iterdir()) == []


def test_the_word_of_a_night_that_has_died_counts_for_nothing(tmp_path):
    high, own = turns(tmp_path, "high", 5), turns(tmp_path, "own", 0)
    high.say(["A"])
    assert own.ahead() == {}
    (tmp_path / "odd.json").write_bytes(b"nothing of ours")
    assert own.ahead() == {}


def test_of_two_nights_ahead_the_higher_is_named(tmp_path):
    high, higher, own = turns(tmp_path, "high", 5), turns(tmp_path, "a-higher", 6), turns(tmp_path, "own", 0)
    with high.taken(), higher.taken():
        high.say(["A"])
        higher.say(["A"])
        assert own.ahead()["A"].farm == "a-higher"
