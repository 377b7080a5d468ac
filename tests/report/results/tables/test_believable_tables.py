"""Results for which a table could say too much."""

import random
from datetime import timedelta

import pytest
import sample_results as sample
import sample_scores as scored

from mbench.core.numbers.statistics import bootstrap_interval
from mbench.core.reasons import PeakUnknown
from mbench.core.results import JobResult, WarningCode
from mbench.core.scores import Score
from mbench.core.workloads import RunSettings
from mbench.report.paper.compute_rate import Peak, rate_tables
from mbench.report.paper.measured_columns import Measured, source_lines
from mbench.report.results.columns.accuracy_columns import best_rows
from mbench.report.results.conditions.provenance import group_by_provenance
from mbench.report.results.report import report_markdown
from mbench.report.results.rows.fastest import clear_winner
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.tables.pivot import pivot

INT8, FP32 = "mobilenet_v1_1.00_224_int8", "mobilenet_v1_1.00_224_fp32"
EMULATED = sample.DEVICE.model_copy(update={"emulated": True})


def on(**facts) -> JobResult:
    """Return a result of the sample's machine with other facts."""
    return sample.result(medians_us=[10_000] * 3, device=sample.DEVICE.model_copy(update=facts))


def fastest(*medians_us: list[int]) -> int | None:
    return clear_winner([row_of(sample.result(medians_us=each)) for each in medians_us])


def outlying(medians_us: list[int]) -> list[str]:
    warnings = row_of(sample.result(medians_us=medians_us)).warnings
    return [warning.message for warning in warnings if warning.code is WarningCode.OUTLYING_RUNS]


def test_one_step_of_the_clock_makes_nobody_the_fastest():
    assert fastest([11] * 5, [12] * 5) is None


def test_two_steps_of_the_clock_do():
    assert fastest([11] * 5, [13] * 5) == 0


@pytest.mark.parametrize(
    ("highest", "other", "first"),
    [(11, 12, None), (11, 13, 0), (12, 13, None), (12, 14, 0), (13, 14, None), (13, 15, 0)],
)
def test_the_clock_s_step_counts_once_however_wide_the_interval(highest, other, first):
    assert fastest([11, 11, highest], [other, other, other + 3]) == first


@pytest.mark.parametrize(
    "facts",
    [{"soc": "another"}, {"cores": 2}, {"model": None}, {"os": "Debian 13"}, {"abi": "arm64-v8a"}, {"profile": "x"}],
)
def test_two_machines_of_one_name_share_no_table(facts):
    assert len(group_by_provenance([on(), on(**facts)])) == 2


def test_invented_latencies_share_no_table_with_measured_ones():
    headings = [group.heading for group in group_by_provenance([on(emulated=True), on(emulated=True, invented=True)])]
    assert headings == ["workstation; measured latencies", "workstation; synthetic latencies"]


def test_a_phone_emulated_by_two_hosts_has_two_tables():
    elsewhere = sample.PROVENANCE.model_copy(update={"host": "laptop"})
    results = [sample.result(device=EMULATED), sample.result(device=EMULATED, provenance=elsewhere)]
    headings = [group.heading for group in group_by_provenance(results)]
    assert headings == ["workstation; emulated by desk", "workstation; emulated by laptop"]


def test_two_phones_are_told_apart_by_their_serials_alone():
    groups = group_by_provenance([on(serial="one", soc="a", build="x"), on(serial="two", soc="b", build="y")])
    assert [group.heading for group in groups] == ["one", "two"]


def test_a_phone_whose_facts_changed_is_told_apart_beside_another_one():
    groups = group_by_provenance([on(serial="one", soc="a"), on(serial="one", soc="b"), on(serial="two", soc="b")])
    assert len({group.heading for group in groups}) == 3


def test_two_runtimes_in_one_binary_share_no_table():
    other = sample.BINARY.model_copy(update={"runtime": "2.4.0"})
    assert len(group_by_provenance([sample.result(), sample.result(binary=other)])) == 2


def test_rows_say_which_of_them_may_be_compared():
    otherwise = sample.result(workload=sample.workload(settings=RunSettings(num_runs=9)))
    rows = [row_of(each) for each in (sample.result(INT8), sample.result(FP32, session="later"), otherwise)]
    assert rows[0].provenance == rows[1].provenance != rows[2].provenance


def test_a_slow_run_that_the_interval_hides_is_reported():
    assert outlying([10_000] * 7 + [50_000]) == ["1 of 8 runs outside the interval, up to 400% from the median"]


@pytest.mark.parametrize("medians_us", [[10_000] * 4 + [50_000], [10_000] * 7 + [10_900], [5] * 7 + [6]])
def test_runs_within_the_interval_or_near_it_or_a_clock_step_away_are_not(medians_us):
    assert outlying(medians_us) == []


