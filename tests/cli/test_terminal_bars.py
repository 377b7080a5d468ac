"""Bars beside the table of a terminal, and of a terminal alone."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT, Command


@pytest.fixture
def stored(tmp_path: Path) -> Command:
    shutil.copytree(ROOT / "tests/data/results/format-3", tmp_path / "results")
    return Command(tmp_path, tmp_path / "home")


def in_terminal(stored: Command, width: int, **environment: str) -> str:
    """Return what a terminal of this width is shown."""
    leader, follower = pty.openpty()
    started = subprocess.Popen(
        [sys.executable, "-m", "mbench", "report"],
        cwd=stored.folder,
        env={**stored.environment, "COLUMNS": str(width), "TERM": "xterm", **environment},
        stdin=subprocess.DEVNULL,
        stdout=follower,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # Linux' answer once the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(leader)
    assert started.wait(timeout=60) == 0
    return shown.decode("utf-8")


def test_a_wide_terminal_shows_bars_and_a_narrow_one_the_table_alone(stored):
    wide = in_terminal(stored, 120)
    assert "█▒ │" in wide
    assert "in brackets, and ▒ in bars" in wide
    assert "█" not in in_terminal(stored, 80)


def test_what_is_piped_has_no_bars(stored):
    assert "█" not in stored("report", "--format", "table", COLUMNS="160").stdout


def test_bars_have_no_colour_where_none_is_wanted(stored):
    shown = in_terminal(stored, 120, NO_COLOR="1")
    assert "█▒ │" in shown
    assert "\x1b[31m" not in shown


def test_a_terminal_without_blocks_gets_letters(stored):
    shown = in_terminal(stored, 120, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert "#= │" in shown
    assert "█" not in shown
