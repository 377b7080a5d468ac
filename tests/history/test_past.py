"""Series: what stands in them, what is one series and what are two, and what changed between two of their points."""

from dataclasses import fields
from datetime import date, timedelta

import numpy as np
import pytest
from sample_sessions import BINARY, NOW, PHONE, PROVENANCE, RULES, night, nights, part, planned, result, session

from mbench.core.error_classes import BUDGET, MODEL, TRANSPORT
from mbench.core.nights.series import PointState
from mbench.core.results import Status
from mbench.history.past import Past, projects_of
from mbench.history.points import Point
from mbench.history.segments import COLUMNS
from mbench.workflows.history.archives import asked, current_archive, load_series


def past(root, project="app", branch="main", **renamed) -> Past:
    return Past(current_archive(root), project, branch, renamed)


def test_each_field_of_a_point_is_a_column():
    assert [field.name for field in fields(Point)] == [*COLUMNS]


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"status": Status.FAILED, "error_class": MODEL}, PointState.FAILED),
        ({"status": Status.FAILED, "error_class": TRANSPORT}, PointState.LAB),
        ({"status": Status.SKIPPED, "error_class": BUDGET, "runs": ()}, PointState.LAB),
        ({}, PointState.NUMBER),
    ],
)
def test_each_end_of_a_job_has_its_state(tmp_path, changes, state):
    store = night(tmp_path, written=False)
    store.save_job(result(store.plan, "job-0", **changes))
    (series,) = load_series(tmp_path, project="app")
    assert list(series.state) == [state]
    assert np.isnan(series.latency_us[0]) == (state is not PointState.NUMBER)


def test_a_planned_cell_without_a_document_is_missing(tmp_path):
    night(tmp_path, written=False, end=None)
    (series,) = load_series(tmp_path, project="app")
    assert list(series.state) == [PointState.MISSING]


def test_a_night_that_was_due_and_never_began_is_a_missing_point_of_its_cells(tmp_path):
    other = part([planned(job="job-1", threads=2)])
    night(tmp_path, part(), at=NOW)
    night(tmp_path, other, at=NOW + timedelta(hours=1), farm="desk")
    night(tmp_path, part(), at=NOW + timedelta(days=3), missed=[date(2026, 11, 2), date(2026, 11, 3)])
    first, second = load_series(tmp_path, project="app")
    assert list(first.state) == [PointState.NUMBER, PointState.MISSING, PointState.MISSING, PointState.NUMBER]
    assert list(first.day - first.day[0]) == [0, 1, 2, 3]
    assert list(first.night) == [0, 2, 3, 4]
    assert len(set(first.epoch)) == len(set(first.thing)) == 1
    assert list(first.runs) == [3, 0, 0, 3]
    assert len(second) == 1
    names = [each.name for each in past(tmp_path).nights]
    assert names[2] == "lab of 2026-11-02"


def test_nights_are_ordered_by_the_hosts_clocks_and_ties_by_session(tmp_path):
    late = night(tmp_path, at=NOW + timedelta(days=400), latencies={"job-0": (5, 5, 5)})
    twice = [night(tmp_path, latencies={"job-0": (level, level, level)}) for level in (7, 8)]
    ordered = sorted(twice, key=lambda store: store.plan.session)
    assert [each.session for each in past(tmp_path).nights] == [
        *(store.plan.session for store in ordered),
        late.plan.session,
    ]
    (series,) = load_series(tmp_path, project="app")
    assert sorted(series.latency_us[:2]) == [7, 8]
    assert series.latency_us[2] == 5


def test_a_user_s_file_goes_on_under_its_name_whatever_it_holds(tmp_path):
    def own(digest: str):
        return part([planned(f"file:net@{digest * 12}", sha256=digest * 64)])

    night(tmp_path, own("1"), names={"job-0": "detector"})
    night(tmp_path, own("2"), at=NOW + timedelta(days=1), names={"job-0": "detector"})
    (series,) = load_series(tmp_path, project="app")
    assert series.cell.workload == "detector"
    assert len(set(series.thing)) == 2
    assert len(set(series.epoch)) == 1
    session(tmp_path, own("1"))
    session(tmp_path, own("2"), at=NOW + timedelta(days=1))
    session(tmp_path, own("3"), at=NOW + timedelta(days=2), names={"job-0": "detector"})
    assert {each.cell.workload: len(each) for each in load_series(tmp_path, project="runs")} == {
        "file:net": 2,
        "detector": 1,
    }


