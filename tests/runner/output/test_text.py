"""How a text is read as a whole: its status, the class and message of its failure, and what is kept of it."""

from dataclasses import FrozenInstanceError

import pytest

from mbench.core.results import Memory, Status, WarningCode
from mbench.runner.output.parse import _Reading, parse_text  # the reading is frozen like every value
from mbench.runner.output.parsed import ParsedText

START = "INFO: STARTING!\n"
SETTINGS = "INFO: Num threads: [4]\nINFO: Graph: [/m.tflite]\nINFO: The input model file size (MB): 16.9\n"
LOADED = "INFO: Loaded model /m.tflite\nINFO: Initialized session in 76.033ms.\n"
WARMUP = "INFO: Running benchmark for at least 1 iterations\nINFO: count=1 curr=48194 p5=48194 median=48194 p95=48194\n"
MEASURED = "INFO: Running benchmark for at least 2 iterations\nINFO: count=2 first=3 curr=5 min=3 max=5 avg=4 std=1\n"
TIMINGS = (
    "INFO: Inference timings in us: Init: 76033, First inference: 48194, Warmup (avg): 48194, Inference (avg): 4\n"
)
MEMORY = "INFO: Memory footprint delta from the start of the tool (MB): init=5.5 overall=6.25\n"
WHOLE = START + SETTINGS + LOADED + WARMUP + MEASURED + TIMINGS + MEMORY
LAST = "its last line is 'Memory footprint delta from the start of the tool (MB): init=5.5 overall=6.25'"


def parse(stdout: str = WHOLE, stderr: str = "", exit_code: int | None = 0) -> ParsedText:
    return parse_text(stdout, stderr, exit_code=exit_code)


def failure(stdout: str = WHOLE, stderr: str = "", exit_code: int | None = 0) -> tuple[str | None, str | None] | None:
    found = parse(stdout, stderr, exit_code)
    assert (found.status is Status.OK) == (found.error_class is None) == (found.message is None)
    return None if found.status is Status.OK else (found.error_class, found.message)


@pytest.mark.parametrize("exit_code", [0, None])
def test_a_whole_text_is_read(exit_code: int | None) -> None:
    found = parse(exit_code=exit_code)
    assert (found.status, found.error_class, found.message, found.warnings) == (Status.OK, None, None, ())
    assert (found.started, found.failed_line, found.tool, found.unconsumed) == (True, False, "tflite", ())
    assert (found.init_us, found.first_us, found.target_runs) == (76_033, 48_194, (1, 2))
    assert (found.warmup and found.warmup.count, found.measured and found.measured.avg_us) == (1, 4.0)
    assert (found.memory, found.memory_kind) == (Memory(init_kib=5632.0, overall_kib=6400.0), "delta")
    assert (found.parameters, found.model_mb) == ({"Num threads": "4", "Graph": "/m.tflite"}, 16.9)


def test_the_exit_status_is_said_by_name() -> None:
    with pytest.raises(TypeError, match="positional"):
        parse_text(WHOLE, "", 0)  # type: ignore[misc]


def test_nothing_is_seen_unless_it_is_said() -> None:
    nothing = ParsedText(status=Status.FAILED)
    assert (nothing.started, nothing.failed_line) == (False, False)


# What is kept


def test_marked_lines_are_kept() -> None:
    stderr = "ERROR: one\nFATAL: two\nWARN: three\nWARNING: linker: four\nWARN: five\nINFO: six\nWARNING: seven\n"
    found = parse(stderr=stderr)
    assert (found.errors, found.notices) == (("one", "two"), ("three", "five", "seven"))


