"""The loop over examples, in every shell that this machine has."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from mbench.core.processes.run_marks import marked
from mbench.runner.command import Command
from mbench.runner.device_scoring import script as scripts

SHELLS = [shell for shell in ("dash", "bash", "mksh", "busybox", "toybox") if shutil.which(shell)]
EVERY_SHELL = pytest.mark.parametrize("shell", SHELLS)

REPLACED = "VERBOSE: Replacing 2 out of 3 node(s) with delegate (X) node, yielding 1 partitions.\n"
PROGRAM = f"""#!/bin/sh
read -r word <x.bin
[ "$word" = others ] || printf '%s' '{REPLACED}' >&2
case $word in
  crash*) echo "FATAL: no such picture" >&2; kill -ABRT $$ ;;
  short*) echo short >"$1" ;;
  hangs*) exec sleep 60 ;;
  fails*) exit 3 ;;
  none*) ;;
  *) cat x.bin >"$1" ;;
esac
"""


def loop(folder: Path, words: list[str], *, first: int = 100, begin: int | None = None) -> tuple[str, ...]:
    """Lay out a shard of an example for each word, and return the command of a loop over it."""
    folder.mkdir()
    (folder / "shard").write_text("".join(f"{word:<6}\n" for word in words), encoding="utf-8")
    program = folder / "program"
    program.write_text(PROGRAM, encoding="utf-8")
    program.chmod(0o755)
    work = f"{folder}/work"
    return scripts.loop_argv(
        work,
        Command(argv=(str(program), f"{work}/o.bin"), writes=(f"{work}/o.bin",), num_runs=1),
        scripts.ShardOnDevice(path=f"{folder}/shard", first=first, end=first + len(words), row_bytes=7),
        first=first if begin is None else begin,
        end=first + len(words),
        answer_bytes=7,
        delegated=scripts.delegated_nodes(REPLACED),
        deadline_s=1,
        total_s=30,
    )


def run(shell: str, argv: tuple[str, ...]) -> int:
    words = [shell, "sh"] if shell in {"busybox", "toybox"} else [shell]
    done = subprocess.run([*words, *argv[1:]], capture_output=True, timeout=60, check=False)
    assert done.stdout == b""
    return done.returncode


def left(folder: Path, name: str) -> str:
    return (folder / "work" / name).read_text(encoding="utf-8")


@EVERY_SHELL
def test_every_example_gets_a_status_and_good_ones_their_answers(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / "a b ü"
    argv = loop(folder, ["one", "crash", "short", "hangs", "none", "fails", "others", "two"])
    assert run(shell, argv) == 0
    statuses = scripts.parse_statuses(left(folder, scripts.STATUSES), first=100)
    assert statuses == ("0", "134", "size:6", "137", "size:0", "3", "delegate", "0")
    assert left(folder, scripts.ANSWERS) == "one   \ntwo   \n"
    assert "FATAL: no such picture" in left(folder, scripts.WORDS)


@EVERY_SHELL
def test_a_loop_begins_where_it_is_asked_to_and_forgets_an_earlier_one(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    argv = loop(folder, ["one", "two", "three"], first=5, begin=7)
    (folder / "work").mkdir()
    for name in (scripts.STATUSES, scripts.ANSWERS, scripts.WORDS):
        (folder / "work" / name).write_text("5 0\n")
    assert run(shell, argv) == 0
    assert left(folder, scripts.STATUSES) == "7 0\n"
    assert left(folder, scripts.ANSWERS) == "three \n"
    assert not (folder / "work" / scripts.WORDS).exists()


@EVERY_SHELL
def test_a_shard_that_is_not_there_is_reported(shell: str, tmp_path: Path) -> None:
    argv = loop(tmp_path / "w", ["one"])
    (tmp_path / "w" / "shard").unlink()
    assert run(shell, argv) == scripts.NO_SHARD


@EVERY_SHELL
def test_a_full_disk_ends_the_loop_with_its_own_status(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    argv = loop(folder, ["one", "two"])
    (folder / "work").mkdir()
    (folder / "work" / scripts.ANSWERS).symlink_to("/dev/full")
    argv = (*argv[:-1], argv[-1].replace(f"rm -f {scripts.STATUSES} {scripts.ANSWERS} ", f"rm -f {scripts.STATUSES} "))
    assert run(shell, argv) == scripts.NO_ROOM
    assert left(folder, scripts.STATUSES) == ""


@EVERY_SHELL
def test_a_loop_whose_folder_is_removed_ends(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    argv = loop(folder, ["hangs"] * 20)
    words = [shell, "sh"] if shell in {"busybox", "toybox"} else [shell]
    process = subprocess.Popen([*words, *argv[1:]], start_new_session=True)
    wait_for(folder / "work" / "pid.txt")
    while folder.exists():  # the loop may write a file between a look and the removal
        shutil.rmtree(folder, ignore_errors=True)
    assert process.wait(timeout=120) == scripts.NO_ROOM


def test_the_end_script_ends_a_loop_and_its_program(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    argv = loop(folder, ["hangs", "one"])
    process = subprocess.Popen(argv, start_new_session=True, env=marked(os.environ, f"{folder}/work"))
    wait_for(folder / "work" / "pid.txt")
    ended = subprocess.run(["sh", "-c", scripts.end_script(f"{folder}/work")], timeout=30, check=False)
    assert ended.returncode == 0
    assert process.wait(timeout=120) != 0
    assert not left(folder, scripts.STATUSES)


def test_the_end_script_leaves_others_alone_that_bear_our_number_now(tmp_path: Path) -> None:
    innocent = subprocess.Popen(["sh", "-c", f"sleep 60; : {tmp_path}/pid.txt"])
    (tmp_path / "loop.pid").write_text(f"{innocent.pid}\n")
    subprocess.run(["sh", "-c", scripts.end_script(str(tmp_path))], check=True, timeout=120)
    assert innocent.poll() is None
    os.kill(innocent.pid, signal.SIGKILL)
    innocent.wait()


def test_lines_of_another_loop_and_half_a_line_give_nothing() -> None:
    assert scripts.parse_statuses("10 0\n11 134\n12 0", first=10) == ("0", "134")
    assert scripts.parse_statuses("10 0\n11 0\n", first=12) == ()
    assert scripts.parse_statuses("10 0\n12 0\n", first=10) == ("0",)
    assert scripts.parse_statuses("10 0\n11 ?\n", first=10) == ("0",)


def wait_for(path: Path) -> None:
    until = time.monotonic() + 120
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < until, f"{path} was not written"
        time.sleep(0.02)
