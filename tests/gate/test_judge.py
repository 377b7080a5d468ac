import random
from datetime import date

import numpy as np
from gate_series import NIGHTS, cell, decision, series
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.nights.series import PointState, Series
from mbench.core.nights.verdicts import Acceptance, Finding, FindingClass, NightVerdict, Standing
from mbench.gate.judge import judge

COUNT = 20


def judged(farm, night: int = COUNT - 1, **more) -> NightVerdict:
    return judge(farm, project="p", branch="main", night=night, nights=NIGHTS, **more)


def calm(workload: str, *tonight: float, serial: str = "SERIAL", **columns) -> Series:
    values = [10_000.0] * (COUNT - len(tonight)) + list(tonight)
    return series(values, of=cell(workload, serial), **columns)


def farm() -> list[Series]:
    last = np.arange(COUNT) == COUNT - 1
    states = np.where(last, int(PointState.MISSING), 0).astype(np.int8)
    return [
        calm("quiet"),
        calm("slower", 11_000),
        calm("slowest", 12_000),
        calm("better", 9_000),
        calm("gone", np.nan, state=states),
        calm("fallen", 9_900, delegated=np.where(last, 30, 64), nodes=64),
        calm("larger", size_bytes=np.where(last, 5_000_000, 4_000_000)),
        calm("young", 15_000, epoch=last.astype(int)),
        series([10_000.0] * 5, of=cell("stopped")),
    ]


def test_findings_come_by_class_and_then_worst_first() -> None:
    verdict = judged(farm())
    assert [(one.kind.value, one.cell.workload) for one in verdict.findings] == [
        ("missing", "gone"),
        ("fallback", "fallen"),
        ("size", "larger"),
        ("latency", "slowest"),
        ("latency", "slower"),
        ("improved", "better"),
    ]
    assert (verdict.project, verdict.branch, verdict.night, verdict.date) == ("p", "main", "n19", date(2026, 1, 20))


def test_cells_are_counted() -> None:
    verdict = judged(farm())
    assert (verdict.judged, verdict.too_young, verdict.unchanged) == (6, 1, 1)


def test_a_new_epoch_is_noted_until_it_is_old_enough() -> None:
    assert judged(farm(), notes=("said before",)).notes == (
        "said before",
        "SERIAL: a new epoch since n19: 1 cell with 1 of 6 nights",
    )
    two = [calm(name, epoch=(np.arange(COUNT) >= COUNT - 5).astype(int)) for name in "ab"]
    assert judged(two).notes == ("SERIAL: a new epoch since n15: 2 cells with 5 of 6 nights",)
    assert judged([calm("a", epoch=(np.arange(COUNT) >= COUNT - 6).astype(int))]).notes == ()
    assert judged([series([10_000.0] * 3, of=cell("new"))], night=2).notes == ()


def test_a_night_is_judged_by_what_was_known_on_it() -> None:
    early = judged([calm("a", 12_000, 10_000)], night=COUNT - 2)
    assert [one.since for one in early.findings] == ["n18"]
    assert judged([calm("a", 12_000, 10_000)]).findings == ()
    later = decision(COUNT - 1, COUNT + 3, Standing.CONFIRMED, cell("a"))
    assert judged([calm("a", 12_000)], decisions=[later]).findings[0].standing is Standing.SUSPECT


def test_a_confirmed_finding_goes_before_a_larger_suspect_and_withdrawn_ones_are_near() -> None:
    made = [
        decision(COUNT - 1, COUNT - 1, Standing.CONFIRMED, cell("slower")),
        decision(COUNT - 1, COUNT - 1, Standing.WITHDRAWN, cell("slowest")),
    ]
    verdict = judged([*farm(), calm("other", 13_000)], decisions=made)
    slow = [one.cell.workload for one in verdict.findings if one.kind is FindingClass.LATENCY]
    assert slow == ["slower", "other"]
    assert [one.cell.workload for one in verdict.near] == ["slowest"]
    assert [one.cell.workload for one in verdict.alarms] == ["fallen", "larger", "slower"]


def test_what_is_accepted_is_no_alarm() -> None:
    def accepted(finding: Finding) -> Acceptance | None:
        meant = finding.kind is FindingClass.FALLBACK
        return Acceptance(level=None, night="n19", because="b", who="w", on=date(2026, 1, 1)) if meant else None

    verdict = judged(farm(), accepted=accepted)
    assert [one.cell.workload for one in verdict.findings if one.accepted] == ["fallen"]
    assert [one.cell.workload for one in verdict.alarms] == ["larger"]


def test_a_finding_says_what_changed_and_a_failure_its_class() -> None:
    verdict = judged(
        farm(), changed=lambda of, before, after: (f"{of.workload} {before} {after}",), error_class=lambda _: "lost"
    )
    assert verdict.findings[0].error_class == "lost"
    assert verdict.findings[1].changed == ("fallen 18 19",)


