import csv
import io
import json

import sample_results as sample

from mbench.core.results import MeasurementWarning, Status, WarningCode
from mbench.report.delimited import as_csv, as_json
from mbench.report.rows import Row, row_of

DOUBT = MeasurementWarning(code=WarningCode.BUSY, message='others, "loud"', advice="wait")


def rows() -> list[Row]:
    return [
        row_of(sample.result(medians_us=[10_000, 10_010, 10_020], warnings=[DOUBT])),
        row_of(
            sample.result("file:a,b\nc@aaaaaaaaaaaa", status=Status.FAILED, error_class="model", message="no\nmodel")
        ),
    ]


def test_json_reads_back_as_the_rows():
    assert [Row.model_validate(each) for each in json.loads(as_json(rows()))] == rows()


def test_json_says_null_for_what_is_unknown():
    failed = json.loads(as_json(rows()))[1]
    assert [failed[name] for name in ("latency_median_us", "latency_ci_us", "top1", "dataset")] == [None] * 4


def test_json_holds_intervals_and_doubts_as_plain_values():
    first = json.loads(as_json(rows()))[0]
    assert first["latency_ci_us"] == [10_000.0, 10_020.0]
    assert first["warnings"] == [{"code": "busy", "message": 'others, "loud"', "advice": "wait"}]


def test_json_of_nothing_is_an_empty_list():
    assert json.loads(as_json([])) == []


def test_csv_reads_back_under_the_stable_names():
    first, failed = csv.DictReader(io.StringIO(as_csv(rows())))
    assert list(first) == list(Row.model_fields)
    assert (first["latency_median_us"], first["latency_ci_us"]) == ("10010.0", "[10000.0, 10020.0]")
    assert json.loads(first["warnings"]) == [DOUBT.model_dump(mode="json")]
    assert (failed["variant"], failed["message"]) == ("file:a,b\nc@aaaaaaaaaaaa", "no\nmodel")


def test_csv_leaves_the_unknown_empty():
    failed = list(csv.DictReader(io.StringIO(as_csv(rows()))))[1]
    assert [failed[name] for name in ("latency_median_us", "latency_ci_us", "top1")] == [""] * 3


def test_csv_of_nothing_is_its_header():
    assert as_csv([]) == ",".join(Row.model_fields) + "\n"
