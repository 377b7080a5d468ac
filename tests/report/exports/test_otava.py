"""Otava's CSV files, and the YAML that names their columns."""

import csv
import io
from datetime import UTC, datetime

import yaml
from sample_verdicts import lost, row

from mbench.report.exports.otava import NightRows, otava_files


def night(day, *rows):
    return NightRows(night=f"night-{day}", rows=rows)


def at(day, **changes):
    return row(ended_at=datetime(2026, 11, day, 21, tzinfo=UTC), **changes)


def read(files):
    """Return each test's rows, as Otava finds them: by the columns that its YAML names."""
    tests = yaml.safe_load(files["otava.yaml"])["tests"]
    found = {}
    for name, test in tests.items():
        lines = list(
            csv.DictReader(
                io.StringIO(files[test["file"]].decode()),
                delimiter=test["csv_options"]["delimiter"],
                quotechar=test["csv_options"]["quote_char"],
            )
        )
        columns = {metric: each["column"] for metric, each in test["metrics"].items()}
        assert all(set(test["attributes"]) < set(line) for line in lines)
        assert {each["direction"] for each in test["metrics"].values()} == {-1}
        found[name] = [
            (
                datetime.fromisoformat(line[test["time_column"]]),
                {metric: float(line[column]) for metric, column in columns.items()},
            )
            for line in lines
        ]
    return found


def test_each_cell_is_a_test_with_a_row_for_each_night():
    files = otava_files(
        [night(28, at(28), at(28, workload="s")), night(29, at(29, latency_us=13_000.5), at(29, workload="s"))]
    )
    found = read(files)
    assert set(found) == {"detector gpu ×4 on 9A1", "s gpu ×4 on 9A1"}
    assert found["detector gpu ×4 on 9A1"] == [
        (
            datetime(2026, 11, 28, 21, tzinfo=UTC),
            {"latency_us": 14_310.0, "size_bytes": 4_456_789.0, "peak_memory_kib": 24_576.0},
        ),
        (
            datetime(2026, 11, 29, 21, tzinfo=UTC),
            {"latency_us": 13_000.5, "size_bytes": 4_456_789.0, "peak_memory_kib": 24_576.0},
        ),
    ]


def test_a_night_without_a_number_is_no_row_since_each_field_is_a_number():
    found = read(otava_files([night(28, at(28)), night(29, lost()), night(30, at(30))]))
    assert [each[0].day for each in found["detector gpu ×4 on 9A1"]] == [28, 30]


def test_a_metric_that_one_night_does_not_have_is_none_of_the_cell_s():
    found = read(otava_files([night(28, at(28)), night(29, at(29, peak_memory_kib=None))]))
    assert [set(each[1]) for each in found["detector gpu ×4 on 9A1"]] == [{"latency_us", "size_bytes"}] * 2


def test_nothing_measured_is_a_file_without_tests():
    assert yaml.safe_load(otava_files([night(28, lost())])["otava.yaml"]) == {"tests": {}}
