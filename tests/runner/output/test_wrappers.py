"""Logs as people send them: every wrapper gives what the bare log gives, and no wrapper makes a broken log whole."""

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_texts import RECORDINGS

from mbench.core.results import Status
from mbench.runner.output.parsed import ParsedText
from mbench.runner.output.wrappers import decode_log, unwrapped
from mbench.workflows.parsing import parse_log

SENT = Path(__file__).parents[2] / "data" / "sent_logs"
OK = RECORDINGS["ok_fixed_runs"]
MERGED = OK.stdout + OK.stderr


def parse(text: str, stderr: str = "") -> ParsedText:
    return parse_log(text.encode(), stderr.encode(), exit_code=None)


def wrapped(form: Callable[[int, str], str], text: str = MERGED) -> str:
    return "\n".join(form(number, row) for number, row in enumerate(text.splitlines(), start=1)) + "\n"


BARE = parse(MERGED)

FORMS: dict[str, Callable[[int, str], str]] = {
    "spaces": lambda n, row: f"    {row}",
    "tabs": lambda n, row: f"\t\t{row}",
    "no-break spaces": lambda n, row: f"\u00a0\u00a0{row}",
    "quote": lambda n, row: f"> {row}".rstrip(),
    "quote of a quote": lambda n, row: f"> > {row}".rstrip(),
    "quote without a blank": lambda n, row: f">{row}",
    "comment": lambda n, row: f"# {row}".rstrip(),
    "list": lambda n, row: f"  * {row}",
    "line numbers": lambda n, row: f"{n:>6}\t{row}",
    "grep -n": lambda n, row: f"{n}:{row}",
    "GitHub": lambda n, row: f"2026-07-08T15:33:{n % 60:02}.123{n:04}Z {row}",
    "GitLab": lambda n, row: f"2026-07-08T15:33:{n % 60:02}.123456Z 01O {row}",
    "Jenkins": lambda n, row: f"[2026-07-08T15:33:{n % 60:02}.123Z] {row}",
    "ts": lambda n, row: f"Jul 08 15:33:{n % 60:02} {row}",
    "journald": lambda n, row: f"Jul 08 15:33:{n % 60:02} host9 bench[123]: {row}",
    "compose": lambda n, row: f"bench-1  | {row}".rstrip(),
    "logging": lambda n, row: f"2026-07-08 15:33:{n % 60:02},123 - DEBUG - {row}",
    "quoted CI": lambda n, row: f"> 2026-07-08T15:33:{n % 60:02}.123Z {row}".rstrip(),
    "colours": lambda n, row: f"\x1b[32m{row}\x1b[0m",
    "colour of the level": lambda n, row: row.replace("INFO:", "\x1b[1;34mINFO:\x1b[0m"),
    "colours shown": lambda n, row: f"^[[32m{row}^[[0m",
    "colours without escape": lambda n, row: f"[32m{row}[0m",
    "erased lines": lambda n, row: f"\x1b[2K\r{row}",
    "title of a window": lambda n, row: f"\x1b]0;adb\x07{row}",
    "backticks": lambda n, row: f"`{row}`",
    "zero-width spaces": lambda n, row: f"\u200b{row}",
    "Windows": lambda n, row: f"{row}\r",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_wrapper_changes_nothing(form: Callable[[int, str], str]) -> None:
    assert parse(wrapped(form)) == BARE
    assert BARE.status is Status.OK


@pytest.mark.parametrize("form", [FORMS["quote"], FORMS["GitHub"], FORMS["compose"]])
def test_stderr_wears_the_same_wrapper(form: Callable[[int, str], str]) -> None:
    apart = parse(OK.stdout, OK.stderr)
    assert parse(wrapped(form, OK.stdout), wrapped(form, OK.stderr)) == apart
    assert [each.nodes for each in apart.delegates]


@pytest.mark.parametrize(
    "glued",
    [
        "```",
        "```text ",
        "~~~",
        "`",
        "oriole:/data/local/tmp $ ./benchmark_model --graph=m.tflite ",
        "$ adb shell /data/local/tmp/benchmark_model --graph=m.tflite --num_threads=4",
        "root@host:~# ",
        "C:\\tools> ",
        "❯ ",
        "> ```",
    ],
)
@pytest.mark.parametrize("end", ["", "```", "> ```"])
def test_a_fence_or_prompt_before_the_first_line_changes_nothing(glued: str, end: str) -> None:
    assert parse(f"{glued}{OK.stdout}{end}", OK.stderr) == parse(OK.stdout, OK.stderr)


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("INFO: STARTING! ./m.tflite", "stdout line 3 holds 'STARTING!' with ' ./m.tflite' after it"),
        ("seen: STARTING!", "stdout line 3 holds 'STARTING!' with 'seen: ' before it"),
        ("(STARTING!)", "stdout line 3 holds 'STARTING!' with '(' before it and ')' after it"),
    ],
)
def test_what_is_in_the_way_of_the_first_line_is_said(first: str, said: str) -> None:
    found = parse("hello\n\n" + OK.stdout.replace("INFO: STARTING!", first))
    assert found.message == f"this is not benchmark_model's output from its beginning: {said}; cut that away"


