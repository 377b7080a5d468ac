from functools import cache

import sample_results as sample
import sample_scores as scored
from hypothesis import given
from hypothesis import strategies as st

from mbench.report.render.fitting import fit_table, table_width
from mbench.report.render.text_table import Align, Cell, Column, TableValues
from mbench.report.results.tables.all_tables import result_tables


@cache
def sweep() -> TableValues:
    names = [f"mobilenet_v1_{alpha}_{side}_int8" for alpha in ("1.00", "0.50") for side in (224, 128)]
    (table,) = result_tables([scored.scored_result(name, place) for place, name in enumerate(names)])
    return table


def headers(table: TableValues) -> list[str]:
    return [column.header.replace("\n", " ") for column in table.columns]


def test_a_table_that_fits_stays_as_it_is():
    assert fit_table(sweep(), table_width(sweep())) == sweep()


def test_without_a_terminal_nothing_is_left_out():
    assert fit_table(sweep(), None) == sweep()


def test_headers_are_stacked_before_anything_is_left_out():
    fitted = fit_table(sweep(), 150)
    assert headers(fitted) == headers(sweep())
    assert "Peak\nmemory\n(MiB)" in [column.header for column in fitted.columns]
    assert table_width(fitted) <= 150


def test_eighty_columns_keep_the_name_the_accuracy_and_the_latency():
    fitted = fit_table(sweep(), 80)
    assert {"Variant", "Top-1 (%)", "Latency (ms)"} <= set(headers(fitted))
    assert table_width(fitted) <= 80


def test_a_narrow_column_takes_the_room_that_a_wide_one_could_not_use():
    table = TableValues(
        columns=(Column(header="A"), Column(header="wide", spare=1), Column(header="B", spare=2)),
        rows=((Cell("x"), Cell("y" * 40), Cell("z")),),
    )
    assert headers(fit_table(table, 20)) == ["A", "B"]


def test_what_is_left_out_is_said():
    fitted = fit_table(sweep(), 80)
    assert fitted.foot[0].startswith("Left out at 80 columns: ")
    assert all(header in fitted.foot[0] for header in headers(sweep()) if header not in headers(fitted))


@given(st.integers(min_value=1, max_value=220))
def test_no_number_is_ever_broken(width):
    fitted = fit_table(sweep(), width)
    whole = {cell.text for row in sweep().rows for cell in row}
    numbers = [
        row[index].text
        for row in fitted.rows
        for index, column in enumerate(fitted.columns)
        if column.align is Align.RIGHT
    ]
    assert set(numbers) <= whole


def test_long_names_are_broken_where_they_part():
    table = TableValues(
        columns=(Column(header="Variant"), Column(header="Latency (ms)", align=Align.RIGHT)),
        rows=((Cell("mobilenet_v1_0.50_96_digits10_int8"), Cell("4.110 [4.100, 4.130]")),),
    )
    fitted = fit_table(table, 50)
    assert fitted.rows[0][0].text == "mobilenet_v1_0.50_96_\ndigits10_int8"
    assert table_width(fitted) <= 50


def test_a_table_without_rows_is_fitted_too():
    table = TableValues(columns=(Column(header="Peak memory (MiB)"),), rows=())
    assert fit_table(table, 10).columns[0].header == "Peak\nmemory\n(MiB)"


def test_titles_and_footnotes_stay():
    (table,) = result_tables([sample.result(medians_us=[10_000, 12_000, 14_000])])
    assert fit_table(table, 60).footnotes == table.footnotes