def test_a_renamed_workload_is_one_series(tmp_path):
    night(tmp_path, part([planned("old_1.00_224_fp32")]))
    night(tmp_path, part([planned("new_1.00_224_fp32")]), at=NOW + timedelta(days=1))
    assert len(load_series(tmp_path, project="app")) == 2
    (series,) = load_series(tmp_path, project="app", renamed={"old_1.00_224_fp32": "new_1.00_224_fp32"})
    assert series.cell.workload == "new_1.00_224_fp32"
    assert list(series.night) == [0, 1]


def test_a_branch_has_series_of_its_own(tmp_path):
    nights(tmp_path, [1000, 1010])
    night(tmp_path, branch="pull/7", at=NOW + timedelta(days=9))
    assert [list(each.night) for each in load_series(tmp_path, project="app")] == [[0, 1]]
    assert [list(each.night) for each in load_series(tmp_path, project="app", branch="pull/7")] == [[0]]
    assert projects_of(current_archive(tmp_path)) == {("app", "main"): 2, ("app", "pull/7"): 1}


def test_two_phones_of_one_serial_are_two_series(tmp_path):
    other = PHONE.model_copy(update={"model": "Pixel 5"})
    unknown = PHONE.model_copy(update={"model": None})
    night(tmp_path, part())
    night(tmp_path, part(device=other), at=NOW + timedelta(days=1))
    night(tmp_path, part(device=unknown), at=NOW + timedelta(days=2))
    found = {each.cell.serial: list(each.night) for each in load_series(tmp_path, project="app")}
    assert found == {"P1 (Pixel 4)": [0], "P1 (Pixel 5)": [1, 2]}


def test_a_phone_whose_model_was_not_known_once_is_one_series(tmp_path):
    night(tmp_path, part(device=PHONE.model_copy(update={"model": None})))
    night(tmp_path, part(), at=NOW + timedelta(days=1))
    (series,) = load_series(tmp_path, project="app")
    assert (series.cell.serial, series.model, len(series)) == ("P1", "Pixel 4", 2)


def test_a_host_is_named_as_one(tmp_path):
    night(tmp_path, part(device=PHONE.model_copy(update={"profile": "host", "serial": "desk"})))
    assert [each.cell.serial for each in load_series(tmp_path, project="app")] == ["host:desk"]


CHANGED = {
    "build": {"device": PHONE.model_copy(update={"build": "flame/2"})},
    "flavour": {"binary": BINARY.model_copy(update={"tool": "litert"})},
    "pinning": {"rules": RULES.model_copy(update={"cpus": (6, 7)})},
    "clocks": {"rules": RULES.model_copy(update={"fixed_performance": True})},
    "settings": {"jobs": [planned(settings={"num_runs": 99})]},
}


@pytest.mark.parametrize("change", CHANGED)
def test_an_epoch_begins_where_levels_cannot_be_compared(tmp_path, change):
    night(tmp_path)
    night(tmp_path, part(**CHANGED[change]), at=NOW + timedelta(days=1))
    (series,) = load_series(tmp_path, project="app")
    assert series.epoch[0] != series.epoch[1]


def test_an_epoch_begins_with_another_version_of_the_measuring_rules(tmp_path):
    for number, version in enumerate((None, 1, 2)):
        made_by = PROVENANCE.model_copy(update={"measuring_version": version, "mbench": f"0.{number}"})
        night(tmp_path, provenance=made_by, at=NOW + timedelta(days=number))
    (series,) = load_series(tmp_path, project="app")
    assert series.epoch[0] == series.epoch[1] != series.epoch[2]


