"""Forms of the text that were not recorded: other versions, logcat, LiteRT, and lines that are not as they should."""

import re

import pytest
from recorded_texts import LITERT_STDERR, LITERT_STDOUT, RECORDINGS

from mbench.core.results import Memory, Status, WarningCode
from mbench.runner.output.parse import parse_text
from mbench.runner.output.parsed import ParsedText

OK = RECORDINGS["ok_fixed_runs"]

YEAR_2018 = """\
STARTING!
Num runs: [50]
Inter-run delay (seconds): [-1]
Num threads: [1]
Benchmark name: []
Output prefix: []
Warmup runs: [1]
Graph: [/data/local/tmp/m.tflite]
Use nnapi : [0]
Loaded model /data/local/tmp/m.tflite
resolved reporter
Initialized session in 1.234ms
Running benchmark for 1 iterations\x20
count=1 curr=123456

Running benchmark for 50 iterations\x20
count=50 first=101000 curr=100500 min=99000 max=112000 avg=101234 std=1500

Average inference timings in us: Warmup: 123456, Init: 1234, no stats: 101234
"""


def parse(stdout: str, stderr: str = "", exit_code: int | None = 0) -> ParsedText:
    return parse_text(stdout, stderr, exit_code=exit_code)


def numbers(parsed: ParsedText) -> dict[str, object]:
    dumped = parsed.model_dump()
    return {key: dumped[key] for key in ("status", "warmup", "measured", "init_us", "first_us", "memory", "delegates")}


def logcat(text: str, form: str) -> str:
    letters = {"INFO": "I", "VERBOSE": "V", "ERROR": "E", "WARN": "W", "FATAL": "F"}
    rows = []
    for row in text.splitlines():
        level, _, rest = row.partition(": ")
        rows.append(form.format(letters[level], rest) if level in letters else form.format("I", row))
    return "\n".join(rows) + "\n"


BRIEF = "{}/tflite  ( 6178): {}"
THREADTIME = "08-28 22:39:24.974  6178  6180 {} tflite  : {}"
TIME = "08-28 22:39:24.974 {}/tflite  ( 6178): {}"


def test_the_first_version_of_the_tool_is_read() -> None:
    result = parse(YEAR_2018)
    assert (result.status, result.message, result.tool) == (Status.OK, None, "tflite")
    assert result.init_us == 1234
    assert result.first_us is None
    assert result.measured is not None
    assert (result.measured.count, result.measured.avg_us, result.measured.median_us) == (50, 101234, None)
    assert result.target_runs == (1, 50)
    assert result.parameters["Use nnapi"] == "0"


def test_the_app_of_2019_glues_its_statistics_to_the_timings() -> None:
    text = RECORDINGS["recon_2019_tf1_14"].stdout.replace(
        "no stats: 24401.2", "Inference: 24401.2Overall count=50 first=24377 curr=24290 min=24099 max=25001"
    )
    assert parse(text).status is Status.OK


def test_memory_of_2020_is_called_a_peak_and_means_growth() -> None:
    text = RECORDINGS["recon_2021_tf2_7_gpu_full_mixed_prefixes"].stdout.replace(
        "Memory footprint delta from the start of the tool (MB): init=110.355 overall=110.355",
        "Peak memory footprint (MB): init=0 overall=12.8672",
    )
    result = parse(text)
    assert result.memory_kind == "peak"
    assert result.memory == Memory(init_kib=0, overall_kib=12.8672 * 1024)


def test_two_zeros_of_memory_are_doubted() -> None:
    text = re.sub(r"init=\S+ overall=\S+", "init=0 overall=0", OK.stdout)
    assert [warning.code for warning in parse(text, OK.stderr).warnings] == [WarningCode.NO_MEMORY]


def test_litert_is_read_from_both_streams() -> None:
    result = parse(LITERT_STDOUT, LITERT_STDERR)
    assert (result.status, result.message, result.tool) == (Status.OK, None, "litert")
    assert result.init_us == 101507
    assert result.first_us == 17441
    assert result.measured is not None
    assert result.measured.median_us == 16082
    assert result.memory == Memory(init_kib=26.5 * 1024, overall_kib=27.25 * 1024)
    assert [(delegate.name, delegate.nodes, delegate.subgraph) for delegate in result.delegates] == [
        ("LITERT_CL", 31, 0)
    ]


