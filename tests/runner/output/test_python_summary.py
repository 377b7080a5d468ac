"""LiteRT's benchmark in Python is another tool: its summary is read, named as such, and never filled in."""

from pathlib import Path

import pytest

from mbench.core.results import Status, WarningCode
from mbench.runner.output.parsed import ParsedText
from mbench.workflows.parsing import parse_log, text_of

SENT = Path(__file__).parents[2] / "data" / "sent_logs"
SUMMARY = (SENT / "litert_python.stdout.txt").read_text(encoding="utf-8")
LOG = (SENT / "litert_python.stderr.txt").read_text(encoding="utf-8")


def parse(stdout: str = SUMMARY, stderr: str = "", *, exit_code: int | None = None) -> ParsedText:
    return parse_log(stdout.encode(), stderr.encode(), exit_code=exit_code)


def test_the_summary_is_read_in_microseconds() -> None:
    found = parse()
    assert (found.status, found.tool, found.init_us, found.first_us) == (Status.OK, "litert-python", 10110, 1000)
    assert found.measured is not None
    assert found.measured.model_dump(exclude_none=True) == {
        "count": 20,
        "min_us": 810,
        "max_us": 13190,
        "avg_us": 2770,
        "std_us": 3950,
        "p5_us": 810,
        "median_us": 840,
        "p95_us": 12910,
    }
    assert found.warmup is not None
    assert (found.warmup.count, found.warmup.avg_us) == (5, 1930)


@pytest.mark.parametrize("merged", [True, False])
def test_the_log_before_it_names_the_settings(merged: bool) -> None:
    found = parse(LOG + SUMMARY) if merged else parse(SUMMARY, LOG)
    assert found.parameters["Accelerators"] == "CPU"
    assert found.parameters["Num threads"] == "1"
    assert found.parameters["Model"].endswith("mobilenet_v1_0.25_128_quant.tflite")


def test_it_is_named_as_another_tool() -> None:
    assert "LiteRT's benchmark in Python: not benchmark_model" in text_of(parse())


def test_a_quoted_summary_is_read_too() -> None:
    assert parse("".join(f"> {row}\n" for row in SUMMARY.splitlines())) == parse()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Inference (median):    0.84 ms\n", "", "the summary lacks Inference (median)"),
        ("2.77 ms (20 runs)", "2.77 ms", "the summary lacks the number of its runs"),
        ("0.84 ms", "0.8x ms", "is not one value in ms"),
        ("0.84 ms", "14.00 ms", "the median does not lie between minimum and maximum"),
        ("0.84 ms", "0.80 ms", "the median does not lie between minimum and maximum"),
    ],
)
def test_a_broken_summary_says_whose_it_is_and_what_it_lacks(old: str, new: str, said: str) -> None:
    assert old in SUMMARY
    found = parse(SUMMARY.replace(old, new))
    assert (found.status, found.error_class, found.measured) == (Status.FAILED, "output", None)
    assert "LiteRT's benchmark in Python" in (found.message or "")
    assert said in (found.message or "")


@pytest.mark.parametrize(("median", "coarse"), [("0.99", True), ("1.00", False), ("1.01", False)])
def test_hundredths_of_a_millisecond_are_doubted_below_one(median: str, coarse: bool) -> None:
    codes = [doubt.code for doubt in parse(SUMMARY.replace("0.84 ms", f"{median} ms")).warnings]
    assert codes == ([WarningCode.COARSE_CLOCK] if coarse else [])


@pytest.mark.parametrize(("printed", "median_us"), [("0.00", None), ("0.01", 10)])
def test_a_time_that_is_printed_as_zero_is_unknown_and_never_zero(printed: str, median_us: int | None) -> None:
    text = SUMMARY.replace("0.84 ms", f"{printed} ms").replace("0.81 ms", "0.00 ms").replace("1.00 ms", "0.00 ms")
    found = parse(text.replace("10.11 ms", "0.00 ms").replace("3.95 ms", "0.00 ms"), exit_code=0)
    assert (found.status, found.init_us, found.first_us) == (Status.OK, None, None)
    assert found.measured is not None
    assert found.measured.model_dump(exclude={"first_us", "current_us"}) == {
        "count": 20,
        "min_us": None,
        "max_us": 13190,
        "avg_us": 2770,
        "std_us": None,
        "p5_us": None,
        "median_us": median_us,
        "p95_us": 12910,
    }
    expected = WarningCode.BELOW_CLOCK if median_us is None else WarningCode.COARSE_CLOCK
    assert [doubt.code for doubt in found.warnings] == [expected]
    assert " 0 µs" not in text_of(found)


@pytest.mark.parametrize(
    ("exit_code", "error_class", "said"),
    [
        (1, "output", "it ended with status 1"),
        (124, "timeout", "it was ended at its deadline (status 124)"),
        (137, "killed", "it was ended by SIGKILL"),
        (-11, "crash:SIGSEGV", "it was ended by SIGSEGV"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_summary_of_a_process_that_failed_is_failed(exit_code: int, error_class: str, said: str, whole: bool) -> None:
    found = parse(SUMMARY if whole else SUMMARY[: SUMMARY.index("Inference (max)")], exit_code=exit_code)
    assert (found.status, found.error_class) == (Status.FAILED, error_class)
    assert found.message == f"this is LiteRT's benchmark in Python, and {said}"
    assert (found.measured is not None) is whole


@pytest.mark.parametrize(
    ("accelerators", "fully", "doubted"),
    [("NPU | CPU", "False", True), ("GPU", "False", True), ("NPU | CPU", "True", False), ("CPU", "False", False)],
)
def test_an_accelerator_that_left_something_over_is_a_doubt(accelerators: str, fully: str, doubted: bool) -> None:
    log = LOG.replace("Accelerators:    CPU", f"Accelerators:    {accelerators}")
    log = log.replace("Fully accelerated: False", f"Fully accelerated: {fully}")
    codes = [
        doubt.code for doubt in parse(SUMMARY.replace("accelerated:     False", f"accelerated: {fully}"), log).warnings
    ]
    assert (WarningCode.PARTLY_DELEGATED in codes) is doubted
