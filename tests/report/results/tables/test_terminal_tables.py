"""Tables as a terminal shows them: what fits, what a foot of four lines says, and where the rest is."""

import pytest
import sample_phones as phones
import sample_results as sample
import sample_scores as scored
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.delegates import Delegate
from mbench.core.results import JobResult, MeasurementWarning, Status, WarningCode
from mbench.report.render.fitting import table_width
from mbench.report.render.markdown import display_width
from mbench.report.render.text_table import Style, TableValues
from mbench.report.results.columns.result_columns import column_names
from mbench.report.results.tables.terminal_tables import terminal_tables

WIDTHS = (40, 80, 120, 200)
REPORT = "results/20260115-093000-host-alpha-1a2b/report.md"
FIFTY = [phones.phone(number, emulated=False, invented=False) for number in range(1, 51)]
FRAME_LINES = 4


def shown(results: list[JobResult], width: int = 120, **options) -> tuple[TableValues, ...]:
    return terminal_tables(results, width=width, whole_foot=(REPORT,), **options)


def one(results: list[JobResult], width: int = 120, **options) -> TableValues:
    (table,) = shown(results, width, **options)
    return table


def headers(table: TableValues) -> list[str]:
    return [column.header.replace("\n", " ") for column in table.columns]


def column(table: TableValues, header: str) -> list[str]:
    return [line[headers(table).index(header)].text for line in table.rows]


def height(table: TableValues) -> int:
    """Return the lines that rich prints: frame, header, rows, title, foot."""
    rows = sum(max(cell.text.count("\n") for cell in line) + 1 for line in table.rows)
    header = max(each.header.count("\n") for each in table.columns) + 1
    return rows + header + FRAME_LINES - 1 + (table.title is not None) + len(table.footnotes) + len(table.foot)


def sweep(count: int = 4) -> list[JobResult]:
    return [scored.scored_result(phones.variant(alpha), place) for place, alpha in enumerate(phones.ALPHAS[:count])]


def doubt(code: str, message: str = "x" * 60, advice: str = "y" * 60) -> MeasurementWarning:
    return MeasurementWarning(code=WarningCode(code), message=message, advice=advice)


def samples() -> dict[str, list[JobResult]]:
    failed = [phones.failed(result) for result in sweep()]
    doubts = [doubt("busy"), doubt("drift"), doubt("on_battery"), doubt("wide_interval"), doubt("no_memory")]
    lame = [*phones.jobs(FIFTY[:3], ("1.00", "0.50"))]
    lame[0] = phones.failed(lame[0])
    mixed = [phones.phone(number, phones.PIXEL_6 if number % 3 else phones.PIXEL_4) for number in range(1, 9)]
    return {
        "one row": sweep(1),
        "a sweep": sweep(),
        "none ok": failed,
        "many doubts": [sweep(1)[0].model_copy(update={"warnings": tuple(doubts)})],
        "fifty phones": phones.jobs(FIFTY),
        "two models": phones.jobs(mixed),
        "a failed phone": lame,
        "mixed accuracy": [*sweep(2), phones.failed(sweep(3)[2]), scored.scored_result("x", scores=())],
        "wide characters": [scored.scored_result("模型測試網絡深度可分離卷積", 3), scored.scored_result("模型", 4)],
        "wide serials": phones.jobs([phones.phone(number, serial=f"電話{number}") for number in range(3)]),
    }


SAMPLES = samples()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_table_fits_the_terminal_and_its_foot_is_four_lines(name, width):
    for table in shown(SAMPLES[name], width):
        assert table_width(table) <= width
        assert len(table.foot) <= 4
        assert table.footnotes == ()
        assert all(display_width(line) <= width for line in table.foot)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SAMPLES)
def test_the_last_line_says_where_the_whole_foot_is(name, width):
    last = shown(SAMPLES[name], width)[-1].foot
    assert "Whole foot: " in " ".join(last[-2:])


@given(st.integers(min_value=1, max_value=220), st.sampled_from([*SAMPLES]))
def test_no_width_breaks_a_number_or_makes_a_longer_foot(width, name):
    for table in shown(SAMPLES[name], width):
        numbers = [line[place].text for line in table.rows for place in range(1, len(line))]
        assert all("\n" not in text for text in numbers if text[:1].isdigit())
        assert len(table.foot) <= 4


# One device


def test_key_columns_come_first_and_the_others_are_on_request():
    assert headers(one(sweep())) == ["Variant", "Latency (ms)", "Top-1 (%)", "File (MB)", "Status"]
    assert one(sweep()).foot[-1] == f"More columns: mbench report --columns all. Whole foot: {REPORT}"


