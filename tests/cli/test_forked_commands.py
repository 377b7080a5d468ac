"""Commands that begin where mbench is imported are what they would be had they begun anew."""

import os
import sys
from subprocess import TimeoutExpired

import pytest
from forked_commands import can_fork, run_forked

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="this system cannot fork")


@pytest.mark.parametrize("arguments", [("--version",), ("report", "--schema"), ("report", os.fsdecode(b"caf\xe9"))])
def test_it_answers_as_one_that_begins_anew(bare, arguments):
    with bare.start(*arguments) as anew:
        out, err = anew.communicate(timeout=120)
    assert can_fork(bare.environment)
    forked = bare(*arguments)
    assert (forked.returncode, forked.stdout, forked.stderr) == (anew.returncode, out, err)


@pytest.mark.parametrize("variable", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "POSIX"}])
def test_what_python_reads_at_its_start_begins_anew(bare, variable):
    assert not can_fork(bare.environment | variable)


def test_one_that_does_not_end_is_killed(bare):
    with pytest.raises(TimeoutExpired):
        run_forked(["devices", "--watch"], folder=bare.folder, environment=bare.environment, timeout_s=2.0)
