"""Rows of a session that timed old files in turn with new ones, which bear one name: told apart in every form."""

import csv
import io
import json

import pytest
import sample_pages as pages
import sample_phones as phones
import sample_results as sample

from mbench.core.job_pairs import OLD_JOB, new_of
from mbench.report.model_files.operators import operator_tables
from mbench.report.pages.dimensions import Dimension, place_of
from mbench.report.results.delimited import as_csv, as_json
from mbench.report.results.report import report_markdown
from mbench.report.results.rows.job_rows import rows_of
from mbench.report.results.tables.all_tables import result_tables
from mbench.report.results.tables.terminal_tables import terminal_tables

NAME = "mobilenet_v1_0.50_160_int8"


def paired(**changes):
    """Return an old file's job and the new one's, and a job that nothing was compared with."""
    job = f"{NAME}-cpu-t1"
    return [
        sample.result(NAME, [1000, 1010, 1020], job=job, **changes),
        sample.result(NAME, [1200, 1210, 1220], job=f"{job}{OLD_JOB}", **changes),
        sample.result("file:mine@0123456789ab", [900, 910, 920], job="file-mine@0123456789ab-cpu-t1", **changes),
    ]


@pytest.mark.parametrize(
    ("job", "new"),
    [
        ("net-cpu-t1.old", "net-cpu-t1"),
        ("net-gpu-t16.old@R58M12", "net-gpu-t16@R58M12"),
        ("net-cpu-t1", None),
        ("file-net.old@0123456789ab-cpu-t1", None),
        ("file-net.old@0123456789ab-cpu-t1.old", "file-net.old@0123456789ab-cpu-t1"),
        ("net-cpu-t1.older", None),
        ("net-cpu-t1xold", None),
        (".old", None),
    ],
)
def test_an_old_job_is_known_by_its_name(job, new):
    assert new_of(job) == new


def test_a_row_says_which_side_it_is_of():
    assert [row.side for row in rows_of(paired())] == ["new", "old", None]


def test_jobs_of_another_session_are_not_compared():
    new, old, _ = paired()
    other = new.model_copy(update={"session": "20260116-093000-host-alpha-2b3c"})
    assert [row.side for row in rows_of([other, old])] == [None, "old"]


def test_machines_read_the_side_beside_an_unchanged_variant():
    found = json.loads(as_json(rows_of(paired())))
    assert [(row["variant"], row["side"]) for row in found] == [
        (NAME, "new"),
        (NAME, "old"),
        ("file:mine@0123456789ab", None),
    ]
    lines = csv.DictReader(io.StringIO(as_csv(rows_of(paired()))))
    assert [line["side"] for line in lines] == ["new", "old", ""]


def test_tables_for_people_mark_the_old_one():
    for table in (*result_tables(paired()), *terminal_tables(paired(), width=100)):
        assert [row[0].text for row in table.rows] == [NAME, f"{NAME} (old)", "file:mine@0123456789ab"]
    assert f"{NAME} (old)" in report_markdown(paired()).replace("\\", "")


def test_footnotes_and_the_line_of_artifacts_name_the_old_one():
    new, old, other = paired()
    (table,) = result_tables([new, phones.failed(old), other])
    assert any(f"{NAME} (old)" in line for line in table.footnotes)
    assert any(f"{NAME} (old) aaaaaaaaaaaa" in line for line in table.foot)


def test_a_grid_of_many_phones_has_a_column_for_either_side():
    results = []
    for number in range(9):
        results += [
            each.model_copy(update={"job": f"{each.job}@p{number}"}) for each in paired(device=phones.phone(number))
        ]
    (table,) = result_tables(results)
    headers = [column.header for column in table.columns]
    assert any(header.endswith("(old)") for header in headers), headers
    assert len(set(headers)) == len(headers)


def test_operator_profiles_are_told_apart():
    titles = [table.title for table in operator_tables([pages.profiled(each, [("CONV_2D", 9.0)]) for each in paired()])]
    assert titles[:2] == [f"{NAME} cpu ×1: operators", f"{NAME} cpu ×1 (old): operators"]


def test_the_page_marks_the_old_one_and_no_line_joins_both():
    text = pages.page(paired())
    cells = pages.cells_of(text)
    assert [cells.rows[number][0][1] for number in range(3)] == [NAME, f"{NAME} (old)", "file:mine@0123456789ab"]
    new, old, _ = (place_of(row) for row in rows_of(paired()))
    assert (new[Dimension.NETWORK], old[Dimension.NETWORK]) == ("mobilenet_v1", "mobilenet_v1 (old)")
