"""Which lines of a text count, what they are stripped of, and how each is numbered."""

from dataclasses import FrozenInstanceError

import pytest

from mbench.runner.output.lines import Line, read_lines, shortened

OWN = "INFO: STARTING!"


def texts(stdout: str, stderr: str = "") -> list[tuple[str, int, str | None, str]]:
    return [(line.stream, line.number, line.level, line.text) for line in read_lines(stdout, stderr)]


def one(row: str) -> tuple[str | None, str] | None:
    """Return level and text of a row beside which nothing else stands."""
    found = texts(row)
    return found[0][2:] if found else None


def test_lines_are_numbered_within_their_streams_and_blank_ones_count() -> None:
    assert texts("\n\nINFO: a\n \n\tb\n", "ERROR: c\r\n\r\nd") == [
        ("stdout", 3, "INFO", "a"),
        ("stdout", 5, None, "b"),
        ("stderr", 1, "ERROR", "c"),
        ("stderr", 3, None, "d"),
    ]


def test_an_empty_text_has_no_lines() -> None:
    assert texts("", "") == texts("\n \n", "\r\n") == []


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("VERBOSE: a", ("VERBOSE", "a")),
        ("INFO: a", ("INFO", "a")),
        ("WARN: a", ("WARN", "a")),
        ("WARNING: a", ("WARN", "a")),
        ("ERROR: a", ("ERROR", "a")),
        ("FATAL: a", ("FATAL", "a")),
        ("INFO:a", ("INFO", "a")),
        ("INFO: INFO: a", ("INFO", "INFO: a")),
        ("ERROR: a WARNING b", ("ERROR", "a WARNING b")),
        ("NOTE: a", (None, "NOTE: a")),
        ("an INFO: a", (None, "an INFO: a")),
        ("INFO: ", None),
        ("\ufeffINFO: a", ("INFO", "a")),
        ("INFO: [benchmark_litert_model.h:91] a", ("INFO", "a")),
        ("[tools/x.cc:9] [y.cc:8] a", (None, "[y.cc:8] a")),
        ("[x.txt:9] a", (None, "[x.txt:9] a")),
        ("a [x.cc:9] b", (None, "a [x.cc:9] b")),
        ("[x.cc:9] ", None),
    ],
)
def test_a_line_is_stripped_of_its_mark_and_its_source(row: str, found: tuple[str | None, str] | None) -> None:
    assert one(row) == found


LETTERS = {"V": "VERBOSE", "D": "VERBOSE", "I": "INFO", "W": "WARN", "E": "ERROR", "F": "FATAL", "A": "FATAL"}


@pytest.mark.parametrize(("letter", "level"), LETTERS.items())
@pytest.mark.parametrize(
    "form",
    [
        "{}/tflite  ( 6178): STARTING!",
        "08-28 22:39:24.974 {}/tflite  ( 6178): STARTING!",
        "2026-08-28 22:39:24.974 +0200 {}/tflite( 6178): STARTING!",
        "08-28 22:39:24.974  6178  6178 {} tflite  : STARTING!",
        "08-28 22:39:24.974  6178  6178 {} LiteRt: STARTING!",
        "08-28 22:39:24.974  2000  6178  6178 {} tflite: STARTING!",
        "08-28 22:39:24.974 u0_a12  6178  6178 {} tflite: STARTING!",
        "1596790435.768  6178  6178 {} tflite: STARTING!",
        "{}/tflite: STARTING!",
        "2026-08-28 22:39:24.974 6178-6178/org.app I/tflite: STARTING!".replace(" I/", " {}/"),
        "08-28 22:39:24.974 6178-6178/? {}/tflite: STARTING!",
        "2026-08-28 22:39:24.974  6178-6178  tflite    org.tensorflow.lite.benchmark    {}  STARTING!",
        "2026-08-28 22:39:24.974  6178-6178  tflite                                     {}  STARTING!",
        "22:39:24.974  {}  STARTING!",
        "[ 08-28 22:39:24.974  6178: 6178 {}/tflite   ]\nSTARTING!\n",
    ],
)
def test_logcat_is_stripped_of_its_prefix(form: str, letter: str, level: str) -> None:
    assert one(form.format(letter)) == (level, "STARTING!")


