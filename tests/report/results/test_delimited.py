import csv
import io
import json

import pytest
import sample_results as sample

from mbench.core.results import MeasurementWarning, Status, WarningCode
from mbench.report.results.delimited import as_csv, as_json, csv_field
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.rows.row import Row

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


@pytest.mark.parametrize(
    ("text", "field"),
    [
        *((f"{sign}1+1", f"'{sign}1+1") for sign in "=+-@＝＋－＠"),
        ("\tx", "' x"),
        ("\rx", "' x"),
        (" \"'=cmd()", "' \"'=cmd()"),
        ("\n@SUM(1)", "'\n@SUM(1)"),
        ("-5", "'-5"),
        ("a=1", "a=1"),
        ("'x", "'x"),
        ("\x1b[31m", " [31m"),
        ("caf\udce9", "caf\\xe9"),
        ("", ""),
        (-5, -5),
        (-1.5, -1.5),
        (None, ""),
        (False, False),
        (["=1", -2], '["=1", -2]'),
    ],
)
def test_a_text_is_no_formula_and_a_number_stays_one(text, field):
    assert csv_field(text) == field


def test_every_text_column_is_guarded_and_every_number_reads_as_one():
    texts = {"variant", "device", "delegate", "dataset", "message", "error_class"}
    changes = dict.fromkeys(texts, "=HYPERLINK(0)") | {"init_us": -1.5}
    (fields,) = csv.DictReader(io.StringIO(as_csv([rows()[0].model_copy(update=changes)])))
    assert {fields[name] for name in texts} == {"'=HYPERLINK(0)"}
    assert float(fields["init_us"]) == -1.5
