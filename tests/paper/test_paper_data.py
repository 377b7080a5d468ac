import re
from decimal import Decimal

import pytest

from mbench.core.builds.variants import parse_variant
from mbench.core.errors import UsageError
from mbench.paper.references import CHECKPOINT_ACCURACIES, PAPER_ACCURACIES, all_series, find_series
from mbench.paper.suites import load_suite, network_of, suite_files
from mbench.paper.tables import TABLES, paper_table

ROWS = {3: 4, 4: 2, 5: 2, 6: 4, 7: 4, 8: 3, 9: 3, 10: 5, 11: 2, 12: 7, 13: 9, 14: 5}
MOST_LINES = 40


@pytest.mark.parametrize("number", TABLES)
def test_a_table_names_its_source_and_networks_that_are_variants(number):
    table = paper_table(number)
    assert f"Table {number}" in table.source
    assert "arXiv 1704.04861v1" in table.source
    assert [network_of(parse_variant(f"{name}_fp32")) for name in table.networks] == list(table.networks)


@pytest.mark.parametrize(("number", "rows"), ROWS.items())
def test_a_table_has_all_its_rows(number, rows):
    assert len(paper_table(number).rows) == rows


def test_table_1_has_28_layers_with_weights():
    layers = [row for row in paper_table(1).layers for _ in range(row.times)]
    assert sum(not row.type.startswith(("Avg Pool", "Softmax")) for row in layers) == 28


def test_the_shares_of_table_2_sum_to_what_the_errata_say():
    printed = [Decimal(row.mult_adds.printed) for row in paper_table(2).shares]
    assert sum(printed) == Decimal("99.29")
    assert sum(printed) + Decimal("0.72") == Decimal("100.01")


def test_one_network_is_printed_alike_in_every_table():
    printed: dict[tuple[str, str], set[str]] = {}
    for number in (4, 5, 6, 7, 8):
        for row in paper_table(number).rows:
            for what in ("score", "mult_adds", "parameters"):
                printed.setdefault((row.network, what), set()).add(getattr(row, what).printed)
    assert {key: texts for key, texts in printed.items() if len(texts) > 1} == {}


def test_the_published_accuracies_of_the_paper_are_those_of_its_tables():
    of_tables = {row.network: float(row.score.printed) for number in (6, 7, 9) for row in paper_table(number).rows}
    series = find_series(PAPER_ACCURACIES)
    assert series.values == {network: of_tables[network] for network in series.values}
    assert len(series.values) == 8


def test_the_checkpoints_of_the_grid_are_sixteen():
    grid = {network_of(variant) for variant in load_suite("mobilenets/grid").parsed}
    assert set(find_series(CHECKPOINT_ACCURACIES).values) == grid
    assert len(grid) == 16


def test_every_series_has_a_source_and_values():
    for series in all_series().values():
        assert re.search(r"[a-z0-9]+/\S+|arXiv \d|keras\.io", series.source), series.id
        assert all(value > 0 for value in series.values.values())


@pytest.mark.parametrize("name", suite_files())
def test_a_suite_is_small_and_its_references_exist(name):
    assert len(suite_files()[name].read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    for reference in load_suite(name).references:
        find_series(reference)


@pytest.mark.parametrize("number", TABLES)
def test_a_tables_suite_runs_every_network_of_the_table(number):
    table, suite = paper_table(number), load_suite(f"mobilenets/table-{number}")
    run = {network_of(variant) for variant in suite.parsed}
    shown = {name for row in table.rows for name in row.networks} | ({table.network} if table.network else set())
    assert suite.table == number
    assert shown == run


def test_suites_are_listed_tables_first_and_by_number():
    names = list(suite_files())
    assert names[:14] == [f"mobilenets/table-{number}" for number in TABLES]
    assert names[14:] == ["mobilenets/figure-4", "mobilenets/figure-5", "mobilenets/grid", "nightly", "smoke"]


def test_a_users_suite_stands_in_for_a_shipped_one(tmp_path):
    (tmp_path / "smoke.toml").write_text('title = "mine"\nvariants = ["mobilenet_v1_0.25_32_int8"]\n')
    assert load_suite("smoke", user_folder=tmp_path).title == "mine"


def test_an_unknown_suite_names_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'mobilenets/table-6'"):
        load_suite("mobilenet/table-6")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "Invalid value"),
        ('title = "x"\nvariants = ["mobilenet"]\n', "variants: 'mobilenet' is no variant name"),
        ('title = "x"\nvariants = ["mobilenet_v1_0.25_32_int8"]\ncolor = 1\n', "color"),
        ('title = "x"\nvariants = ["mobilenet_v1_0.25_32_int8", "mobilenet_v1_0.25_32_int8"]\n', "named twice"),
    ],
)
def test_a_file_that_is_no_suite_says_why(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        load_suite(str(path))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"table = " + b"9" * 5000, "digits"),
        (b"table = " + b"[" * 100_000, "nested too deeply|without end"),
        (b'title = "\xff"', "can't decode byte 0xff"),
        (b'title = "t"\nvariants = ["mobilenet_v1_1.00_' + b"9" * 5000 + b'_int8"]', "no variant name"),
    ],
)
def test_a_suite_that_python_cannot_read_is_one_line(tmp_path, data, said):
    path = tmp_path / "mine.toml"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=said):
        load_suite(str(path))


def test_a_suite_with_an_endless_number_in_its_name_is_listed(tmp_path):
    name = f"mine-{'9' * 200}"
    (tmp_path / f"{name}.toml").touch()
    assert name in suite_files(user_folder=tmp_path)