def test_litert_is_read_from_one_merged_log() -> None:
    assert numbers(parse(LITERT_STDOUT + LITERT_STDERR)) == numbers(parse(LITERT_STDOUT, LITERT_STDERR))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("16.09 ms (62 runs)", "26.09 ms (62 runs)"),
        ("16.09 ms (62 runs)", "16.09 ms (61 runs)"),
        ("16.09 ms (62 runs)", "nan ms (62 runs)"),
        ("101.51 ms", "151.51 ms"),
        ("15.90 ms", "-1 ms"),
    ],
)
def test_litert_results_that_contradict_the_phases_are_refused(old: str, new: str) -> None:
    result = parse(LITERT_STDOUT, LITERT_STDERR.replace(old, new))
    assert (result.status, result.error_class) == (Status.FAILED, "output")


def test_litert_without_its_results_is_incomplete() -> None:
    assert parse(LITERT_STDOUT).error_class == "output"


@pytest.mark.parametrize("form", [BRIEF, THREADTIME, TIME])
def test_a_logcat_of_everything_says_the_same_as_the_plain_text(form: str) -> None:
    merged = OK.stdout + OK.stderr
    assert numbers(parse(logcat(merged, form))) == numbers(parse(merged))


@pytest.mark.parametrize("form", [BRIEF, THREADTIME, TIME])
@pytest.mark.parametrize("name", ["ok_default_flags", "ok_xnnpack_explicit", "fail_invoke"])
def test_logcat_copies_beside_plain_lines_count_once(form: str, name: str) -> None:
    recording = RECORDINGS[name]
    copies = logcat(recording.stdout + recording.stderr, form)
    plain = parse(recording.stdout, recording.stderr, recording.exit_code)
    assert numbers(parse(recording.stdout, recording.stderr + copies, recording.exit_code)) == numbers(plain)
    assert numbers(parse(copies + recording.stdout + recording.stderr, "", recording.exit_code)) == numbers(plain)


def test_a_merged_log_with_its_own_stderr_beside_it_counts_once() -> None:
    merged = OK.stderr + OK.stdout
    assert numbers(parse(merged, OK.stderr)) == numbers(parse(merged))


def test_a_merged_log_says_the_same_as_its_two_streams() -> None:
    assert numbers(parse(OK.stderr + OK.stdout)) == numbers(parse(OK.stdout, OK.stderr))


def test_runtime_lines_may_fall_into_a_phase() -> None:
    running = "INFO: Running benchmark for at least 20"
    text = OK.stdout.replace("INFO: count=20", f"{OK.stderr}INFO: count=20")
    assert running in text
    assert numbers(parse(text)) == numbers(parse(OK.stdout, OK.stderr))


def test_line_ends_of_old_adb_change_nothing() -> None:
    assert numbers(parse(OK.stdout.replace("\n", "\r\r\n"), OK.stderr)) == numbers(parse(OK.stdout, OK.stderr))


def test_unknown_fields_of_a_stat_line_are_left_out() -> None:
    result = parse(OK.stdout.replace(" p95=59954", " p95=59954 p99=59954"), OK.stderr)
    assert result.status is Status.OK
    assert result.measured == parse(OK.stdout, OK.stderr).measured


def test_without_a_warm_up_the_first_inference_is_unknown() -> None:
    text = OK.stdout.replace("count=1 curr=48194 p5=48194 median=48194 p95=48194", "count=0 p5=0 median=0 p95=0")
    text = text.replace("First inference: 48194, Warmup (avg): 48194", "First inference: 0, Warmup (avg): 0")
    result = parse(text, OK.stderr)
    assert (result.status, result.message) == (Status.OK, None)
    assert result.first_us is None
    assert result.warmup is not None
    assert result.warmup.model_dump(exclude={"count"}, exclude_none=True) == {}


def test_a_dry_run_measured_nothing() -> None:
    text = re.sub(r"count=.*", "count=0 p5=0 median=0 p95=0", OK.stdout)
    text = re.sub(r"First inference: .*", "First inference: 0, Warmup (avg): 0, Inference (avg): 0", text)
    result = parse(text, OK.stderr)
    assert (result.status, result.error_class) == (Status.FAILED, "output")
    assert result.message == "no inference was measured: the measured phase says count=0"