@pytest.mark.parametrize(
    "changes",
    [
        {"binary": BINARY.model_copy(update={"sha256": "c" * 64})},
        {"jobs": [planned(sha256="d" * 64)]},
        {"rules": RULES.model_copy(update={"max_runs": 9, "seed": 3, "target_interval": 0.5})},
    ],
)
def test_an_epoch_goes_on_whatever_is_under_test_and_however_many_runs_there_are(tmp_path, changes):
    night(tmp_path)
    night(tmp_path, part(**changes), at=NOW + timedelta(days=1))
    (series,) = load_series(tmp_path, project="app")
    assert series.epoch[0] == series.epoch[1]
    assert (series.thing[0] == series.thing[1]) == ("rules" in changes)


def test_a_phone_that_could_not_be_asked_ends_no_epoch(tmp_path):
    night(tmp_path)
    absent = part(
        device=PHONE.model_copy(update={"build": None}), binary=BINARY.model_copy(update={"identified": False})
    )
    store = night(tmp_path, absent, at=NOW + timedelta(days=1), written=False)
    store.save_job(result(store.plan, "job-0", status=Status.SKIPPED, error_class=TRANSPORT, runs=()))
    night(tmp_path, at=NOW + timedelta(days=2))
    (series,) = load_series(tmp_path, project="app")
    assert list(series.state) == [PointState.NUMBER, PointState.LAB, PointState.NUMBER]
    assert len(set(series.epoch)) == len(set(series.thing)) == 1


def test_what_changed_between_two_nights_is_said_in_words(tmp_path):
    night(tmp_path)
    other = part(
        [planned(sha256="d" * 64)],
        device=PHONE.model_copy(update={"build": "flame/2"}),
        binary=BINARY.model_copy(update={"sha256": "e" * 64}),
        rules=RULES.model_copy(update={"cpus": (6, 7)}),
    )
    made_by = PROVENANCE.model_copy(update={"label": "deadbeef"})
    night(tmp_path, other, at=NOW + timedelta(days=1), provenance=made_by)
    night(tmp_path, other, at=NOW + timedelta(days=2), provenance=made_by)
    (series,) = load_series(tmp_path, project="app")
    found = asked(tmp_path, lambda archive: Past(archive, "app").changed([(series.cell, 0, 1), (series.cell, 1, 2)]))
    assert found == [
        (
            f"artifact {'a' * 12} → {'d' * 12}",
            f"binary {'b' * 12} → {'e' * 12}",
            "OS build flame/1 → flame/2",
            "settings cores 4 → cores 6",
            "label c0ffee → deadbeef",
        ),
        (),
    ]


def test_batches_hold_all_devices_of_a_workload_and_all_cells_once(tmp_path):
    phones = [PHONE.model_copy(update={"serial": f"P{number}"}) for number in range(3)]
    parts = [
        part([planned(f"net_{each}_int8", f"job-{each}@{phone.serial}") for each in range(4)], device=phone)
        for phone in phones
    ]
    night(tmp_path, *parts)
    found = [[(one.cell.workload, one.cell.serial) for one in batch] for batch in past(tmp_path).batches(points=1)]
    assert [len(batch) for batch in found] == [3, 3, 3, 3]
    assert all(len({workload for workload, _ in batch}) == 1 for batch in found)
    assert sorted(each for batch in found for each in batch) == sorted(
        (one.cell.workload, one.cell.serial) for one in load_series(tmp_path, project="app")
    )


def test_earlier_nights_can_be_left_out(tmp_path):
    nights(tmp_path, [1, 2, 3, 4])
    assert [list(each.latency_us) for each in load_series(tmp_path, project="app", since=2)] == [[3, 4]]


def test_an_emulated_phone_is_of_no_model_that_a_phone_is_of(tmp_path):
    night(
        tmp_path,
        part(),
        part([planned(job="job-1")], device=PHONE.model_copy(update={"serial": "E1", "emulated": True})),
    )
    assert [each.model for each in load_series(tmp_path, project="app")] == ["emulated Pixel 4", "Pixel 4"]
