"""A night's verdict at its edges: which decisions count, whom a cause is shared with, in which order findings come."""

from dataclasses import replace

import numpy as np
import pytest
from gate_series import NIGHTS, cell, decision, finding, series

from mbench.core.nights.series import PointState, Series
from mbench.core.nights.verdicts import FindingClass, NightVerdict, Standing
from mbench.gate import judge as module
from mbench.gate.judge import _Seen, _worst_first, judge

COUNT = 20
LAST = np.arange(COUNT) == COUNT - 1


def judged(farm, night: int = COUNT - 1, **more) -> NightVerdict:
    return judge(series=farm, project="p", branch="main", night=night, nights=NIGHTS, **more)


def calm(workload: str, *tonight: float, serial: str = "SERIAL", **columns) -> Series:
    values = [10_000.0] * (COUNT - len(tonight)) + list(tonight)
    return series(values, of=cell(workload, serial), **columns)


def causes(farm) -> set[str | None]:
    return {one.common_cause for one in judged(farm).findings}


def test_the_constants_are_those_that_were_chosen() -> None:
    assert (module.RESTLESS_NIGHTS, module.RESTLESS_EPOCHS) == (12, 4)
    assert not hasattr(_Seen(), "__dict__")


def test_what_is_judged_is_named() -> None:
    with pytest.raises(TypeError):
        judge([], "p", "main", COUNT - 1, NIGHTS)


def test_a_decision_of_an_earlier_night_counts_and_one_of_a_later_night_does_not() -> None:
    slower = calm("a", 12_000, 12_000, 12_000)
    made = decision(17, 17, Standing.CONFIRMED, cell("a"))
    assert [one.standing for one in judged([slower], decisions=[made]).findings] == [Standing.CONFIRMED]
    later = decision(17, 20, Standing.CONFIRMED, cell("a"))
    assert [one.standing for one in judged([slower], decisions=[later]).findings] == [Standing.SUSPECT]


def by_phone(count: int, thing) -> list[Series]:
    return [calm(f"w{place}", 12_000, serial=f"s{place}", thing=thing) for place in range(count)]


@pytest.mark.parametrize("codes", [(0, 1), (1, 0)])
def test_cells_that_changed_the_night_that_is_judged_share_a_cause_and_others_do_not(codes) -> None:
    before, after = codes
    assert causes(by_phone(6, np.where(LAST, after, before))) == {
        "another program or file: 6 of 6 cells that changed shifted at once"
    }
    assert causes(by_phone(6, before)) == {None}
    assert causes(by_phone(6, np.where(np.arange(COUNT) >= COUNT - 2, after, before))) == {None}


def test_cells_of_two_nights_that_changed_are_among_those_that_share_a_cause() -> None:
    young = [
        series([10_000.0] * 2, of=cell(f"y{place}", f"t{place}"), night=[18, 19], thing=[0, 1]) for place in range(5)
    ]
    assert causes([*by_phone(4, LAST.astype(int)), *young]) == {None}
    assert causes([*by_phone(4, LAST.astype(int)), *young[:4]]) == {
        "another program or file: 4 of 8 cells that changed shifted at once"
    }


def test_a_cell_of_one_night_is_too_young_and_changed_nothing() -> None:
    verdict = judged([series([10_000.0], of=cell("new"), night=[19])])
    assert (verdict.judged, verdict.too_young, verdict.findings, verdict.notes) == (0, 1, (), ())


@pytest.mark.parametrize("codes", [(0, 1), (1, 0)])
def test_an_epoch_is_new_whatever_its_code_and_however_short_the_one_before_was(codes) -> None:
    before, after = codes
    short = series([10_000.0] * 6, of=cell("a"), night=range(14, 20), epoch=[before] * 3 + [after] * 3)
    assert judged([short]).notes == ("SERIAL: a new epoch since n17: 1 cell with 3 of 6 nights",)
    one = calm("a", epoch=np.where(LAST, after, before))
    assert judged([one, one, replace(one, cell=cell("b"))]).notes == (
        "SERIAL: a new epoch since n19: 3 cells with 1 of 6 nights",
    )


