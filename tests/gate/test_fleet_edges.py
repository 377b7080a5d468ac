"""What devices of a model say together, at its edges: which nights of a device count, who agrees, and since when."""

import math

import numpy as np
import pytest
from gate_series import NIGHTS, assert_fixed, cell, decision, series, tonight

from mbench.core.nights.series import PointState
from mbench.core.nights.verdicts import Standing
from mbench.gate import fleet, fleet_findings
from mbench.gate.fleet import FleetShift, Tail, agreement, fleet_shift, tail_of
from mbench.gate.fleet_findings import fleet_finding


def tail(serial: str, values, *, last: int = 99, nights=None) -> Tail:
    values = np.array(values, dtype=float)
    nights = np.arange(values.size) + last + 1 - values.size if nights is None else np.array(nights)
    return Tail(cell=cell(serial=serial), model="Pixel 4", night=nights, values=values)


def moved(serial: str, shift: float, *, nights: int = 1, past: int = 14, **more) -> Tail:
    return tail(serial, [*[1000.0] * past, *[1000.0 * shift] * nights], **more)


def phones(shift: float, count: int = 20, **more) -> list[Tail]:
    return [moved(f"a{place:02d}", shift + place / 1e4, **more) for place in range(count)]


def finding(tails, slower=frozenset(), made=None, night: int = 99):
    return fleet_finding(tails, slower, made or {}, night, NIGHTS)


def test_the_constants_are_those_that_were_measured() -> None:
    assert (fleet.ALPHA, fleet.LEAST_CHANGE, fleet.SINCE) == (0.001, 0.02, (1, 3, 7))
    assert (fleet.LEVEL_NIGHTS, fleet.LEAST_NIGHTS, fleet.AGREES, fleet.LEAST_FOR_TEST) == (14, 5, 0.5, 6)
    assert (fleet_findings.ALONE, fleet_findings.SAME_SHIFT) == (0.5, 3)


def test_a_tail_has_the_nights_with_a_positive_number() -> None:
    values = [7.0, 0.0, -5.0, np.inf, np.nan, 0.5, 8.0, 9.0]
    state = [*[PointState.NUMBER] * 6, PointState.FAILED, PointState.NUMBER]
    assert tail_of(tonight(series(values, state=state))).values.tolist() == [7, 0.5, 9]
    for place in (1, 2, 3, 4, 6):
        bad = tonight(series([5.0, values[place]], state=[PointState.NUMBER, state[place]]))
        assert tail_of(bad) is None
    assert tail_of(tonight(series([5.0, np.nan, 6.0]))).values.tolist() == [5, 6]
    assert tail_of(tonight(series([np.nan, np.nan, 6.0]))).values.tolist() == [6]


@pytest.mark.parametrize("codes", [(0, 1), (1, 0)])
def test_a_tail_has_the_nights_of_tonights_epoch_whatever_its_code(codes) -> None:
    first, last = codes
    found = tail_of(tonight(series([1.0, 2, 3, 4], epoch=[last, first, first, last])))
    assert found.values.tolist() == [1, 4], "an epoch that comes again is the same one"
    assert tail_of(tonight(series([1.0, 2, 3], epoch=[first, first, last]))).values.tolist() == [3]


def test_a_span_leaves_its_own_nights_out_of_the_level_before() -> None:
    values = [*[900.0] * 8, *[1000.0] * 7, 1100, 1210, 1210]
    for nights, now, before in ((1, 1210, 1000), (2, 1210, 1000), (3, 1210, 950)):
        assert tail("a", values).shift(nights) == pytest.approx(math.log(now / before))


def test_a_median_of_two_hundredths_is_a_shift_of_the_fleet_and_less_is_none() -> None:
    for change, found in ((1.02 * (1 + 1e-9), True), (1.02 * (1 - 1e-9), False)):
        assert (fleet_shift([moved(f"a{place}", change) for place in range(12)]) is not None) is found


def test_without_a_device_that_has_a_level_there_is_no_shift() -> None:
    assert fleet_shift(phones(1.03, past=4)) is None
    assert fleet_shift([]) is None


def test_a_device_that_is_too_young_to_say_anything_does_not_say_since_when() -> None:
    for young in ([1000.0], [1000.0] * 3):
        for nights in (1, 4, 7):
            found = fleet_shift([tail("young", young), *phones(1.03, nights=nights)])
            assert (found.nights, len(found.devices), found.worst.serial) == (nights, 20, "a19")


def test_the_beginning_of_a_shift_has_five_nights_before_it() -> None:
    """The last of the nights before is as slow; with four before it the course would fit better."""
    values = [1000.0, 1000, 1000, 1000, 1030, 1030]
    assert fleet_shift([tail(f"a{place}", values) for place in range(20)]).nights == 1
    assert fleet_shift([tail(f"a{place}", [1000.0, *values]) for place in range(20)]).nights == 2


def test_devices_of_unequal_pasts_share_the_nights_that_all_have() -> None:
    found = fleet_shift([moved(f"a{place}", 1.03, nights=3, past=9 + place) for place in range(20)])
    assert found.nights == 3


def test_a_shift_of_a_fleet_has_its_median_its_p_value_and_its_devices() -> None:
    found = fleet_shift(phones(1.03, 12))
    assert found.p_value == 3 / 2**12
    assert found.change == pytest.approx(1.03055 - 1, abs=1e-6)
    assert found.devices[cell(serial="a03")] == pytest.approx(math.log(1.0303))
    assert_fixed(found)
    assert_fixed(moved("a", 1.1))
    assert isinstance(found, FleetShift)


