"""Timing the whole paper: each network once, in one session, on a quiet machine."""

from pathlib import Path

import pytest

from mbench.core.errors import UsageError
from mbench.store.stored_sessions import StoredSessions
from mbench.workflows.paper import measuring
from mbench.workflows.paper.document import FIGURES, TABLES
from mbench.workflows.paper.measuring import NotQuiet, paper_request, paper_suites, refuse_loaded
from mbench.workflows.paper.suites import find_suite, suite_results


def request(*names: str):
    return paper_request(
        paper_suites(names),
        device="host",
        min_runs=5,
        max_runs=8,
        results=Path("results"),
        command=("mbench",),
        workers=None,
    )


@pytest.mark.parametrize(("load", "quiet"), [(0.0, True), (0.5, True), (0.51, False), (6.0, False)])
def test_a_machine_is_quiet_up_to_half_a_load_per_core(monkeypatch, load, quiet):
    monkeypatch.setattr(measuring, "load_per_core", lambda: load)
    if quiet:
        refuse_loaded()
        return
    with pytest.raises(
        NotQuiet, match=rf"a load of {load:.2f} per core in the last minute, more than 0.5\. Close"
    ) as said:
        refuse_loaded()
    assert said.value.exit_code == 5


def test_the_whole_paper_is_every_network_of_its_document_once():
    found, notes = request()
    wanted = {variant for name in (*TABLES, *FIGURES) for variant in find_suite(name).variants}
    assert (sorted(found.selection.names), len(wanted), notes) == (sorted(wanted), 59, ())
    assert (found.title, found.rules["min_runs"], found.profile_ops) == ("paper", 5, True)


def test_a_part_is_named_by_its_suites_and_profiled_where_one_of_them_is():
    found, _ = request("mobilenets/table-3", "mobilenets/table-9", "mobilenets/table-3")
    assert (found.title, found.profile_ops) == ("table-3-table-9", False)
    assert set(found.selection.names) == {
        variant for name in ("mobilenets/table-3", "mobilenets/table-9") for variant in find_suite(name).variants
    }


def test_what_is_not_in_the_document_is_refused():
    with pytest.raises(UsageError, match="smoke is not in the document"):
        paper_suites(["smoke"])


@pytest.mark.parametrize(("suite", "found"), [("mobilenets/table-6", 1), ("smoke", 0)])
def test_a_session_of_the_whole_paper_is_one_of_each_of_its_suites(tmp_path, monkeypatch, suite, found):
    folder = tmp_path / "20260115-093000-host-paper-abcd"
    folder.mkdir()
    (folder / "plan.json").touch()
    asked: list[Path] = []
    monkeypatch.setattr(StoredSessions, "results", lambda self, paths: asked.extend(paths) or ())
    suite_results(suite, [], root=tmp_path, stored=StoredSessions())
    assert asked == [folder][:found]