@pytest.mark.parametrize(
    "row",
    [
        "I/other ( 6178): a",
        "08-28 22:39:24.974  6178  6178 I other: a",
        "I/( 1): a",
        "2026-08-28 22:39:24.974 6178-6178/org.app I/other: a",
        "2026-08-28 22:39:24.974  6178-6178  other  org.app  I  a",
        "[ 08-28 22:39:24.974  6178: 6178 I/other ]\na",
    ],
)
def test_logcat_of_other_programs_is_left_out(row: str) -> None:
    assert one(row) is None


def test_only_a_tag_of_the_tool_makes_logcat_of_a_line_without_ids() -> None:
    assert one("I/tflite: a") == ("INFO", "a")
    assert one("I/other: a") == (None, "I/other: a")


def test_lines_of_logcats_long_form_keep_their_numbers() -> None:
    head = "[ 08-28 22:39:24.974  6178: 6178 {}/tflite   ]"
    rows = f"{head.format('I')}\na\n\n{head.format('E')}\nb\nc\n"
    assert texts(rows) == [("stdout", 2, "INFO", "a"), ("stdout", 5, "ERROR", "b"), ("stdout", 6, "ERROR", "c")]


def test_a_mark_within_logcat_goes_before_its_letter() -> None:
    assert one("I/tflite ( 1): ERROR: a") == ("ERROR", "a")


LOGCAT = "I/tflite ( 1): STARTING!"


@pytest.mark.parametrize(
    "row",
    [
        "STARTING!",
        "INFO: STARTING!",
        "WARNING: Running benchmark for 1",
        "count=3",
        "Inference timings in us",
        "Average inference timings",
        "Initialized session",
        "Loaded model",
        "Log parameter values",
        "VERBOSE: Replacing 3",
    ],
)
def test_logcat_beside_plain_lines_is_a_copy(row: str) -> None:
    assert [text for *_, text in texts(f"{LOGCAT}\n{row}")] == [row.partition(": ")[2] or row]
    assert [text for *_, text in texts(row, LOGCAT)] == [row.partition(": ")[2] or row]
    assert [text for *_, text in texts(LOGCAT, row)] == [row.partition(": ")[2] or row]


@pytest.mark.parametrize("row", ["a", "INFO: a", "the count=3", "Replacing x"])
def test_other_plain_lines_do_not_make_it_one(row: str) -> None:
    assert len(texts(f"{LOGCAT}\n{row}")) == 2


def test_stderr_that_stands_in_stdout_too_is_left_out() -> None:
    assert texts("a\nb\nc", "c\na") == texts("a\nb\nc")
    assert [line[:2] for line in texts("a\nb", "b\nb")] == [("stdout", 1), ("stdout", 2), ("stderr", 1), ("stderr", 2)]
    assert [line[0] for line in texts("a", "a\nb")] == ["stdout", "stderr", "stderr"]


@pytest.mark.parametrize(("length", "shown"), [(159, "x" * 159), (160, "x" * 160), (161, "x" * 159 + "…")])
def test_160_characters_are_shown(length: int, shown: str) -> None:
    assert shortened("x" * length) == shown


@pytest.mark.parametrize(("limit", "shown"), [(5, "abcde"), (4, "abc…"), (2, "a…")])
def test_fewer_are_shown_where_that_is_asked_for(limit: int, shown: str) -> None:
    assert shortened("abcde", limit) == shown


def test_a_line_names_its_place() -> None:
    line = Line(stream="stderr", number=3, level=None, text="y" * 161)
    assert str(line) == f"stderr line 3: '{'y' * 159}…'"


def test_a_line_is_a_value() -> None:
    line = Line(stream="stdout", number=1, level=None, text="a")
    with pytest.raises(FrozenInstanceError):
        line.text = "b"  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        Line("stdout", 1, None, "a")  # type: ignore[misc]
    assert not hasattr(line, "__dict__")


def test_whether_a_row_is_logcat_hangs_on_its_tag() -> None:
    assert one("I/tensorflow-tflite-jni ( 1): a") == ("INFO", "a")
    assert one("I/TFLite ( 1): a") == ("INFO", "a")


def test_a_line_knows_whether_it_stood_in_logcats_form() -> None:
    assert [line.logcat for line in read_lines(OWN, "")] == [False]
    assert [line.logcat for line in read_lines("I/tflite  ( 6178): STARTING!", "")] == [True]
    assert not Line(stream="stdout", number=1, level=None, text="x").logcat
