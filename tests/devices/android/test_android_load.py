"""Others' load on a phone: between two readings, less what we did ourselves."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from mbench.core.errors import TransportError
from mbench.devices.adb.pull import parse_together, together_script
from mbench.devices.adb.shell import ShellEnd
from mbench.devices.android.conditions import AndroidConditions, questions
from mbench.devices.android.kernel import CpuTime, busy_share

SHELLS = [shell for shell in ("sh", "dash", "bash", "mksh") if shutil.which(shell)]
BEFORE, AFTER = CpuTime(total=1000, busy=100), CpuTime(total=3400, busy=500)


@pytest.mark.parametrize(("own_ticks", "share"), [(0, 0.167), (300, 0.042), (1000, 0.0)])
def test_our_own_ticks_are_not_others_load(own_ticks, share):
    assert busy_share(BEFORE, AFTER, own_ticks=own_ticks) == share


def test_a_reading_after_a_run_waits_for_no_window():
    assert "window" not in questions(window=False)
    assert set(questions()) - set(questions(window=False)) == {"window"}


def test_the_time_since_the_last_reading_tells_others_load_once_it_is_long_enough(over_adb):
    conditions = AndroidConditions(over_adb)
    assert conditions.read().busy_share is not None
    assert conditions.read(own_cpu_s=0.0, wait=False).busy_share is None
    assert conditions.read(own_cpu_s=0.0).busy_share is not None
    time.sleep(1.1)
    assert conditions.read(own_cpu_s=0.0, wait=False).busy_share is not None
    time.sleep(1.1)
    assert conditions.read(own_cpu_s=1e6, wait=False).busy_share == 0.0


@pytest.mark.parametrize("shell", SHELLS)
def test_files_are_read_together_in_every_shell(shell, tmp_path):
    pulled = [str(tmp_path / name) for name in ("a b", "missing", "empty", "*")]
    contents = {pulled[0]: b"1\n2\n", pulled[1]: None, pulled[2]: b"", pulled[3]: b"\0\n" * 70_000}
    for path, data in contents.items():
        if data is not None:
            Path(path).write_bytes(data)
    text = together_script(pulled, pulled[:2], limit_bytes=1 << 20)
    done = subprocess.run([shell, "-c", text], capture_output=True, check=True, timeout=120)
    end = ShellEnd(exit_code=0, stdout=done.stdout, stderr=b"")
    assert parse_together(end, pulled, pulled[:2], serial="x").contents == contents


@pytest.mark.parametrize("cut", [0, 3, 20, 100, -1])
def test_an_answer_that_is_cut_is_no_content(cut, tmp_path):
    path = str(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"content")
    text = together_script([path], [path], limit_bytes=100)
    printed = subprocess.run(["sh", "-c", text], capture_output=True, check=True, timeout=120).stdout
    with pytest.raises(TransportError):
        parse_together(ShellEnd(exit_code=0, stdout=printed[:cut], stderr=b""), [path], [path], serial="x")
