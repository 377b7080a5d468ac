"""The numbers of a run's script: when it ends a run, how large a file may grow, and what it writes read back."""

import shlex

import pytest

from mbench.core.delegates import parse_delegate
from mbench.core.workloads import RunSettings
from mbench.runner.script import (
    NO_DIRECTORY,
    STAYS,
    deadline_s,
    device_script,
    end_script,
    init_allowance_s,
    late_s,
    parse_cpu_s,
    parse_exit_code,
)


def script(deadline: float = 30.0, work_dir: str = "/w", removes: tuple[str, ...] = ()) -> str:
    return device_script(work_dir, ("/b/benchmark model", "--x=a b"), deadline_s=deadline, removes=removes)


@pytest.mark.parametrize(
    ("max_s", "allowance_s", "deadline"), [(60, 60.0, 190.0), (0.5, 60.0, 71.0), (60, 180.0, 310.0), (7, 0.0, 24.0)]
)
def test_a_run_may_load_the_model_and_be_late_in_two_phases(max_s: float, allowance_s: float, deadline: float) -> None:
    assert deadline_s(RunSettings(max_secs=max_s), init_allowance_s=allowance_s) == deadline


@pytest.mark.parametrize(
    ("warmup_s", "least_s", "usual_s", "late"),
    [(1, 2, None, 13), (0, 0, None, 10), (1, 2, 2, 13), (1, 2, 2.5, 13.75), (0, 0, 40, 70)],
)
def test_a_run_is_late_ten_seconds_after_what_is_asked_or_usual(warmup_s, least_s, usual_s, late) -> None:
    settings = RunSettings(warmup_min_secs=warmup_s, min_secs=least_s)
    assert late_s(settings, usual_s=usual_s) == late


def test_a_run_without_an_accelerator_may_load_for_a_minute() -> None:
    assert deadline_s(RunSettings(max_secs=10)) == 90


@pytest.mark.parametrize(
    ("delegate", "seconds"),
    [
        ("cpu", 60),
        ("xnnpack", 60),
        ("builtin", 60),
        ("gpu", 180),
        ("nnapi", 180),
        ("npu", 180),
        ("external:/l.so", 180),
    ],
)
def test_an_accelerator_may_compile_for_three_minutes(delegate: str, seconds: float) -> None:
    assert init_allowance_s(parse_delegate(delegate)) == seconds


@pytest.mark.parametrize(("deadline", "shown"), [(30, 30), (30.0, 30), (30.1, 31), (0.5, 1), (29.999, 30)])
def test_the_script_ends_a_run_after_whole_seconds(deadline: float, shown: int) -> None:
    assert f'timeout -s KILL {shown} "$@" ' in script(deadline)


def test_a_file_may_grow_to_64_mib_in_blocks_of_512_bytes() -> None:
    assert "\nulimit -f 131072 2>/dev/null\n" in script()
    assert 131_072 * 512 == 64 * 1024 * 1024


def test_the_statuses_of_the_script_are_no_programs() -> None:
    assert script().count(" || exit 111") == 2
    assert end_script("/w").endswith("\nexit 112\n")
    assert {NO_DIRECTORY, STAYS}.isdisjoint({0, 1, 124, 126, 127, *range(128, 256)})


def test_paths_and_arguments_stay_one_word() -> None:
    text = script(work_dir="-a b", removes=("o.bin", "/x y"))
    assert (
        "if cd './-a b' 2>/dev/null; then rm -f out.txt err.txt rc.txt pid.txt cpus.txt leftover.txt times.txt" in text
    )
    assert " times.txt ./o.bin '/x y'; else mkdir -p './-a b'" in text
    assert f"{shlex.quote('/b/benchmark model')} {shlex.quote('--x=a b')}\n" in text
    assert end_script("-a b").startswith("cd './-a b' ")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"0\n", 0),
        (b"137\n", 137),
        (b"137\r\n", 137),
        (b"137", None),
        (b"", None),
        (b"\n", None),
        (b"-1\n", None),
        (b"1\n1\n", None),
        (b"x\n", None),
        (None, None),
    ],
)
def test_a_status_is_a_whole_line(line: bytes | None, status: int | None) -> None:
    assert parse_exit_code(line) == status


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ("0m0.01s 0m0.00s\n0m2.91s 0m0.13s\n", 3.05),
        ("1m0s 0m1s\n0m0s 2m0.5s", 181.5),
        ("0m1s 0m1s 0m1s", None),
        ("0m1s 0m1s 0m1s 0m1s 0m1s", None),
        ("", None),
    ],
)
def test_four_times_make_the_cpu_time(times: str, seconds: float | None) -> None:
    found = parse_cpu_s(times)
    assert found == (None if seconds is None else pytest.approx(seconds))


def test_seconds_are_said_by_name() -> None:
    with pytest.raises(TypeError, match="positional"):
        device_script("/w", (), 3.0)  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        deadline_s(RunSettings(), 60.0)  # type: ignore[misc]
