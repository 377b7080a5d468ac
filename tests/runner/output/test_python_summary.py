"""LiteRT's benchmark in Python is another tool: its summary is read, named as such, and never filled in."""

from pathlib import Path

import pytest

from mbench.core.results import Status, WarningCode
from mbench.runner.output.parsed import ParsedText
from mbench.workflows.parsing import parse_log, text_of

SENT = Path(__file__).parents[2] / "data" / "sent_logs"
SUMMARY = (SENT / "litert_python.stdout.txt").read_text(encoding="utf-8")
LOG = (SENT / "litert_python.stderr.txt").read_text(encoding="utf-8")


def parse(stdout: str = SUMMARY, stderr: str = "") -> ParsedText:
    return parse_log(stdout.encode(), stderr.encode(), exit_code=None)


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
