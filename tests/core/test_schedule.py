"""In which order jobs run, and when one has been measured enough: each bound from both sides."""

import pytest

from mbench.core.job_pairs import JobPair
from mbench.core.results import MeasuringRules
from mbench.core.schedule import block_order, measured_enough

PLUS_MINUS_2_PERCENT = [98, 99, 100, 101, 102]
"""Of five runs the interval is the range: 98 to 102 µs around 100."""

WIDE = [100, 120, 90, 130, 80, 100, 120, 90]


def rules(**changes) -> MeasuringRules:
    base = {"min_runs": 5, "max_runs": 8, "target_interval": 0.02, "memory_runs": 0, "profile_ops": False, "seed": 0}
    return MeasuringRules(**(base | changes))


def test_a_job_gets_its_minimum_runs_however_alike_they_are():
    assert not measured_enough([100] * 4, rules())
    assert measured_enough([100] * 5, rules())


@pytest.mark.parametrize(("runs", "enough"), [(7, False), (8, True), (9, True)])
def test_growing_ends_at_the_maximum_runs(runs, enough):
    assert measured_enough([*WIDE, 130][:runs], rules()) is enough


def test_an_interval_of_exactly_the_target_is_narrow_enough():
    assert measured_enough(PLUS_MINUS_2_PERCENT, rules())
    assert not measured_enough(PLUS_MINUS_2_PERCENT, rules(target_interval=0.0199))


def test_a_hair_more_than_the_target_is_not_enough():
    assert not measured_enough([97.9, 99, 100, 101, 102], rules())


def test_two_runs_have_no_interval_and_are_never_enough():
    assert not measured_enough([100, 100], rules(min_runs=1, max_runs=3))


def test_the_order_of_a_block_is_seeded_and_differs_between_blocks():
    jobs = [f"job{index}" for index in range(8)]
    orders = [block_order(jobs, seed=1, block=block) for block in range(6)]
    assert orders == [block_order(reversed(jobs), seed=1, block=block) for block in range(6)]
    assert len(set(orders)) == 6
    assert all(sorted(order) == jobs for order in orders)
    assert block_order(jobs, seed=2, block=0) != orders[0]


def test_an_order_takes_seed_and_block_by_name_alone():
    with pytest.raises(TypeError):
        block_order(["job"], 1, 0)


PAIRS = (JobPair(old="a.old", new="a"), JobPair(old="b.old", new="b"))


def test_the_jobs_of_a_pair_stand_side_by_side_and_change_places_from_block_to_block():
    jobs = ["a", "a.old", "b", "b.old", "c"]
    orders = [block_order(jobs, seed=1, block=block, pairs=PAIRS) for block in range(6)]
    for pair in PAIRS:
        places = [(order.index(pair.old), order.index(pair.new)) for order in orders]
        assert {abs(old - new) for old, new in places} == {1}
        firsts = [old < new for old, new in places]
        assert firsts in ([True, False] * 3, [False, True] * 3)
    assert all(sorted(order) == sorted(jobs) for order in orders)
    assert len(set(orders)) > 2


def test_a_coin_says_which_file_of_a_pair_is_first():
    firsts = {block_order(["a", "a.old"], seed=seed, block=0, pairs=PAIRS)[0] for seed in range(10)}
    assert firsts == {"a", "a.old"}


def test_the_order_of_a_pair_can_be_had_again_from_the_seed():
    orders = [block_order(["a", "a.old"], seed=1, block=block, pairs=PAIRS) for block in range(2)]
    assert orders == [("a", "a.old"), ("a.old", "a")]


def test_a_job_whose_partner_has_ended_is_ordered_alone():
    assert sorted(block_order(["a", "b", "c"], seed=1, block=0, pairs=PAIRS)) == ["a", "b", "c"]
    assert block_order(["a", "b", "c"], seed=1, block=0, pairs=PAIRS) == block_order(["a", "b", "c"], seed=1, block=0)
