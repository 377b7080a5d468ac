"""Which cores may not run as fast as they can, and what is said of them."""

from datetime import UTC, datetime

import pytest

from mbench.core.clocks import Cap, caps, format_caps, lowest
from mbench.core.results import Conditions

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def state(allowed, hardware):
    return Conditions(taken_at=NOON, frequency_max_khz=allowed, frequency_hardware_khz=hardware)


def cap(core, allowed_khz, hardware_khz=2000):
    return Cap(core=core, allowed_khz=allowed_khz, hardware_khz=hardware_khz)


@pytest.mark.parametrize(
    ("allowed", "hardware", "found"),
    [
        ((2000, 2000), (2000, 2000), ()),
        ((2000, 1999), (2000, 2000), (cap(1, 1999),)),
        ((2001, 1000), (2000, 2000), (cap(1, 1000),)),
        ((None, 1000), (2000, 2000), (cap(1, 1000),)),
        ((1000, 1000), (None, 2000), (cap(1, 1000),)),
        ((1000,), (2000, 2000), (cap(0, 1000),)),
        ((1000, 1000), (2000,), (cap(0, 1000),)),
        (None, (2000, 2000), ()),
        ((1000, 1000), None, ()),
    ],
)
def test_a_cap_is_below_what_the_hardware_has_and_unknown_clocks_are_none(allowed, hardware, found):
    assert caps(state(allowed, hardware), None) == found


@pytest.mark.parametrize(("cpus", "cores"), [(None, [0, 1, 2]), ((2, 0), [0, 2]), ((1,), [1]), ((), []), ((7,), [])])
def test_only_cores_that_are_pinned_to_count(cpus, cores):
    assert [each.core for each in caps(state((1000,) * 3, (2000,) * 3), cpus)] == cores


def test_of_one_core_the_lowest_cap_is_kept():
    assert lowest([cap(2, 1500), cap(0, 1900), cap(2, 1400), cap(2, 1600)]) == (cap(0, 1900), cap(2, 1400))
    assert lowest([]) == ()


def test_cores_that_are_capped_alike_stand_together():
    assert format_caps([cap(7, 1420800, 2841600)]) == "core 7 at 1420800 of 2841600 kHz"
    assert format_caps([cap(4, 1000), cap(5, 1000), cap(6, 1000, 3000), cap(7, 900)]) == (
        "cores 4, 5 at 1000 of 2000 kHz, core 6 at 1000 of 3000 kHz, core 7 at 900 of 2000 kHz"
    )
