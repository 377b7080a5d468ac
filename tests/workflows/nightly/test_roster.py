"""Which phones a group means tonight."""

from datetime import UTC, datetime

import pytest

from mbench.workflows.nightly.farm_file import Group
from mbench.workflows.nightly.roster import members

NIGHTS = [datetime(2026, 11, day, 23, tzinfo=UTC) for day in (1, 2, 3, 4)]


def found(attached, before=(), *, measured=None, nights=NIGHTS, **group):
    chosen = Group(**({"profile": "pixel4"} | group))
    return members(chosen, attached=attached, before=before, measured_at=measured or {}, nights=nights)


def test_a_device_is_itself_whatever_is_attached():
    assert members(Group(device="X"), attached=(), before=(), measured_at={}, nights=()) == ("X",)


def test_every_phone_is_one_that_is_attached_or_was_there_in_the_last_night():
    lately = {"B": NIGHTS[-1]}
    assert found(["A", "C"], ["B", "C"], every=True, measured=lately) == ("B", "C", "A")


def test_of_a_count_those_of_the_last_night_keep_their_places():
    assert found(["A", "B", "C"], ["C", "B"], count=2) == ("C", "B")
    assert found(["A", "B", "C"], ["C"], count=2) == ("C", "A")


def test_one_that_is_away_keeps_its_place_beside_a_spare_one_and_its_cells_are_missing():
    assert found(["A", "SPARE"], ["A", "B"], count=2, measured={"B": NIGHTS[-1]}) == ("A", "B")


@pytest.mark.parametrize(("night", "place"), [(1, "B"), (0, "SPARE")])
def test_after_three_nights_without_a_number_a_spare_one_takes_its_place(night, place):
    assert found(["A", "SPARE"], ["A", "B"], count=2, measured={"B": NIGHTS[night]}) == ("A", place)


@pytest.mark.parametrize(("nights", "place"), [(2, "B"), (3, "SPARE")])
def test_one_that_never_measured_anything_keeps_its_place_while_there_were_fewer_nights(nights, place):
    assert found(["A", "SPARE"], ["A", "B"], count=2, nights=NIGHTS[:nights]) == ("A", place)


def test_what_is_lacking_is_called_by_profile_and_number_and_gives_way_to_a_phone():
    assert found(["A"], count=3) == ("A", "pixel4#2", "pixel4#3")
    assert found(["A", "B"], ["A", "pixel4#2", "pixel4#3"], count=3) == ("A", "B", "pixel4#3")


def test_a_phone_whose_shared_cells_do_not_move_keeps_its_place_for_ever():
    shares = {"every": True, "spread": "share"}
    assert found(["A"], ["A", "B"], measured={}, **shares) == ("A", "B")
    assert found(["A"], ["A", "B"], measured={}, move=True, **shares) == ("A",)
    assert found(["A"], ["A", "pixel4#2"], count=2, spread="share") == ("A", "pixel4#2")
