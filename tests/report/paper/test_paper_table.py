from decimal import Decimal

import pytest

from mbench.report.paper.paper_table import (
    Exact,
    Sheet,
    SheetCell,
    SheetColumn,
    counted_cell,
    printed_cell,
    share_cell,
    sheet_table,
    text_column,
    unknown_column,
)
from mbench.report.render.markdown import table_markdown


def counted(value: str, mark: str, printed: str, plain: str | None = None) -> SheetCell:
    return counted_cell(
        Decimal(value), Decimal(plain or value), mark, printed=printed, rule="with it", otherwise="counted without it"
    )


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (counted("568.740352", "=", "569"), "568.74 ="),
        (counted("1.319648", "=", "1.32"), "1.3196 ="),
        (counted("1582.671872", "≠", "1550"), "1582.67 +2.1 %"),
        (counted("149540.34", "≠", "149600"), "149540.34 -0.04 %"),
    ],
)
def test_a_count_shows_two_digits_more_than_print_and_how_it_compares(cell, text):
    assert cell == SheetCell(text, exact=cell.exact)


def test_a_count_by_another_rule_says_both_in_its_note():
    cell = counted("4866.269184", "~", "4866", plain="4867.293184")
    note = "4866 is counted without it: 4866.27; with it: 4867.29."
    assert cell == SheetCell("4866.27 ~", (note,), exact=Exact(4866.269184))


def test_a_cell_keeps_the_number_that_its_text_rounds():
    assert counted("568.740352", "=", "569").exact == Exact(568.740352)
    assert counted("1582.671872", "≠", "1550").exact == Exact(1582.671872)
    assert share_cell(1.9056, "=", printed="1.91").exact == Exact(1.9056)
    assert printed_cell("15300", None) == SheetCell("15300", exact=Exact(15300.0))
    assert share_cell(None, "=", printed="1.91").exact is None


def test_a_column_has_a_name_of_its_own_where_its_header_needs_its_neighbour():
    assert SheetColumn(header="counted", cells=(), name="Params (M), counted").full_name == "Params (M), counted"
    assert SheetColumn(header="Network", cells=()).full_name == "Network"


def test_a_share_that_is_another_says_by_how_many_points():
    assert share_cell(1.9056, "≠", printed="1.19").text == "1.906 +0.72"


def test_equal_notes_share_a_number_in_reading_order():
    one, two = SheetCell("1", ("first",)), SheetCell("2", ("second", "first"))
    sheet = Sheet(
        title="T", columns=(SheetColumn(header="a", cells=(one, two)), SheetColumn(header="b", cells=(two, one)))
    )
    table = sheet_table(sheet)
    assert [[cell.text for cell in row] for row in table.rows] == [["1 (1)", "2 (2, 1)"], ["2 (2, 1)", "1 (1)"]]
    assert table.footnotes == ("(1) first", "(2) second")


def test_the_marks_are_explained_only_where_there_are_some():
    plain = sheet_table(Sheet(title="T", columns=(text_column("Network", ["a"]),)))
    marked = sheet_table(Sheet(title="T", columns=(SheetColumn(header="n", cells=(SheetCell("1 ="),)),)))
    assert plain.foot == ()
    assert marked.foot[0].startswith("= equal at the printed precision")


def test_an_unknown_column_says_what_it_needs_once():
    sheet = Sheet(title="T", columns=(unknown_column("measured", 2, "Needs data."),), foot=("Printed: there.",))
    assert table_markdown(sheet_table(sheet)) == (
        "### T\n\n| measured |\n| -------: |\n|    ? (1) |\n|    ? (1) |\n\n"
        "- (1) Needs data.\n- ? is not known.\n- Printed: there.\n"
    )