def test_settings_stand_before_the_model_is_loaded() -> None:
    for end in ("Loaded model x", "Loading model from: x", "Initialized session in 1ms.", "Running benchmark for 1"):
        text = f"STARTING!\nINFO: A : [1]\nA: [2]\nWARN: B: [3]\nC: [4]\nC: 5\nD: [[6]]\n{end}\nE: [7]\n"
        assert parse(text).parameters == {"A": "1", "C": "4", "D": "[6]"}


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("Graph: [/m]", "tflite"),
        ("Loaded model /m", "tflite"),
        ("Inference timings in us: x", "tflite"),
        ("Average inference timings in us: x", "tflite"),
        ("\t--input_layer_value_files=", "tflite"),
        ("========== BENCHMARK RESULTS ==========", "litert"),
        ("Loading model from: /m", "litert"),
        ("--use_npu=false", "litert"),
        ("Graph: [/m]\nLoading model from: /m", "litert"),
        ("The Loaded model", None),
        ("STARTING!", None),
    ],
)
def test_the_flavour_shows_by_lines_of_its_own(text: str, tool: str | None) -> None:
    assert parse(f"x\n{text}\ny").tool == tool


@pytest.mark.parametrize(
    ("texts", "arguments"),
    [
        (["Unconsumed cmdline flags: --a --b=2", "Unconsumed cmdline flags: --c"], ("--a", "--b=2", "--c")),
        (["Unconsumed cmdline flags:"], ("Unconsumed cmdline flags:",)),
        (["no Unconsumed cmdline flags: --a"], ()),
    ],
)
def test_arguments_left_over_are_kept_and_fail_the_text(texts: list[str], arguments: tuple[str, ...]) -> None:
    stdout = WHOLE.replace(SETTINGS, "".join(f"{text}\n" for text in texts) + SETTINGS)
    assert parse(stdout).unconsumed == arguments
    expected = ("usage", f"Unconsumed cmdline flags: {' '.join(arguments)}") if arguments else None
    assert failure(stdout) == expected


@pytest.mark.parametrize(("asked", "limited"), [(1, False), (2, False), (3, True), (50, True)])
def test_fewer_inferences_than_asked_for_are_a_doubt(asked: int, limited: bool) -> None:
    found = parse(WHOLE.replace("at least 2 iterations", f"at least {asked} iterations"))
    message = f"2 inferences were measured of the {asked} asked for"
    advice = "Raise --max_secs, or ask for fewer inferences."
    assert [(str(doubt.code), doubt.message, doubt.advice) for doubt in found.warnings] == (
        [("time_limited", message, advice)] if limited else []
    )


def test_the_warm_ups_target_is_no_ones_doubt() -> None:
    assert parse(WHOLE.replace("at least 1 iterations", "at least 9 iterations")).warnings == ()
    assert parse(WHOLE.replace("at least 1 iterations", "at least some iterations")).warnings == ()


def test_doubts_come_in_one_order() -> None:
    text = WHOLE.replace("init=5.5 overall=6.25", "init=0 overall=0").replace("at least 2", "at least 3")
    found = parse(text.replace(LOADED, f"INFO: Use gpu: [1]\n{LOADED}"))
    assert [doubt.code for doubt in found.warnings] == [
        WarningCode.DELEGATE_NOT_APPLIED,
        WarningCode.NO_MEMORY,
        WarningCode.TIME_LIMITED,
    ]


def test_a_delegate_is_not_missed_before_the_phases() -> None:
    text = START + "INFO: Use gpu: [1]\n" + LOADED
    assert parse(text).warnings == ()
    assert [doubt.code for doubt in parse(text + WARMUP).warnings] == [WarningCode.DELEGATE_NOT_APPLIED]


# How it ended


@pytest.mark.parametrize(
    ("exit_code", "error_class", "said"),
    [
        (137, "killed", "ended by SIGKILL"),
        (-15, "killed", "ended by SIGTERM"),
        (134, "crash:SIGABRT", "ended by SIGABRT"),
        (139, "crash:SIGSEGV", "ended by SIGSEGV"),
        (135, "crash:SIGBUS", "ended by SIGBUS"),
        (124, "timeout", "ended at its deadline (status 124)"),
    ],
)
def test_a_signal_or_the_deadline_ends_a_text_whatever_it_says(exit_code: int, error_class: str, said: str) -> None:
    assert failure(exit_code=exit_code) == (error_class, f"{said}; {LAST}")
    assert failure(stderr="ERROR: first\nERROR: second", exit_code=exit_code) == (error_class, "first")
    silent = "launch" if exit_code == 135 else error_class
    shown = "did not start: status 135, no output" if exit_code == 135 else f"{said}; it printed nothing"
    assert failure("", exit_code=exit_code) == (silent, shown)