def test_a_session_that_went_on_the_next_day_says_both():
    result = sample.result(medians_us=[10_000] * 3, finished_at=sample.NOW + timedelta(days=1))
    assert "- Measured: 2026-01-15 to 2026-01-16 (UTC)" in report_markdown([result])


def test_an_emulated_phone_names_the_host_whose_timings_it_shows():
    assert "the host's (desk), not a phone's" in report_markdown([sample.result(device=EMULATED)])


def without_hits(score: Score) -> Score:
    return score.model_copy(update={"hits": None})


def test_no_accuracy_is_the_best_while_one_cannot_be_compared():
    first = scored.scored_result(INT8)
    second = scored.scored_result(FP32, *range(60))
    third = scored.scored_result("mobilenet_v1_0.50_224_fp32", *range(5))
    assert best_rows([first, second]) == {0}
    kept = third.model_copy(update={"scores": tuple(map(without_hits, third.scores))})
    assert best_rows([first, second, kept]) == frozenset()


def test_one_file_that_was_asked_twice_has_both_grounds():
    fewer = scored.score(scored.hits_but(range(30), 100), "d" * 64, selection_seed=3)
    results = [
        scored.scored_result(INT8, sha256="d" * 64),
        scored.scored_result(INT8, sha256="d" * 64, scores=(fewer,)),
    ]
    grounds = [line for line in report_markdown(results).splitlines() if line.startswith("- Accuracy of")]
    assert len(grounds) == 2
    assert "360 examples" in grounds[0]
    assert "100 examples" in grounds[1]


def test_answers_to_other_cells_are_not_compared():
    one = scored.score(scored.hits_but([1]), cells_sha256="1" * 64)
    assert one.comparable(one)
    assert not one.comparable(one.model_copy(update={"cells_sha256": "2" * 64}))


def test_rates_of_two_phones_stand_apart_with_their_doubts():
    first = sample.result(INT8, [10_000, 11_000, 12_000], device=sample.DEVICE.model_copy(update={"serial": "one"}))
    other = sample.result(INT8, [10_000] * 3, device=sample.DEVICE.model_copy(update={"serial": "two"}))
    tables = rate_tables([first, other], layers={}, peaks=[PeakUnknown("unknown")] * 2)
    assert [table.title for table in tables] == ["Compute rates: one", "Compute rates: two"]
    assert tables[0].footnotes[0].startswith("(1) wide interval")


def test_a_rate_of_int8_says_nothing_against_a_peak_of_float():
    results = [sample.result(FP32, [10_000] * 3), sample.result(INT8, [2_000] * 3)]
    peaks = [Peak(gmacs=80.0, how="float32"), Peak(gmacs=320.0, how="int8")]
    (table,) = rate_tables(results, layers={}, peaks=peaks)
    assert [row[4].text for row in table.rows] == ["71.1", "88.9"]


def test_a_peak_that_its_own_rate_exceeds_denies_the_devices_others():
    results = [sample.result(FP32, [10_000] * 3), sample.result(INT8, [2_000] * 3)]
    peaks = [Peak(gmacs=80.0, how="float32"), Peak(gmacs=200.0, how="int8")]
    (table,) = rate_tables(results, layers={}, peaks=peaks)
    assert [row[4].text for row in table.rows] == ["?", "?"]


def test_a_grid_of_several_sessions_says_that_they_were_not_measured_in_turn():
    results = [sample.result(INT8, [10_000] * 3), sample.result(FP32, [20_000] * 3, session="later")]
    assert "not measured in turn" in pivot(results, index="alpha", columns="quantization")


def test_a_column_of_mixed_settings_says_so_whichever_device_it_is_of():
    quick = sample.workload("mobilenet_v1_0.50_160_int8", settings=RunSettings(num_runs=9))
    laptop = sample.DEVICE.model_copy(update={"serial": "laptop"})
    results = [
        sample.result(INT8, [10_000] * 3),
        sample.result(INT8, [10_000] * 3, device=laptop),
        sample.result(medians_us=[9_000] * 3, device=laptop, workload=quick),
    ]
    measured = Measured(results, [("mobilenet_v1_1.00_224",), ("mobilenet_v1_0.50_160",)])
    assert "Not all latencies were taken alike; they differ in settings." in source_lines(measured)


@pytest.mark.parametrize(
    ("runs", "low", "high"), [(3, 75, 75), (4, 87.5, 87.5), (5, 93.75, 93.75), (6, 87, 94), (7, 87, 94), (8, 87, 94)]
)
def test_intervals_cover_what_the_foot_of_a_table_says(runs, low, high):
    source = random.Random(runs)
    covered = 0
    for _ in range(3000):
        interval = bootstrap_interval([source.gauss() for _ in range(runs)], seed=0)
        covered += interval.low <= 0 <= interval.high
    assert low - 2 <= covered / 30 <= high + 2
