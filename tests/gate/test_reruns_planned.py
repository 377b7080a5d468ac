import dataclasses
from dataclasses import FrozenInstanceError

import pytest
from gate_series import cell, decision, finding

from mbench.core.nights.verdicts import Acceptance, FindingClass, Standing
from mbench.gate.common_cause import Shared, decide_alike, name_causes
from mbench.gate.plan import PlannedRerun, RerunPlan, plan_reruns


def shared(count: int, serial: str = "A", *, changed: bool = False) -> list[Shared]:
    return [Shared(cell=cell(f"w{place}", serial), changed=changed) for place in range(count)]


def new(cells) -> list:
    return [finding(one.cell) for one in cells]


def test_four_of_eight_cells_of_a_phone_are_one_cause() -> None:
    measured = shared(8) + shared(20, "B")
    found = name_causes(new(measured[:4]), measured)
    assert {one.common_cause for one in found} == {"A: 4 of 8 cells shifted at once"}
    assert {one.common_cause for one in name_causes(new(measured[:3]), measured)} == {None}
    assert {one.common_cause for one in name_causes(new(measured[:4]), [*measured, *shared(9)[8:]])} == {None}


def test_cells_of_many_phones_that_changed_at_once_are_one_cause() -> None:
    cells = [one for serial in "ABCDE" for one in shared(4, serial, changed=serial != "E")]
    hit = [one for place, one in enumerate(cells[:16]) if place % 4 == 0] + [cells[1], cells[5], cells[9], cells[13]]
    found = name_causes(new(hit), cells)
    assert {one.common_cause for one in found} == {
        "another program or file: 8 of 16 cells that changed shifted at once"
    }
    assert {one.common_cause for one in name_causes(new(hit[:7]), cells)} == {None}


def test_one_phone_alone_is_the_phone_even_where_its_files_changed() -> None:
    cells = shared(6, "A", changed=True)
    assert all("A: 6 of 6" in one.common_cause for one in name_causes(new(cells), cells))


def test_old_findings_and_other_classes_have_no_common_cause() -> None:
    measured = shared(8)
    old = [finding(one.cell, nights=2) for one in measured[:5]]
    assert {one.common_cause for one in name_causes(old, measured)} == {None}
    other = [finding(one.cell, kind=FindingClass.SIZE) for one in measured[:5]]
    assert {one.common_cause for one in name_causes(other, measured)} == {None}
    assert {one.common_cause for one in name_causes([*new(measured[:5]), old[0]], measured) if one.nights == 2} == {
        None
    }


def suspects(count: int, cause: str | None = None, serial: str = "A") -> list:
    return [
        finding(cell(f"w{place}", serial), now=200.0 - place, common_cause=cause, standing=Standing.SUSPECT)
        for place in range(count)
    ]


def test_the_worst_are_measured_first_within_each_phones_budget() -> None:
    plan = plan_reruns(suspects(3)[::-1], budget_s=1000, pair_s=lambda _: 20)
    assert [(one.finding.cell.workload, one.pairs) for one in plan.reruns] == [("w0", 40)]
    assert [one.cell.workload for one in plan.left_out] == ["w1", "w2"]
    two = plan_reruns(suspects(2) + suspects(2, serial="B"), budget_s=800, pair_s=lambda _: 20)
    assert [one.finding.cell.serial for one in two.reruns] == ["A", "B"]


def test_what_is_left_of_a_budget_holds_fewer_pairs_but_twelve_at_least() -> None:
    plan = plan_reruns(suspects(2), budget_s=800 + 240, pair_s=lambda _: 20)
    assert [one.pairs for one in plan.reruns] == [40, 12]
    plan = plan_reruns(suspects(2), budget_s=800 + 239, pair_s=lambda _: 20)
    assert [one.pairs for one in plan.reruns] == [40]


def test_forty_pairs_that_fill_the_budget_are_forty_however_floats_divide() -> None:
    assert 4.0 // 0.1 == 39
    assert [one.pairs for one in plan_reruns(suspects(1), budget_s=4.0, pair_s=lambda _: 0.1).reruns] == [40]


