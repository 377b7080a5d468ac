import math

import numpy as np
import pytest
from gate_series import NIGHTS, cell, decision, series, tonight

from mbench.core.nights.verdicts import Rerun, Standing
from mbench.gate.fleet import SINCE, Tail, agreement, by_workload, fleet_shift, tail_of
from mbench.gate.fleet_findings import fleet_finding


def tail(serial: str, shift: float, *, nights: int = 1, past: int = 14, workload: str = "mobilenet") -> Tail:
    values = np.array([1000.0] * past + [1000.0 * shift] * nights)
    return Tail(
        cell=cell(workload, serial), model="Pixel 4", night=np.arange(values.size) + 100 - values.size, values=values
    )


def fleet(shift: float, count: int, *, others: int = 0, nights: int = 1, past: int = 14) -> list[Tail]:
    moved = [tail(f"a{place:02d}", shift + place / 1e4, nights=nights, past=past) for place in range(count)]
    return moved + [tail(f"b{place:02d}", 1 - place / 1e4, nights=nights, past=past) for place in range(others)]


def test_two_hundredths_that_all_devices_show_are_a_shift_of_the_fleet() -> None:
    found = fleet_shift(fleet(1.03, 12))
    assert found is not None
    assert found.nights == 1
    assert found.change == pytest.approx(0.0305, abs=1e-3)
    assert found.worst == cell(serial="a11")
    assert found.p_value < 0.001
    assert fleet_shift(fleet(1.0201, 12))
    assert not fleet_shift(fleet(1.0185, 12))


def test_the_p_value_counts_the_three_spans() -> None:
    """Of 11 devices the least p-value is 3 / 2048 = 0.0015; of 12 it is 3 / 4096 = 0.0007."""
    assert not fleet_shift(fleet(1.03, 11))
    assert fleet_shift(fleet(1.03, 12))


def test_devices_that_do_not_move_speak_against_it() -> None:
    assert fleet_shift(fleet(1.03, 18, others=2))
    assert not fleet_shift(fleet(1.03, 11, others=9))


def test_improvements_are_no_shift() -> None:
    assert not fleet_shift(fleet(0.97, 20))


def test_a_shift_is_held_for_a_week() -> None:
    for nights in range(1, 11):
        found = fleet_shift(fleet(1.03, 20, nights=nights))
        assert found is not None
        assert found.nights == nights


@pytest.mark.parametrize(("hidden", "seen"), [(1, False), (2, True), (4, True)])
def test_a_shift_that_the_last_night_hides_is_seen_over_three_nights(hidden: int, seen: bool) -> None:
    """The last nights but one are slower, and as many of them as the median of a span needs: 2 of 3, 4 of 7."""
    assert SINCE == (1, 3, 7)
    tails = []
    for one in fleet(1.03, 20, nights=hidden):
        values = np.append(one.values, 1000.0)
        tails.append(Tail(cell=one.cell, model=one.model, night=np.arange(values.size), values=values))
    assert (fleet_shift(tails) is not None) is seen


def test_a_device_needs_five_nights_before() -> None:
    assert tail("a", 1.03, past=5).shift(1) == pytest.approx(math.log(1.03))
    assert tail("a", 1.03, past=4).shift(1) is None
    assert not fleet_shift(fleet(1.03, 20, past=4))


def test_the_level_of_a_device_is_that_of_a_fortnight() -> None:
    values = np.array([500.0] * 50 + [1000.0] * 14 + [1100.0])
    one = Tail(cell=cell(), model="Pixel 4", night=np.arange(65), values=values)
    assert one.shift(1) == pytest.approx(math.log(1.1))
    mixed = Tail(
        cell=cell(), model="Pixel 4", night=np.arange(64), values=np.array([900.0] * 50 + [1000.0] * 13 + [1100])
    )
    assert mixed.shift(1) == pytest.approx(math.log(1.1))
    early = np.array([900.0] * 8 + [1000.0] * 7 + [1100])
    assert Tail(cell=cell(), model="", night=np.arange(16), values=early).shift(1) == pytest.approx(
        math.log(1100 / 950)
    )


def test_a_tail_is_of_tonights_epoch_and_of_nights_with_a_number() -> None:
    values = [5.0, 6, np.nan, 7, 8]
    one = tail_of(tonight(series(values, epoch=[0, 1, 1, 1, 1], night=[0, 1, 2, 4, 6])))
    assert one is not None
    assert one.values.tolist() == [6, 7, 8]
    assert one.night.tolist() == [1, 4, 6]
    assert tail_of(tonight(series([5.0, np.nan]))) is None
    assert len(tail_of(tonight(series(np.arange(1.0, 100)))).values) == 21


