"""Every recorded text parses to what its index says, field by field."""

from typing import Any

import pytest
from recorded_texts import RECORDINGS, Recording

from mbench.core.results import Phase, Status, WarningCode
from mbench.runner.output.parse import parse_text
from mbench.runner.output.parsed import ParsedText

EVERY = pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS.keys())

ERROR_CLASSES = {
    "trap_unconsumed_unknown_flag": "usage",
    "fail_missing_model": "model",
    "fail_truncated_model": "model",
    "fail_invoke": "invoke",
    "fail_bad_flag_value": "usage",
    "fail_require_full_delegation_partial": "delegate",
    "fail_cannot_link": "launch",
    "crash_sigkill": "killed",
    "crash_gpu_unavailable_abort": "crash:SIGABRT",
    "crash_external_delegate_missing_segv": "crash:SIGSEGV",
    "recon_sh_permission_denied": "launch",
}

PHASE_FIELDS = {
    "count": "count",
    "first": "first_us",
    "curr": "current_us",
    "min": "min_us",
    "max": "max_us",
    "avg": "avg_us",
    "std": "std_us",
    "p5": "p5_us",
    "median": "median_us",
    "p95": "p95_us",
}


def parsed(recording: Recording) -> ParsedText:
    return parse_text(recording.stdout, recording.stderr, exit_code=recording.exit_code)


def in_words_of_index(phase: Phase | None) -> dict[str, Any]:
    if phase is None:
        return {}
    return {theirs: getattr(phase, ours) for theirs, ours in PHASE_FIELDS.items() if getattr(phase, ours) is not None}


def kib(megabytes: float | None) -> float | None:
    return None if megabytes is None else pytest.approx(megabytes * 1024)


@EVERY
def test_status_and_class_follow_the_recording(recording: Recording) -> None:
    result = parsed(recording)
    assert (result.status is Status.OK) == (recording.expected["status"] == "ok")
    assert result.error_class == ERROR_CLASSES.get(recording.name)


@EVERY
def test_phases_hold_every_number_of_their_stat_lines(recording: Recording) -> None:
    result = parsed(recording)
    expected = recording.expected["phases"]
    assert list(result.target_runs) == [phase["target_runs"] for phase in expected]
    found = [in_words_of_index(result.warmup), in_words_of_index(result.measured)]
    wanted = [{key: value for key, value in phase.items() if key != "target_runs"} for phase in expected]
    assert found == wanted + [{}] * (2 - len(wanted))


@EVERY
def test_timings_are_those_of_the_recording(recording: Recording) -> None:
    result = parsed(recording)
    expected = recording.expected
    assert result.init_us == expected.get("init_us")
    assert result.first_us == expected.get("first_us")
    if result.status is Status.OK:
        assert result.measured is not None
        assert result.warmup is not None
        assert result.measured.avg_us == expected["avg_us"]
        assert float(f"{result.warmup.avg_us:.6g}") == expected["warmup_avg_us"]


@EVERY
def test_memory_is_in_kib(recording: Recording) -> None:
    result = parsed(recording)
    expected = recording.expected
    memory = result.memory
    assert (memory.init_kib if memory else None) == kib(expected.get("mem_init_mb"))
    assert (memory.overall_kib if memory else None) == kib(expected.get("mem_overall_mb"))
    assert (memory.peak_kib if memory else None) == kib(expected.get("mem_peak_mb"))
    assert result.memory_kind == expected.get("mem_kind")
    assert result.model_mb == expected.get("model_mb")


@EVERY
def test_delegates_are_those_of_the_recording(recording: Recording) -> None:
    result = parsed(recording)
    expected = recording.expected
    assert [delegate.model_dump() for delegate in result.delegates] == expected["delegates"]
    assert [applied.model_dump() for applied in result.applied] == [
        {"kernels": None} | applied for applied in expected["applied"]
    ]
    assert result.gpu_api == expected.get("gpu_api")
    assert result.gpu_kernels == expected.get("gpu_kernels")
    assert (list(result.gpu_split) if result.gpu_split else None) == expected.get("gpu_split")


@EVERY
def test_marked_lines_are_kept_in_their_order(recording: Recording) -> None:
    result = parsed(recording)
    expected = recording.expected
    assert list(result.errors) == expected["errors"]
    assert list(result.notices) == expected["warnings"]
    assert " ".join(result.unconsumed) == expected.get("unconsumed", "")
    assert result.started == expected.get("started", False)
    assert result.failed_line == expected.get("failed_line", False)


@EVERY
def test_the_message_of_a_failure_is_one_line_of_the_text_or_names_one(recording: Recording) -> None:
    result = parsed(recording)
    if result.status is Status.OK:
        assert result.message is None
        return
    assert result.message is not None
    assert "\n" not in result.message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fail_missing_model", "Could not open '/data/local/tmp/nope.tflite'."),
        ("fail_bad_flag_value", "Failed to parse flag 'num_runs' against argv '--num_runs=abc'"),
        ("fail_cannot_link", 'CANNOT LINK EXECUTABLE: library "libEGL.so" not found'),
        (
            "recon_sh_permission_denied",
            "/system/bin/sh: /data/local/tmp/benchmark_model: can't execute: Permission denied",
        ),
        ("trap_unconsumed_unknown_flag", "Unconsumed cmdline flags: --nonsense=1 stray"),
        (
            "crash_sigkill",
            (
                "ended by SIGKILL; its last line is 'Running benchmark for at least 1000 iterations and at least "
                "0 seconds but terminate if exceeding 150 seconds.'"
            ),
        ),
    ],
)
def test_the_message_is_the_decisive_line(name: str, message: str) -> None:
    assert parsed(RECORDINGS[name]).message == message


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("ok_default_flags", []),
        ("ok_xnnpack_explicit", []),
        ("recon_2019_tf1_14", []),
        ("recon_gpu_partial_rest_on_xnnpack", []),
        ("trap_nnapi_unsupported_ran_on_cpu", [WarningCode.DELEGATE_NOT_APPLIED]),
        ("trap_max_secs_truncated", [WarningCode.TIME_LIMITED]),
    ],
)
def test_doubts_are_typed_warnings(name: str, codes: list[WarningCode]) -> None:
    assert [warning.code for warning in parsed(RECORDINGS[name]).warnings] == codes


@EVERY
def test_a_recording_tells_its_flavour_once_it_has_loaded_a_model(recording: Recording) -> None:
    assert parsed(recording).tool == (
        "tflite" if "Graph: [" in recording.stdout or "Flags:" in recording.stderr else None
    )


@EVERY
def test_parameters_are_the_echoed_settings(recording: Recording) -> None:
    before_model = recording.stdout.partition("Loaded model")[0]
    wanted = {}
    for line in before_model.splitlines():
        name, bracket, value = line.removeprefix("INFO: ").partition(": [")
        if bracket and value.endswith("]"):
            wanted.setdefault(name.strip(), value.removesuffix("]"))
    assert parsed(recording).parameters == wanted


@EVERY
def test_a_text_without_its_exit_status_is_judged_alike(recording: Recording) -> None:
    known = parsed(recording)
    unknown = parse_text(recording.stdout, recording.stderr, exit_code=None)
    assert unknown.status is known.status
