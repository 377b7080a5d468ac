"""Every printed count of the paper against the files that mbench builds: minutes, and gigabytes of files."""

import pytest

from mbench.core.ports import SilentProgress
from mbench.workflows.paper.tables import suite_shown, suite_tables

MARKS = {
    3: "== == == ==",
    4: "~= ==",
    5: "== ==",
    6: "== == == ==",
    7: "== == ~= ==",
    8: "== ≠≠ ~=",
    9: "~= ~= ==",
    10: "≠≠ ~= == ~= ==",
    11: "== ==",
    12: "== == ≠= == ≠= == =~",
    13: "=≠ == == == == == ≠= == ==",
    14: "== ≠≠ =≠ =≠ ≠≠",
}
"""Of each row its mult-adds and its parameters; ≠ has an erratum or a note in `mbench/paper/tables`."""


def mark(text: str) -> str:
    words = text.partition(" (")[0].split()
    return words[-1] if words[-1] in ("=", "~") else "≠"


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", MARKS)
def test_counts_of_built_files_stand_to_the_printed_ones_as_is_known(number):
    shown = suite_shown(f"mobilenets/table-{number}", (), progress=SilentProgress())
    assert shown.counted.missing == {}
    table = suite_tables(shown)[-1]
    counted = [place for place, column in enumerate(table.columns) if column.header == "counted"]
    assert [[mark(row[place].text) for place in counted] for row in table.rows] == [
        list(marks) for marks in MARKS[number].split()
    ]


@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_built_layers_are_those_of_table_1_but_for_the_last_stride():
    shown = suite_shown("mobilenets/table-1", (), progress=SilentProgress())
    layers = suite_tables(shown)[0]
    built = [place for place, column in enumerate(layers.columns) if column.header == "built"]
    differing = [row for row in layers.rows if any(not row[place].text.endswith(" =") for place in built)]
    assert [[cell.text for cell in row][1:3] for row in differing] == [["Conv dw / s2 (1)", "Conv dw / s1"]]


@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_counted_shares_are_those_of_table_2_but_for_the_swapped_digits():
    shown = suite_shown("mobilenets/table-2", (), progress=SilentProgress())
    shares = suite_tables(shown)[0]
    assert [row[2].text for row in shares.rows] == ["94.857 =", "3.057 =", "1.906 +0.72", "0.180 =", "–"]
    assert [row[4].text for row in shares.rows] == ["74.591 =", "1.061 =", "0.021 =", "24.328 =", "–"]


def test_counts_that_stand_beside_no_printed_ones_say_what_they_count(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path))
    (table,) = suite_tables(suite_shown("smoke", (), build=False, progress=SilentProgress()))
    assert any(
        line.startswith("Params: weights and biases, without batch norm, as the paper counts them;")
        for line in table.foot
    )
