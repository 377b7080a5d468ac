"""Every bound, unit and comparison of a row's numbers and doubts, from both sides."""

from collections.abc import Sequence

import pytest
import sample_results as sample
import sample_scores as scored

from mbench.core.delegates import parse_delegate
from mbench.core.results import DelegateCoverage, JobResult, MeasurementWarning, Memory, Pass, Run, Status, WarningCode
from mbench.report.results.columns.latency_text import latency_text, short_latency_text
from mbench.report.results.columns.result_columns import chosen_columns, counted
from mbench.report.results.feet.foot_lines import subgraph_lines
from mbench.report.results.rows.fastest import clear_winner
from mbench.report.results.rows.job_rows import row_of

NUMBERS = ("latency_median_us", "latency_ci_us", "latency_p95_us", "init_us", "peak_memory_kib", "delegate_nodes")


def rules(**changes):
    return sample.RULES.model_copy(update=changes)


def doubts(medians_us: Sequence[float], **changes) -> list[tuple[str, str]]:
    """Return the codes and messages for runs of these latencies, whole or not."""
    runs = [
        sample.latency_run(None, index, measured={"avg_us": float(median_us)})
        for index, median_us in enumerate(medians_us)
    ]
    found = row_of(sample.result(runs=runs, **changes)).warnings
    return [(str(warning.code), warning.message) for warning in found]


def outlying(medians_us: Sequence[float]) -> list[str]:
    return [message for code, message in doubts(medians_us) if code == "outlying_runs"]


# Numbers


def test_a_row_says_whose_it_is():
    workload = sample.workload("name", sha256="c" * 64, delegate=parse_delegate("gpu"), threads=3)
    phone = sample.DEVICE.model_copy(update={"serial": "phone-1", "emulated": True})
    row = row_of(sample.result(workload=workload, device=phone, error_class="delegate", message="why", session="s"))
    assert row.model_dump(include={"variant", "status", "error_class", "message", "device", "emulated"}) == {
        "variant": "name",
        "status": Status.OK,
        "error_class": "delegate",
        "message": "why",
        "device": "phone-1",
        "emulated": True,
    }
    assert (row.delegate, row.threads, row.session) == ("gpu", 3, "s")
    assert (row.mult_adds, row.parameters, row.size_bytes) == (568_740_352, 4_231_976, 4_456_789)
    assert (row.artifact_sha256, row.binary_sha256) == ("c" * 64, "b" * 64)


@pytest.mark.parametrize(("status", "shown"), [("ok", True), ("aborted", True), ("failed", False), ("skipped", False)])
def test_numbers_are_shown_of_what_was_measured(status, shown):
    row = row_of(sample.result(medians_us=[10_000, 10_010, 10_020], status=Status(status)))
    values = [getattr(row, name) for name in NUMBERS]
    assert values == ([10_010, (10_000, 10_020), 11_010, 20_001, 24_576, "31/33"] if shown else [None] * 6)
    assert (row.runs, row.warnings) == (3, ())


@pytest.mark.parametrize("purpose", [Pass.MEMORY, Pass.OPS, Pass.CANARY])
def test_latency_runs_alone_have_latencies(purpose):
    runs = (sample.latency_run(10_000), sample.latency_run(90_000, 1, purpose=purpose))
    row = row_of(sample.result(runs=runs))
    assert (row.runs, row.latency_median_us, row.latency_p95_us, row.init_us) == (1, 10_000, 11_000, 20_000)


@pytest.mark.parametrize("status", [Status.FAILED, Status.SKIPPED, Status.ABORTED])
def test_runs_that_ended_well_alone_count(status):
    runs = (sample.latency_run(10_000), sample.latency_run(90_000, 1, status=status))
    row = row_of(sample.result(runs=runs))
    assert (row.runs, row.latency_median_us, row.latency_p95_us, row.init_us) == (1, 10_000, 11_000, 20_000)


@pytest.mark.parametrize(("count", "p95_us"), [(39, None), (40, 11_000), (41, 11_000)])
def test_forty_inferences_bear_a_95th_percentile(count, p95_us):
    runs = [sample.latency_run(10_000, index, measured={"count": count}) for index in range(2)]
    assert row_of(sample.result(runs=runs)).latency_p95_us == p95_us


