import re
from datetime import timedelta

import pytest
import sample_results as sample
import sample_scores as scored

from mbench.core.delegates import Delegate
from mbench.core.results import Status
from mbench.core.workloads import RunSettings
from mbench.report.paper.measured_columns import (
    Measured,
    doubt_lines,
    latency_columns,
    rate_columns,
    score_columns,
    source_lines,
)

ROWS = [("mobilenet_v1_1.00_224",), ("mobilenet_v1_0.50_160",)]
LATER = sample.NOW + timedelta(days=1)


def texts(columns) -> dict[str, list[str]]:
    return {column.header: [cell.text for cell in column.cells] for column in columns}


def test_each_way_of_running_has_a_column_and_what_was_not_run_is_unknown():
    results = [
        sample.result("mobilenet_v1_1.00_224_int8", [10_000, 10_010, 10_020]),
        sample.result("mobilenet_v1_0.50_160_fp32", [3_000, 3_001, 3_002]),
    ]
    assert texts(latency_columns(Measured(results, ROWS), ROWS)) == {
        "Latency (ms), host fp32 cpu ×1": ["?", "3.001 [3.000, 3.002]"],
        "Latency (ms), host int8 cpu ×1": ["10.010 [10.000, 10.020]", "?"],
    }


def test_results_of_other_networks_are_left_out():
    assert Measured([sample.result("mobilenet_v1_0.25_32_int8", [1, 2, 3])], ROWS).ways == ()


def test_the_last_of_two_results_stands():
    old = sample.result("mobilenet_v1_1.00_224_int8", [10_000, 10_010, 10_020])
    new = sample.result("mobilenet_v1_1.00_224_int8", [5_000, 5_010, 5_020], session="s2", finished_at=LATER)
    columns = texts(latency_columns(Measured([new, old], ROWS), ROWS))
    assert columns == {"Latency (ms), host int8 cpu ×1": ["5.010 [5.000, 5.020]", "?"]}


def test_a_head_of_another_data_set_is_named():
    measured = Measured([sample.result("mobilenet_v1_1.00_224_digits10_int8", [1_000, 1_001, 1_002])], ROWS)
    assert [way.label for way in measured.ways] == ["host int8 digits10 cpu ×1"]


def test_two_machines_never_share_a_column():
    other = sample.DEVICE.model_copy(update={"serial": "laptop"})
    results = [
        sample.result("mobilenet_v1_1.00_224_int8", [10, 11, 12]),
        sample.result("mobilenet_v1_0.50_160_int8", [10, 11, 12], device=other),
    ]
    assert [way.device for way in Measured(results, ROWS).ways] == ["laptop", "workstation"]


def test_two_programs_on_one_phone_never_share_a_column():
    phone = sample.DEVICE.model_copy(update={"serial": "abc", "profile": "pixel4"})
    results = [
        sample.result("mobilenet_v1_1.00_224_int8", [10, 11, 12], device=phone, binary=binary)
        for binary in (sample.BINARY, sample.BINARY.model_copy(update={"tool": "litert"}))
    ]
    assert [way.device for way in Measured(results, ROWS).ways] == ["abc hostbench", "abc litert"]


def test_latencies_that_were_not_taken_alike_are_reported():
    longer = sample.workload("mobilenet_v1_0.50_160_int8", settings=RunSettings(num_runs=500))
    results = [
        sample.result("mobilenet_v1_1.00_224_int8", [10, 11, 12]),
        sample.result("mobilenet_v1_0.50_160_int8", [10, 11, 12], workload=longer, job="other"),
    ]
    assert "Not all latencies were taken alike; they differ in settings." in source_lines(Measured(results, ROWS))


def test_a_failed_job_says_so_in_its_cell():
    failed = sample.result("mobilenet_v1_1.00_224_int8", status=Status.FAILED, error_class="model", message="no")
    measured = Measured([failed], ROWS)
    assert texts(latency_columns(measured, ROWS)) == {"Latency (ms), host int8 cpu ×1": ["failed: model (a)", "?"]}
    assert doubt_lines(measured)[0].startswith("(a) failed: model")