@pytest.mark.parametrize("exit_code", [126, 127])
def test_a_shell_that_could_not_start_the_program_says_so(exit_code: int) -> None:
    assert failure("", exit_code=exit_code) == ("launch", f"did not start: status {exit_code}, no output")
    assert failure("", "sh: x: not found", exit_code) == ("launch", "sh: x: not found")
    assert failure("", "ERROR: odd", exit_code) == ("launch", "odd")
    assert failure(exit_code=exit_code) == ("output", f"ended with status {exit_code} although its output is complete")


@pytest.mark.parametrize("exit_code", [0, 1, None, 124])
def test_a_line_of_a_linker_goes_before_the_status_where_nothing_was_started(exit_code: int | None) -> None:
    linker = "CANNOT LINK EXECUTABLE: library not found"
    assert failure("", f"{linker}\nERROR: later", exit_code) == ("launch", linker)
    assert failure(stderr=linker) is None


def test_a_long_line_is_shortened() -> None:
    linker = "CANNOT LINK EXECUTABLE: " + "x" * 200
    assert failure("", linker, 1) == ("launch", linker[:159] + "…")
    error = "ERROR: Failed to load model " + "x" * 200
    assert failure(START, error, 1) == ("model", error.removeprefix("ERROR: ")[:159] + "…")


def test_a_fatal_line_without_a_status_is_an_abort() -> None:
    assert failure(stderr="FATAL: odd", exit_code=None) == ("crash:SIGABRT", "odd")
    assert failure(stderr="FATAL: Benchmarking failed.", exit_code=None) == ("crash:SIGABRT", f"aborted; {LAST}")
    assert failure(stderr="FATAL: odd") is None
    assert failure(stderr="ERROR: odd", exit_code=None) is None


@pytest.mark.parametrize("exit_code", [1, 2, 255])
def test_a_whole_text_with_another_status_contradicts_it(exit_code: int) -> None:
    said = f"ended with status {exit_code} although its output is complete"
    assert failure(exit_code=exit_code) == ("output", said)
    assert failure(stderr="ERROR: odd", exit_code=exit_code) == ("output", said)
    assert failure(stderr="ERROR: Failed to invoke", exit_code=exit_code) == ("invoke", "Failed to invoke")


@pytest.mark.parametrize("exit_code", [0, None])
def test_known_errors_do_not_fail_a_whole_text(exit_code: int | None) -> None:
    assert failure(stderr="ERROR: Failed to apply GPU delegate.", exit_code=exit_code) is None


@pytest.mark.parametrize("exit_code", [0, None, 1])
def test_a_failed_line_fails_a_whole_text(exit_code: int | None) -> None:
    said = "invoke", f"ended with status {exit_code}; {LAST}"
    assert failure(WHOLE.replace(MEMORY, f"ERROR: Benchmarking failed.\n{MEMORY}"), exit_code=exit_code) == said
    assert parse(WHOLE, "ERROR: Benchmarking failed.").failed_line
    for other in ("Benchmarking failed. Again", "Abort", "failed"):
        assert not parse(WHOLE, f"ERROR: {other}").failed_line


@pytest.mark.parametrize("exit_code", [0, None, 1])
def test_a_known_error_fails_a_text_that_is_not_whole(exit_code: int | None) -> None:
    error = "Failed to load model /m"
    assert failure(START, f"ERROR: {error}", exit_code) == ("model", error)
    assert failure(WHOLE.replace(TIMINGS, ""), f"ERROR: {error}", exit_code) == ("model", error)
    assert failure(WHOLE.replace(START, ""), f"ERROR: {error}", exit_code) == ("model", error)