def test_half_of_a_findings_shift_is_agreement_and_less_is_none() -> None:
    """ln 2 is half of ln 4 to the last bit."""
    own = cell(serial="own")
    for ratio, other in ((4.0, 2.0), (0.25, 0.5)):
        assert str(agreement([moved("own", ratio), moved("a", other)], cell=own, ratio=ratio, nights=1)).startswith("2")
        less = other * (1 - 1e-9) if ratio > 1 else other * (1 + 1e-9)
        assert str(agreement([moved("own", ratio), moved("a", less)], cell=own, ratio=ratio, nights=1)).startswith("1")
    same = [moved("own", 1.0), moved("a", 1.01), moved("b", 0.99)]
    assert agreement(same, cell=own, ratio=1.0, nights=1).shifted == 2


def test_the_p_value_of_an_agreement_is_of_all_devices_and_of_its_own_direction() -> None:
    for ratio in (1.2, 0.8):
        tails = [moved("own", ratio), *(moved(f"s{place}", ratio) for place in range(5))]
        assert agreement(tails, cell=cell(serial="own"), ratio=ratio, nights=1).p_value == 1 / 64
        against = [moved("own", ratio), *(moved(f"s{place}", 1 / ratio) for place in range(5))]
        assert agreement(against, cell=cell(serial="own"), ratio=ratio, nights=1).p_value > 0.5
    assert agreement(tails[:5], cell=cell(serial="own"), ratio=0.8, nights=1).p_value is None


def test_a_device_that_stands_alone_with_others_that_are_too_young_has_no_agreement() -> None:
    tails = [moved("own", 1.2), moved("a", 1.2, past=4)]
    assert agreement(tails, cell=cell(serial="own"), ratio=1.2, nights=1) is None
    assert agreement(tails[:1], cell=cell(serial="other"), ratio=1.2, nights=1).devices == 2


def test_the_finding_of_a_fleet_says_how_many_devices_are_slower() -> None:
    tails = [*phones(1.03, 18), moved("b00", 1.0), moved("b01", 0.9999)]
    found = finding(tails)
    assert found.because.startswith("18 of 20 devices are slower, their median by +3.1% (signed rank, p = ")
    assert (str(found.agreement), found.common_cause) == ("18 of 20 Pixel 4", "Pixel 4: 18 of 20 devices")
    assert found.agreement.p_value is not None


def test_levels_of_a_fleets_finding_are_of_its_own_nights() -> None:
    past = [*[990.0, 1010.0] * 7, 1010.0]
    tails = [tail(f"a{place:02d}", [*past, *[1040.0 + place] * 2]) for place in range(20)]
    found = finding(tails)
    assert (found.before, found.now, found.nights, found.since) == (1010, 1059, 2, "n98")


def test_a_fleets_finding_began_on_the_night_of_its_own_device_wherever_that_stands() -> None:
    late = tail("a99", [*[1000.0] * 14, 1050.0, 1050.0], nights=[*range(70, 84), 90, 99])
    tails = [moved("a00", 1.03, nights=2), late]
    tails += [moved(f"b{place:02d}", 1.03 + place / 1e4, nights=2) for place in range(18)]
    for order in (tails, tails[::-1]):
        assert (finding(order).cell.serial, finding(order).since) == ("a99", "n90")
        assert (finding(order).before, finding(order).now) == (1000, 1050)
    early = cell(serial="a00")
    for order in (tails, tails[::-1]):
        made = {early: [decision(90, 99, Standing.CONFIRMED, cell(serial="a00"))]}
        found = finding(order, made=made)
        assert (found.cell.serial, found.since, found.standing) == ("a00", "n98", Standing.CONFIRMED)
        assert found.now == pytest.approx(1030)


def test_the_newest_decision_about_a_fleet_counts() -> None:
    tails, one, other = phones(1.03, nights=3), cell(serial="a03"), cell(serial="a07")
    made = {
        one: [decision(97, 97, Standing.WITHDRAWN, one)],
        other: [decision(97, 98, Standing.CONFIRMED, other)],
    }
    assert (finding(tails, made=made).standing, finding(tails, made=made).cell) == (Standing.CONFIRMED, other)
    made[one] = [decision(97, 99, Standing.WITHDRAWN, one)]
    assert (finding(tails, made=made).standing, finding(tails, made=made).cell) == (Standing.WITHDRAWN, one)
    made[one] = [decision(97, 98, Standing.CONFIRMED, one)]
    made[other] = [decision(97, 99, Standing.PHONE_CHANGED, other)]
    assert finding(tails, made=made).standing is Standing.PHONE_CHANGED
    assert finding(tails, made={other: [decision(97, 98, Standing.PHONE_CHANGED, other)]}) is None


def test_what_was_decided_tonight_is_told_in_a_second_year_too() -> None:
    tails = [moved(f"a{place:02d}", 1.03 + place / 1e4, last=350) for place in range(20)]
    one = cell(serial="a03")
    made = {one: [decision(350, int("350"), Standing.WITHDRAWN, one)]}
    assert finding(tails, made=made, night=int("350")).standing is Standing.WITHDRAWN


def test_the_words_of_a_decision_follow_where_it_has_any() -> None:
    tails, one = phones(1.03), cell(serial="a03")
    made = decision(99, 99, Standing.CONFIRMED, one)
    assert finding(tails, made={one: [made]}).because.endswith("); measured again")
    silent = type(made)(cell=one, since=99, night=99, standing=Standing.CONFIRMED)
    assert finding(tails, made={one: [silent]}).because.endswith(")")
    assert finding(tails).because.endswith(")")


def test_without_a_shift_there_is_no_finding() -> None:
    assert finding(phones(1.0001)) is None


def test_where_more_than_half_of_the_devices_have_a_finding_the_fleet_says_nothing_either() -> None:
    tails = phones(1.03)
    assert finding(tails, {one.cell for one in tails[:11]}) is None
