"""Accepted changes: a level is silenced, and not a cell."""

from dataclasses import replace
from datetime import date

import pytest

from mbench.core.nights.acceptances import ACCEPTABLE, AcceptedChange, accepted, accepts, stale
from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import Acceptance, Finding, FindingClass, Standing

NIGHT = date(2026, 11, 29)
ENTRY = AcceptedChange(
    workload="detector",
    delegate="gpu",
    threads=4,
    device="9A1",
    model=None,
    kind=FindingClass.LATENCY,
    level=1000.0,
    unit="µs",
    ratio=None,
    error_class=None,
    night="n1",
    night_date=NIGHT,
    because="meant",
    who="Ada",
    on=date(2026, 11, 30),
)
CELL = Cell(project="p", branch="main", workload="detector", delegate="gpu", threads=4, serial="9A1")


def found(**changes) -> Finding:
    fields = {
        "cell": CELL,
        "model": "Pixel 4",
        "kind": FindingClass.LATENCY,
        "standing": Standing.CONFIRMED,
        "before": 900.0,
        "now": 1000.0,
        "unit": "µs",
        "since": "n1",
        "since_date": NIGHT,
        "nights": 1,
        "because": "b",
    }
    return Finding(**(fields | changes))


def test_the_accepted_level_is_silent_and_says_who_and_why():
    assert accepted(found(), [ENTRY]) == Acceptance(
        level=1000.0, night="n1", because="meant", who="Ada", on=date(2026, 11, 30)
    )
    assert accepted(found(), []) is None


@pytest.mark.parametrize(
    ("kind", "unit", "level", "silent", "loud"),
    [
        (FindingClass.LATENCY, "µs", 1000.0, 1050.0, 1050.1),
        (FindingClass.MEMORY, "KiB", 1000.0, 1050.0, 1050.1),
        (FindingClass.SIZE, "bytes", 1000.0, 1010.0, 1010.1),
        (FindingClass.ACCURACY, "%", 70.0, 69.5, 69.4),
        (FindingClass.FALLBACK, "nodes", 12.0, 12.0, 11.0),
    ],
)
def test_what_grows_beyond_its_tolerance_is_an_alarm_again(kind, unit, level, silent, loud):
    entry = replace(ENTRY, kind=kind, unit=unit, level=level)
    assert accepted(found(kind=kind, unit=unit, now=silent), [entry]) is not None
    assert accepted(found(kind=kind, unit=unit, now=loud), [entry]) is None


@pytest.mark.parametrize(
    ("kind", "unit", "now"),
    [(FindingClass.LATENCY, "µs", 950.0), (FindingClass.ACCURACY, "%", 71.0), (FindingClass.FALLBACK, "nodes", 20.0)],
)
def test_what_became_less_bad_stays_silent(kind, unit, now):
    entry = replace(ENTRY, kind=kind, unit=unit, level={"µs": 1000.0, "%": 70.0, "nodes": 12.0}[unit])
    assert accepted(found(kind=kind, unit=unit, now=now), [entry]) is not None


@pytest.mark.parametrize(
    ("level", "before", "silent", "loud"),
    [
        (30.0, 32.0, 29.851, 29.849),
        (30.0, 28.0, 30.149, 30.151),
        (-2.0, -1.0, -2.009, -2.011),
        (-2.0, -3.0, -1.991, -1.989),
    ],
)
def test_a_value_of_a_metric_stays_silent_up_to_half_a_percent_on_its_worse_side(level, before, silent, loud):
    entry = replace(ENTRY, kind=FindingClass.ACCURACY, unit="psnr (dB)", level=level)
    about = {"kind": FindingClass.ACCURACY, "unit": "psnr (dB)", "before": before}
    assert accepted(found(**about, now=silent), [entry]) is not None
    assert accepted(found(**about, now=(before + level) / 2), [entry]) is not None
    assert accepted(found(**about, now=loud), [entry]) is None
    assert accepted(found(**about | {"unit": "psnr"}, now=silent), [entry]) is None


