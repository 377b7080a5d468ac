"""Rows of cells, out of the documents of jobs."""

import pytest
import sample_results as sample

from mbench.core.error_classes import BUDGET, MODEL, TRANSPORT
from mbench.core.nights.cells import PointState
from mbench.core.results import Status
from mbench.report.exports.cell_rows import cell_rows


def row(**changes):
    result = sample.result(medians_us=changes.pop("medians_us", (11_300, 11_420, 11_600)), **changes)
    (found,) = cell_rows([result], project="mobile", branch="main", names={"job": "mine"})
    return found


def test_a_row_has_the_name_that_lasts_and_the_numbers_of_its_document():
    found = row()
    assert str(found.cell) == "mine cpu ×1 on host:workstation"
    assert (found.cell.project, found.cell.branch, found.model, found.name) == (
        "mobile",
        "main",
        "i5-1240P",
        "mine cpu ×1",
    )
    assert (found.latency_us, found.low_us, found.high_us, found.runs) == (11_420.0, 11_300.0, 11_600.0, 3)
    assert found.run_s == pytest.approx(4 * 0.5)
    assert (found.size_bytes, found.peak_memory_kib) == (4_456_789, 24_576.0)
    assert (found.state, found.ran) == (PointState.NUMBER, True)


def test_a_variant_has_its_own_name():
    (found,) = cell_rows([sample.result()], project="p", branch="b", names={"other": "mine"})
    assert found.cell.workload == "mobilenet_v1_1.00_224_int8"


@pytest.mark.parametrize(
    ("status", "error_class", "state", "ran"),
    [
        (Status.FAILED, MODEL, PointState.FAILED, True),
        (Status.FAILED, TRANSPORT, PointState.LAB, True),
        (Status.ABORTED, TRANSPORT, PointState.LAB, True),
        (Status.SKIPPED, BUDGET, PointState.LAB, False),
    ],
)
def test_a_cell_without_a_number_has_none_and_says_why(status, error_class, state, ran):
    found = row(status=status, error_class=error_class, message="why")
    assert (found.state, found.ran, found.error_class, found.message) == (state, ran, error_class, "why")
    assert (found.latency_us, found.low_us, found.high_us) == (None, None, None)


def test_a_renamed_workload_has_its_new_name_as_findings_have_it():
    renamed = {"mobilenet_v1_1.00_224_int8": "net", "other": "another"}
    (found,) = cell_rows([sample.result()], project="p", branch="b", names={}, renamed=renamed)
    assert found.cell.workload == "net"
