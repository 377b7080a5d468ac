"""A change that nights are too few for is shown as such: in the table, and for machines."""

import csv
import io
import json
from datetime import date

import pytest

from mbench.core.nights.series import Cell
from mbench.core.nights.summaries import Change, SeriesSummary
from mbench.report.history.history_table import history_csv, history_json, history_table

CELL = Cell(project="app", branch="main", workload="net", delegate="cpu", threads=1, serial="P1")


def summary(*, certain: bool) -> SeriesSummary:
    change = Change(night="n", day=date(2026, 11, 30), before_us=100.0, after_us=110.0, epoch=False, certain=certain)
    return SeriesSummary(cell=CELL, model="Pixel 4", level_us=110.0, noise=0.01, points=(), changes=(change,))


@pytest.mark.parametrize("certain", [True, False])
def test_a_recent_change_says_that_it_is_not_yet_certain(certain):
    found = [summary(certain=certain)]
    (row,) = history_table(found, against=None).rows
    said = "2026-11-30 +10.0 %" if certain else "2026-11-30 +10.0 %, recent, not yet certain"
    assert said in [cell.text for cell in row]
    assert json.loads(history_json(found))[0]["changes"][0]["certain"] is certain
    (line,) = csv.DictReader(io.StringIO(history_csv(found)))
    assert line["certain"] == str(int(certain))
