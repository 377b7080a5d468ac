"""Faults that a seed draws."""

import pytest

from mbench.emulator.seeded_faults import LASTING, PASSING, seeded_faults

SERIALS = [f"E{number:02d}" for number in range(12)]


@pytest.mark.parametrize(("count", "ill"), [(1, 1), (2, 1), (4, 1), (7, 1), (8, 2), (12, 3)])
def test_one_phone_of_four_is_not_well_and_another_fails_once(count, ill):
    found = seeded_faults(1, SERIALS[:count]).values()
    assert sum(fault in LASTING for fault in found) == ill
    assert sum(fault in PASSING for fault in found) == min(1, count - ill)


def test_a_seed_draws_the_same_again_and_another_seed_other_ones():
    assert seeded_faults(1, SERIALS) == seeded_faults(1, SERIALS[::-1])
    assert len({tuple(sorted(seeded_faults(seed, SERIALS))) for seed in range(8)}) > 1
