import os
import subprocess
import sys
from pathlib import Path

import pytest

import mbench
from mbench.core.processes.search_path import (
    VARIABLE,
    keep_children_safe,
    leave_out_working_directory,
    others_environment,
)
from mbench.devices.host.transport import HostTransport

OTHERS = ["/one", "/two"]

if sys.flags.safe_path:
    pytest.skip("this Python leaves the working directory out by itself", allow_module_level=True)


@pytest.mark.parametrize("first", ["", "here"])
def test_the_folder_that_python_put_first_is_left_out(first: str, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [first and str(tmp_path), *OTHERS])
    leave_out_working_directory()
    assert sys.path == OTHERS


def test_a_script_s_own_folder_and_the_folder_of_mbench_itself_stay(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", OTHERS.copy())
    leave_out_working_directory()
    assert sys.path == OTHERS
    home = str(Path(mbench.__file__).parents[1])
    monkeypatch.chdir(home)
    monkeypatch.setattr(sys, "path", [home, *OTHERS])
    leave_out_working_directory()
    assert sys.path == [home, *OTHERS]


def test_a_removed_working_directory_is_no_trouble(tmp_path: Path) -> None:
    program = (
        "import os, sys; os.rmdir(os.getcwd()); sys.path.insert(0, '/one')\n"
        "from mbench.core.processes.search_path import leave_out_working_directory\n"
        "leave_out_working_directory(); assert sys.path[0] == '/one'"
    )
    gone = tmp_path / "gone"
    gone.mkdir()
    subprocess.run((sys.executable, "-c", program), cwd=gone, check=True, timeout=60)


def test_a_users_own_program_finds_the_modules_beside_it(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    keep_children_safe()
    (tmp_path / "beside.py").write_text("print('found')")
    (tmp_path / "program.py").write_text("import beside")
    done = HostTransport(tmp_path).run((sys.executable, str(tmp_path / "program.py")), deadline_s=60)
    assert (done.exit_code, done.stdout) == (0, b"found\n")
    monkeypatch.delenv(VARIABLE)


def test_what_the_user_has_set_stays(monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, "yes")
    keep_children_safe()
    assert os.environ[VARIABLE] == others_environment()[VARIABLE] == "yes"
