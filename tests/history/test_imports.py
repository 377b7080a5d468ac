"""Imports: users' pasts as CSV and in Bencher's format become series; what cannot be is refused with its line."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from mbench.core.errors import UsageError
from mbench.core.nights.series import PointState
from mbench.history.archive import FOLDER
from mbench.history.imports.csv_file import parse_csv
from mbench.history.imports.rows import parse_moment
from mbench.workflows.history.archives import load_series
from mbench.workflows.history.command import ImportRequest, import_file

HEAD = "time,workload,device,latency_us\n"


def take(root: Path, text: str, **changes) -> str:
    file = root / "past.csv"
    file.write_text(text)
    fields = {"project": "old", "branch": "main", "columns": {}, "device": None, "time": None}
    return import_file(ImportRequest(root=root, file=file, **(fields | changes)))


def rows(text: str, **columns: str):
    return parse_csv(text, source="past.csv", project="old", branch="main", columns=columns, constants={}).rows


def test_a_file_becomes_series(tmp_path):
    text = HEAD + "2026-11-01,net,P1,1000\n2026-11-02T02:00:00+01:00,net,P1,1100.5\n2026-11-01,net,P2,900\n"
    assert take(tmp_path, text) == "3 points of 2 cells are new in old, branch main."
    first, second = load_series(tmp_path, project="old")
    assert (first.cell.workload, first.cell.delegate, first.cell.threads, first.cell.serial) == (
        "net",
        "cpu",
        None,
        "P1",
    )
    assert list(first.latency_us) == [1000, 1100.5]
    assert list(first.day) == [20758, 20759]
    assert list(first.runs) == [1, 1]
    assert len(set(first.thing)) == len(set(first.epoch)) == 1
    assert list(second.latency_us) == [900]


def test_an_import_outlives_the_archive_and_the_file(tmp_path):
    take(tmp_path, HEAD + "2026-11-01,net,P1,1000\n")
    before = load_series(tmp_path, project="old")[0].latency_us
    (tmp_path / "past.csv").unlink()
    shutil.rmtree(tmp_path / FOLDER)
    assert list(load_series(tmp_path, project="old")[0].latency_us) == list(before) == [1000]


def test_what_was_imported_before_counts_once(tmp_path):
    take(tmp_path, HEAD + "2026-11-01,net,P1,1000\n")
    said = take(tmp_path, HEAD + "2026-11-01,net,P1,1000\n2026-11-02,net,P1,1100\n")
    assert said == "1 point of 1 cell is new in old, branch main; 1 point there before."
    assert list(load_series(tmp_path, project="old")[0].latency_us) == [1000, 1100]


def test_other_values_of_what_was_imported_before_are_named_and_not_taken(tmp_path):
    take(tmp_path, HEAD + "2026-11-01,net,P1,1000\n2026-11-02,net,P1,\n")
    said = take(tmp_path, HEAD + "2026-11-01,net,P1,1000\n2026-11-02,net,P1,1100\n2026-11-03,net,P1,1200\n")
    assert said.startswith(
        "1 point of 1 cell is new in old, branch main; 1 point there before; 1 point there before with"
    )
    assert (
        f"other values, which stay as they were; to have those of this file, remove the file of {tmp_path / 'imports'}"
        in said
    )
    assert np.isnan(load_series(tmp_path, project="old")[0].latency_us[1])


def test_columns_can_be_named_joined_and_added(tmp_path):
    text = "date,model,precision,phone,ms,npu,gpu,total,mb,a,b\n2026-11-01,net,int8,P1,1.5,30,1,33,2,7.1,\n"
    (row,) = rows(
        text,
        workload="model+precision",
        device="phone",
        latency_ms="ms",
        delegated="npu+gpu",
        nodes="total",
        memory_mb="mb",
        tools="a+b",
    )
    assert (row.workload, row.device, row.latency_us, row.latency_unit) == ("net int8", "P1", 1500, "ms")
    assert (row.delegated, row.nodes, row.memory_kib, row.tools) == (31, 33, 1953.125, "a 7.1")


@pytest.mark.parametrize(
    ("column", "value", "latency_us"),
    [("latency_ns", "1500", 1.5), ("latency_us", "1500", 1500), ("latency_ms", "1500", 1.5e6), ("latency_s", "2", 2e6)],
)
def test_the_unit_stands_in_the_name_of_the_column(column, value, latency_us):
    (row,) = rows(f"time,workload,device,{column}\n2026-11-01,net,P1,{value}\n")
    assert row.latency_us == pytest.approx(latency_us)


@pytest.mark.parametrize(("column", "kib"), [("memory_kib", 8), ("memory_mib", 8192), ("memory_mb", 7812.5)])
def test_so_does_that_of_memory(column, kib):
    (row,) = rows(f"time,workload,device,latency_us,{column}\n2026-11-01,net,P1,1,8\n")
    assert row.memory_kib == kib
    (row,) = rows("time,workload,device,latency_us,memory_bytes\n2026-11-01,net,P1,1,2048\n")
    assert row.memory_kib == 2


def test_tool_versions_are_what_is_under_test_and_another_epoch_is_none(tmp_path):
    lines = ["2026-11-01,net,P1,10,v1,a", "2026-11-02,net,P1,11,v2,a", "2026-11-03,net,P1,12,v2,b"]
    take(tmp_path, "time,workload,device,latency_us,tools,epoch\n" + "\n".join(lines))
    (series,) = load_series(tmp_path, project="old")
    assert series.thing[0] != series.thing[1] == series.thing[2]
    assert series.epoch[0] == series.epoch[1] != series.epoch[2]


@pytest.mark.parametrize(
    ("status", "latency", "state"),
    [
        ("Passed", "5", PointState.NUMBER),
        ("", "5", PointState.NUMBER),
        ("Failed", "", PointState.FAILED),
        ("Failed", "5", PointState.FAILED),
        ("skipped", "", PointState.LAB),
        ("missing", "", PointState.MISSING),
        ("ok", "n/a", PointState.LAB),
    ],
)
def test_each_status_has_its_state(tmp_path, status, latency, state):
    take(tmp_path, f"time,workload,device,latency_us,status\n2026-11-01,net,P1,{latency},{status}\n")
    (series,) = load_series(tmp_path, project="old")
    assert list(series.state) == [state]
    assert np.isnan(series.latency_us[0]) == (state is not PointState.NUMBER)


@pytest.mark.parametrize("unknown", ["", "-", "NaN", "null", "unknown", "?"])
def test_what_is_unknown_is_a_point_without_a_number(unknown):
    (row,) = rows(HEAD + f"2026-11-01,net,P1,{unknown}\n")
    assert row.latency_us is None


def test_a_latency_of_zero_is_unknown_and_said(tmp_path):
    said = take(tmp_path, HEAD + "2026-11-01,net,P1,0\n2026-11-02,net,P1,0.0\n2026-11-03,net,P1,7\n")
    assert "2 latencies are zero" in said
    (series,) = load_series(tmp_path, project="old")
    assert list(series.state) == [PointState.LAB, PointState.LAB, PointState.NUMBER]


REFUSED = {
    "infinite": (HEAD + "2026-11-01,net,P1,inf\n", "past.csv:2: latency_us: 'inf' is not finite"),
    "negative": (HEAD + "2026-11-01,net,P1,5\n2026-11-02,net,P1,-5\n", "past.csv:3: latency_us: '-5' is below zero"),
    "negative size": (
        "time,workload,device,latency_us,size_bytes\n2026-11-01,net,P1,1,-1\n",
        "past.csv:2: size_bytes: '-1' is below zero",
    ),
    "part of a byte": (
        "time,workload,device,latency_us,size_bytes\n2026-11-01,net,P1,1,1.5\n",
        "size_bytes: 1.5 is not a whole number",
    ),
    "a number of Python": (HEAD + "2026-11-01,net,P1,1_000\n", "'1_000' is not a number"),
    "no number": (HEAD + "2026-11-01,net,P1,fast\n", "'fast' is not a number"),
    "no time": (HEAD + "yesterday,net,P1,5\n", "past.csv:2: time: 'yesterday' is no time"),
    "no workload": (HEAD + "2026-11-01,,P1,5\n", "past.csv:2: workload: Field required"),
    "no column": ("time,workload,device\n", "no column is latency_us; name the one that is"),
    "a line cut off": (HEAD + "2026-11-01,net\n", "past.csv:2: 2 fields, and the header has 4"),
    "two columns of one name": ("time,time\n", "past.csv:1: two columns are called 'time'"),
    "empty": ("", "no column is time"),
    "a unit that is none": (
        "time,workload,device,latency,latency_unit\n2026-11-01,net,P1,5,days\n",
        "past.csv:2: latency_unit 'days'",
    ),
    "a unit that changes": (
        "time,workload,device,latency,latency_unit\n2026-11-01,net,P1,5,ms\n2026-11-02,net,P1,5,us\n",
        "the unit of net on P1 changes from ms to us",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_its_line_and_nothing_is_kept(tmp_path, case):
    text, message = REFUSED[case]
    with pytest.raises(UsageError) as refused:
        take(tmp_path, text)
    assert message in str(refused.value)
    assert not (tmp_path / "imports").exists()


HEADER = "time,workload,device,latency_us,init_us\n"


def noted(*lines: str):
    found = parse_csv(
        HEADER + "\n".join(lines), source="past.csv", project="old", branch="main", columns={}, constants={}
    )
    return len(found.rows), found.notes


def test_a_line_that_says_what_another_one_says_counts_once_and_is_named():
    first, second = "2026-01-01,net,P1,1000,5", "2026-01-02,net,P1,1000,5"
    assert noted(first, second) == (2, ())
    assert noted(first, second, first) == (2, ("line 4 says what line 2 says: such lines count once",))
    assert noted(first, first, first)[1] == (
        "line 3 says what line 2 says, and 1 more likewise: such lines count once",
    )


def test_lines_of_one_cell_and_moment_with_other_values_count_and_are_named_with_what_to_do():
    first = "2026-01-01,net,P1,1000,5"
    count, (note,) = noted(first, "2026-01-01,net,P1,1000,6", "2026-01-01,net,P1,2000,5", "2026-01-01,net,P2,1000,5")
    assert count == 4
    assert note.startswith(
        "line 3 has the cell and the moment of line 2, and other values, and 1 more likewise: all count"
    )
    assert "--column workload=NAME+COLUMN" in note


def test_a_unit_that_another_import_had_otherwise_is_refused(tmp_path):
    take(tmp_path, HEAD + "2026-11-01,net,P1,5\n")
    with pytest.raises(UsageError, match=r"was us in an import before, and is ms here"):
        take(tmp_path, "time,workload,device,latency_ms\n2026-11-02,net,P1,5\n")
    take(tmp_path, "time,workload,device,latency_ms\n2026-11-02,other,P1,5\n")


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="has no column 'nets'"):
        rows(HEAD, workload="nets")
    with pytest.raises(UsageError, match="unknown column 'latenz'"):
        rows(HEAD, latenz="latency_us")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1796004000", datetime(2026, 11, 30, 2, 0, tzinfo=UTC)),
        ("2026-11-30 03:00+01:00", datetime(2026, 11, 30, 2, 0, tzinfo=UTC)),
        ("2026-11-30", datetime(2026, 11, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read(text, moment):
    assert parse_moment(text, where="here") == moment


def bencher(root: Path, benchmarks: object, **changes) -> str:
    when = datetime(2026, 11, 1, tzinfo=UTC)
    return take(root, json.dumps(benchmarks), **({"device": "P1", "time": when} | changes))


def test_bencher_s_format_becomes_series(tmp_path):
    measured = {"latency": {"value": 88_000.0, "lower_value": 87_000, "upper_value": 90_000}, "file-size": {"value": 9}}
    said = bencher(tmp_path, {"net": measured | {"throughput": {"value": 3}}})
    assert "left out: throughput" in said
    (series,) = load_series(tmp_path, project="old")
    assert (series.cell.workload, series.cell.serial) == ("net", "P1")
    assert list(series.latency_us) == [88]
    assert list(series.half_width_us) == [1.5]
    assert list(series.size_bytes) == [9]


@pytest.mark.parametrize(
    ("benchmarks", "message"),
    [
        ({"net": {"latency": {"value": -1}}}, "net: latency: value: '-1' is below zero"),
        ({"net": {"latency": {"value": "1"}}}, "value is '1', not a number"),
        ({"net": {"latency": {"value": True}}}, "value is True, not a number"),
        ({"net": {"latency": {"value": float("inf")}}}, "is not finite"),
        ({"net": 5}, "net: holds a int"),
        ([], "holds a list"),
    ],
)
def test_other_json_is_refused(tmp_path, benchmarks, message):
    with pytest.raises(UsageError) as refused:
        bencher(tmp_path, benchmarks)
    assert message in str(refused.value)


def test_bencher_s_format_needs_a_device_and_a_time(tmp_path):
    with pytest.raises(UsageError, match="say --device and --time"):
        bencher(tmp_path, {"net": {}}, device=None)


def test_a_damaged_import_ends_no_other(tmp_path):
    take(tmp_path, HEAD + "2026-11-01,net,P1,5\n")
    (tmp_path / "imports" / "0123456789ab.csv").write_text("project,latency_us\nold,-5\n")
    from mbench.workflows.history.archives import current_archive

    assert len(load_series(tmp_path, project="old")) == 1
    (note,) = current_archive(tmp_path).notes
    assert "import 0123456789ab.csv is not in the archive" in note


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59", "2200-01-01", "0001-01-01"],
)
def test_a_time_that_cannot_be_is_refused(text):
    with pytest.raises(UsageError, match=r"past\.csv:2: .*(is no time|not of the years 1970 to 2199)"):
        parse_moment(text, where="past.csv:2")


def test_the_first_and_the_last_year_are_taken():
    assert parse_moment("1970-01-01", where="here") == datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_moment("2199-12-31T23:59:59Z", where="here").year == 2199


@pytest.mark.parametrize(("part", "whole"), [("correct", "examples"), ("delegated", "nodes")])
def test_a_part_is_no_more_than_its_whole(part, whole):
    text = f"time,workload,device,latency_us,{part},{whole}\n2026-11-01,net,P1,1000,{{}},10\n"
    assert getattr(rows(text.format(10))[0], part) == 10
    with pytest.raises(UsageError, match=rf"past\.csv:2: .*{part} is 11, of 10 {whole}"):
        rows(text.format(11))
