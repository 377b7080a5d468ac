"""Bencher's metric format and github-action-benchmark's JSON."""

import json

import pytest
from jsonschema import Draft7Validator
from sample_verdicts import failed, lost, row

from mbench.report.exports.trackers import bencher_files, github_benchmark_json

BENCHER = {
    "type": "object",
    "patternProperties": {
        ".+": {
            "type": "object",
            "patternProperties": {
                ".+": {
                    "type": "object",
                    "properties": {name: {"type": "number"} for name in ("value", "lower_value", "upper_value")},
                    "required": ["value"],
                }
            },
        }
    },
}
"""bencher.dev, reference, "Bencher Metric Format"."""


def bencher(*rows):
    files = {name: json.loads(data) for name, data in bencher_files(rows).items()}
    for each in files.values():
        Draft7Validator(BENCHER).validate(each)
    return files


def test_latencies_are_nanoseconds_with_their_bounds():
    assert bencher(row()) == {
        "9A1.json": {
            "detector gpu ×4": {
                "latency": {"value": 14_310_000.0, "lower_value": 14_200_000.0, "upper_value": 14_400_000.0},
                "file-size": {"value": 4_456_789.0},
                "peak-memory": {"value": 25_165_824.0},
                "top-1": {"value": pytest.approx(71.2)},
            }
        }
    }


def test_what_is_not_known_is_left_out():
    (measures,) = bencher(row(low_us=None, high_us=None, size_bytes=None, peak_memory_kib=None, top1=None))[
        "9A1.json"
    ].values()
    assert measures == {"latency": {"value": 14_310_000.0}}


def test_each_device_has_a_file():
    files = bencher(row(), row(serial="127.0.0.1:5555"), row(workload="s"))
    assert {name: list(each) for name, each in files.items()} == {
        "9A1.json": ["detector gpu ×4", "s gpu ×4"],
        "127_0_0_1_5555-6460677a.json": ["detector gpu ×4"],
    }


def test_cells_without_numbers_are_left_out_of_both():
    nothing = {"peak_memory_kib": None, "top1": None}
    assert bencher(lost(**nothing), failed(workload="f", **nothing)) == {"9A1.json": {}}
    assert json.loads(github_benchmark_json([lost()])) == []


def test_no_name_of_ours_lets_bencher_ignore_it():
    (name,) = bencher(row(delegate="x-bencher-ignore", threads=None))["9A1.json"]
    assert not name.endswith("-bencher-ignore")


def test_names_that_are_cleaned_alike_are_told_apart():
    names = list(bencher(row(workload="a\x00b"), row(workload="a\x01b"), row(workload="a b"))["9A1.json"])
    assert names == ["a b gpu ×4", "a b gpu ×4 #2", "a b gpu ×4 #3"]


def test_smaller_is_better_has_names_units_values_and_ranges():
    assert json.loads(github_benchmark_json([row(), row(workload="s", low_us=None, artifact_sha256=None)])) == [
        {
            "name": "detector gpu ×4 on Pixel 4 9A1",
            "unit": "µs",
            "value": 14_310.0,
            "range": "14200..14400",
            "extra": f"8 runs\nartifact {'a' * 64}",
        },
        {"name": "s gpu ×4 on Pixel 4 9A1", "unit": "µs", "value": 14_310.0, "extra": "8 runs"},
    ]