@pytest.mark.parametrize("short", [0, 1, 2])
def test_one_short_run_leaves_the_95th_percentile_unknown(short):
    runs = [sample.latency_run(10_000, index, measured={"count": 39 if index == short else 50}) for index in range(3)]
    assert row_of(sample.result(runs=runs)).latency_p95_us is None


def test_a_run_without_a_measured_phase_has_no_95th_percentile():
    runs = [sample.latency_run(10_000), sample.latency_run(None, 1).model_copy(update={"measured": None})]
    assert row_of(sample.result(runs=runs)).latency_p95_us == 11_000


def test_the_middle_of_two_is_their_mean():
    runs = [sample.latency_run(10_000, 0, init_us=7), sample.latency_run(10_001, 1, init_us=10)]
    row = row_of(sample.result(runs=runs))
    assert (row.latency_median_us, row.init_us) == (10_000.5, 8.5)


def test_a_number_of_zero_is_known():
    runs = [sample.latency_run(0, index, init_us=0, measured={"p95_us": 0}) for index in range(3)]
    row = row_of(sample.result(runs=(*runs, sample.memory_run(0.0))))
    assert (row.init_us, row.peak_memory_kib) == (0, 0)


def mean_of(*phases: dict[str, float | int | None]) -> float | None:
    runs = [sample.latency_run(10_000, index, measured=phase) for index, phase in enumerate(phases)]
    return row_of(sample.result(runs=runs)).latency_mean_us


@pytest.mark.parametrize(
    ("phases", "mean_us"),
    [
        ([{"count": 10, "avg_us": 100.0}, {"count": 30, "avg_us": 200.0}], 175.0),  # each inference counts once
        ([{"count": 10, "avg_us": 100.5}], 100.5),
        ([{"count": 10, "avg_us": 100.0}, {"count": 10, "avg_us": None}], None),
        ([{"count": 0, "avg_us": 100.0}], None),
        ([{"count": 10, "avg_us": 1.0}], 1.0),
        ([{"count": 10, "avg_us": 0.999}], None),  # below the clock's step
    ],
)
def test_the_mean_is_over_all_inferences(phases, mean_us):
    assert mean_of(*phases) == mean_us


@pytest.mark.parametrize(("status", "shown"), [("ok", True), ("aborted", True), ("failed", False), ("skipped", False)])
def test_mean_and_first_inference_are_shown_of_what_was_measured(status, shown):
    runs = [sample.latency_run(10_000, index, measured={"avg_us": 10_500.0}, first_us=12_000) for index in range(3)]
    row = row_of(sample.result(runs=runs, status=Status(status)))
    assert (row.latency_mean_us, row.first_us) == ((10_500.0, 12_000) if shown else (None, None))
    (mean, first) = chosen_columns([row], ["mean", "first"])
    assert (mean.text(row), first.text(row)) == (("10.5", "12.0") if shown else ("–", "–"))


def warned(row, code):
    return [warning.message for warning in row.warnings if warning.code == code]


@pytest.mark.parametrize(
    ("medians_us", "text"),
    [
        ((0, 0, 0), "< 0.001"),
        ((0, 0, 0, 1, 1), "< 0.001"),
        ((0, 0, 1, 1), "< 0.001"),
        ((0, 1, 1), "0.001 [0.000, 0.002]"),
        ((1, 1, 1), "0.001 [0.001, 0.002]"),
    ],
)
def test_what_is_shorter_than_a_step_of_the_clock_has_no_latency_and_the_reason(medians_us, text):
    row = row_of(sample.result(medians_us=medians_us))
    unseen = text == "< 0.001"
    assert latency_text(row) == short_latency_text(row) == text if unseen else latency_text(row) == text
    assert (row.latency_median_us is None, row.latency_ci_us is None) == (unseen, unseen)
    said = "an inference takes less than 1 µs, which the program's clock does not show"
    assert warned(row, "below_clock") == ([said] if unseen else [])