def test_agreement_counts_devices_that_shifted_by_half_as_much() -> None:
    tails = [tail("own", 1.2), *(tail(f"s{place}", shift) for place, shift in enumerate([1.2, 1.096, 1.095, 1.0, 0.8]))]
    said = agreement(tails, cell=cell(serial="own"), ratio=1.2, nights=1)
    assert said is not None
    assert str(said) == "3 of 6 Pixel 4"
    assert said.p_value is not None
    assert agreement(tails[:5], cell=cell(serial="own"), ratio=1.2, nights=1).p_value is None


def test_agreement_of_improvements_looks_the_other_way() -> None:
    tails = [tail("own", 0.8), tail("a", 0.85), tail("b", 1.0)]
    said = agreement(tails, cell=cell(serial="own"), ratio=0.8, nights=1)
    assert (said.shifted, said.devices) == (2, 3)


def test_agreement_looks_as_far_back_as_the_finding_does() -> None:
    tails = [tail("own", 1.2, nights=5), tail("a", 1.2, nights=5)]
    assert agreement(tails, cell=cell(serial="own"), ratio=1.2, nights=5).shifted == 2
    tails = [tail("own", 1.2, nights=9), tail("a", 1.2, nights=9)]
    assert agreement(tails, cell=cell(serial="own"), ratio=1.2, nights=9).shifted == 2
    assert agreement(tails, cell=cell(serial="own"), ratio=1.2, nights=1).shifted == 1


def test_alone_of_its_model_there_is_no_agreement() -> None:
    assert agreement([tail("own", 1.2)], cell=cell(serial="own"), ratio=1.2, nights=1) is None
    young = [tail("own", 1.2), tail("a", 1.2, past=4)]
    assert agreement(young, cell=cell(serial="own"), ratio=1.2, nights=1) is None


def test_cells_of_one_workload_and_model_belong_together() -> None:
    tails = [tail("a", 1), tail("b", 1), tail("a", 1, workload="vgg16")]
    assert sorted(len(group) for group in by_workload(tails).values()) == [1, 2]


def finding(tails, slower=frozenset(), made=None, night=99):
    return fleet_finding(tails, slower, made or {}, night, NIGHTS)


def test_the_finding_of_a_fleet_names_the_device_that_shifted_most() -> None:
    one = finding(fleet(1.03, 20))
    assert one is not None
    assert (one.cell.serial, one.standing, one.since, one.nights) == ("a19", Standing.SUSPECT, "n99", 1)
    assert (one.before, one.now) == (1000, pytest.approx(1031.9))
    assert str(one.agreement) == "20 of 20 Pixel 4"
    assert one.common_cause == "Pixel 4: 20 of 20 devices"


def test_where_half_of_the_devices_have_a_finding_the_fleet_says_nothing_more() -> None:
    tails = fleet(1.03, 20)
    assert finding(tails, {one.cell for one in tails[:9]}) is not None
    assert finding(tails, {one.cell for one in tails[:10]}) is None


def test_a_device_with_a_finding_of_its_own_is_not_the_one_that_the_finding_of_a_fleet_names() -> None:
    tails, hot = fleet(1.03, 20), cell(serial="a19")
    assert finding(tails, {hot}).cell.serial == "a18"
    rerun = Rerun(old_us=(1000.0,) * 12, new_us=(1100.0,) * 12, p_value=None, session="reruns/one")
    made = {hot: [decision(99, 99, Standing.CONFIRMED, hot, rerun=rerun)]}
    found = finding(tails, {hot}, made)
    assert (found.cell.serial, found.standing, found.rerun) == ("a18", Standing.CONFIRMED, None)
    assert finding(tails, frozenset(), made).rerun == rerun


def test_a_decision_about_one_device_is_about_all() -> None:
    tails = fleet(1.03, 20)
    one = cell(serial="a03")
    for standing in (Standing.CONFIRMED, Standing.WITHDRAWN, Standing.PHONE_CHANGED):
        found = finding(tails, made={one: [decision(99, 99, standing, one)]})
        assert found is not None
        assert (found.standing, found.cell) == (standing, one)
    longer = fleet(1.03, 20, nights=8)
    assert finding(longer, made={one: [decision(92, 92, Standing.CONFIRMED, one)]}).standing is Standing.CONFIRMED
    for since, hidden in ((88, False), (89, True), (95, True), (96, False)):
        answer = finding(longer, made={one: [decision(since, since, Standing.WITHDRAWN, one)]})
        assert (answer is None) is hidden