def test_what_varies_is_a_key_column():
    delegates = (Delegate.CPU, Delegate.BUILTIN)
    results = [sample.result(medians_us=[9000] * 3, workload=sample.workload(delegate=each)) for each in delegates]
    assert headers(one(results))[:2] == ["Variant", "Delegate"]


def test_a_narrow_terminal_leaves_the_file_then_the_accuracy_then_the_status_out():
    found = [headers(one(sweep(), width)) for width in (100, 80, 62, 40)]
    assert found == [
        ["Variant", "Latency (ms)", "Top-1 (%)", "File (MB)", "Status"],
        ["Variant", "Latency (ms)", "Top-1 (%)", "Status"],
        ["Variant", "Latency (ms)", "Status"],
        ["Variant", "Latency (ms)"],
    ]


def test_what_is_left_out_is_said():
    foot = one(sweep(), 80).foot
    assert foot[-2:] == (
        "Left out at this width: File (MB). More columns: mbench report --columns all.",
        f"Whole foot: {REPORT}",
    )


def test_a_status_has_the_marks_of_its_notes_and_the_latency_is_a_number_or_none():
    results = sweep(3)
    results[0] = results[0].model_copy(update={"warnings": (doubt("busy"),)})
    results[1] = phones.failed(results[1])
    results[2] = results[2].model_copy(update={"status": Status.ABORTED})
    table = one(results)
    assert column(table, "Status") == ["ok (1)", "failed: timeout (2)", "aborted (3)"]
    assert column(table, "Latency (ms)") == ["4.010 [4.000, 4.020]", "–", "4.010 [4.000, 4.020]"]
    assert [line[-1].style for line in table.rows] == [Style.PLAIN, Style.BAD, Style.BAD]


def test_without_space_for_a_status_the_latency_says_how_a_job_ended():
    results = sweep(2)
    results[1] = phones.failed(results[1])
    assert column(one(results, 40), "Latency (ms)")[1] == "failed: timeout"


# The foot


def test_what_went_wrong_comes_before_other_doubts_and_conditions():
    results = sweep(2)
    results[0] = results[0].model_copy(
        update={"warnings": (doubt("busy", "others used 12% of all cores", "close them"),)}
    )
    results[1] = phones.failed(results[1])
    assert one(results).foot == (
        "(2) failed: timeout, mobilenet_v1_0.75_224_int8: benchmark_model did not answer within 60 s.",
        "(1) busy, mobilenet_v1_1.00_224_int8: others used 12% of all cores. Advice: close them.",
        "workstation (i5-1240P); 3 runs of at least 50 inferences; in brackets the interval over runs.",
        f"More columns: mbench report --columns all. Whole foot: {REPORT}",
    )


def test_advice_stands_where_there_is_space():
    result = sweep(1)[0].model_copy(update={"warnings": (doubt("busy", "others used 12%", "close them"),)})
    assert one([result]).foot[0] == "(1) busy: others used 12%. Advice: close them."


def test_doubts_that_do_not_fit_are_named_and_then_counted():
    table = one(SAMPLES["many doubts"], 120)
    assert table.foot[0] == "Doubts: (1) busy; (2) drift; (3) on battery; (4) wide interval; (5) no memory."
    narrow = one(SAMPLES["many doubts"], 40)
    assert narrow.foot[:2] == ("Doubts: (1) busy; (2) drift; (3) on", "battery; (4) wide interval; and 1 more.")
    tiny = one(SAMPLES["many doubts"], 24)
    assert "and 3 more" in " ".join(tiny.foot)


def test_synthetic_and_emulated_are_said_first():
    for facts, said in (
        ({"invented": True}, "Synthetic latencies: no model ran and nothing was measured."),
        ({}, "Emulated: the timings are those of the host, not a phone's."),
    ):
        device = sample.DEVICE.model_copy(update={"emulated": True} | facts)
        assert one([sample.result(medians_us=[9000] * 3, device=device)]).foot[0] == said


def test_latency_only_is_said():
    result = sample.result(medians_us=[9000] * 3, workload=sample.workload(latency_only="untrained weights"))
    assert one([result]).foot[0] == "Latency only, all rows: untrained weights."
    doubts = tuple(doubt(code) for code in ("busy", "drift", "on_battery"))
    assert "latency only (outputs mean nothing)" in one([result.model_copy(update={"warnings": doubts})]).foot[0]


def test_conditions_are_as_many_as_fit_and_name_the_data_set():
    wide = one(sweep(), 200).foot[-2]
    assert wide == (
        "workstation (i5-1240P); 3 runs of at least 50 inferences; in brackets the interval over runs; "
        "delegate cpu; 1 thread; pinned to core 2; seed 7; accuracy on digits test, 360 examples; hostbench."
    )


