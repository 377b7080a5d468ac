"""Old files beside new ones: how many runs both get, which is which new one's, and what is said of programs."""

from pathlib import Path

import pytest
from loop_fakes import part_of

from mbench.core.delegates import Delegate
from mbench.core.errors import UsageError
from mbench.core.results import BinaryFacts
from mbench.workflows.build.selection import Candidate
from mbench.workflows.run.against import OldFiles, beside_new, old_files, paired_rules


@pytest.mark.parametrize(
    ("asked", "rules"),
    [
        ({}, (10, 10)),
        ({"max_runs": 6}, (6, 6)),
        ({"max_runs": 20}, (10, 20)),
        ({"min_runs": 3}, (3, None)),
        ({"min_runs": 3, "max_runs": 4}, (3, 4)),
    ],
)
def test_pairs_get_ten_runs_each_unless_the_user_says_how_many(asked, rules):
    found = paired_rules(asked)
    assert (found["min_runs"], found.get("max_runs")) == rules


def test_a_new_file_has_its_old_one_beside_it_run_by_the_same_delegate_and_threads(tmp_path):
    new = [
        Candidate(file=Path("a.tflite"), delegate=delegate, threads=threads)
        for delegate, threads in ((Delegate.CPU, 1), (Delegate.BUILTIN, 4))
    ]
    (tmp_path / "old.tflite").touch()
    found = beside_new(new, old_files(str(tmp_path / "old.tflite"), new, results=tmp_path))
    assert [(one.thing, one.old_of, one.delegate, one.threads) for one in found] == [
        ("a.tflite", None, Delegate.CPU, 1),
        (str(tmp_path / "old.tflite"), "a.tflite", Delegate.CPU, 1),
        ("a.tflite", None, Delegate.BUILTIN, 4),
        (str(tmp_path / "old.tflite"), "a.tflite", Delegate.BUILTIN, 4),
    ]


def test_a_file_is_not_compared_with_itself(tmp_path):
    path = tmp_path / "net.tflite"
    path.touch()
    with pytest.raises(UsageError, match="is the very file that is run"):
        old_files(str(path), [Candidate(file=path)], results=tmp_path)


@pytest.mark.parametrize(("then", "lines"), [("b", 0), ("c", 1)])
def test_that_another_program_timed_the_old_files_is_said(then, lines):
    binary = BinaryFacts(tool="tflite", sha256=then * 64, path="benchmark_model")
    found = list(OldFiles(source="files of session s", of={}, binaries=(binary,)).notes([part_of("a")]))
    assert len(found) == lines
    assert all("both timed by tflite bbbbbbbbbbbb now" in line for line in found)


def test_of_a_file_that_is_named_no_program_is_known():
    assert list(OldFiles(source="file old.tflite", of={}).notes([part_of("a")])) == []
