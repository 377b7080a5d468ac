"""What of a verdict is news."""

from dataclasses import replace
from datetime import date

import pytest

from mbench.core.nights.cells import Cell
from mbench.core.nights.verdict_changes import changes_between, is_bad
from mbench.core.nights.verdicts import Acceptance, Finding, FindingClass, NightVerdict, Standing

ACCEPTED = Acceptance(level=11.0, night="n1", because="meant", who="Ada", on=date(2026, 11, 30))


def found(workload="w", kind=FindingClass.LATENCY, standing=Standing.CONFIRMED, **changes):
    cell = Cell(project="p", branch="main", workload=workload, delegate="gpu", threads=4, serial="S")
    fields = {"before": 10.0, "now": 11.0, "unit": "µs", "since": "n1", "nights": 1, "because": "b"}
    return Finding(cell=cell, model="P", kind=kind, standing=standing, **(fields | changes))


def night(*findings):
    return NightVerdict(
        project="p",
        branch="main",
        night="n2",
        date=date(2026, 11, 30),
        judged=9,
        too_young=0,
        unchanged=8,
        findings=findings,
    )


def names(findings):
    return [finding.cell.workload for finding in findings]


def test_all_that_is_bad_is_new_where_no_night_was_judged_before():
    changes = changes_between(None, night(found("a"), found("b", FindingClass.LAB, Standing.CERTAIN)))
    assert (names(changes.new), names(changes.still), names(changes.recovered)) == (["a", "b"], [], [])
    assert changes.any


def test_what_was_bad_and_is_bad_is_still_so_and_no_news():
    changes = changes_between(night(found("a")), night(found("a")))
    assert (names(changes.new), names(changes.still)) == ([], ["a"])
    assert not changes.any


def test_what_is_found_no_more_has_recovered():
    changes = changes_between(night(found("a"), found("b")), night(found("b")))
    assert (names(changes.recovered), names(changes.still)) == (["a"], ["b"])
    assert changes.any


def test_a_regression_of_another_class_of_the_cell_is_new():
    changes = changes_between(night(found("a")), night(found("a", FindingClass.SIZE, Standing.CERTAIN)))
    assert [each.kind for each in changes.new] == [FindingClass.SIZE]
    assert [each.kind for each in changes.recovered] == [FindingClass.LATENCY]


@pytest.mark.parametrize("kind", [FindingClass.LAB, FindingClass.MISSING, FindingClass.FAILED])
def test_a_regression_whose_cell_was_not_measured_has_not_recovered(kind):
    changes = changes_between(night(found("a")), night(found("a", kind, Standing.CERTAIN)))
    assert (names(changes.unseen), names(changes.recovered)) == (["a"], [])
    assert [each.kind for each in changes.new] == [kind]


def test_a_cell_that_has_a_number_again_has_recovered():
    changes = changes_between(night(found("a", FindingClass.LAB, Standing.CERTAIN)), night())
    assert names(changes.recovered) == ["a"]


@pytest.mark.parametrize("standing", [Standing.SUSPECT, Standing.PHONE_CHANGED])
def test_a_regression_that_is_not_sure_tonight_has_not_recovered(standing):
    changes = changes_between(night(found("a")), night(found("a", standing=standing)))
    assert (names(changes.unseen), names(changes.recovered), names(changes.new)) == (["a"], [], [])


def test_a_regression_that_was_withdrawn_has_recovered():
    changes = changes_between(night(found("a")), night(found("a", standing=Standing.WITHDRAWN)))
    assert names(changes.recovered) == ["a"]


def test_a_regression_that_was_accepted_is_said_once():
    accepted = replace(found("a"), accepted=ACCEPTED)
    first = changes_between(night(found("a")), night(accepted))
    assert (names(first.accepted), names(first.recovered), names(first.still)) == (["a"], [], [])
    assert first.any
    assert not changes_between(night(accepted), night(accepted)).any


def test_an_accepted_change_that_is_an_alarm_again_is_new():
    changes = changes_between(night(replace(found("a"), accepted=ACCEPTED)), night(found("a")))
    assert names(changes.new) == ["a"]


@pytest.mark.parametrize(
    ("finding", "bad"),
    [
        (found(), True),
        (found(standing=Standing.SUSPECT), False),
        (found(kind=FindingClass.IMPROVED), False),
        (found(kind=FindingClass.LAB, standing=Standing.CERTAIN), True),
        (found(kind=FindingClass.FAILED, standing=Standing.CERTAIN, accepted=ACCEPTED), False),
        (found(accepted=ACCEPTED), False),
    ],
)
def test_regressions_failures_and_cells_without_a_number_are_bad_unless_accepted(finding, bad):
    assert is_bad(finding) is bad


def test_a_cell_that_was_not_planned_tonight_has_not_recovered():
    last = night(found("gone"), found("there"), found("broken", FindingClass.FAILED, Standing.CERTAIN))
    changes = changes_between(last, night(), planned=lambda cell: cell.workload == "there")
    assert (names(changes.recovered), names(changes.unseen)) == (["there"], ["gone", "broken"])


def test_what_was_bad_and_grew_tonight_is_news():
    size = {"kind": FindingClass.SIZE, "standing": Standing.CERTAIN}
    last = night(found("a", **size, since="n1"), found("b", **size, since="n1"))
    changes = changes_between(last, night(found("a", **size, since="n2"), found("b", **size, since="n1")))
    assert (names(changes.new), names(changes.still)) == (["a"], ["b"])
    assert changes.any


def test_a_suspect_on_top_of_a_confirmed_regression_hides_it_not():
    both = found("a"), found("a", standing=Standing.SUSPECT, since="n2")
    for order in (both, both[::-1]):
        changes = changes_between(night(*order), night(*order))
        assert (names(changes.new), names(changes.still)) == ([], ["a"])
        assert names(changes_between(night(*order), night()).recovered) == ["a"]