@pytest.mark.parametrize(("p95_us", "shown"), [(0, None), (1, 1)])
def test_a_95th_percentile_below_a_step_of_the_clock_is_none(p95_us, shown):
    runs = [sample.latency_run(1, index, measured={"p95_us": p95_us}) for index in range(3)]
    assert row_of(sample.result(runs=runs)).latency_p95_us == shown


def test_an_aborted_job_that_the_clock_does_not_show_says_both():
    row = row_of(sample.result(medians_us=(0, 0, 0), status=Status.ABORTED))
    assert latency_text(row) == "aborted: < 0.001"


def test_a_row_that_the_clock_does_not_show_leaves_no_other_the_fastest():
    rows = [row_of(sample.result(medians_us=[each] * 5)) for each in (0, 100, 300)]
    assert clear_winner(rows[1:]) == 0
    assert clear_winner(rows) is None


@pytest.mark.parametrize(
    ("medians_us", "said"),
    [
        ((1000,) * 5, []),
        ((1000, 1000, 1100, 1100, 1100), ["2 of 5 runs lie around 1000 µs and 3 around 1100 µs, 10% more"]),
        ((1000, 1000, 2500, 2500, 2500), ["2 of 5 runs lie around 1000 µs and 3 around 2500 µs, 150% more"]),
        ((1000, 1100, 1100, 1100, 1100), []),
    ],
)
def test_runs_in_two_groups_are_a_doubt(medians_us, said):
    assert warned(row_of(sample.result(medians_us=medians_us)), "runs_in_groups") == said


def means(*pairs):
    """Return a row of runs with these medians and means."""
    runs = [sample.latency_run(middle, index, measured={"avg_us": mean}) for index, (middle, mean) in enumerate(pairs)]
    return row_of(sample.result(runs=runs))


@pytest.mark.parametrize(
    ("mean", "apart"), [(1000, False), (1100, False), (1100.1, True), (900, False), (899.9, True), (None, False)]
)
def test_a_mean_more_than_a_tenth_from_the_median_is_a_doubt(mean, apart):
    assert bool(warned(means(*[(1000, mean)] * 5), "mean_apart")) == apart


@pytest.mark.parametrize(
    ("mean", "advice"),
    [(1200, "some inferences take far longer:"), (800, "some inferences take far shorter than most:")],
)
def test_the_advice_fits_the_side_on_which_the_mean_lies(mean, advice):
    row = means(*[(1000, mean)] * 5)
    (given,) = [warning.advice for warning in row.warnings if warning.code == "mean_apart"]
    assert given.startswith(advice)


@pytest.mark.parametrize(("mean", "apart"), [(3.0, False), (3.01, True)])
def test_a_mean_within_a_step_of_the_clock_is_the_median(mean, apart):
    assert bool(warned(means(*[(2, mean)] * 5), "mean_apart")) == apart


def test_a_mean_of_half_its_median_is_further_away_than_one_of_a_third_more():
    (said,) = warned(means((1000, 1300), (1000, 500)), "mean_apart")
    assert said.endswith("in one of them 0.5 times as long, 500 µs")


def test_hundreds_of_runs_have_a_mean():
    assert mean_of(*[{"count": 10, "avg_us": 100.0}] * 300) == 100.0


@pytest.mark.parametrize(
    ("medians_us", "lengthened"), [((1000,) * 5, 1.0), ((1000, 1300, 1900, 2300, 2900), 0.0), ((0,) * 5, 0.0)]
)
def test_an_interval_says_what_it_was_lengthened_by(medians_us, lengthened):
    assert row_of(sample.result(medians_us=medians_us)).lengthened_us == lengthened


def test_the_mean_that_is_furthest_from_its_median_is_named():
    row = means((1000, 1000), (1000, 2000), (1000, 1500), (500, 1250), (None, 9000))
    assert warned(row, "mean_apart") == [
        "in 3 of 4 runs the mean inference is far from the median one: in one of them 2.5 times as long, 1250 µs"
    ]


