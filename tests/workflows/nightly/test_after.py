"""The user's own command at the end of a night: it, and all that it started, ends in time."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from mbench.core.nights.nights import Ending
from mbench.workflows.nightly.after import run_after
from mbench.workflows.nightly.farm_file import After


def run(folder, *command: str, timeout_s: int = 60, **environment: str) -> str | None:
    after = After(command=list(command), environment=environment, timeout_s=timeout_s)
    ended = SimpleNamespace(
        store=SimpleNamespace(path=folder),
        end=SimpleNamespace(end=Ending.PARTIAL),
        night=SimpleNamespace(),
        judged=None,
    )
    return run_after(after, ended, exit_code=5, folder=folder)  # type: ignore[arg-type]


def test_it_runs_in_the_farm_files_folder_with_what_it_needs_to_know(tmp_path):
    said = 'echo "$X $MBENCH_END $MBENCH_EXIT_CODE $MBENCH_NIGHT $MBENCH_REPORT" > record'
    assert run(tmp_path, "sh", "-c", said, X="y") is None
    assert (tmp_path / "record").read_text() == f"y partial 5 {tmp_path} {tmp_path}/report.md\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("sh", "-c", "exit 3"), "sh ended with 3"),
        (("./not-there",), "./not-there: no such program, seen from"),
        (("/",), "/ does not start: Permission denied"),
    ],
)
def test_what_does_not_end_well_is_said(tmp_path, command, words):
    said = run(tmp_path, *command)
    assert said is not None
    assert words in said


def test_what_hangs_is_ended_with_all_that_it_started(tmp_path):
    begun = datetime.now(UTC)
    said = run(tmp_path, "sh", "-c", "(sleep 2; touch late) & sleep 600", timeout_s=1)
    assert said == "after the night: sh was still running after 1 s and was ended."
    assert (datetime.now(UTC) - begun).total_seconds() < 60
    time.sleep(2)
    assert not (tmp_path / "late").exists()
