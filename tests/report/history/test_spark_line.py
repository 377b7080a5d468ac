"""Spark lines: as wide as there is room, missing nights seen, noise not drawn as mountains."""

import pytest

from mbench.report.history.spark_line import spark_line


@pytest.mark.parametrize(
    ("values", "width", "line"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], 8, "▁▂▃▄▅▆▇█"),
        ([10, None, 20], 8, "▁·█"),
        ([None, None], 8, "··"),
        ([], 8, ""),
        ([5, 5, 5], 8, "▁▁▁"),
        ([0, 0], 8, "▁▁"),
        ([1000, 1005, 1000], 8, "▁▃▁"),
        ([1, 1, 9, 9], 2, "▁█"),
        ([1, 1, None, None, 9, 9], 3, "▁·█"),
        ([1, None, 9, 9], 2, "▁█"),
    ],
)
def test_numbers_become_bars(values, width, line):
    assert spark_line(values, width) == line