STAT = "count=20 first=44090 curr=45111 min=36557 max=59954 avg=41289 std=5084 p5=36594 median=39984 p95=59954"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("count=20 first", "count=abc first"),
        ("count=20 first", "count=-20 first"),
        ("count=20 first", "count=nan first"),
        ("count=20 first", "count=inf first"),
        ("count=20 first", "count= first"),
        ("count=20 first", "count=2e1 first"),
        ("count=20 first", "count=20.5 first"),
        ("count=20 first", "count=٢٠ first"),
        ("count=20 first", "count=20 count=20 first"),
        ("min=36557", "min=99999"),
        ("median=39984", "median=1"),
        ("avg=41289", "avg=nan"),
        ("avg=41289", "avg=inf"),
        ("avg=41289", "avg=99999"),
        ("avg=41289", "avg=4l289"),
        ("avg=41289", "avg=1e999"),
        ("avg=41289 std", "std"),
        ("std=5084", "std=-5084"),
        ("first=44090", "first=4.4e4"),
        ("first=44090", "first=44\x00090"),
        ("first=44090 curr", "first 44090 curr"),
        (STAT, "count=20 curr=45111 p5=45111 median=45111 p95=45111"),
        (STAT, "count=20 curr=45111(all same) p5=1 median=45111 p95=45111"),
        (STAT, "count=20 curr=45111(all sam p5=45111 median=45111 p95=45111"),
        (STAT, f"{STAT} garbage"),
        (STAT, f"{STAT}\nINFO: {STAT}"),
        ("Running benchmark for at least 20 iterations", "Running benchmark for at least many iterations"),
        ("Init: 76033", "Init: -76033"),
        ("Init: 76033", "Init: 76034"),
        ("Init: 76033", "Init: nan"),
        ("First inference: 48194", "First inference: 48195"),
        ("Warmup (avg): 48194", "Warmup (avg): 48195"),
        ("Inference (avg): 41289", "Inference (avg): 41290"),
        ("Inference (avg): 41289", "Inference (avg): fast"),
        ("Inference timings in us: Init", "Inference timings in us: Start"),
        ("Initialized session in 76.033ms", "Initialized session in some ms"),
        ("file size (MB): 0.525598", "file size (MB): small"),
        ("init=4.94141", "init=nan"),
        ("init=4.94141 overall", "overall"),
    ],
)
def test_a_place_for_a_number_without_one_fails_and_names_the_line(old: str, new: str) -> None:
    assert old in OK.stdout
    result = parse(OK.stdout.replace(old, new), OK.stderr)
    assert (result.status, result.error_class) == (Status.FAILED, "output")
    assert result.message is not None
    assert re.match(r"stdout line \d+: ", result.message)


@pytest.mark.parametrize(
    "line",
    [
        "VERBOSE: Replacing many out of 31 node(s) with delegate (X) node, yielding 4 partitions for subgraph 0.",
        "VERBOSE: Replacing 32 out of 31 node(s) with delegate (X) node, yielding 4 partitions for subgraph 0.",
        "VERBOSE: Replacing 29 out of 31 node(s) with delegate (X) node, yielding -4 partitions.",
    ],
)
def test_a_broken_delegate_line_fails_and_names_the_line(line: str) -> None:
    result = parse(OK.stdout, f"{OK.stderr}\n{line}\n")
    assert result.error_class == "output"
    assert result.message is not None
    assert result.message.startswith("stderr line")


def test_a_second_run_in_one_text_is_refused() -> None:
    result = parse(OK.stdout + OK.stdout, OK.stderr)
    assert result.error_class == "output"
    assert result.measured is None
    assert "more than one run" in (result.message or "")


def test_op_profiles_print_counts_that_are_no_stat_lines() -> None:
    result = parse(RECORDINGS["ok_op_profile_stdout"].stdout, exit_code=0)
    assert result.status is Status.OK


@pytest.mark.parametrize(
    ("stderr", "exit_code", "error_class"),
    [
        ("ERROR: Failed to apply GPU delegate.\nERROR: Benchmarking failed.\n", 1, "delegate"),
        (
            (
                "ERROR: TfLiteGpuDelegate Init: Can not open OpenCL library on this device\n"
                "ERROR: Node number 31 (TfLiteGpuDelegateV2) failed to prepare.\nERROR: Failed to apply GPU delegate.\n"
            ),
            1,
            "delegate",
        ),
        ("ERROR: Encountered unresolved custom op: X.\nERROR: Node number 0 (X) failed to prepare.\n", 1, "model"),
        ("ERROR: XNNPack delegate failed to reshape runtime\n", 1, "model"),
        ("ERROR: Model provided is schema version 99 not equal to supported version 3.\n", 1, "model"),
        ("FATAL: Failed to read x.bin\n", 134, "crash:SIGABRT"),
        ("FATAL: Failed to read x.bin\n", None, "crash:SIGABRT"),
        ("Failed to load model /m.tflite\nBenchmarking failed.\n", 1, "model"),
        ("Failed to load model /m.tflite\n", 0, "model"),
        ("Benchmarking failed.\n", 1, "model"),
        ("", 1, "model"),
        ("", 124, "timeout"),
        ("", 137, "killed"),
        ("", 143, "killed"),
        ("", -9, "killed"),
        ("", 132, "crash:SIGILL"),
        ("", 159, "crash:SIGSYS"),
        ("", 0, "output"),
        ("", None, "output"),
        ("ERROR: Output modejson is not supported\n", 1, "usage"),
    ],
)
def test_a_started_program_that_stops_gets_its_class(stderr: str, exit_code: int | None, error_class: str) -> None:
    assert parse("INFO: STARTING!\nINFO: Graph: [/m.tflite]\n", stderr, exit_code).error_class == error_class


