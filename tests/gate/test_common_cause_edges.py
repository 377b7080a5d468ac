"""Common causes at their bounds: how many cells, of how many phones, and whose findings and decisions count."""

from dataclasses import FrozenInstanceError

import pytest
from gate_series import cell, decision, finding

from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.gate.common_cause import Shared, decide_alike, name_causes

CAUSE = "a hot phone"


def shared(count: int, serial: str = "A", *, changed: int = 0) -> list[Shared]:
    return [Shared(cell=cell(f"w{place}", serial), changed=place < changed) for place in range(count)]


def causes(measured, cells, *others) -> list[str | None]:
    return [one.common_cause for one in name_causes([*map(finding, cells), *others], measured)]


def cells_of(measured, count: int, serial: str = "A"):
    return [one.cell for one in measured if one.cell.serial == serial][:count]


def test_three_cells_are_no_cause_whatever_share_they_are() -> None:
    measured = shared(4)
    assert causes(measured, cells_of(measured, 4)) == ["A: 4 of 4 cells shifted at once"] * 4
    assert causes(measured[:3], cells_of(measured, 3)) == [None] * 3


@pytest.mark.parametrize("kind", [each for each in FindingClass if each is not FindingClass.LATENCY])
def test_only_what_became_slower_tonight_counts(kind: FindingClass) -> None:
    measured = shared(6)
    first, other = cells_of(measured, 3), measured[3].cell
    assert causes(measured, first, finding(other, nights=2)) == [None] * 4
    assert causes(measured, first, finding(other, kind=kind)) == [None] * 4
    assert causes(measured, cells_of(measured, 4), finding(other, kind=kind))[-1] is None
    assert causes(measured, cells_of(measured, 4), finding(other, nights=2))[-1] is None


def test_what_changed_on_one_phone_alone_is_no_cause_elsewhere_and_on_two_it_is() -> None:
    one = shared(10, "A", changed=4)
    assert causes(one, cells_of(one, 4)) == [None] * 4
    two = shared(10, "A", changed=2) + shared(10, "B", changed=2)
    words = "another program or file: 4 of 4 cells that changed shifted at once"
    assert causes(two, [*cells_of(two, 2), *cells_of(two, 2, "B")]) == [words] * 4


def test_one_phone_that_is_slow_as_a_whole_goes_before_what_changed_and_two_do_not() -> None:
    one = shared(4, "A", changed=4) + shared(8, "B", changed=1)
    assert causes(one, [*cells_of(one, 4), *cells_of(one, 1, "B")]) == ["A: 4 of 4 cells shifted at once"] * 4 + [None]
    two = shared(4, "A", changed=4) + shared(4, "B", changed=4)
    words = "another program or file: 8 of 8 cells that changed shifted at once"
    assert causes(two, [*cells_of(two, 4), *cells_of(two, 4, "B")]) == [words] * 8


def suspects(count: int, **changes):
    return [finding(cell(f"w{place}"), **({"common_cause": CAUSE} | changes)) for place in range(count)]


def decided(members, asked, **changes) -> list[str]:
    made = [decision(9, 9, Standing.CONFIRMED, one.cell, **changes) for one in asked]
    return [one.cell.workload for one in decide_alike(members, made)][len(made) :]


@pytest.mark.parametrize("kind", [FindingClass.MEMORY, FindingClass.ACCURACY])
def test_what_was_decided_of_another_class_speaks_for_no_suspect(kind: FindingClass) -> None:
    members = suspects(4)
    assert decided(members, members[:3]) == ["w3"]
    assert decided(members, members[:3], kind=kind) == []


@pytest.mark.parametrize("standing", [each for each in Standing if each is not Standing.SUSPECT])
def test_nobody_speaks_for_what_is_no_suspect(standing: Standing) -> None:
    members = suspects(3)
    assert decided([*members, finding(cell("w9"), common_cause=CAUSE, standing=standing)], members) == []


def test_nobody_speaks_for_a_suspect_without_a_common_cause() -> None:
    alone = suspects(4, common_cause=None)
    assert decided(alone, alone[:3]) == []


def test_four_that_agree_speak_as_three_do() -> None:
    members = suspects(6)
    assert decided(members, members[:4]) == ["w4", "w5"]
    assert decided(members, members[:2]) == []


def test_what_a_cell_may_share_is_not_changed_and_made_by_name() -> None:
    one = shared(1)[0]
    with pytest.raises(FrozenInstanceError):
        one.changed = True
    with pytest.raises(TypeError):
        Shared(one.cell, False)
    assert not hasattr(one, "__dict__")
