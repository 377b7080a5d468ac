import re
import unicodedata

import pytest
import sample_results as sample
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.delegates import Delegate, parse_delegate
from mbench.core.results import MeasurementWarning, Status, WarningCode
from mbench.core.workloads import RunSettings
from mbench.report.render.markdown import display_width, escape_line, escape_markdown, table_markdown
from mbench.report.render.text_table import Align, Cell, Column, Style, TableValues
from mbench.report.results.report import report_markdown
from mbench.report.results.rows.fastest import clear_winner
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.tables.all_tables import result_tables

GOLDEN = """\
| Variant                    | Params (M) | Mult-adds (M) | File (MB) |         Latency (ms) | p95 (ms) | Init (ms) | Peak memory (MiB) | Delegated nodes | Runs | Notes |
| -------------------------- | ---------: | ------------: | --------: | -------------------: | -------: | --------: | ----------------: | --------------: | ---: | ----- |
| mobilenet_v1_1.00_224_int8 |       4.23 |           569 |      4.46 | 11.42 [11.31, 11.60] |     12.4 |      20.0 |              24.0 |           31/33 |    3 |       |
| mobilenet_v1_0.50_160_int8 |       4.23 |             ? |      4.46 | 2.100 [2.080, 2.110] |     3.10 |      20.0 |              24.0 |           31/33 |    3 | 1     |
| mobilenet_v1_0.25_128_int8 |       4.23 |           569 |      4.46 |     failed: delegate |        – |         – |                 – |               – |    0 | 2     |

- (1) busy, mobilenet_v1_0.50_160_int8: others used 12% of all cores. Advice: close other programs and measure again.
- (2) failed: delegate, mobilenet_v1_0.25_128_int8: XNNPACK took 0 of 33 nodes. Try --delegate builtin.
- Latency only, mobilenet_v1_0.50_160_int8: untrained weights.
- Device: workstation (profile host): model i5-1240P, SoC ?, OS Debian 12, build 6.1.0, ABI x86_64, cores 16.
- Binary: hostbench, runtime 2.3.0, sha256 bbbbbbbbbbbb.
- Per job: 3 runs × ≥ 50 inferences; warm-up ≥ 5 inferences and ≥ 0.3 s, measured ≥ 50 and ≥ 0.5 s, at most 60 s each.
- Configuration: delegate cpu; 1 thread; pinned to core 2; seed 7.
- Measured: 2026-01-15 (UTC), mbench 0.1.0 (git 0123abc), session 20260115-093000-host-alpha-1a2b.
- Artifacts (sha256): mobilenet_v1_1.00_224_int8 aaaaaaaaaaaa, mobilenet_v1_0.50_160_int8 cccccccccccc, mobilenet_v1_0.25_128_int8 aaaaaaaaaaaa.
- Latency: median over runs (processes) of each run's median inference; [95 % bootstrap interval over runs, from 3 runs on; of 5 runs or fewer it is their range; where it is narrower than 2 µs, it is 1 µs longer, which the program's clock cuts off]. p95: median over runs of each run's 95th percentile, as the program counts it, where every run has at least 40 inferences. Init: median over runs.
- Intervals: an interval of 3 to 8 runs, ended when it is narrow, holds the true median in 74 % or more of cases (simulated), and in 68 % where runs lie in two groups.
- Peak memory: resident set of the whole process, the benchmark program itself included.
- In the table, ? is not known; – does not exist.
"""  # noqa: E501  # a table is as wide as it is


def result_of_each_kind():
    busy = MeasurementWarning(
        code=WarningCode.BUSY,
        message="others used 12% of all cores",
        advice="close other programs and measure again",
    )
    untrained = sample.workload(
        "mobilenet_v1_0.50_160_int8", sha256="c" * 64, mult_adds=None, latency_only="untrained weights"
    )
    return [
        sample.result("mobilenet_v1_1.00_224_int8", [11_310, 11_420, 11_600]),
        sample.result(medians_us=[2_100, 2_080, 2_110], workload=untrained, warnings=[busy]),
        sample.result(
            "mobilenet_v1_0.25_128_int8",
            status=Status.FAILED,
            error_class="delegate",
            message="XNNPACK took 0 of 33 nodes. Try --delegate builtin.",
        ),
    ]


def table_lines(markdown: str) -> list[str]:
    return [line for line in markdown.splitlines() if line.startswith("|")]


