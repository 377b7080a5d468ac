"""A small farm with a bad phone of each of ten kinds: the good ones have their numbers, and the bad ones say why."""

from contextlib import ExitStack

import pytest

from benchmarks import farm as farms

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]


def test_bad_phones_of_ten_kinds_cost_the_good_ones_nothing_and_keep_nothing(home):
    with ExitStack() as stack:
        farm = farms.Farm(stack)
        farm.build(home / "cache")
        good, bad = farm.start(2), farm.start(len(farms.KINDS))
        farms.spoil(bad)
        session = farm.session("mixed", "--runs", "2", "--max-runs", "2")
        assert session.code == 4, session.said  # one of the kinds crashes by its own fault
        assert [farms.row_of(session, phone)["status"] for phone in good] == ["ok"] * 2
        assert farms.unsaid(session, bad) == []
        assert len(session.rows) == len(good) + len(bad)
        assert {phone.serial: farms.kept_by(phone) for phone in good} == {phone.serial: [] for phone in good}
        farm.mend(bad)
        assert farm.clean().returncode == 0
        assert {phone.serial: farms.kept_by(phone) for phone in bad} == {phone.serial: [] for phone in bad}