@pytest.mark.parametrize(
    ("text", "exit_code", "error_class"),
    [
        ("", 127, "launch"),
        ("", 126, "launch"),
        ("", 135, "launch"),
        ("", 1, "launch"),
        ("", 0, "output"),
        ("", None, "output"),
        ("", 139, "crash:SIGSEGV"),
        ("sh: ./benchmark_model: inaccessible or not found\n", None, "launch"),
        ("sh: ./benchmark_model: not executable: 64-bit ELF file\n", 126, "launch"),
        ('CANNOT LINK EXECUTABLE: library "libEGL.so" not found\n', None, "launch"),
        ("hello\n", 0, "output"),
    ],
)
def test_a_program_that_did_not_start_gets_its_class(text: str, exit_code: int | None, error_class: str) -> None:
    assert parse("", text, exit_code).error_class == error_class


def test_unconsumed_flags_fail_a_text_that_is_complete_otherwise() -> None:
    text = OK.stdout.replace(
        "INFO: Log param", "WARN: Unconsumed cmdline flags: --use_gpu --num_threads=2\nINFO: Log param"
    )
    result = parse(text, OK.stderr)
    assert (result.status, result.error_class) == (Status.FAILED, "usage")
    assert result.unconsumed == ("--use_gpu", "--num_threads=2")


@pytest.mark.parametrize(
    "line",
    [
        "WARN: NNAPI acceleration is unsupported on this platform.",
        "WARN: Could not create Hexagon delegate: platform may not support delegate or required libraries are missing",
        "INFO: Though NNAPI delegate is explicitly applied, the model graph will not be executed by the delegate.",
    ],
)
def test_a_delegate_that_did_nothing_is_a_warning(line: str) -> None:
    text = OK.stdout.replace("INFO: The input model", f"{line}\nINFO: The input model")
    result = parse(text, OK.stderr)
    assert result.status is Status.OK
    assert [warning.code for warning in result.warnings] == [WarningCode.DELEGATE_NOT_APPLIED]


@pytest.mark.parametrize(
    "setting", ["Use xnnpack: [1]", "Use gpu: [1]", "Use nnapi : [1]", "External delegate path: [/x.so]"]
)
def test_a_delegate_that_was_asked_for_and_left_no_trace_is_a_warning(setting: str) -> None:
    text = OK.stdout.replace("INFO: Loaded model", f"INFO: {setting}\nINFO: Loaded model")
    stderr = "INFO: Initialized TensorFlow Lite runtime.\n"
    assert [warning.code for warning in parse(text, stderr).warnings] == [WarningCode.DELEGATE_NOT_APPLIED]


def test_error_lines_alone_do_not_fail_a_complete_text() -> None:
    stderr = f"ERROR: Following operations are not supported by GPU delegate:\n{OK.stderr}"
    assert parse(OK.stdout, stderr).status is Status.OK


def test_a_failed_line_fails_a_complete_text() -> None:
    assert parse(OK.stdout, f"{OK.stderr}\nERROR: Benchmarking failed.\n").status is Status.FAILED


def test_an_external_delegate_is_not_proved_by_xnnpack_taking_the_graph() -> None:
    text = OK.stdout.replace("INFO: Loaded model", "INFO: External delegate path: [/x.so]\nINFO: Loaded model")
    assert [warning.code for warning in parse(text, OK.stderr).warnings] == [WarningCode.DELEGATE_NOT_APPLIED]
    other = OK.stderr.replace("TfLiteXNNPackDelegate", "ExampleDelegate")
    assert parse(text, other).warnings == ()