@pytest.mark.parametrize(("peak_kib", "shown"), [(24_576.4, 24_576), (24_576.6, 24_577), (0.4, 0)])
def test_a_peak_is_whole_kib(peak_kib, shown):
    assert row_of(sample.result(runs=[sample.memory_run(peak_kib)])).peak_memory_kib == shown


def test_the_peak_is_that_of_the_memory_pass_alone():
    other = sample.latency_run(10_000, 0, memory=Memory(peak_kib=90_000.0))
    failed = sample.memory_run(80_000.0, 1).model_copy(update={"status": Status.FAILED})
    none = sample.memory_run(1.0, 2).model_copy(update={"memory": None})
    row = row_of(sample.result(runs=[other, failed, none, sample.memory_run(20_000.0, 3)]))
    assert row.peak_memory_kib == 20_000


# Nodes


def nodes(delegate: str, *coverage: tuple[str, int, int | None, int | None], total: int | None = None) -> str | None:
    delegates = [
        DelegateCoverage(name=name, nodes=taken, total=of, partitions=1, subgraph=subgraph)
        for name, taken, of, subgraph in coverage
    ]
    run = sample.latency_run(10_000, delegates=delegates, nodes=total)
    workload = sample.workload(delegate=parse_delegate(delegate))
    return row_of(sample.result(workload=workload, runs=[run])).delegate_nodes


XNNPACK = "TfLiteXNNPackDelegate"


@pytest.mark.parametrize(
    ("delegate", "shown"), [("gpu", "21/31"), ("nnapi", "21/31"), ("cpu", "29/31"), ("xnnpack", "29/31")]
)
def test_what_an_accelerator_left_to_xnnpack_is_not_its_own(delegate, shown):
    for own in ("TfLiteGpuDelegateV2", "VendorDelegate"):
        assert nodes(delegate, (own, 21, 31, 0), ("".join(("TfLite", "XNNPackDelegate")), 8, 31, 0)) == shown


@pytest.mark.parametrize(("total", "shown"), [(None, None), (0, "0/0"), (31, "0/31")])
def test_an_accelerator_without_nodes_has_none_of_those_that_are_known(total, shown):
    assert nodes("gpu", (XNNPACK, 29, 31, 0), total=total) == shown
    assert nodes("cpu", total=total) == shown


@pytest.mark.parametrize(
    ("coverage", "shown"),
    [
        ([("A", 3, 10, 0), ("B", 4, 10, 0)], "7/10"),
        ([("A", 3, 10, 0), ("A", 4, 10, 1)], "7/20"),
        ([("A", 3, 10, None), ("A", 4, 10, 0)], "7/20"),
        ([("A", 3, None, 0), ("A", 4, 10, 1)], None),
        ([("A", 3, 0, 0)], "3/0"),
        ([("A", 1, 2, subgraph) for subgraph in range(300)], "300/600"),
    ],
)
def test_nodes_are_added_up_and_subgraphs_are_counted_once(coverage, shown):
    assert nodes("cpu", *coverage) == shown


def test_runs_that_agree_name_their_nodes_and_others_do_not():
    one, other = sample.latency_run(10_000), sample.latency_run(10_000, 1, delegates=(), nodes=33)
    for runs, shown in (((one, one), "31/33"), ((other, other), "0/33"), ((one, other), None), ((), None)):
        assert row_of(sample.result(runs=runs)).delegate_nodes == shown


# Scores


def test_an_interval_of_a_score_has_both_ends():
    metric = scored.share("top1", 300, 360)
    for low, high, shown in ((0.7, 0.9, (0.7, 0.9)), (None, 0.9, None), (0.7, None, None), (0.0, 0.0, (0.0, 0.0))):
        score = scored.score([True] * 360, metrics=(metric.model_copy(update={"low": low, "high": high}),))
        device = score.model_copy(update={"place": "device"})
        row = row_of(scored.scored_result("x", scores=(score, device), sha256="a" * 64))
        assert (row.top1_ci, row.top1_device_ci) == (shown, shown)


