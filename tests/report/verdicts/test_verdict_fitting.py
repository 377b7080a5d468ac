"""Which lines are shown where there are few: none is too many, and none is left free that could be used."""

import pytest

from mbench.report.verdicts.fitting import fitted
from mbench.report.verdicts.sections import Block, Section


def section(blocks, *, most=100, below=0):
    return Section("title", tuple(Block(("line",), (("below",),) * below) for _ in range(blocks)), most)


def lines_of(shown):
    return sum(
        1 + len(each.blocks) + sum(len(below) for _, below in each.blocks) + bool(each.left_out) for each in shown
    )


@pytest.mark.parametrize(
    ("room", "shown", "left_out"),
    [(11, 10, 0), (10, 8, 2), (9, 7, 3), (3, 1, 9), (2, 0, 10)],
)
def test_a_section_of_ten_takes_a_title_its_blocks_and_a_line_about_the_others(room, shown, left_out):
    (found,) = fitted([section(10)], room)
    assert (len(found.blocks), found.left_out) == (shown, left_out)
    assert lines_of([found]) == room


def test_one_block_takes_no_line_about_others():
    assert lines_of(fitted([section(1), section(1)], 4)) == 4
    assert all(each.left_out == 0 for each in fitted([section(1), section(1)], 4))


def test_first_sections_come_first_and_the_others_keep_a_line():
    first, second = fitted([section(10), section(10)], 10)
    assert (len(first.blocks), len(second.blocks), second.left_out) == (6, 0, 10)
    assert lines_of([first, second]) == 10


def test_details_take_what_is_left_and_are_never_cut():
    (found,) = fitted([section(3, below=2)], 9)
    assert [len(below) for _, below in found.blocks] == [2, 2, 0]
    (found,) = fitted([section(3, below=2)], 10)
    assert [len(below) for _, below in found.blocks] == [2, 2, 2]


def test_a_section_shows_no_more_than_it_may_unless_unbounded():
    (found,) = fitted([section(10, most=4)], 40)
    assert (len(found.blocks), found.left_out) == (4, 6)
    (found,) = fitted([section(10, most=4)], 40, unbounded=True)
    assert (len(found.blocks), found.left_out) == (10, 0)