def test_epochs_that_come_and_go_are_counted_each_time() -> None:
    epoch = np.zeros(COUNT, dtype=int)
    epoch[[COUNT - 4, COUNT - 2]] = 1
    (note,) = judged([calm("a", epoch=epoch)]).notes
    assert note.startswith("SERIAL: 5 epochs in 12 nights of 1 cell, too young for ever:")
    epoch[COUNT - 1] = 1
    (note,) = judged([calm("a", epoch=epoch), calm("b", epoch=epoch)]).notes
    assert note.startswith("SERIAL: 4 epochs in 12 nights of 2 cells, too young for ever:")
    assert "Keep them for 6 nights (" in note


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        (FindingClass.SIZE, {"size_bytes": np.where(LAST, 5_000_000, 4_000_000)}),
        (FindingClass.FALLBACK, {"delegated": np.where(LAST, 30, 64), "nodes": 64}),
    ],
)
def test_a_fleet_whose_devices_have_findings_of_another_class_is_told_of_its_shift(kind, columns) -> None:
    phones = [calm("a", 10_300 + place, serial=f"s{place:02d}", **columns) for place in range(20)]
    findings = judged(phones).findings
    assert [one.kind for one in findings] == [*[kind] * 20, FindingClass.LATENCY]
    assert [one.agreement is None for one in findings] == [True] * 20 + [False]


def test_a_fleet_that_is_calm_hides_no_other_one() -> None:
    quiet = [calm("a", serial=f"s{place:02d}") for place in range(20)]
    slower = [calm("b", 10_300 + place, serial=f"s{place:02d}") for place in range(20)]
    for farm in ([*quiet, *slower], [*slower, *quiet]):
        assert [one.cell.workload for one in judged(farm).findings] == ["b"]


def test_two_devices_can_agree_and_improvements_do_too() -> None:
    for level, kind in ((12_000, FindingClass.LATENCY), (9_000, FindingClass.IMPROVED)):
        found = judged([calm("a", level, serial="s0"), calm("a", level, serial="s1"), calm("b", level)]).findings
        assert {one.kind for one in found} == {kind}
        assert [str(one.agreement) for one in found] == ["2 of 2 Pixel 4", "2 of 2 Pixel 4", "None"]


def test_a_cell_without_a_number_has_nobody_who_agrees() -> None:
    states = np.where(LAST, int(PointState.MISSING), 0).astype(np.int8)
    phones = [calm("a", np.nan, serial=f"s{place}", state=states) for place in range(3)]
    assert [(one.kind, one.agreement) for one in judged(phones).findings] == [(FindingClass.MISSING, None)] * 3


def in_order(*findings) -> bool:
    """Whether findings come in this order, whichever way they were found."""
    return all(sorted(given, key=_worst_first) == list(findings) for given in (findings, findings[::-1]))


@pytest.mark.parametrize("kind", [FindingClass.FALLBACK, FindingClass.ACCURACY, FindingClass.IMPROVED])
def test_of_what_is_worse_the_lower_it_is_the_lowest_comes_first(kind) -> None:
    lost = [
        finding(cell(name), kind=kind, standing=Standing.CERTAIN, before=100.0, now=now)
        for name, now in (("d", 0.0), ("c", 50.0), ("b", 60.0), ("a", 90.0))
    ]
    assert in_order(*lost)


def test_of_what_is_worse_the_higher_it_is_the_highest_comes_first() -> None:
    for kind in (FindingClass.LATENCY, FindingClass.SIZE, FindingClass.MEMORY):
        assert in_order(finding(cell("b"), kind=kind, now=150.0), finding(cell("a"), kind=kind, now=120.0))


def test_alarms_come_before_larger_suspects_and_classes_before_both() -> None:
    assert in_order(
        finding(cell("c"), kind=FindingClass.SIZE, now=101.0),
        finding(cell("b"), standing=Standing.CONFIRMED, now=105.0),
        finding(cell("a"), now=200.0),
    )


def test_cells_without_threads_come_before_those_with_one() -> None:
    gpu, cpu = (replace(cell(), threads=threads) for threads in (None, 1))
    assert in_order(finding(gpu), finding(cpu), finding(replace(cpu, threads=2)))


def test_equal_findings_of_a_cell_come_by_their_night() -> None:
    assert in_order(replace(finding(), since="n1"), replace(finding(), since="n2"))
    unknown = [finding(cell(name), kind=FindingClass.LAB, before=None, now=None) for name in "ab"]
    assert in_order(*unknown)
