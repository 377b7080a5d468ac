"""Which row is marked as the fastest and which is not, and the units of each column."""

import pytest
import sample_results as sample

from mbench.core.delegates import parse_delegate
from mbench.core.results import JobResult, MeasurementWarning, Status, WarningCode
from mbench.report.render.text_table import Align, Style
from mbench.report.results.rows.fastest import clear_winner
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.rows.row import Row
from mbench.report.results.tables.all_tables import result_tables

NO_WINNER = {
    "capped_clocks",
    "runs_in_groups",
    "runs_apart",
    "output_differs",
    "few_runs",
    "busy",
    "drift",
    "time_limited",
    "invented",
    "conditions",
    "accuracy_differs",
    "delegate_not_applied",
}


def row(median_us: float | None, low_us: float | None = None, high_us: float | None = None, **changes) -> Row:
    interval = None if low_us is None else (low_us, high_us)
    base = row_of(sample.result(medians_us=[10_000, 10_010, 10_020]))
    return base.model_copy(update={"latency_median_us": median_us, "latency_ci_us": interval} | changes)


def doubted(given: Row, code: str) -> Row:
    return given.model_copy(update={"warnings": (MeasurementWarning(code=WarningCode(code), message="x"),)})


FAST, SLOW = row(100, 90, 110), row(200, 190, 210)


@pytest.mark.parametrize(("low_us", "wins"), [(110, False), (110.5, False), (111, False), (111.01, True), (112, True)])
def test_the_fastest_lies_more_than_a_step_of_the_clock_below_every_other(low_us, wins):
    other = row(200, low_us, 210)
    assert clear_winner([FAST, other]) == (0 if wins else None)
    assert clear_winner([other, FAST]) == (1 if wins else None)
    assert clear_winner([SLOW, FAST, other]) == (1 if wins else None)


def test_it_takes_two_timed_rows():
    failed = row(None, status=Status.FAILED)
    assert [clear_winner(rows) for rows in ([], [FAST], [FAST, failed], [failed, SLOW, FAST])] == [None] * 3 + [2]


def test_a_row_without_an_interval_leaves_none():
    assert clear_winner([FAST, row(200)]) is None
    assert clear_winner([row(100), SLOW]) is None


@pytest.mark.parametrize("status", [Status.ABORTED, Status.FAILED, Status.SKIPPED])
def test_the_fastest_ended_well_and_others_need_not(status):
    assert clear_winner([FAST.model_copy(update={"status": status}), SLOW]) is None
    assert clear_winner([FAST, SLOW.model_copy(update={"status": status})]) == 0


@pytest.mark.parametrize("code", [str(code) for code in WarningCode])
def test_a_doubt_about_any_timing_leaves_none_the_fastest(code):
    expected = None if code in NO_WINNER else 0
    assert clear_winner([doubted(FAST, code), SLOW]) == expected
    assert clear_winner([FAST, doubted(SLOW, code)]) == expected
    assert clear_winner([FAST, SLOW, doubted(row(None, status=Status.FAILED), code)]) == 0


def test_a_latency_of_0_is_the_fastest():
    assert clear_winner([row(5, 4, 6), row(0, 0, 0)]) == 1


# The table


def table(*results: JobResult):
    (found,) = result_tables(results)
    return found


def column(found, header: str) -> list[str]:
    index = [each.header for each in found.columns].index(header)
    return [line[index].text for line in found.rows]


ONE = sample.result(medians_us=[10_000, 10_010, 10_020])


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("Variant", "mobilenet_v1_1.00_224_int8"),
        ("Params (M)", "4.23"),
        ("Mult-adds (M)", "569"),
        ("File (MB)", "4.46"),
        ("Latency (ms)", "10.010 [10.000, 10.020]"),
        ("p95 (ms)", "11.0"),
        ("Init (ms)", "20.0"),
        ("Peak memory (MiB)", "24.0"),
        ("Delegated nodes", "31/33"),
        ("Runs", "3"),
    ],
)
def test_each_column_is_in_its_unit(header, text):
    assert column(table(ONE), header) == [text]


@pytest.mark.parametrize("header", ["p95 (ms)", "Init (ms)", "Peak memory (MiB)", "Delegated nodes"])
@pytest.mark.parametrize(
    ("status", "medians_us", "text"), [("ok", (), "?"), ("failed", (), "–"), ("skipped", (), "–"), ("aborted", (), "–")]
)
def test_what_was_not_measured_does_not_exist_unless_the_job_ended_well(header, status, medians_us, text):
    assert column(table(sample.result(medians_us=medians_us, status=Status(status))), header) == [text]


def test_an_aborted_job_shows_what_it_measured():
    aborted = ONE.model_copy(update={"status": Status.ABORTED})
    assert column(table(aborted), "Init (ms)") == ["20.0"]


def test_delegates_and_threads_are_shown_where_they_vary():
    def of(delegate: str, threads: int) -> JobResult:
        return sample.result(workload=sample.workload(delegate=parse_delegate(delegate), threads=threads))

    for results, shown in (
        ([of("cpu", 1)], set()),
        ([of("cpu", 1), of("cpu", 4)], {"Threads"}),
        ([of("cpu", 1), of("builtin", 1)], {"Delegate"}),
        ([of("cpu", 1), of("builtin", 4)], {"Delegate", "Threads"}),
    ):
        headers = {each.header for each in table(*results).columns}
        assert headers & {"Delegate", "Threads"} == shown


def test_the_fastest_is_strong_and_what_has_no_latency_is_bad():
    slow, failed = sample.result(medians_us=[90_000] * 3), sample.result(status=Status.FAILED)
    empty, aborted = sample.result(), sample.result(medians_us=[95_000] * 3, status=Status.ABORTED)
    found = table(slow, ONE, failed, empty, aborted)
    styles = [[cell.style for cell in line] for line in found.rows]
    latency = [each.header for each in found.columns].index("Latency (ms)")
    assert [line[latency] for line in styles] == [Style.PLAIN, Style.STRONG, Style.BAD, Style.PLAIN, Style.PLAIN]
    assert {style for line in styles for place, style in enumerate(line) if place != latency} == {Style.PLAIN}


def test_a_narrow_terminal_loses_columns_from_the_least_important():
    found = {each.header: each.spare for each in table(ONE, sample.result("other")).columns}
    kept = {header for header, spare in found.items() if spare == 0}
    assert kept == {"Variant", "Latency (ms)"}
    assert [header for header, spare in sorted(found.items(), key=lambda each: -each[1]) if spare] == [
        "Init (ms)",
        "p95 (ms)",
        "Runs",
        "Params (M)",
        "Delegated nodes",
        "Peak memory (MiB)",
        "Mult-adds (M)",
        "File (MB)",
    ]


def test_texts_stand_left_and_numbers_right():
    left = {each.header for each in table(ONE).columns if each.align is Align.LEFT}
    assert left == {"Variant"}


def test_no_results_have_no_table():
    assert result_tables([]) == ()


def test_sessions_have_tables_of_their_own_where_that_is_asked_for():
    later = ONE.model_copy(update={"session": "later"})
    assert [found.title for found in result_tables([ONE, later])] == [None]
    assert len(result_tables([ONE, later], by_session=True)) == 2