def test_only_the_last_of_several_tables_says_where_the_rest_is():
    other = sweep(1)[0].model_copy(update={"binary": sample.BINARY.model_copy(update={"sha256": "d" * 64})})
    tables = shown([*sweep(1), other])
    assert [any("Whole foot" in line for line in table.foot) for table in tables] == [False, True]
    assert [table.title for table in tables] == ["workstation; binary bbbbbbbbbbbb", "workstation; binary dddddddddddd"]


def test_nothing_is_said_of_a_whole_foot_that_is_nowhere():
    (table,) = terminal_tables(sweep(), width=120)
    assert not any("Whole foot" in line for line in table.foot)


def test_a_long_path_gives_way_to_a_format():
    where = ("/" + "very/long/" * 40 + "report.md",)
    (table,) = terminal_tables(sweep(), width=80, whole_foot=where)
    assert table.foot[-1] == "Whole foot: --format md"


def test_no_results_are_no_tables():
    assert terminal_tables([], width=80) == ()


# Chosen columns


def test_chosen_columns_stand_in_their_order_each_once():
    names = ["memory", "variant", "memory", "p95", "status"]
    assert headers(one(sweep(), columns=names)) == ["Peak memory (MiB)", "Variant", "p95 (ms)", "Status"]


@pytest.mark.parametrize("width", WIDTHS)
def test_all_columns_are_shown_on_request_below_each_other_where_they_do_not_fit(width):
    tables = shown(sweep(), width, columns=["all"])
    assert all(table_width(table) <= width for table in tables)
    assert {headers(table)[0] for table in tables} == {"Variant"}
    assert [header for table in tables for header in headers(table)[1:]] == [
        *("Params (M)", "Mult-adds (M)", "File (MB)", "Top-1 (%)", "Latency (ms)", "p95 (ms)", "Init (ms)"),
        *("Peak memory (MiB)", "Delegated nodes", "Runs", "Status"),
    ]
    assert [bool(table.foot) for table in tables] == [False] * (len(tables) - 1) + [True]


@pytest.mark.parametrize("name", [name for name in column_names() if name != "all"])
def test_each_name_is_that_of_a_column(name):
    assert len(headers(one(sweep(), columns=[name]))) == 1


def test_chosen_columns_without_a_status_keep_the_notes():
    results = sweep(2)
    results[1] = phones.failed(results[1])
    table = one(results, columns=["variant", "latency"])
    assert headers(table) == ["Variant", "Latency (ms)", "Notes"]
    assert column(table, "Latency (ms)")[1] == "failed: timeout"


def test_chosen_columns_of_several_phones_name_the_phone():
    table = one(phones.jobs(FIFTY[:3], ("1.00",)), columns=["variant", "latency"])
    assert column(table, "Device") == ["EMULATED01", "EMULATED02", "EMULATED03", "median of 3"]


# Several devices


def test_three_phones_of_two_variants_fit_a_screen():
    for width in (80, 120, 200):
        assert sum(map(height, shown(phones.jobs(FIFTY[:3], ("1.00", "0.50")), width))) <= 24


def test_fifty_phones_of_four_variants_take_at_most_seventy_lines():
    results = phones.jobs(FIFTY)
    results[7] = phones.failed(results[7])
    results[9] = results[9].model_copy(update={"warnings": (doubt("busy"), doubt("drift"))})
    for width in (80, 120, 200):
        assert sum(map(height, shown(results, width))) <= 70


def test_a_grid_that_is_too_wide_is_several_with_one_foot():
    tables = shown(phones.jobs(FIFTY[:3]), 50)
    assert [headers(table)[1:] for table in tables] == [["1.00", "0.75"], ["0.50", "0.25"]]
    assert [bool(table.foot) for table in tables] == [False, True]


def test_a_narrow_grid_has_medians_and_their_spread_on_two_lines_and_says_less_of_a_failure():
    results = phones.jobs(FIFTY[:3])
    results[0] = phones.failed(results[0])
    table = one(results, 80)
    assert [line[0].text.split("\n")[0] for line in table.rows][1:3] == ["median of 2", "low–high"]
    assert table.rows[3][1].text == "failed"


def test_models_are_counted_in_the_foot():
    assert one(SAMPLES["two models"]).foot[1].startswith("6 × Pixel 6, 2 × Pixel 4; 3 runs of at least 50 inf")
    assert "± reaches the farther end of the interval over runs" in one(phones.jobs(FIFTY)).foot[0]


def test_names_are_cleaned_before_they_are_laid_out():
    hostile = scored.scored_result("a\x1b[31mb\nc" * 4)
    table = one([hostile], 60)
    assert "\x1b" not in str(table)
    assert table_width(table) <= 60