@pytest.mark.parametrize(
    ("stdout", "error_class"),
    [(START, "model"), (START + LOADED, "model"), (START + LOADED + WARMUP, "invoke"), (WHOLE, "output")],
)
def test_an_unknown_failure_has_its_class_by_how_far_the_text_comes(stdout: str, error_class: str) -> None:
    found = failure(stdout, exit_code=1)
    assert found is not None
    assert found[0] == error_class


def test_an_unknown_failure_is_said_by_its_status_and_last_line() -> None:
    assert failure(START, exit_code=1) == ("model", "ended with status 1; its last line is 'STARTING!'")
    assert failure(START, "VERBOSE: later", 1) == ("model", "ended with status 1; its last line is 'STARTING!'")
    assert failure("", "VERBOSE: later", 1) == ("launch", "ended with status 1; its last line is 'later'")
    assert failure("", "", 1) == ("launch", "ended with status 1; it printed nothing")
    assert failure("", "ERROR: odd", 1) == ("model", "odd")


# What is missing


def test_a_text_without_its_beginning_is_not_read() -> None:
    said = "this is not benchmark_model's output from its beginning: no line 'STARTING!'"
    assert failure("") == ("output", said)
    first = f"{said} before stdout line 1: 'Num threads: [4]'; send the log from that line on"
    assert failure(WHOLE.replace(START, "")) == ("output", first)
    near = "this is not benchmark_model's output from its beginning: stdout line 1 holds 'STARTING!' with '!' after it"
    assert failure(WHOLE.replace("STARTING!", "STARTING!!")) == ("output", f"{near}; cut that away")


def of_an_app(text: str) -> str:
    """Return a text as the app writes it to Android's log, which begins with the settings."""
    return "".join(f"I/tflite  ( 6178): {row.removeprefix('INFO: ')}\n" for row in text.splitlines())


def test_an_apps_log_begins_with_the_settings_and_no_other_text_does() -> None:
    assert failure(of_an_app(WHOLE.replace(START, ""))) is None
    cut = failure(of_an_app(WHOLE.replace(START + SETTINGS, "")))
    assert cut is not None
    assert cut[1].startswith("this is not benchmark_model's output from its beginning")


@pytest.mark.parametrize(("length", "shown"), [(40, "x" * 40), (41, "x" * 39 + "…")])
def test_what_stands_beside_the_beginning_is_shown_up_to_forty_characters(length: int, shown: str) -> None:
    found = failure(WHOLE.replace("STARTING!", "x" * length + "STARTING!"))
    assert found is not None
    assert f"with {shown!r} before it" in found[1]


def test_the_first_complaint_is_the_message() -> None:
    text = WHOLE.replace("min=3", "min=x").replace("file size (MB): 16.9", "file size (MB): x")
    assert failure(text) == (
        "output",
        "stdout line 10: 'count=2 first=3 curr=5 min=x max=5 avg=4 std=1': 'min=x' holds no number that can be",
    )


@pytest.mark.parametrize("text", [WHOLE.replace(MEASURED, ""), WHOLE.replace(MEASURED, "").replace(TIMINGS, "")])
def test_a_text_without_the_measured_phase_is_cut_off(text: str) -> None:
    assert failure(text) == ("output", f"the output ends before the measured phase does; {LAST}")


def test_a_text_without_timings_is_cut_off() -> None:
    assert failure(WHOLE.replace(TIMINGS, "")) == ("output", f"the output ends before the timings; {LAST}")


@pytest.mark.parametrize(("stat", "said"), [("count=0", "no inference was measured: the measured phase says count=0"),
                                            ("count=1 curr=4", None)])  # fmt: skip
def test_one_inference_is_measured_and_none_is_not(stat: str, said: str | None) -> None:
    text = WHOLE.replace("count=2 first=3 curr=5 min=3 max=5 avg=4 std=1", stat)
    assert failure(text) == (None if said is None else ("output", said))


def test_a_reading_is_a_value() -> None:
    values = dict.fromkeys(("lines", "phases", "timings", "unconsumed", "complaints", "exit_code"))
    reading = _Reading(**values)  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        reading.exit_code = 1  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        _Reading(*values.values())  # type: ignore[arg-type, misc]
    assert not hasattr(reading, "__dict__")
