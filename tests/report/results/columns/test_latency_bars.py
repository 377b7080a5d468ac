import pytest
import sample_phones as phones
import sample_results as sample

from mbench.report.render.fitting import FRAME, table_width
from mbench.report.results.columns.latency_bars import ASCII, BLOCKS, LEAST_WIDTH, MOST_WIDTH, bar_text, bars_column
from mbench.report.results.rows.job_rows import row_of, rows_of
from mbench.report.results.tables.terminal_tables import KEY_COLUMNS, terminal_tables

STEADY = (10_000, 10_010, 9_990)


def job(name: str, medians_us) -> object:
    return sample.result(f"file:{name}@0123456789ab", medians_us, job=name)


def bar(medians_us, *, longest_us: float = 10_000, width: int = 20) -> str:
    return bar_text(row_of(job("a", medians_us)), longest_us, width, ASCII)


def bars(results, width: int, marks=BLOCKS) -> list[str] | None:
    (table,) = terminal_tables(results, width=width, bars=marks)
    headers = [column.header for column in table.columns]
    if not headers[-1].startswith("0 to"):
        return None
    return [row[-1].text for row in table.rows]


def test_a_bar_is_as_long_as_its_latency_and_ends_in_its_interval():
    assert bar((5_000, 5_000, 5_000)) == "#" * 10 + "="
    assert bar((2_500, 2_500, 2_500)) == "#" * 5 + "="
    assert bar((2_500, 4_000, 6_000)) == "#" * 5 + "=" * 8


def test_a_narrow_interval_takes_one_column_and_the_longest_bar_all_of_them():
    assert bar((10_000, 9_999, 10_000)) == "#" * 19 + "="


def test_a_bar_without_an_interval_has_none():
    assert bar((5_000, 5_000)) == "#" * 11


def test_what_has_no_latency_has_no_bar():
    assert bar_text(row_of(phones.failed(sample.result())), 10_000, 20, BLOCKS) == ""


def test_all_bars_share_an_axis_from_0_to_the_longest_interval():
    results = [job("slow", (40_000, 41_000, 42_000)), job("fast", (10_500, 10_500, 10_500))]
    column = bars_column(rows_of(results), 40, ASCII)
    assert column is not None
    assert column.header == "0 to 42.0 ms"
    slow, fast = map(column.text, rows_of(results))
    assert (len(slow), len(fast)) == (40, 11)


def test_one_latency_alone_has_nothing_to_be_compared_with():
    rows = rows_of([job("a", STEADY), phones.failed(job("b", STEADY))])
    assert bars_column(rows, 100, BLOCKS) is None


@pytest.mark.parametrize(("free", "length"), [(15, None), (16, 16), (48, 48), (49, 48), (500, 48)])
def test_bars_take_the_space_that_is_left_within_bounds(free, length):
    column = bars_column(rows_of([job("a", STEADY), job("b", STEADY)]), free, BLOCKS)
    assert (None if column is None else max(len(column.text(row)) for row in rows_of([job("a", STEADY)]))) == length
    assert (LEAST_WIDTH, MOST_WIDTH) == (16, 48)


def test_bars_stand_beside_a_table_only_where_it_leaves_space_for_them():
    results = [job("a", STEADY), job("b", (5_000, 5_010, 4_990))]
    (table,) = terminal_tables(results, width=500)
    assert {column.header for column in table.columns} >= {"Latency (ms)", "Status"}
    assert len(KEY_COLUMNS) == 3
    least = table_width(table) + FRAME + LEAST_WIDTH
    assert bars(results, least - 1) is None
    found = bars(results, least)
    assert found is not None
    assert [len(text) for text in found] == [16, 9]
    (with_bars,) = terminal_tables(results, width=least, bars=BLOCKS)
    assert table_width(with_bars) == least


def test_without_bars_a_table_is_as_it_was():
    results = [job("a", STEADY), job("b", STEADY)]
    plain = terminal_tables(results, width=60)
    assert terminal_tables(results, width=60, bars=BLOCKS) == plain
    chosen = ("latency", "size")
    assert terminal_tables(results, width=200, columns=chosen, bars=BLOCKS) == terminal_tables(
        results, width=200, columns=chosen
    )


def test_the_foot_says_what_the_end_of_a_bar_is():
    (table,) = terminal_tables([job("a", STEADY), job("b", STEADY)], width=200, bars=ASCII)
    assert "and = in bars, the interval over runs" in " ".join(table.foot)


def of_phones(times: int) -> list:
    return [
        sample.result("file:a@0123456789ab", STEADY, device=phones.phone(number), job=f"a{time}@{number}")
        for number in range(2)
        for time in range(times)
    ]


def test_a_grid_of_phones_has_no_bars():
    assert bars(of_phones(1), 300) is None


def test_a_median_over_phones_has_no_bar():
    found = bars(of_phones(2), 300)
    assert found is not None
    assert [bool(text) for text in found] == [True, True, True, True, False]
