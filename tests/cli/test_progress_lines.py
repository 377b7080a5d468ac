import subprocess
import sys

import pytest
from command_line import ROOT

from mbench.cli.progress import LineProgress

SPEAKERS = 8
LINES = 300
PROGRAM = f"""
import sys, threading
from mbench.cli.progress import LineProgress
sys.setswitchinterval(1e-6)
def say(name):
    progress = LineProgress(name)
    for number in range({LINES}):
        progress.note(str(number))
threads = [threading.Thread(target=say, args=(str(number),)) for number in range({SPEAKERS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_a_message_that_names_its_device_is_not_given_the_name_again(capsys):
    progress = LineProgress("LAB1")
    progress.note("LAB1: was lost")
    progress.note("pushed 1.0 MB")
    assert capsys.readouterr().err.splitlines() == ["mbench: LAB1: was lost", "mbench: LAB1: pushed 1.0 MB"]


def test_lines_of_devices_that_speak_at_the_same_time_stay_apart():
    done = subprocess.run((sys.executable, "-c", PROGRAM), cwd=ROOT, capture_output=True, text=True, check=True)
    said = {f"mbench: {name}: {number}" for name in range(SPEAKERS) for number in range(LINES)}
    assert sorted(done.stderr.splitlines()) == sorted(said)


@pytest.mark.parametrize(
    ("total", "unit", "said"),
    [(6, "steps", "measuring: 6 steps"), (1, "steps", "measuring: 1 step"), (600, "s", "measuring: at most 600 s")],
)
def test_a_stage_is_counted_in_its_unit(total, unit, said, capsys):
    LineProgress().start("measuring", total, unit=unit)
    assert capsys.readouterr().err == f"mbench: {said}\n"
