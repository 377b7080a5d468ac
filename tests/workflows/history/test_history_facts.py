"""What stands behind points: labels, reasons, files, programs and systems, accepted levels; from documents."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sample_sessions import NOW, PROVENANCE, night, nights, part, planned, result

from mbench.core.nights.acceptances import AcceptedChange
from mbench.core.nights.summaries import SeriesSummary
from mbench.core.nights.verdicts import FindingClass
from mbench.core.results import Status
from mbench.history.measured import measured_of
from mbench.history.past import Past
from mbench.workflows.history.archives import current_archive
from mbench.workflows.history.command import HistoryRequest, history
from mbench.workflows.history.facts import with_accepted


def series_of(root, **asked) -> SeriesSummary:
    (one,) = history(HistoryRequest(root=root, facts=True, **asked), note=lambda _: None).series
    return one


def test_a_stretch_begins_where_a_file_a_program_or_a_system_is_another_one(tmp_path):
    for number, (digit, build) in enumerate((("a", "1"), ("a", "1"), ("d", "1"), ("d", "2"), ("a", "2"))):
        device = part().device.model_copy(update={"build": build})
        jobs = [planned(sha256=digit * 64)]
        night(tmp_path, part(jobs, device=device), at=NOW + timedelta(days=number))
    found = series_of(tmp_path).stretches
    assert [(each.day.day, (each.artifact_sha256 or "")[0], each.build) for each in found] == [
        (1, "a", "1"),
        (3, "d", "1"),
        (4, "d", "2"),
        (5, "a", "2"),
    ]
    assert found[0].binary_sha256 == "b" * 64
    assert series_of(tmp_path, nights=2).stretches == found[2:]


def test_a_night_without_a_number_says_why_and_its_label(tmp_path):
    nights(tmp_path, [1000, 1000])
    provenance = PROVENANCE.model_copy(update={"label": "bad"})
    store = night(tmp_path, at=NOW + timedelta(days=2), written=False, provenance=provenance)
    failed = {"status": Status.FAILED, "error_class": "timeout", "message": "no answer within 60 s", "runs": ()}
    store.save_job(result(store.plan, "job-0", **failed))
    points = series_of(tmp_path).points
    assert [point.why for point in points] == [None, None, "timeout: no answer within 60 s"]
    assert [point.label for point in points] == ["c0ffee", "c0ffee", "bad"]
    assert [point.runs for point in points] == [3, 3, None]


def test_what_nobody_asks_for_is_not_looked_up(tmp_path):
    nights(tmp_path, [1000])
    (one,) = history(HistoryRequest(root=tmp_path), note=lambda _: None).series
    assert (one.stretches, one.points[0].label, one.accepted) == ((), None, ())


@pytest.mark.parametrize("together", [1, 3, 400_000])
def test_cells_are_asked_about_batch_by_batch_and_none_is_lost(tmp_path, monkeypatch, together):
    jobs = [planned(name=f"mobilenet_v1_{width}_160_int8", job=f"job-{width}") for width in ("0.25", "0.50", "0.75")]
    for number in range(2):
        night(tmp_path, part(jobs), at=NOW + timedelta(days=number))
    archive = current_archive(tmp_path)
    past = Past(archive, "app")
    monkeypatch.setattr("mbench.history.measured.POINTS_TOGETHER", together)
    found = measured_of(archive.segments, past.cells, past.nights)
    assert [list(each.things) for each in found] == [[0], [0], [0]]
    assert [list(each.things) for each in measured_of(archive.segments, past.cells, past.nights, since=1)] == [[1]] * 3
    assert [each.things for each in measured_of([], past.cells, past.nights)] == [{}, {}, {}]


def accepted(**changes) -> AcceptedChange:
    fields = {"workload": "mobilenet*", "delegate": None, "threads": None, "device": None, "model": None}
    rest = {"kind": FindingClass.LATENCY, "level": 1100.0, "unit": "µs", "ratio": None, "error_class": None}
    said = {"night": "n", "night_date": date(2026, 11, 2), "because": "meant", "who": "Ada", "on": date(2026, 11, 3)}
    return AcceptedChange(**(fields | rest | said | changes))


def test_accepted_latencies_of_a_cell_stand_beside_its_points_and_no_others(tmp_path):
    nights(tmp_path, [1000])
    one = series_of(tmp_path)
    entries = [
        accepted(),
        accepted(kind=FindingClass.SIZE),
        accepted(device="P2"),
        accepted(model="Pixel 4", level=None, ratio=1.2),
    ]
    (found,) = with_accepted([one], entries)
    assert [(each.day, each.level_us, each.ratio) for each in found.accepted] == [
        (date(2026, 11, 2), 1100, None),
        (date(2026, 11, 2), None, 1.2),
    ]
    assert replace(found, accepted=()) == one