def parse_cells(line: str) -> list[str]:
    """Read a table line as GitHub does: pipes that no backslash escapes part the cells."""
    cells, escaped = [""], False
    for character in line:
        if character == "|" and not escaped:
            cells.append("")
        else:
            cells[-1] += character
        escaped = character == "\\" and not escaped
    return [re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", cell.strip()) for cell in cells[1:-1]]


def test_a_whole_table_reads_so():
    assert report_markdown(result_of_each_kind()) == GOLDEN


def test_no_results_are_said_to_be_none():
    assert report_markdown([]) == "No results.\n"


def test_every_table_line_is_equally_wide():
    widths = {display_width(line) for line in table_lines(report_markdown(result_of_each_kind()))}
    assert len(widths) == 1


def test_what_varies_gets_a_column_and_leaves_the_foot():
    results = [
        sample.result(medians_us=[10_000] * 3, workload=sample.workload(delegate=delegate, threads=threads))
        for delegate, threads in [(Delegate.CPU, 1), (Delegate.BUILTIN, 4)]
    ]
    markdown = report_markdown(results)
    assert parse_cells(table_lines(markdown)[0])[:3] == ["Variant", "Delegate", "Threads"]
    assert [parse_cells(line)[1:3] for line in table_lines(markdown)[2:]] == [["cpu", "1"], ["builtin", "4"]]
    assert "Configuration: pinned to core 2; seed 7." in markdown


def test_the_foot_says_once_for_alike_files_which_operators_stay_float_and_leaves_softmax_out():
    results = [
        sample.result(workload=sample.workload(name, float_operators=("PRELU", "SQRT", "PRELU", "SOFTMAX")))
        for name in ("first", "second")
    ] + [sample.result(workload=sample.workload("third", float_operators=("SOFTMAX",)))]
    assert "- first, second: 3 operators stay float: PRELU ×2, SQRT.\n" in report_markdown(results)


def test_the_foot_says_what_drove_the_gpu():
    gpu = sample.workload(delegate=parse_delegate("gpu"))
    runs = tuple(sample.latency_run(6_455, index, gpu_api="OpenGL") for index in range(3))
    markdown = report_markdown([sample.result(workload=gpu, runs=runs)])
    assert "Configuration: delegate gpu; GPU by OpenGL; 1 thread;" in markdown


@pytest.mark.parametrize(
    ("changes", "heading"),
    [
        ({"device": sample.DEVICE.model_copy(update={"build": None})}, "workstation; build ?"),
        ({"device": sample.DEVICE.model_copy(update={"emulated": True})}, "workstation; emulated by desk"),
        ({"binary": sample.BINARY.model_copy(update={"sha256": "d" * 64})}, "workstation; binary dddddddddddd"),
        ({"binary": sample.BINARY.model_copy(update={"tool": "tflite"})}, "workstation; tflite"),
        ({"rules": sample.RULES.model_copy(update={"cpus": None})}, "workstation; not pinned"),
        ({"provenance": sample.PROVENANCE.model_copy(update={"mbench": "1.2.3"})}, "workstation; mbench 1"),
        (
            {"workload": sample.workload(settings=RunSettings(num_runs=9))},
            "workstation; warm-up ≥ 5 inferences and ≥ 0.3 s, measured ≥ 9 and ≥ 0.5 s, at most 60 s each",
        ),
    ],
)
def test_what_was_measured_otherwise_stands_in_a_table_of_its_own(changes, heading):
    results = [sample.result(medians_us=[10_000] * 3), sample.result(medians_us=[10_000] * 3, **changes)]
    assert result_tables(results)[1].title == heading
    assert f"### {heading}\n" in report_markdown(results)


def test_sessions_share_a_table_unless_they_shall_not():
    results = [sample.result(session=name, medians_us=[10_000] * 3) for name in ("one", "two")]
    assert len(result_tables(results)) == 1
    assert [table.title for table in result_tables(results, by_session=True)] == [
        "workstation; session one",
        "workstation; session two",
    ]


def test_a_patch_release_measures_alike():
    newer = sample.PROVENANCE.model_copy(update={"mbench": "0.1.7"})
    assert len(result_tables([sample.result(), sample.result(provenance=newer)])) == 1


def test_an_emulated_phone_is_called_one():
    emulated = sample.DEVICE.model_copy(update={"emulated": True})
    assert "Emulated phone: the timings are the host's" in report_markdown([sample.result(device=emulated)])


def test_a_pinning_that_no_run_proved_is_not_claimed():
    markdown = report_markdown([sample.result(status=Status.FAILED, error_class="model", message="no model")])
    assert "; no run says on which cores; " in markdown


def test_invented_latencies_are_called_so():
    invented = sample.DEVICE.model_copy(update={"emulated": True, "invented": True})
    assert "no model ran and nothing was measured" in report_markdown([sample.result(device=invented)])


def winner(*medians_us: list[int], **changes) -> int | None:
    return clear_winner([row_of(sample.result(medians_us=each, **changes)) for each in medians_us])


def test_the_fastest_is_marked_where_its_interval_stands_alone():
    assert winner([20_000, 20_010, 20_020], [10_000, 10_010, 10_020], [15_000, 15_010, 15_020]) == 1


def test_nobody_is_marked_where_intervals_overlap():
    assert winner([10_000, 10_010, 10_020], [10_020, 10_030, 10_040], [15_000, 15_010, 15_020]) is None


def test_nobody_is_marked_where_an_interval_is_missing():
    assert winner([20_000, 20_010], [10_000, 10_010, 10_020]) is None


def test_nobody_wins_alone():
    assert winner([10_000, 10_010, 10_020]) is None


def test_nobody_wins_with_outputs_that_differ():
    wrong = MeasurementWarning(code=WarningCode.OUTPUT_DIFFERS, message="2 different outputs")
    assert winner([20_000, 20_010, 20_020], [10_000, 10_010, 10_020], warnings=[wrong]) is None


@pytest.mark.parametrize(
    "code",
    [
        *(WarningCode.BUSY, WarningCode.DRIFT, WarningCode.FEW_RUNS, WarningCode.INVENTED, WarningCode.TIME_LIMITED),
        *(WarningCode.CONDITIONS, WarningCode.ACCURACY_DIFFERS, WarningCode.DELEGATE_NOT_APPLIED),
    ],
)
def test_nobody_wins_where_a_timing_is_in_doubt(code):
    doubt = MeasurementWarning(code=code, message="doubt")
    assert winner([20_000, 20_010, 20_020], [10_000, 10_010, 10_020], warnings=[doubt]) is None


def test_a_failed_job_keeps_its_row_and_its_reason():
    markdown = report_markdown([sample.result(status=Status.FAILED, error_class="crash:SIGSEGV", message="it crashed")])
    assert parse_cells(table_lines(markdown)[2])[4] == "failed: crash:SIGSEGV"
    assert "- (1) failed: crash:SIGSEGV: it crashed.\n" in markdown


def test_jobs_that_failed_alike_share_a_footnote():
    failed = {"status": Status.FAILED, "error_class": "timeout", "message": "no answer"}
    markdown = report_markdown([sample.result(name, **failed) for name in ("x", "y")])
    assert [parse_cells(line)[-1] for line in table_lines(markdown)[2:]] == ["1", "1"]
    assert markdown.count("no answer") == 1


def test_a_footnote_names_the_rows_that_share_it():
    failed = {"status": Status.FAILED, "error_class": "timeout", "message": "no answer"}
    markdown = report_markdown([sample.result("x", [10_000] * 3), *(sample.result(name, **failed) for name in "yz")])
    assert "- (1) failed: timeout, y, z: no answer.\n" in markdown


def test_a_footnote_says_which_row_each_of_its_messages_is_about():
    def result(name, message):
        doubts = [MeasurementWarning(code=WarningCode.BUSY, message=message)] if message else []
        return sample.result(name, [10_000] * 3, warnings=doubts)

    pairs = [("a", "12% used"), ("b", "12% used"), ("c", "40% used"), ("d", None)]
    assert "- (1) busy: a, b: 12% used; c: 40% used.\n" in report_markdown([result(*pair) for pair in pairs])


def test_rows_of_one_variant_are_told_apart_in_footnotes():
    failed = {"status": Status.FAILED, "error_class": "timeout", "message": "no answer"}
    results = [
        sample.result("x", [10_000] * 3),
        sample.result(workload=sample.workload("x", threads=4), **failed),
        sample.result(workload=sample.workload("x", delegate=Delegate.BUILTIN), **failed),
    ]
    assert "- (1) failed: timeout, x cpu ×4, x builtin ×1: no answer.\n" in report_markdown(results)


def test_a_footnote_about_many_rows_names_a_few():
    failed = {"status": Status.FAILED, "error_class": "timeout", "message": "no answer"}
    markdown = report_markdown([sample.result(name, **failed) for name in "abcdef"])
    assert "- (1) failed: timeout, a, b, c, d and 2 more: no answer.\n" in markdown


def test_one_inference_is_no_plural():
    settings = RunSettings(warmup_runs=1)
    runs = (sample.latency_run(10_000, measured={"count": 1}),)
    markdown = report_markdown([sample.result(workload=sample.workload(settings=settings), runs=runs)])
    assert "Per job: 1 run × ≥ 1 inference; warm-up ≥ 1 inference and" in markdown


def test_an_interrupted_job_shows_its_latency_and_a_note():
    result = sample.result(medians_us=[10_000, 10_010, 10_020], status=Status.ABORTED, message="interrupted")
    line = parse_cells(table_lines(report_markdown([result]))[2])
    assert (line[4], line[-1]) == ("aborted: 10.010 [10.000, 10.020]", "1")


def test_a_doubt_about_every_row_needs_no_marks():
    slow = MeasurementWarning(code=WarningCode.NOT_PINNED, message="runs were not pinned to cores")
    markdown = report_markdown([sample.result(name, [10_000] * 3, warnings=[slow]) for name in ("x", "y")])
    assert "- All timed rows: not pinned: runs were not pinned to cores.\n" in markdown
    assert "Notes" not in markdown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("mobilenet_v1_0.50_160_int8", "mobilenet_v1_0.50_160_int8"),
        ("_x_", r"\_x\_"),
        ("a|b", r"a\|b"),
        ("a\\|b", r"a\\\|b"),
        ("`code`", r"\`code\`"),
        ("<script>", r"\<script>"),
        ("[a](b)", r"[a]\(b)"),
        ("11.42 [11.31, 11.60]", "11.42 [11.31, 11.60]"),
        ("&lt;", r"\&lt;"),
        ("R&D", "R&D"),
        ("two\nlines\r\x1b\u2028", "two lines   "),
        ("\u202egnp.exe\u2069", " gnp.exe "),
        ("caf\udce9", r"caf\\xe9"),
        ("[x][y]", r"[x]\[y]"),
        ("<https://x>", r"\<https://x>"),
        ("a ##[error]b", r"a #\#[error]b"),
        ("###vso[task.complete]", r"##\#vso[task.complete]"),
        ("## a ##b", "## a ##b"),
    ],
)
def test_markup_is_shown_as_it_is(text, escaped):
    assert escape_markdown(text) == escaped


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# x", r"\# x"),
        ("> x", r"\> x"),
        ("- x", r"\- x"),
        ("+ x", r"\+ x"),
        ("---", r"\---"),
        ("=", r"\="),
        ("1. x", r"1\. x"),
        ("12) x", r"12\) x"),
        ("[x]: http://y", r"\[x]: http://y"),
        ("     x", "x"),
        ("![i](j)", r"![i]\(j)"),
        ("1.5 MB", "1.5 MB"),
        ("(1) busy", "(1) busy"),
        ("#x", "#x"),
        ("-x", "-x"),
        ("a [1]: x", "a [1]: x"),
    ],
)
def test_a_line_begins_no_heading_list_or_definition(text, line):
    assert escape_line(text) == line


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12), st.sampled_from(Style)), min_size=1, max_size=4))
def test_any_text_leaves_the_table_rectangular_and_reads_back(lines):
    table = TableValues(
        columns=(Column(header="a|b"), Column(header="`c`", align=Align.RIGHT)),
        rows=tuple((Cell(first), Cell(second, style)) for first, second, style in lines),
        foot=("x",),
    )
    grid = table_lines(table_markdown(table))
    assert len(grid) == len(lines) + 2
    assert len({display_width(line) for line in grid}) == 1
    for line, (first, second, style) in zip(grid[2:], lines, strict=True):
        strong = style is Style.STRONG and shown(second)
        assert parse_cells(line) == [shown(first), f"**{shown(second)}**" if strong else shown(second)]


DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def shown(text: str) -> str:
    return "".join(
        " " if unicodedata.category(each) in {"Cc", "Zl", "Zp"} or each in DIRECTIONS else each for each in text
    ).strip()


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_any_variant_and_device_keep_a_report_whole(variant, serial):
    device = sample.DEVICE.model_copy(update={"serial": serial})
    markdown = report_markdown([sample.result(variant, [10_000] * 3, device=device)])
    grid = table_lines(markdown)
    assert {len(parse_cells(line)) for line in grid} == {len(parse_cells(grid[0]))}
    assert len(grid) == 3
    assert all(line.startswith(("|", "- ")) or not line for line in markdown.split("\n"))


def test_wide_and_combining_characters_are_padded_by_what_they_show():
    assert (display_width("電話"), display_width("e\u0301"), display_width("ab")) == (4, 1, 2)
