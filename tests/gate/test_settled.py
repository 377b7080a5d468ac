"""What measuring again decides about, and where in a series its decisions stand."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from gate_series import decision, finding

from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.gate.settled import Settled, is_measured_again, parted, settle, standings

NIGHTS = np.array([0, 2, 3, 5, 8])
"""With a number; a cell had none on the others."""


@pytest.mark.parametrize(
    ("since", "night", "places"),
    [(2, 3, (1, 2)), (2, 2, (1, 1)), (0, 8, (0, 4)), (8, 9, (4, 4)), (2, 4, (1, 2)), (3, 7, (2, 3))],
)
def test_a_decision_stands_where_its_nights_have_a_number(since, night, places) -> None:
    (one,) = settle(NIGHTS, [decision(since, night, Standing.CONFIRMED)])
    assert ((one.since, one.asked), one.standing) == (places, Standing.CONFIRMED)
    assert one.decision == decision(since, night, Standing.CONFIRMED)


@pytest.mark.parametrize(("since", "night"), [(1, 3), (9, 9), (4, 8), (5, 3)])
def test_a_decision_about_a_night_that_is_no_more_or_was_never_asked_is_left_out(since, night) -> None:
    assert settle(NIGHTS, [decision(since, night, Standing.CONFIRMED)]) == []


def test_what_was_withdrawn_is_so_up_to_the_night_it_was_asked_about_and_others_on_their_first() -> None:
    made = [
        Settled(since=1, asked=3, standing=Standing.WITHDRAWN),
        Settled(since=4, asked=6, standing=Standing.CONFIRMED),
    ]
    assert standings(made) == {
        1: Standing.WITHDRAWN,
        2: Standing.WITHDRAWN,
        3: Standing.WITHDRAWN,
        4: Standing.CONFIRMED,
    }
    again = Settled(since=2, asked=2, standing=Standing.PHONE_CHANGED)
    assert standings([made[0], again])[2] is Standing.PHONE_CHANGED


@pytest.mark.parametrize(
    ("kind", "standing", "asked"),
    [
        (FindingClass.LATENCY, Standing.SUSPECT, True),
        (FindingClass.LATENCY, Standing.CONFIRMED, False),
        (FindingClass.LATENCY, Standing.CERTAIN, False),
        (FindingClass.MEMORY, Standing.CERTAIN, True),
        (FindingClass.MEMORY, Standing.CONFIRMED, False),
        (FindingClass.MEMORY, Standing.SUSPECT, False),
        (FindingClass.SIZE, Standing.CERTAIN, False),
        (FindingClass.IMPROVED, Standing.SUSPECT, False),
    ],
)
def test_suspects_of_latency_and_certain_growths_of_memory_are_measured_again(kind, standing, asked) -> None:
    assert is_measured_again(finding(kind=kind, standing=standing)) is asked


def test_a_decision_at_its_place_is_never_changed_and_is_made_by_name() -> None:
    for one, fields in [(Settled(since=1, asked=2, standing=Standing.CONFIRMED), ("since", "asked", "standing"))]:
        assert not hasattr(one, "__dict__")
        with pytest.raises(FrozenInstanceError):
            setattr(one, fields[0], None)
        with pytest.raises(TypeError):
            type(one)(*(getattr(one, name) for name in fields))


def test_decisions_are_parted_at_the_place_on_which_they_were_made() -> None:
    made = [Settled(since=1, asked=asked, standing=Standing.WITHDRAWN) for asked in (2, 300, 299, 301)]
    assert parted(made, 300) == ([made[0], made[2]], [made[1], made[3]])
    assert parted([], 3) == ([], [])
