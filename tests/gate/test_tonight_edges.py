"""A series up to a night, and what its findings say of when they began."""

import numpy as np
import pytest
from gate_series import NIGHTS, assert_fixed, series, tonight

from mbench.core.nights.series import PointState
from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.gate.tonight import Tonight, known_places, up_to

SAID = {"before": 1.0, "now": 2.0, "unit": "µs", "because": ""}


def test_a_series_ends_with_the_night_that_is_judged() -> None:
    whole = series([1.0, 2, 3, 4], night=[0, 2, 2, 5])
    for night, values in ((0, [1]), (2, [1, 2, 3]), (5, [1, 2, 3, 4])):
        assert up_to(whole, night).latency_us.tolist() == values
    assert len(up_to(whole, 2).epoch) == 3
    for night in (-1, 1, 3, 6):
        assert up_to(whole, night) is None
    assert up_to(series([1.0], night=[3]), 3).latency_us.tolist() == [1]
    assert up_to(series([]), 0) is None


def test_places_are_known_where_tonights_is_one_of_them() -> None:
    for known, places in (([True, False], None), ([False, True], [1]), ([True, False, True], [0, 2])):
        found = known_places(np.array(known))
        assert (None if found is None else found.tolist()) == places


def test_what_changed_is_asked_from_the_last_night_with_a_number_before_it_began() -> None:
    number, failed, missing = PointState.NUMBER, PointState.FAILED, PointState.MISSING
    state = np.array([number, number, failed, missing, number, number], dtype=np.int8)
    found = tonight(series([1.0] * 6, state=state)).finding(FindingClass.LATENCY, since=4, **SAID)
    assert (found.changed, found.nights) == (("1 → 4",), 2)
    assert tonight(series([1.0] * 6, state=state)).finding(FindingClass.LATENCY, since=0, **SAID).changed == ()


def test_a_finding_is_certain_where_nothing_else_is_said_and_the_rest_is_named() -> None:
    night = tonight(series([1.0]))
    assert night.finding(kind=FindingClass.SIZE, since=0, **SAID).standing is Standing.CERTAIN
    with pytest.raises(TypeError):
        night.finding(FindingClass.SIZE, Standing.CERTAIN, since=0, **SAID)


def test_tonight_is_the_last_point_of_a_series_and_of_the_cells_own_branch() -> None:
    state = np.array([0, 1, 2, 3], dtype=np.int8)
    assert tonight(series([1.0] * 4, state=state)).state is PointState.MISSING
    one = Tonight(series=series([1.0]), nights=NIGHTS, changed=lambda *_: ())
    assert one.alone is False
    assert_fixed(one)