def test_a_score_is_named_by_its_place_and_asked_examples():
    for place in ("host", "device"):
        score = scored.score([True] * 100, place=place, asked=100, scored=90)
        row = row_of(scored.scored_result("x", scores=(score,), sha256="a" * 64))
        assert (row.top1_place, row.examples, row.metrics) == (place, 100, score.metrics)
        assert row.metrics_device == (score.metrics if place == "device" else ())


# Doubts


@pytest.mark.parametrize(
    ("least", "count", "wanted"), [(3, 1, 3), (3, 2, 3), (5, 4, 5), (1, 2, 3), (2, 2, 3), (4, 3, 4)]
)
def test_fewer_runs_than_asked_for_or_than_three_are_a_doubt(least, count, wanted):
    result = sample.result(medians_us=[10_000] * count, rules=rules(min_runs=least))
    assert row_of(result).warnings == (
        MeasurementWarning(
            code=WarningCode.FEW_RUNS,
            message=f"{count} of at least {wanted} runs: too few to tell the spread",
            advice=f"measure at least {wanted} runs",
        ),
    )


@pytest.mark.parametrize(("least", "count"), [(3, 3), (5, 5), (5, 6), (1, 3), (2, 3)])
def test_as_many_runs_as_asked_for_are_none(least, count):
    assert doubts([10_000] * count, rules=rules(min_runs=least)) == []


def test_no_runs_are_no_doubt_about_their_number():
    assert doubts([]) == []


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (0.05, []),
        (0.051, []),
        (0.0499, [("wide_interval", "interval ±5.0% is wider than the target ±5.0%")]),
        (0.025, [("wide_interval", "interval ±5.0% is wider than the target ±2.5%")]),
    ],
)
def test_an_interval_is_wide_beyond_its_target(target, shown):
    assert doubts([9_500, 10_000, 10_500], rules=rules(target_interval=target)) == shown


def test_a_width_is_half_the_interval_over_the_median():
    assert doubts([9_000, 10_000, 10_500]) == [("wide_interval", "interval ±7.5% is wider than the target ±5.0%")]
    assert doubts([9_500, 11_000, 11_500]) == [("wide_interval", "interval ±9.1% is wider than the target ±5.0%")]


def test_two_runs_have_no_width():
    assert doubts([9_000, 10_500], rules=rules(min_runs=1)) == [
        ("few_runs", "2 of at least 3 runs: too few to tell the spread")
    ]


FAR = "1 of 10 runs outside the interval, up to {} from the median"


@pytest.mark.parametrize("far_us", [9_000, 9_001, 10_999, 11_000])
def test_a_run_a_tenth_of_the_median_away_is_none(far_us):
    assert outlying([10_000] * 9 + [far_us]) == []


@pytest.mark.parametrize(
    ("far_us", "share"), [(8_999, "10%"), (11_001, "10%"), (8_500, "15%"), (11_500, "15%"), (40_000, "300%")]
)
def test_a_run_further_away_is_a_doubt(far_us, share):
    assert outlying([10_000] * 9 + [far_us]) == [FAR.format(share)]


@pytest.mark.parametrize("far_us", [4.0, 4.01, 5.99, 6.0])
def test_a_run_one_step_of_the_clock_away_is_none(far_us):
    assert outlying([5] * 9 + [far_us]) == []


@pytest.mark.parametrize(("far_us", "share"), [(3.99, "20%"), (6.01, "20%"), (7, "40%")])
def test_a_run_more_than_one_step_of_the_clock_away_is_a_doubt(far_us, share):
    assert outlying([5] * 9 + [far_us]) == [FAR.format(share)]


def test_the_furthest_run_is_named_and_all_are_counted():
    assert outlying([10_000] * 19 + [8_000, 13_000]) == ["2 of 21 runs outside the interval, up to 30% from the median"]
    assert outlying([10_000] * 19 + [6_000, 13_000]) == ["2 of 21 runs outside the interval, up to 40% from the median"]


def test_the_distance_is_counted_from_the_interval():
    low = [9_900] * 10
    high = [10_100] * 10
    assert outlying([*low, *high, 11_100]) == []
    assert outlying([*low, *high, 11_111]) == ["1 of 21 runs outside the interval, up to 10% from the median"]