def test_where_the_log_begins_too_late_its_first_line_is_said() -> None:
    found = parse("\n" + OK.stdout.partition("\n")[2])
    assert found.message is not None
    assert "no line 'STARTING!' before stdout line 2: 'Log parameter values verbosely: [0]'" in found.message


def test_one_odd_prefix_is_no_wrapper() -> None:
    broken = parse(MERGED.replace("INFO: Inference timings", "x1 INFO: Inference timings"))
    assert (broken.status, broken.error_class) == (Status.FAILED, "output")


def test_a_damaged_number_is_refused_in_a_wrapper_too() -> None:
    text = wrapped(FORMS["GitHub"], MERGED.replace("avg=41289", "avg=4l289"))
    found = parse(text)
    assert found.error_class == "output"
    assert found.message is not None
    assert found.message.startswith("stdout line ")


@pytest.mark.parametrize("bracket", ["[4m.tflite]", "[m.tflite]", "[0;1m]", "[1K.tflite]"])
def test_a_models_name_is_no_colour(bracket: str) -> None:
    text = MERGED.replace("Graph: [", f"Graph: {bracket} [", 1)
    assert unwrapped(text) == (text.replace("\r", ""),)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", "utf-8"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
    ],
)
def test_a_text_is_read_in_its_encoding(mark: bytes, encoding: str) -> None:
    assert decode_log(mark + MERGED.encode(encoding)) == MERGED


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff\xfe\x00", b"a\x00b", b"\x80\x81", b"\xff" * 9])
def test_bytes_that_are_no_text_are_answered(data: bytes) -> None:
    assert parse_log(data, b"", exit_code=None).status is Status.FAILED


@given(st.binary(max_size=400), st.binary(max_size=100))
def test_any_bytes_at_all_are_answered(stdout: bytes, stderr: bytes) -> None:
    assert parse_log(stdout, stderr, exit_code=None).status is Status.FAILED


@pytest.mark.parametrize("name", ["app_logcat", "studio_new_logcat", "studio_old_logcat"])
def test_the_apps_logcat_begins_with_its_settings(name: str) -> None:
    found = parse_log((SENT / f"{name}.txt").read_bytes(), b"", exit_code=None)
    assert (found.status, found.message, found.init_us, found.first_us) == (Status.OK, None, 458883, 2732148)
    assert found.warmup is not None
    assert found.measured is not None
    assert (found.warmup.count, found.warmup.median_us, found.measured.count) == (1, 2732148, 10)
    measured = found.measured
    assert (measured.median_us, measured.min_us, measured.max_us) == (2709263, 2640862, 3025403)


@pytest.mark.parametrize("name", ["indented", "quoted", "ci_timestamps", "utf16", "fence_glued"])
def test_a_sent_log_says_what_the_bare_one_says(name: str) -> None:
    found = parse_log((SENT / f"{name}.txt").read_bytes(), b"", exit_code=None)
    assert (found.status, found.message, found.first_us) == (Status.OK, None, 637079)
    assert found.measured is not None
    assert (found.measured.count, found.measured.avg_us) == (520, 1885.74)
    assert (found.measured.min_us, found.measured.max_us) == (1171, 9925)


@pytest.mark.parametrize("form", [FORMS["quote"], FORMS["GitHub"], FORMS["spaces"]])
@pytest.mark.parametrize("name", ["app_logcat", "studio_new_logcat", "studio_old_logcat"])
def test_a_logcat_may_be_wrapped_too(name: str, form: Callable[[int, str], str]) -> None:
    text = (SENT / f"{name}.txt").read_text(encoding="utf-8")
    assert parse(wrapped(form, text)) == parse(text)


@pytest.mark.parametrize("name", ["app_logcat", "studio_new_logcat", "studio_old_logcat"])
def test_a_logcat_that_begins_after_its_settings_is_refused(name: str) -> None:
    rows = (SENT / f"{name}.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    found = parse("".join(rows[2:]))
    assert found.error_class == "output"
    assert "no line 'STARTING!' before stdout line 1: 'Loaded model " in (found.message or "")


def test_plain_lines_that_begin_with_the_settings_are_refused() -> None:
    assert parse(OK.stdout.partition("\n")[2]).error_class == "output"