def test_doubts_are_lettered_because_numbers_mark_errata():
    few = sample.result("mobilenet_v1_1.00_224_int8", [10_000])
    sure = sample.result("mobilenet_v1_0.50_160_int8", [3_000, 3_001, 3_002], job="other")
    measured = Measured([few, sure], ROWS)
    (column,) = latency_columns(measured, ROWS)
    assert [cell.text for cell in column.cells] == ["10.0 (a)", "3.001 [3.000, 3.002]"]
    assert doubt_lines(measured)[0].startswith("(a) few runs")


@pytest.mark.parametrize(("networks", "named", "more"), [(4, 4, ""), (6, 4, "; and 2 more.")])
def test_a_line_holds_the_doubts_of_four_networks_and_counts_the_others(networks, named, more):
    rows = [(f"mobilenet_v1_1.00_{224 - 32 * place}",) for place in range(networks)]
    results = [
        sample.result(f"{name}_int8", [10_000, 14_000, 18_000 + 500 * place]) for place, (name,) in enumerate(rows)
    ]
    (line,) = (line for line in doubt_lines(Measured(results, rows)) if "wide interval" in line)
    said = line.partition(" Advice: ")[0]
    assert said.count("is wider than") == named
    assert said.endswith(more or "%.")


def test_parts_that_run_after_each_other_are_not_added_up():
    parts = [("mobilenet_v1_1.00_224", "mobilenet_v1_0.50_160")]
    results = [
        sample.result("mobilenet_v1_1.00_224_int8", [10_000, 10_010, 10_020]),
        sample.result("mobilenet_v1_0.50_160_int8", [3_000, 3_001, 3_002]),
    ]
    (column,) = latency_columns(Measured(results, parts), parts)
    assert column.cells[0].text == "10.010 [10.000, 10.020] + 3.001 [3.000, 3.002]"


def test_a_rate_is_multiply_adds_over_latency():
    measured = Measured([sample.result("mobilenet_v1_1.00_224_int8", [10_000, 10_000, 10_000])], ROWS)
    assert texts(rate_columns(measured, ROWS)) == {"GMAC/s, host int8 cpu ×1": ["56.9", "?"]}


def test_an_accuracy_names_its_data_set_and_quantization():
    measured = Measured([scored.scored_result("mobilenet_v1_1.00_224_int8", 36)], ROWS)
    ((header, cells),) = texts(score_columns(measured, ROWS, "top1")).items()
    assert header == "Top-1 (%), digits test, int8"
    assert re.fullmatch(r"\d\d\.\d \[.+\]", cells[0])
    assert cells[1] == "?"


def test_other_metrics_have_no_column_of_this_one():
    measured = Measured([scored.scored_result("mobilenet_v1_1.00_224_int8", 36)], ROWS)
    assert score_columns(measured, ROWS, "coco_ap") == ()


def test_the_lines_below_name_device_session_and_program():
    measured = Measured([sample.result("mobilenet_v1_1.00_224_int8", [1_000, 1_001, 1_002])], ROWS)
    lines = list(source_lines(measured))
    assert lines[0] == "Measured on workstation: i5-1240P, Debian 12, 16 cores."
    assert "20260115-093000-host-alpha-1a2b" in lines[1]


def test_delegates_and_threads_are_ways_of_their_own():
    workload = sample.workload("mobilenet_v1_1.00_224_int8", delegate=Delegate.XNNPACK, threads=4)
    measured = Measured(
        [
            sample.result("mobilenet_v1_1.00_224_int8", [10, 11, 12]),
            sample.result("mobilenet_v1_1.00_224_int8", [10, 11, 12], workload=workload, job="other"),
        ],
        ROWS,
    )
    assert [way.label for way in measured.ways] == ["host int8 cpu ×1", "host int8 xnnpack ×4"]
