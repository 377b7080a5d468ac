"""How long cells are expected to take, which of them a window holds, and who measures a shared one."""

from datetime import UTC, datetime, timedelta

import pytest
from sample_results import latency_run, result

from mbench.core.results import MeasuringRules, Status
from mbench.core.workloads import RunSettings
from mbench.workflows.nightly.budget import Cell, Past, expected_s, fitting, guessed_s, past_of, shared

NIGHT = datetime(2026, 11, 1, 23, tzinfo=UTC)


def cell(serial="A", workload="net", delegate="cpu", threads=1) -> Cell:
    return Cell(workload=workload, delegate=delegate, threads=threads, serial=serial)


def past(seconds, days=0) -> Past:
    return Past(seconds=seconds, measured_at=NIGHT + timedelta(days=days))


@pytest.mark.parametrize(
    ("known", "seconds"),
    [
        ({cell(): past(10.0)}, 11.0),
        ({cell(): past(10.0), cell("B"): past(30.0)}, 11.0),
        ({cell("B"): past(20.0), cell("C"): past(40.0)}, 33.0),
        ({cell("B", workload="other"): past(20.0)}, None),
        ({cell("B", delegate="gpu"): past(20.0)}, None),
        ({cell("B", threads=4): past(20.0)}, None),
        ({}, None),
    ],
)
def test_a_cell_takes_what_it_took_else_what_it_took_on_others(known, seconds):
    assert expected_s(cell(), known) == pytest.approx(seconds)


def test_what_nothing_is_known_of_is_guessed_by_its_settings():
    rules = MeasuringRules(min_runs=5, max_runs=10, target_interval=0.02, memory_runs=3, profile_ops=True, seed=0)
    settings = RunSettings(warmup_min_secs=1.0, min_secs=2.0)
    assert guessed_s(settings, rules) == pytest.approx((5 + 3 + 1) * (1 + 2 + 1) * 1.1)


@pytest.mark.parametrize(
    ("seconds", "kept"), [(99.9, ["a"]), (100.0, ["a", "b"]), (1000.0, ["a", "b"]), (50.0, ["b"]), (45.0, [])]
)
def test_a_window_holds_what_fits_into_nineteen_twentieths_of_it(seconds, kept):
    cells = [("a", 50.0, NIGHT), ("b", 45.0, NIGHT)]
    assert fitting(cells, seconds=seconds) == (tuple(kept), tuple(name for name in "ab" if name not in kept))


def test_what_was_never_measured_comes_first_then_what_was_measured_longest_ago_then_the_longest():
    later = NIGHT + timedelta(days=1)
    cells = [("long", 30.0, later), ("short", 10.0, later), ("old", 40.0, NIGHT), ("new", 40.0, None)]
    assert fitting(cells, seconds=45.0)[0] == ("new",)
    assert fitting(cells, seconds=90.0)[0] == ("old", "new")
    assert fitting(cells, seconds=116.0)[0] == ("long", "old", "new")
    assert fitting(cells, seconds=100.0)[0] == ("short", "old", "new")  # a long one lets a short one pass


def test_left_out_cells_take_turns_from_night_to_night():
    measured = dict.fromkeys("abcd")
    seen = []
    for night in range(4):
        cells = [(name, 30.0, at) for name, at in measured.items()]
        kept, _ = fitting(cells, seconds=70.0)
        seen.append(set(kept))
        measured |= dict.fromkeys(kept, NIGHT + timedelta(days=night))
    assert seen[0] | seen[1] == set("abcd")
    assert seen[2] == seen[0]


def test_the_past_of_a_cell_is_the_median_of_its_last_five_nights_that_have_a_number():
    def night(day, wall_s, status=Status.OK):
        runs = (latency_run(1000, 0, wall_s=wall_s * 0.4), latency_run(1000, 1, wall_s=wall_s * 0.6))
        return NIGHT + timedelta(days=day), [(cell(), result(runs=runs, status=status))]

    nights = [night(0, 1000.0), *(night(day, 10.0 * day) for day in range(1, 6)), night(6, 7.0, Status.FAILED)]
    found = past_of(nights)[cell()]
    assert (found.seconds, found.measured_at) == (pytest.approx(30.0), NIGHT + timedelta(days=5))
    assert past_of([night(0, 5.0, Status.FAILED)]) == {}


def test_new_cells_go_to_who_has_least_to_do_longest_first():
    found = shared({"a": 30.0, "b": 20.0, "c": 15.0, "d": 10.0}, ["X", "Y"], {}, move=False)
    assert found == {"a": "X", "b": "Y", "c": "Y", "d": "X"}


def test_a_cell_stays_with_its_device_however_much_that_has_to_do():
    found = shared({"a": 30.0, "b": 20.0, "c": 15.0}, ["X", "Y"], {"a": "Y", "b": "Y"}, move=False)
    assert found == {"a": "Y", "b": "Y", "c": "X"}


@pytest.mark.parametrize(("move", "device"), [(False, None), (True, "X")])
def test_a_cell_whose_device_is_out_is_missing_unless_it_may_move(move, device):
    assert shared({"a": 30.0}, ["X"], {"a": "Z"}, move=move) == {"a": device}


def test_where_no_device_is_usable_every_cell_is_missing():
    assert shared({"a": 1.0, "b": 2.0}, [], {"a": "Z"}, move=True) == {"a": None, "b": None}