def test_a_latency_of_zero_has_no_share():
    assert outlying([0] * 9 + [50]) == []


def test_an_outlying_run_says_where_to_look():
    warnings = row_of(sample.result(medians_us=[10_000] * 9 + [20_000])).warnings
    assert [(warning.code, warning.advice) for warning in warnings] == [
        (WarningCode.OUTLYING_RUNS, "neither median nor interval shows them; the job's document holds every run")
    ]


LATENCY_ONLY = sample.workload(latency_only="untrained weights")
BUSY = MeasurementWarning(code=WarningCode.BUSY, message="busy")


def stored(code: WarningCode) -> MeasurementWarning:
    return MeasurementWarning(code=code, message="stored")


def wide(**changes) -> JobResult:
    return sample.result(medians_us=[9_000, 11_000], rules=rules(min_runs=1), workload=LATENCY_ONLY, **changes)


def test_a_stored_doubt_hides_the_derived_one_of_its_code_alone():
    few, only = WarningCode.FEW_RUNS, WarningCode.LATENCY_ONLY
    for kept, shown in (((), [only, few]), ((only,), [only, few]), ((few,), [few, only]), ((few, only), [few, only])):
        warnings = row_of(wide(warnings=[stored(code) for code in kept])).warnings
        assert [warning.code for warning in warnings] == shown
        assert [warning.code for warning in warnings if warning.message == "stored"] == list(kept)


def test_a_stored_wide_interval_hides_the_derived_one():
    narrow = rules(target_interval=0.001)
    result = sample.result(medians_us=[9_000, 10_000, 11_000], rules=narrow)
    assert [warning.message for warning in row_of(result).warnings] == [
        "interval ±10.0% is wider than the target ±0.1%"
    ]
    kept = result.model_copy(update={"warnings": (stored(WarningCode.WIDE_INTERVAL),)})
    assert [warning.message for warning in row_of(kept).warnings] == ["stored"]


def test_doubts_of_runs_are_shown_where_no_stored_one_has_their_code():
    runs: list[Run] = [sample.latency_run(10_000, index, warnings=[BUSY]) for index in range(3)]
    for kept, shown in (((), ["busy"]), ((WarningCode.BUSY,), ["stored"]), ((WarningCode.DRIFT,), ["stored", "busy"])):
        result = sample.result(runs=runs, warnings=[stored(code) for code in kept])
        assert [warning.message for warning in row_of(result).warnings] == shown


def test_what_failed_is_not_doubted_but_for_its_meaning():
    assert row_of(sample.result(medians_us=[9_000, 11_000], status=Status.FAILED)).warnings == ()
    codes = [warning.code for warning in row_of(wide(status=Status.FAILED)).warnings]
    assert codes == [WarningCode.LATENCY_ONLY]


@pytest.mark.parametrize(
    ("count", "least", "text"),
    [(58_200_000, None, "58.2"), (None, 58_200_000, "at least 58.2"), (None, None, "?"), (0, None, "0")],
)
def test_what_is_not_counted_in_full_is_at_least_so_much(count, least, text):
    assert counted(count, least) == text
    result = sample.result(medians_us=(1000,))
    artifact = result.workload.artifact.model_copy(update={"mult_adds": count, "least_mult_adds": least})
    changed = result.model_copy(update={"workload": result.workload.model_copy(update={"artifact": artifact})})
    (column,) = chosen_columns([row_of(changed)], ["mult-adds"])
    assert column.text(row_of(changed)) == text
    assert row_of(changed).mult_adds == count


def test_the_foot_names_the_graphs_that_are_called():
    called = [
        sample.latency_run(
            1000, index, delegates=(DelegateCoverage(name="A", nodes=5, total=5, partitions=1, subgraph=1),)
        )
        for index in range(3)
    ]
    name = sample.workload().artifact.name
    assert [*subgraph_lines([sample.result(runs=called)])] == [
        f"Delegated nodes of {name}: counted in subgraph 1 too, which the main graph calls."
    ]
    assert [*subgraph_lines([sample.result(medians_us=(1000,))])] == []
