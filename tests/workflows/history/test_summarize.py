"""Summaries: levels since the last change, noise around them, changes and what they are put down to."""

import numpy as np
import pytest

from mbench.core.nights.series import Cell, Series
from mbench.core.nights.summaries import SeriesSummary
from mbench.workflows.history.summarize import _summary, with_levels

CELL = Cell(project="app", branch="main", workload="net", delegate="cpu", threads=1, serial="P1")


def series(latency_us, *, epoch=None, state=None, cell=CELL, delegated=None, nodes=None) -> Series:
    count = len(latency_us)
    ones, unknown = np.ones(count, np.int64), np.full(count, -1)
    return Series(
        cell=cell,
        model="Pixel 4",
        night=np.arange(count),
        day=20_000 + np.arange(count),
        state=np.zeros(count, np.int8) if state is None else np.array(state, np.int8),
        latency_us=np.array(latency_us, float),
        half_width_us=np.full(count, np.nan),
        runs=ones,
        init_us=np.full(count, np.nan),
        memory_kib=np.full(count, np.nan),
        size_bytes=unknown,
        correct=unknown,
        examples=unknown,
        dataset=unknown,
        merit=np.full(count, np.nan),
        delegated=unknown if delegated is None else np.array(delegated),
        nodes=unknown if nodes is None else np.array(nodes),
        partitions=unknown,
        thing=ones,
        epoch=ones if epoch is None else np.array(epoch),
    )


def summary(*arguments, **changes) -> SeriesSummary:
    one = series(*arguments, **changes)
    return _summary(one, {night: f"night {night}" for night in range(len(one))})[0]


def noisy(level: float, count: int, seed: int = 0) -> list[float]:
    return list(level * (1 + 0.002 * np.random.default_rng(seed).standard_normal(count)))


def test_a_step_is_found_on_its_night():
    found = summary([*noisy(1000, 20), *noisy(1100, 20, 1)])
    (change,) = found.changes
    assert change.night == "night 20"
    assert change.share == pytest.approx(0.1, abs=0.005)
    assert found.level_us == pytest.approx(1100, rel=0.003)
    assert 0.0005 < found.noise < 0.005


def test_an_epoch_is_a_beginning_and_no_change():
    found = summary([1000] * 5 + [2000] * 5, epoch=[1] * 5 + [2] * 5)
    (change,) = found.changes
    assert (change.epoch, change.share, change.before_us, change.after_us) == (True, None, 1000, 2000)
    assert found.level_us == 2000


def test_nights_without_a_number_are_shown_and_count_for_nothing():
    found = summary([1000, np.nan, 1010, np.nan], state=[0, 3, 0, 2])
    assert [point.latency_us for point in found.points] == [1000, None, 1010, None]
    assert (found.measured, found.without, found.level_us, found.noise) == (2, 2, 1005, None)


def test_a_cell_that_was_never_measured_has_no_level():
    found = summary([np.nan], state=[1])
    assert (found.level_us, found.noise, found.changes) == (None, None, ())


def test_levels_of_another_branch_stand_beside_the_same_cells():
    pull = Cell(project="app", branch="pull/7", workload="net", delegate="cpu", threads=1, serial="P1")
    other = Cell(project="app", branch="pull/7", workload="new", delegate="cpu", threads=1, serial="P1")
    ours = [summary([1100] * 3, cell=pull), summary([5] * 3, cell=other)]
    assert [one.against_us for one in with_levels(ours, [summary([1000] * 3)])] == [1000, None]


@pytest.mark.parametrize(("nights", "shown"), [(1, False), (2, True), (3, True)])
def test_a_level_of_the_latest_nights_is_shown_as_not_yet_certain_from_the_second_on(nights, shown):
    found = summary([*noisy(10_000, 20), *noisy(11_000, nights, 1)])
    assert [(change.night, change.certain) for change in found.changes] == ([("night 20", False)] if shown else [])
    assert found.level_us == pytest.approx(11_000 if shown else 10_000, rel=0.01)


def test_a_level_that_ranks_know_is_certain_and_named_once():
    found = summary([*noisy(10_000, 20), *noisy(11_000, 5, 1)])
    assert [(change.night, change.certain) for change in found.changes] == [("night 20", True)]


def test_a_better_level_of_the_latest_nights_is_shown_too():
    (change,) = summary([*noisy(10_000, 20), *noisy(9_000, 3, 1)]).changes
    assert (change.certain, change.share) == (False, pytest.approx(-0.1, abs=0.01))


@pytest.mark.parametrize(("past", "shown"), [(4, False), (5, True)])
def test_a_level_after_fewer_than_five_nights_is_not_guessed(past, shown):
    found = summary([*noisy(10_000, past), *noisy(12_000, 3, 1)])
    assert bool(found.changes) is shown
    epoch = [0] * 9 + [1] * (past + 3)
    young = summary([*noisy(10_000, 9 + past), *noisy(12_000, 3, 1)], epoch=epoch)
    assert [change.epoch for change in young.changes] == ([True, False] if shown else [True])


def test_a_wander_that_makes_no_suspect_is_no_level():
    assert summary([*noisy(10_000, 20), *noisy(10_300, 3, 1)]).changes == ()


def test_points_say_which_share_of_the_graph_was_delegated_where_that_is_known():
    found = summary([1000.0] * 5, delegated=[33, 11, 0, -1, 0], nodes=[33, 33, 33, 33, 0])
    assert [(point.delegated, point.nodes) for point in found.points] == [
        *((33, 33), (11, 33), (0, 33), (None, None), (0, 0))
    ]
    assert [point.delegated_share for point in found.points] == [1, pytest.approx(1 / 3), 0, None, None]
    half = summary([1000.0], delegated=[3], nodes=[-1]).points[0]
    assert (half.delegated, half.nodes, half.delegated_share) == (None, None, None)
