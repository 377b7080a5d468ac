"""The script of one run, in every shell that this machine has."""

import os
import shutil
import subprocess
from pathlib import Path

import psutil
import pytest

from mbench.core.processes.run_marks import marked
from mbench.core.workloads import RunSettings
from mbench.runner import script

SHELLS = [shell for shell in ("sh", "dash", "bash", "mksh", "busybox", "toybox") if shutil.which(shell)]
EVERY_SHELL = pytest.mark.parametrize("shell", SHELLS)


def run(shell: str, folder: Path, *argv: str, deadline_s: float = 30) -> subprocess.CompletedProcess[str]:
    text = script.device_script(str(folder), argv, deadline_s=deadline_s)
    words = [shell, "sh"] if shell in {"busybox", "toybox"} else [shell]
    path = folder.parent / "run.sh"
    path.write_text(text, encoding="utf-8")
    return subprocess.run([*words, str(path)], capture_output=True, text=True, timeout=60, check=False)


def left(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


@EVERY_SHELL
def test_streams_and_status_are_kept_apart(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / "a b" / "ü"
    folder.parent.mkdir()
    done = run(shell, folder, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert left(folder, script.STDOUT) == "out\n"
    assert left(folder, script.STDERR) == "err\n"
    assert left(folder, script.EXIT_CODE) == "7\n"
    assert not (folder / script.LEFTOVER).exists()


@EVERY_SHELL
def test_the_recorded_process_is_the_program_itself(shell: str, tmp_path: Path) -> None:
    run(shell, tmp_path / "w", "sh", "-c", "echo $$")
    assert left(tmp_path / "w", script.PROCESS) == left(tmp_path / "w", script.STDOUT)


@EVERY_SHELL
def test_arguments_reach_the_program_as_they_are(shell: str, tmp_path: Path) -> None:
    words = ["$(touch x).tflite", "`touch x`", "a  b", "", "'", '"', "\\n", "*", "ü", "-n", "a\nb", "$HOME", ";", "%s"]
    run(shell, tmp_path / "w", "printf", "<%s>", *words)
    assert left(tmp_path / "w", script.STDOUT) == "".join(f"<{word}>" for word in words)
    assert not (tmp_path / "w" / "x").exists()


@EVERY_SHELL
def test_the_cpu_time_of_the_program_is_kept(shell: str, tmp_path: Path) -> None:
    run(shell, tmp_path / "w", "sh", "-c", "n=0; while [ $n -lt 300000 ]; do n=$((n + 1)); done")
    cpu_s = script.parse_cpu_s(left(tmp_path / "w", script.CPU_TIMES))
    assert cpu_s is not None
    assert 0.02 < cpu_s < 20


def test_a_time_that_no_shell_writes_is_not_known() -> None:
    assert script.parse_cpu_s("0m0.01s 0m0.00s\n1m2.91s 0m0.13s\n") == pytest.approx(63.05)
    assert script.parse_cpu_s("real 1.0") is None


@EVERY_SHELL
def test_standard_input_is_empty(shell: str, tmp_path: Path) -> None:
    run(shell, tmp_path / "w", "cat")
    assert left(tmp_path / "w", script.EXIT_CODE) == "0\n"


@EVERY_SHELL
def test_a_program_past_its_deadline_is_killed_and_gone(shell: str, tmp_path: Path) -> None:
    run(shell, tmp_path / "w", "sleep", "60", deadline_s=0.5)
    assert left(tmp_path / "w", script.EXIT_CODE).strip() in {"137", "124"}
    process = int(left(tmp_path / "w", script.PROCESS))
    assert not psutil.pid_exists(process) or psutil.Process(process).status() == psutil.STATUS_ZOMBIE


@EVERY_SHELL
@pytest.mark.parametrize("tool", [None, "#!/bin/sh\necho 'timeout: unknown option -- s' >&2\nexit 1\n"])
def test_a_phone_without_a_timeout_that_takes_a_signal_runs_the_program_once(
    shell: str, tool: str | None, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "rm", "mkdir", "sleep"):
        (tools / name).symlink_to(shutil.which(name) or name)
    if tool is not None:
        (tools / "timeout").write_text(tool)
        (tools / "timeout").chmod(0o755)
    text = script.device_script(str(tmp_path / "w"), ("sh", "-c", "echo x >>../runs; exit 3"), deadline_s=5)
    words = [shutil.which(shell) or shell, *(["sh"] if shell in {"busybox", "toybox"} else [])]
    subprocess.run([*words, "-c", text], check=True, timeout=60, env={"PATH": str(tools)})
    assert left(tmp_path / "w", script.EXIT_CODE) == "3\n"
    assert left(tmp_path / "w", script.STDERR) == ""
    assert left(tmp_path, "runs") == "x\n"


@pytest.mark.parametrize(("line", "status"), [(b"137\n", 137), (b"0\r\n", 0), (b"13", None), (b"", None), (None, None)])
def test_an_exit_status_without_its_lines_end_is_none(line: bytes | None, status: int | None) -> None:
    assert script.parse_exit_code(line) == status


@EVERY_SHELL
def test_files_of_an_earlier_run_are_gone(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    folder.mkdir()
    for name in (script.STDOUT, script.EXIT_CODE, script.LEFTOVER, "o.bin"):
        (folder / name).write_text("old")
    text = script.device_script(str(folder), ("true",), deadline_s=5, removes=(f"{folder}/o.bin", "rt.pb"))
    words = [shell, "sh"] if shell in {"busybox", "toybox"} else [shell]
    subprocess.run([*words, "-c", text], check=True, timeout=60)
    assert not (folder / "o.bin").exists()
    assert not (folder / script.LEFTOVER).exists()
    assert left(folder, script.STDOUT) == ""


@EVERY_SHELL
def test_a_directory_that_cannot_be_made_ends_the_script_with_its_own_status(shell: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    text = script.device_script(str(tmp_path / "file" / "w"), ("true",), deadline_s=5)
    words = [shell, "sh"] if shell in {"busybox", "toybox"} else [shell]
    done = subprocess.run([*words, "-c", text], capture_output=True, check=False, timeout=60)
    assert done.returncode == script.NO_DIRECTORY


@EVERY_SHELL
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system has no /proc")
def test_the_allowed_cores_are_those_that_the_kernel_says(shell: str, tmp_path: Path) -> None:
    run(shell, tmp_path / "w", "grep", "Cpus_allowed_list", "/proc/self/status")
    assert left(tmp_path / "w", script.STDOUT).split()[1] == left(tmp_path / "w", script.AFFINITY).strip()


def test_the_end_script_kills_a_program_that_is_still_there(tmp_path: Path) -> None:
    hanging = subprocess.Popen(["sleep", "60"], env=marked(os.environ, str(tmp_path)))
    (tmp_path / script.PROCESS).write_text(f"{hanging.pid}\n")
    subprocess.run(["sh", "-c", script.end_script(str(tmp_path))], check=True, timeout=120)
    assert hanging.wait(timeout=120) == -9


@pytest.mark.parametrize("folder", [None, "other", "run2"])
def test_the_end_script_leaves_others_alone_that_bear_the_number_now(folder: str | None, tmp_path: Path) -> None:
    run_folder = tmp_path / "run"
    run_folder.mkdir()
    theirs = dict(os.environ) if folder is None else marked(os.environ, str(tmp_path / folder))
    innocent = subprocess.Popen(["sleep", "60"], env=theirs, cwd=run_folder)
    (run_folder / script.PROCESS).write_text(f"{innocent.pid}\n")
    subprocess.run(["sh", "-c", script.end_script(str(run_folder))], check=True, timeout=120)
    assert innocent.poll() is None
    innocent.kill()
    innocent.wait()


def test_the_end_script_leaves_a_finished_run_alone(tmp_path: Path) -> None:
    innocent = subprocess.Popen(["sleep", "60"], env=marked(os.environ, str(tmp_path)))
    (tmp_path / script.PROCESS).write_text(f"{innocent.pid}\n")
    (tmp_path / script.EXIT_CODE).write_text("0\n")
    subprocess.run(["sh", "-c", script.end_script(str(tmp_path))], check=True, timeout=120)
    assert innocent.poll() is None
    innocent.kill()
    innocent.wait()


def test_the_deadline_allows_for_both_phases() -> None:
    settings = RunSettings(max_secs=60)
    assert script.deadline_s(settings) == 60 + 2 * 60 + 10
    assert script.deadline_s(settings, init_allowance_s=180) == 310