def test_what_comes_back_after_its_night_is_an_alarm_again():
    assert accepted(found(since="n2", since_date=date(2026, 11, 30)), [ENTRY]) is None
    assert accepted(found(since="n0", since_date=date(2026, 11, 28)), [ENTRY]) is not None


def test_without_a_date_only_the_change_of_that_very_night_is_silent():
    assert accepted(found(since_date=None), [ENTRY]) is not None
    assert accepted(found(since_date=None, since="n0"), [ENTRY]) is None


@pytest.mark.parametrize(("ratio", "now", "silent"), [(1.1, 1.1 * 945.0, True), (1.1, 1.1 * 946.0, False)])
def test_a_ratio_serves_all_devices_of_a_model(ratio, now, silent):
    entry = replace(ENTRY, device=None, model="Pixel 4", level=None, unit=None, ratio=ratio)
    other = replace(CELL, serial="9B2")
    assert (accepted(found(cell=other, now=now), [entry]) is not None) is silent
    assert accepted(found(cell=other, model="Pixel 5"), [entry]) is None


def test_a_ratio_is_stated_as_the_level_that_it_means():
    entry = replace(ENTRY, level=None, unit=None, ratio=1.2)
    assert accepted(found(), [entry]).level == pytest.approx(1080.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"workload": "segmenter"},
        {"delegate": "nnapi"},
        {"threads": 2},
        {"device": "9B2"},
        {"model": "Pixel 5"},
        {"kind": FindingClass.SIZE},
        {"unit": "bytes"},
    ],
)
def test_an_entry_of_another_cell_class_or_unit_silences_nothing(changes):
    assert accepts(ENTRY, found())
    assert not accepts(replace(ENTRY, **changes), found())


@pytest.mark.parametrize(
    "changes",
    [
        {"workload": "det*"},
        {"workload": "d?tector"},
        {"delegate": None},
        {"threads": None},
        {"device": None, "model": "Pixel 4"},
    ],
)
def test_patterns_and_what_is_left_out_cover_more(changes):
    assert accepts(replace(ENTRY, **changes), found())


def test_a_name_with_the_signs_of_a_pattern_is_that_name():
    cell = replace(CELL, workload="net[v1]")
    assert accepts(replace(ENTRY, workload="net[v1]"), found(cell=cell))
    assert not accepts(replace(ENTRY, workload="net[v1]"), found(cell=replace(CELL, workload="net2")))


def test_a_failure_is_accepted_by_its_class_of_error():
    entry = replace(ENTRY, kind=FindingClass.FAILED, level=None, unit=None, error_class="model")
    failure = found(kind=FindingClass.FAILED, before=None, now=None, error_class="model")
    assert accepts(entry, failure)
    assert not accepts(entry, replace(failure, error_class="invoke"))
    assert accepts(replace(entry, error_class=None), replace(failure, error_class="invoke"))


def test_a_finding_without_a_level_is_not_accepted_by_one():
    assert not accepts(ENTRY, found(now=None))
    assert not accepts(replace(ENTRY, level=None, ratio=1.2), found(before=None))


def test_an_entry_that_silences_nothing_is_stale_unless_its_cell_has_no_number():
    assert stale([ENTRY], [found()]) == ()
    assert stale([ENTRY], []) == (ENTRY,)
    assert stale([ENTRY], [found(now=2000.0)]) == (ENTRY,)
    assert stale([ENTRY], [], [(CELL, "Pixel 4")]) == ()
    assert stale([ENTRY], [], [(replace(CELL, serial="9B2"), "Pixel 4")]) == (ENTRY,)


def test_a_phone_that_is_away_cannot_be_accepted():
    assert {FindingClass.LAB, FindingClass.MISSING, FindingClass.IMPROVED}.isdisjoint(ACCEPTABLE)


def test_what_a_later_night_of_the_same_date_brought_is_another_change():
    assert accepted(found(since="n2"), [ENTRY]) is None
    assert accepted(found(since="n0"), [ENTRY]) is not None
