"""Which class the text of a failure belongs to, and which line is shown of several."""

import itertools

import pytest
from text_lines import line

from mbench.runner.output.failures import class_of, decisive_line, launch_line
from mbench.runner.output.lines import Line

FAILED = "Benchmarking failed."
TEXTS = {
    "usage": ["Failed to parse flag 'x'", "usage: benchmark_model", "input shape should have 4 dimensions"],
    "delegate": ["Failed to apply GPU delegate.", "Could not find the specified NNAPI accelerator: x"],
    "invoke": ["Node 3 failed to invoke", "Failed to invoke", "Run failed"],
    "model": ["Could not open '/m.tflite'", "Failed to load model /m", "Node number 0 (X) failed to prepare."],
    "io": ["Failed to open file x"],
    "environment": ["Failed to save x: No space left on device", "x: Read-only file system"],
}
LAUNCH = ["CANNOT LINK EXECUTABLE: x", "sh: x: not found", "sh: x: Permission denied", "Exec format error"]


def lines(*marked: tuple[str | None, str]) -> list[Line]:
    return [line(text, number, level=level) for number, (level, text) in enumerate(marked, start=1)]


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in TEXTS.items() for text in texts])
@pytest.mark.parametrize("level", ["ERROR", "FATAL", None])
def test_an_error_or_an_unmarked_line_has_its_class(name: str, text: str, level: str | None) -> None:
    assert class_of(lines(("INFO", "STARTING!"), (level, text), ("INFO", "x"))) == name


@pytest.mark.parametrize("level", ["INFO", "WARN", "VERBOSE"])
def test_lines_marked_otherwise_have_none(level: str) -> None:
    assert class_of(lines((level, "Failed to load model /m"))) is None
    assert decisive_line(lines((level, "Failed to load model /m"))) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hostbench itself failed: ValueError: x", "output"),
        ("Cannot tell what the delegate executes: x.", "output"),
        ("Traceback (most recent call last):", "output"),
        ("The LiteRT runtime cannot be loaded: x.", "launch"),
    ],
)
def test_a_fault_of_the_program_is_never_the_files(text: str, name: str) -> None:
    assert class_of(lines(("ERROR", "Failed to load model /m"), ("ERROR", text))) == name


def test_a_text_that_nobody_knows_has_no_class() -> None:
    assert class_of(lines(("ERROR", "odd"), (None, "odder"), ("FATAL", FAILED))) is None
    assert class_of([]) is None


def test_classes_go_before_the_order_of_lines() -> None:
    ordered = ["usage", "delegate", "invoke", "model", "io"]
    for first, later in itertools.pairwise(ordered):
        assert class_of(lines(("ERROR", TEXTS[later][0]), ("ERROR", TEXTS[first][0]))) == first


def test_run_failed_begins_its_line() -> None:
    assert class_of(lines(("ERROR", "The Run failed"))) is None


@pytest.mark.parametrize("text", LAUNCH)
def test_a_line_of_a_shell_or_linker_says_that_nothing_was_started(text: str) -> None:
    for level in (None, "ERROR", "WARN"):
        found = launch_line(lines(("INFO", text), (level, text), (None, text)))
        assert found is not None
        assert found.number == 2
    assert launch_line(lines(("INFO", text), (None, "x"))) is None


FATAL, ERROR, LATER, KNOWN = ("FATAL", "fatal"), ("ERROR", "error"), ("ERROR", "later"), (None, "Failed to load model")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([ERROR, FATAL], "fatal"),
        ([FATAL, ("FATAL", "second")], "fatal"),
        ([ERROR, LATER], "error"),
        ([KNOWN, ERROR], "error"),
        ([("ERROR", FAILED), LATER], "later"),
        ([("FATAL", FAILED), ERROR], "error"),
        ([("ERROR", "Abort")], "Abort"),
        ([ERROR, ("".join(("FA", "TAL")), "fatal")], "fatal"),
        ([KNOWN, (None, "Failed to invoke")], "Failed to load model"),
        ([("ERROR", FAILED), KNOWN], "Failed to load model"),
        ([("ERROR", FAILED)], None),
        ([(None, "odd"), ("WARN", "Failed to load model")], None),
        ([], None),
    ],
)
def test_the_first_of_the_worst_lines_is_shown(given: list[tuple[str | None, str]], shown: str | None) -> None:
    found = decisive_line(lines(*given))
    assert (found and found.text) == shown
