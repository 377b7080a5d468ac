import pytest
import sample_results as sample

from mbench.core.delegates import parse_delegate
from mbench.core.results import DelegateCoverage, JobResult, MeasurementWarning, Status, WarningCode
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.rows.row import Row

STABLE_NAMES = """
variant status error_class message exit_code device emulated delegate threads inputs mult_adds parameters size_bytes
top1 top1_ci top5 top1_place dataset examples metrics top1_device top1_device_ci metrics_device latency_median_us
latency_ci_us latency_p95_us latency_mean_us init_us first_us peak_memory_kib delegate_nodes runs artifact_sha256
binary_sha256 session provenance warnings weights calibration against side
"""


def codes(result: JobResult) -> list[WarningCode]:
    return [warning.code for warning in row_of(result).warnings]


def test_the_names_that_machines_rely_on_are_these():
    assert " ".join(Row.model_fields) == " ".join(STABLE_NAMES.split())


def test_the_headline_is_the_median_over_runs():
    row = row_of(sample.result(medians_us=[11_300, 11_900, 11_400]))
    assert (row.latency_median_us, row.latency_ci_us, row.runs) == (11_400, (11_300, 11_900), 3)


def test_two_runs_have_no_interval():
    assert row_of(sample.result(medians_us=[11_300, 11_900])).latency_ci_us is None


@pytest.mark.parametrize("status", [Status.FAILED, Status.SKIPPED])
def test_what_did_not_end_well_has_no_number_although_runs_had(status):
    row = row_of(sample.result(medians_us=[11_300] * 3, status=status))
    numbers = (row.latency_median_us, row.latency_ci_us, row.latency_p95_us, row.init_us, row.peak_memory_kib)
    assert numbers == (None,) * 5
    assert row.runs == 3


def test_an_interrupted_job_shows_what_it_measured_with_its_status():
    row = row_of(sample.result(medians_us=[11_300, 11_500], status=Status.ABORTED))
    assert (row.status, row.latency_median_us) == (Status.ABORTED, 11_400)


def test_failed_runs_do_not_count():
    runs = (sample.latency_run(10_000), sample.latency_run(90_000, 1, status=Status.FAILED))
    row = row_of(sample.result(runs=runs))
    assert (row.runs, row.latency_median_us) == (1, 10_000)


def test_a_binary_that_prints_no_median_counts_by_its_mean():
    runs = [sample.latency_run(None, index, measured={"avg_us": 10_500.5}) for index in range(3)]
    assert row_of(sample.result(runs=runs)).latency_median_us == 10_500.5


def test_a_result_without_runs_has_no_numbers_but_counts():
    row = row_of(sample.result())
    assert (row.latency_median_us, row.init_us, row.runs, row.mult_adds) == (None, None, 0, 568_740_352)


def test_p95_is_the_median_over_runs():
    assert row_of(sample.result(medians_us=[10_000, 12_000, 11_000])).latency_p95_us == 12_000


def test_p95_of_fewer_than_forty_inferences_is_unknown():
    runs = [sample.latency_run(10_000, index, measured={"count": 39 + index}) for index in range(3)]
    assert row_of(sample.result(runs=runs)).latency_p95_us is None


def test_init_is_the_median_over_runs_that_say_it():
    runs = [sample.latency_run(10_000, 0, init_us=None), sample.latency_run(10_000, 1, init_us=7)]
    assert row_of(sample.result(runs=runs)).init_us == 7


def test_peak_memory_is_the_median_over_the_memory_pass():
    runs = [sample.memory_run(kib, index) for index, kib in enumerate([30_000, 10_000, 20_000])]
    assert row_of(sample.result(runs=runs)).peak_memory_kib == 20_000


def test_growth_of_memory_never_stands_in_for_its_peak():
    assert row_of(sample.result(runs=[sample.memory_run(None)])).peak_memory_kib is None


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        ([("XNNPACK", 33, 33, 0)], "33/33"),
        ([("XNNPACK", 31, 33, 0), ("GPU", 2, 33, 0)], "33/33"),
        ([("XNNPACK", 31, 33, 0), ("XNNPACK", 5, 10, 1)], "36/43"),
        ([("XNNPACK", 31, None, 0)], None),
        ([], None),
    ],
)
def test_delegated_nodes_are_added_up_over_delegates_and_subgraphs(coverage, said):
    delegates = [
        DelegateCoverage(name=name, nodes=nodes, total=total, partitions=1, subgraph=subgraph)
        for name, nodes, total, subgraph in coverage
    ]
    assert row_of(sample.result(runs=[sample.latency_run(1, delegates=delegates)])).delegate_nodes == said


def test_runs_that_disagree_about_delegated_nodes_leave_them_unknown():
    runs = [sample.latency_run(1), sample.latency_run(1, 1, delegates=())]
    assert row_of(sample.result(runs=runs)).delegate_nodes is None


def test_a_file_that_was_not_built_has_no_size_and_no_hash():
    unbuilt = sample.workload(sha256=None, size_bytes=None, mult_adds=None, parameters=None, activation_bytes=None)
    row = row_of(sample.result(workload=unbuilt, status=Status.FAILED, error_class="build"))
    assert (row.size_bytes, row.artifact_sha256) == (None, None)


def test_too_few_runs_are_a_doubt():
    assert codes(sample.result(medians_us=[10_000, 10_000])) == [WarningCode.FEW_RUNS]


def test_a_wide_interval_is_a_doubt():
    assert codes(sample.result(medians_us=[10_000, 11_000, 12_000])) == [WarningCode.WIDE_INTERVAL]


def test_a_narrow_interval_is_none():
    assert codes(sample.result(medians_us=[10_000, 10_010, 10_020])) == []


def test_stored_doubts_are_not_repeated():
    stored = MeasurementWarning(code=WarningCode.WIDE_INTERVAL, message="stored")
    result = sample.result(medians_us=[10_000, 11_000, 12_000], warnings=[stored])
    assert row_of(result).warnings == (stored,)


def test_doubts_of_runs_are_named_once():
    busy = MeasurementWarning(code=WarningCode.BUSY, message="busy")
    runs = [sample.latency_run(10_000, index, warnings=[busy]) for index in range(3)]
    assert codes(sample.result(runs=runs)) == [WarningCode.BUSY]


def test_a_model_without_meaning_is_said_to_be_latency_only():
    workload = sample.workload(latency_only="untrained weights")
    assert codes(sample.result(workload=workload, medians_us=[10_000] * 3)) == [WarningCode.LATENCY_ONLY]


def test_an_accelerators_nodes_are_counted_without_those_it_left_to_xnnpack():
    left = (
        DelegateCoverage(name="TfLiteGpuDelegateV2", nodes=21, total=31, partitions=3, subgraph=0),
        DelegateCoverage(name="TfLiteXNNPackDelegate", nodes=8, total=11, partitions=4, subgraph=0),
    )
    gpu = sample.workload(delegate=parse_delegate("gpu:fp32:cl"))
    row = row_of(sample.result(workload=gpu, runs=(sample.latency_run(6_455, delegates=left, gpu_api="OpenCL"),)))
    assert (row.delegate, row.delegate_nodes) == ("gpu:fp32:cl", "21/31")


def test_a_gpu_row_for_which_nothing_was_delegated_says_so():
    gpu = sample.workload(delegate=parse_delegate("gpu"))
    only = (DelegateCoverage(name="TfLiteXNNPackDelegate", nodes=29, total=31, partitions=4),)
    run = sample.latency_run(6_455, delegates=only, nodes=31)
    assert row_of(sample.result(workload=gpu, runs=(run,))).delegate_nodes == "0/31"
