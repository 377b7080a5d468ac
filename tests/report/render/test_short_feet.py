"""Feet of any tables in a terminal: four lines at most, what must not be missed first, and where the rest is."""

import pytest
import sample_results as sample
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.results import JobResult, OperatorTime, Pass
from mbench.report.model_files.operators import NOTE, operator_tables
from mbench.report.render.markdown import display_width
from mbench.report.render.short_feet import with_short_feet
from mbench.report.render.text_table import Cell, Column, TableValues, right_column

PLACE = "mbench suite report mobilenets/table-6 --format md"


def table(*foot: str, footnotes: tuple[str, ...] = (), columns: int = 1) -> TableValues:
    others = [right_column(f"column {number}", spare=1) for number in range(1, columns)]
    row = tuple(Cell(str(number)) for number in range(columns))
    return TableValues(columns=(Column(header="Name"), *others), rows=(row,), footnotes=footnotes, foot=foot)


def feet(*tables: TableValues, width: int = 80) -> list[tuple[str, ...]]:
    return [each.foot for each in with_short_feet(tables, width=width, whole_foot=(PLACE,))]


def test_four_lines_stand_whole_and_a_fifth_gives_way_to_where_all_of_them_are():
    texts = [f"line {number}." for number in range(1, 6)]
    assert feet(table(*texts[:3], footnotes=(texts[3],))) == [tuple(texts[:4])]
    assert feet(table(*texts)) == [(*texts[:3], f"Whole foot: {PLACE}")]


def test_a_line_stands_whole_or_not_at_all_but_the_first_one():
    long = "word " * 40
    assert feet(table("short.", long, "after.")) == [("short.", f"Whole foot: {PLACE}")]
    first, *_, cut, last = feet(table(long * 2))[0]
    assert (first.startswith("word word"), cut.endswith(" …"), last) == (True, True, f"Whole foot: {PLACE}")


def test_what_all_tables_say_stands_under_the_last_one_alone():
    assert feet(table("own 1.", "common."), table("own 2.", "common.")) == [("own 1.",), ("own 2.", "common.")]


def test_the_last_table_says_where_the_foot_of_another_one_is_whole():
    texts = [f"line {number}." for number in range(1, 7)]
    first, last = feet(table(*texts), table("short."))
    assert (first, last) == (tuple(texts[:4]), ("short.", f"Whole foot: {PLACE}"))


def test_columns_that_are_left_out_are_named():
    (foot,) = feet(table("a line.", columns=9), width=40)
    assert "Left out at this width: " in foot[0]
    (foot,) = feet(table(*"abcdef", columns=9), width=200)
    assert foot[-1] == f"Whole foot: {PLACE}"


def test_a_place_that_is_too_long_gives_way_to_a_format():
    (shown,) = with_short_feet([table(*"abcdef")], width=80, whole_foot=("/long" * 60,))
    assert shown.foot == ("a", "b", "c", "Whole foot: --format md")


def test_no_tables_are_none():
    assert with_short_feet([], width=80, whole_foot=(PLACE,)) == ()


@given(st.integers(min_value=1, max_value=220), st.lists(st.text(max_size=300), max_size=8))
def test_no_width_and_no_text_makes_a_longer_foot(width, texts):
    for foot in feet(table(*texts), table(*texts, columns=4), width=width):
        assert len(foot) <= 4
        assert all(display_width(line) <= max(width, 3) for line in foot)


def profiled(*times_us: float) -> JobResult:
    result = sample.result(medians_us=[9000] * 3)
    operators = tuple(
        OperatorTime(
            times_called=1, node_type=f"KIND {number}", name=f"op {number}", run_order=number, us_per_inference=time
        )
        for number, time in enumerate(times_us)
    )
    run = result.runs[0].model_copy(update={"purpose": Pass.OPS, "operators": operators})
    return result.model_copy(update={"runs": (*result.runs, run)})


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_profiles_of_operators_have_short_feet_and_a_coarse_clock_comes_first(width):
    tables = operator_tables([profiled(0.2, 3.0), profiled(500.0, 900.0)])
    assert max(len(each.foot) for each in tables) > 1
    first, last = with_short_feet(tables, width=width, whole_foot=("results/s/report.md",))
    assert first.foot[0].startswith("Coarse clock: ")
    assert (len(first.foot) <= 4, len(last.foot) <= 4) == (True, True)
    assert NOTE not in first.foot
    assert last.foot[0].startswith(NOTE[:20])
