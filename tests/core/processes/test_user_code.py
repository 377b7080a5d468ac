"""A user's own Python, run with one line for whatever goes wrong."""

import os
import sys
from pathlib import Path

import pytest

from mbench.core.builds.own_recipes import PythonName
from mbench.core.errors import ArtifactError
from mbench.core.processes.user_code import call_python, load_python


def named(file: Path, name: str = "net", sha256: str = "0" * 64) -> PythonName:
    return PythonName(name=name, module=file.stem, sha256=sha256, source=str(file), folder=str(file.parent))


def test_a_file_called_as_a_module_of_python_hides_nothing(tmp_path: Path) -> None:
    import random

    file = tmp_path / "random.py"
    file.write_text("import random as real\nnet = real.Random\n")

    assert load_python(named(file), timeout_s=5) is random.Random
    assert sys.modules["random"] is random


def test_modules_beside_a_file_are_found_behind_everything_else(tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text("value = 7\n")
    (tmp_path / "json.py").write_text("raise RuntimeError('not this one')\n")
    file = tmp_path / "own.py"
    file.write_text("import json, beside_it\nnet = beside_it.value\n")

    assert load_python(named(file), timeout_s=5) == 7
    assert sys.path[-1] == str(tmp_path)


def test_a_file_that_raises_is_run_anew_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text("net = 1 / 0\n")
    for _ in range(2):
        with pytest.raises(ArtifactError, match=r"raised ZeroDivisionError: division by zero \(own.py, line 1\)"):
            load_python(named(file, sha256="1" * 64), timeout_s=5)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("raise ValueError('bad\\nsecond line')", "f raised ValueError: bad"),
        ("raise SystemExit(2)", r"f called sys.exit\(2\) instead of returning"),
        ("raise KeyboardInterrupt", "f raised KeyboardInterrupt: without a word"),
        ("while True: pass", "f was still running after 0.1 s and was ended; --build-timeout gives it longer"),
        ("import time; time.sleep(30)", "f was still running after 0.1 s"),
    ],
)
def test_whatever_goes_wrong_is_one_line(line: str, said: str) -> None:
    def run() -> None:
        exec(line, {})

    with pytest.raises(ArtifactError, match=said) as raised:
        call_python(run, what="f", timeout_s=0.1 if "still running" in said else 60)
    assert "\n" not in str(raised.value)


def test_a_file_of_a_package_is_to_be_named_by_its_package(tmp_path: Path) -> None:
    file = tmp_path / "nets.py"
    file.write_text("from .base import base\nnet = base\n")
    with pytest.raises(ArtifactError, match=r"relative import .*; name a file of a package as package\.module:NAME"):
        load_python(named(file), timeout_s=30)


def test_code_that_catches_every_exception_is_ended_all_the_same() -> None:
    def stubborn() -> None:
        for _ in range(2):
            try:
                while True:
                    pass
            except Exception:
                continue

    with pytest.raises(ArtifactError, match="still running"):
        call_python(stubborn, what="f", timeout_s=0.1)


def test_what_a_function_answers_is_returned() -> None:
    assert call_python(lambda: 5, what="f", timeout_s=5) == 5


def test_modules_of_one_name_beside_two_files_are_two_modules(tmp_path: Path) -> None:
    values = []
    for place in ("one", "other"):
        folder = tmp_path / place
        folder.mkdir()
        (folder / "same_name.py").write_text(f"value = {place!r}\n")
        (folder / "own.py").write_text("import same_name\nnet = same_name.value\n")
        values.append(load_python(named(folder / "own.py", sha256=place[-1] * 64), timeout_s=5))

    assert values == ["one", "other"]
    assert str(tmp_path / "one") not in sys.path


def test_a_folder_that_was_on_the_path_before_stays_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed, other = tmp_path / "installed", tmp_path / "another"
    for folder in (installed, other):
        folder.mkdir()
        (folder / "own.py").write_text("net = 1\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(installed)])
    for folder, letter in ((installed, "a"), (other, "b"), (installed, "c")):
        load_python(named(folder / "own.py", sha256=letter * 64), timeout_s=5)

    assert sys.path.count(str(installed)) == 1
    assert str(other) in sys.path


@pytest.mark.parametrize("line", ["pass", "raise ValueError('in the fork')", "raise SystemExit(3)"])
def test_a_fork_that_code_leaves_behind_ends_where_that_code_ends(line: str, tmp_path: Path) -> None:
    went_on = tmp_path / "went_on"
    children: list[int] = []

    def run() -> str:
        if child := os.fork():
            children.append(child)
            return "ours"
        exec(line, {})
        return "the fork's"

    test = os.getpid()
    try:
        answer = call_python(run, what="f", timeout_s=60)
    finally:
        if os.getpid() != test:  # what the fork would do if it went on
            went_on.touch()
            os._exit(1)

    assert answer == "ours"
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
    assert not went_on.exists()