def test_of_a_common_cause_three_are_measured() -> None:
    plan = plan_reruns(suspects(5, "a hot phone"), budget_s=1e6, pair_s=lambda _: 20)
    assert [one.finding.cell.workload for one in plan.reruns] == ["w0", "w1", "w2"]
    assert [one.cell.workload for one in plan.spoken_for] == ["w3", "w4"]
    assert not plan.left_out


def test_nothing_else_is_measured_again() -> None:
    meant = Acceptance(level=1, night="n", because="b", who="w", on=None)  # type: ignore[arg-type]
    others = [
        finding(standing=Standing.CONFIRMED),
        finding(standing=Standing.PHONE_CHANGED),
        finding(kind=FindingClass.IMPROVED),
        finding(kind=FindingClass.SIZE, standing=Standing.CERTAIN),
        dataclasses.replace(finding(), accepted=meant),
    ]
    assert plan_reruns(others, budget_s=1e6, pair_s=lambda _: 1).reruns == ()


def test_growths_of_memory_that_nobody_measured_again_are_planned_beside_suspects() -> None:
    memory = finding(kind=FindingClass.MEMORY, standing=Standing.CERTAIN, now=150.0)
    done = [dataclasses.replace(memory, standing=one) for one in (Standing.CONFIRMED, Standing.PHONE_CHANGED)]
    plan = plan_reruns([*suspects(1), memory, *done], budget_s=1e6, pair_s=lambda one: 1 if one is memory else 20)
    assert [one.finding.kind for one in plan.reruns] == [FindingClass.LATENCY, FindingClass.MEMORY]
    only = plan_reruns([*suspects(1), memory], budget_s=12, pair_s=lambda one: 1 if one is memory else 20)
    assert [one.finding for one in only.reruns] == [memory]


def test_what_memory_decided_speaks_for_no_latency() -> None:
    members = suspects(3, "a hot phone")
    made = [decision(9, 9, Standing.CONFIRMED, one.cell, kind=FindingClass.MEMORY) for one in members]
    assert decide_alike(members, made) == tuple(made)


def test_sampled_cells_that_agree_speak_for_the_others_of_their_cause() -> None:
    members = suspects(5, "a hot phone")
    made = [decision(9, 9, Standing.PHONE_CHANGED, one.cell) for one in members[:3]]
    decided = decide_alike([*members, *suspects(1, "another")], made)
    assert [one.standing for one in decided] == [Standing.PHONE_CHANGED] * 5
    assert {one.cell.workload for one in decided} == {f"w{place}" for place in range(5)}
    assert decided[4].because == "as 3 others of a hot phone"
    assert decided[4].rerun is None


def test_sampled_cells_that_disagree_or_are_too_few_speak_for_nobody() -> None:
    members = suspects(5, "a hot phone")
    two = [decision(9, 9, Standing.CONFIRMED, one.cell) for one in members[:2]]
    assert decide_alike(members, two) == tuple(two)
    mixed = [*two, decision(9, 9, Standing.WITHDRAWN, members[2].cell)]
    assert decide_alike(members, mixed) == tuple(mixed)


def test_a_suspect_whose_ratio_is_not_known_is_no_worse_than_one_as_before() -> None:
    unknown = finding(cell("unknown"), before=None, now=None)
    worse, better = finding(cell("worse"), now=105.0), finding(cell("better"), now=95.0)
    plan = plan_reruns([unknown, better, worse], budget_s=1e6, pair_s=lambda _: 1)
    assert [one.finding for one in plan.reruns] == [worse, unknown, better]


def test_pairs_are_whole_where_the_budget_ends() -> None:
    (one,) = plan_reruns(suspects(1), budget_s=30 * 20 + 19, pair_s=lambda _: 20).reruns
    assert (one.pairs, type(one.pairs)) == (30, int)


def test_a_plan_of_re_runs_is_never_changed_and_is_made_by_name() -> None:
    for one, fields in [
        (PlannedRerun(finding=finding(), pairs=1), ("finding", "pairs")),
        (RerunPlan(reruns=(), left_out=(), spoken_for=()), ("reruns", "left_out", "spoken_for")),
    ]:
        assert not hasattr(one, "__dict__")
        with pytest.raises(FrozenInstanceError):
            setattr(one, fields[0], None)
        with pytest.raises(TypeError):
            type(one)(*(getattr(one, name) for name in fields))
