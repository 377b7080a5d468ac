"""What stdout or stderr cannot take: an answer on a full disk, or for a reader that has gone."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from command_line import SMALL

from mbench.cli.progress import LineProgress

FULL = Path("/dev/full")

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")

BUFFERED = {"PYTHONUNBUFFERED": ""}
"""As people run it; where tests run, output may be unbuffered, and errors come earlier."""


def redirected(command, to, *arguments, before="", **environment):
    """Return exit code and stderr of `BEFORE mbench ARGUMENTS TO`, with TO in a shell's words."""
    finished = subprocess.run(
        ["/bin/sh", "-c", f'{before} "$0" -m mbench "$@" {to}', sys.executable, *arguments],
        cwd=command.folder,
        env=command.environment | BUFFERED | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return finished.returncode, finished.stderr


REPEATED = [pytest.param(each, marks=pytest.mark.slow) for each in (("--version",), ("binary", "list"))]


@pytest.mark.parametrize("arguments", [("--help",), ("report", "--schema"), *REPEATED], ids=str)
def test_an_answer_that_a_full_disk_does_not_take_is_one_line_and_no_success(bare, arguments):
    assert redirected(bare, "> /dev/full", *arguments) == (4, "mbench: output: No space left on device.\n")


def test_an_answer_that_is_cut_short_is_no_success_without_pythons_buffer_either(bare):
    limited = "> cut.txt", "report", "--schema"
    assert redirected(bare, *limited, before="ulimit -f 1;", PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1") == (
        4,
        "mbench: output: File too large.\n",
    )


def test_a_reader_that_has_gone_is_no_error(bare):
    assert redirected(bare, "; echo $? >&2; } | true", "report", "--schema", before="{") == (0, "0\n")


def test_a_refusal_keeps_its_exit_code_where_it_cannot_be_printed(bare):
    assert redirected(bare, "2> /dev/full", "report", "nonsense") == (2, "")


def test_a_log_that_is_full_ends_no_work(monkeypatch):
    full = FULL.open("w", encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", full)
    LineProgress().note("the story goes on")
    with suppress(OSError):
        full.close()


def test_a_copy_that_a_full_disk_cuts_short_is_removed(mbench):
    limited = ("/bin/sh", "-c", 'ulimit -f 100; exec "$0" -B "$@"', sys.executable)
    done = mbench("build", SMALL, "--output", "out", "--quiet", prefix=limited)
    assert (done.returncode, done.stdout) == (4, "")
    assert "File too large. Look at the disk there, or name another folder with --output." in done.stderr
    assert list((mbench.folder / "out").iterdir()) == []


def test_a_home_in_which_nothing_can_be_made_is_named_with_what_to_do(bare, tmp_path):
    (tmp_path / "a file").touch()
    done = bare("devices", "--watch", MBENCH_HOME=str(tmp_path / "a file"))
    assert done.returncode == 4
    assert f"could not use {tmp_path / 'a file'}" in done.stderr
    assert "let MBENCH_HOME or MBENCH_RESULTS name another folder." in done.stderr