def test_a_cell_may_have_findings_of_several_classes() -> None:
    last = np.arange(COUNT) == COUNT - 1
    both = calm("a", 12_000, delegated=np.where(last, 30, 64), nodes=64)
    verdict = judged([both])
    assert [one.kind for one in verdict.findings] == [FindingClass.FALLBACK, FindingClass.LATENCY]
    assert verdict.unchanged == 0


def test_devices_of_a_model_are_asked_whether_they_agree() -> None:
    phones = [calm("a", 12_000, serial=f"s{place}") for place in range(4)] + [calm("a", serial="s5")]
    verdict = judged(phones)
    assert {str(one.agreement) for one in verdict.findings} == {"4 of 5 Pixel 4"}
    assert judged([calm("a", 12_000)]).findings[0].agreement is None


def test_no_cell_is_a_suspect_twice_where_a_fleet_shifts_and_one_of_it_by_more() -> None:
    phones = [calm("a", 10_300 + place, serial=f"s{place:02d}") for place in range(19)]
    found = judged([*phones, calm("a", 11_000, serial="s19")]).findings
    assert [one.cell.serial for one in found] == ["s19", "s18"]


def test_a_fleet_that_shifts_together_is_one_finding() -> None:
    phones = [calm("a", 10_300 + place, serial=f"s{place:02d}") for place in range(20)]
    (one,) = judged(phones).findings
    assert one.cell.serial == "s19"
    assert one.agreement is not None
    assert one.agreement.shifted == 20
    withdrawn = [decision(COUNT - 1, COUNT - 1, Standing.WITHDRAWN, cell("a", "s04"))]
    verdict = judged(phones, decisions=withdrawn)
    assert verdict.findings == ()
    assert [one.cell.serial for one in verdict.near] == ["s04"]


def test_cells_that_shift_at_once_are_one_cause() -> None:
    cells = [calm(f"w{place}", 12_000, thing=np.arange(COUNT) == COUNT - 1) for place in range(6)]
    assert {one.common_cause for one in judged(cells).findings} == {"SERIAL: 6 of 6 cells shifted at once"}
    phones = [
        calm(f"w{place}", 12_000, serial=f"s{place}", thing=(np.arange(COUNT) == COUNT - 1).astype(int))
        for place in range(6)
    ]
    cause = {one.common_cause for one in judged(phones).findings}
    assert cause == {"another program or file: 6 of 6 cells that changed shifted at once"}


def test_a_night_without_cells_is_judged() -> None:
    verdict = judged([])
    assert (verdict.findings, verdict.judged) == ((), 0)


@given(st.integers(0, 1000))
def test_the_order_of_series_does_not_matter(seed: int) -> None:
    whole = farm()
    mixed = random.Random(seed).sample(whole, len(whole))
    assert judged(mixed) == judged(whole)


def restless(nights: int, every: int = 1, names="a"):
    """Cells whose epoch changes every so many nights, as often as nights are left."""
    epoch = np.maximum(0, np.arange(COUNT) - (COUNT - 1 - nights * every)) // every
    return [calm(name, epoch=epoch) for name in names]


def test_a_phone_whose_epochs_never_last_is_named_with_what_to_do() -> None:
    (note,) = judged(restless(11, names="ab")).notes
    assert note.startswith("SERIAL: 12 epochs in 12 nights of 2 cells, too young for ever: OS build, run settings,")
    assert "Keep them for 6 nights" in note
    assert "mbench run --against FILE" in note


def test_four_epochs_in_twelve_nights_are_restless_and_three_are_an_update_and_its_correction() -> None:
    assert "4 epochs in 12 nights" in judged(restless(3)).notes[0]
    assert "a new epoch since" in judged(restless(2)).notes[0]
    older = np.zeros(COUNT)
    older[COUNT - 12 :] += 1  # what began before the last twelve nights counts as one of them
    older[COUNT - 3 :] += 1
    older[COUNT - 2 :] += 1
    assert "a new epoch since" in judged([calm("a", epoch=older.astype(int))]).notes[0]
    older[COUNT - 11 :] += 1
    assert "4 epochs in 12 nights" in judged([calm("a", epoch=older.astype(int))]).notes[0]


def test_a_cell_without_a_number_says_what_its_document_says() -> None:
    verdict = judged(farm(), error_class=lambda _: "lost", message=lambda of: f"{of.workload} is lost")
    assert verdict.findings[0].message == f"{verdict.findings[0].cell.workload} is lost"
    assert judged(farm()).findings[0].message is None


def test_a_branch_gets_what_it_brought_itself_and_not_what_was_bad_before() -> None:
    rising = series([*[10_000.0] * 12, *[12_000.0] * 9, 13_500.0], of=cell("a"))
    (both,) = judged([rising], night=21).findings
    assert (both.before, both.since) == (10_000, "n21")
    (own,) = judged([rising], night=21, alone=True).findings
    assert (own.before, own.now, own.since) == (12_000, 13_500, "n21")
    (old,) = judged([rising], night=20, alone=True).findings
    assert (old.before, old.since) == (10_000, "n12")
