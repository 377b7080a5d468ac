"""A command reads each document of a session once, however many tables it is in: ten thousand are many."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mbench.core.ports import SilentProgress
from mbench.store.session import list_sessions, open_session
from mbench.workflows.paper.document import write_document
from mbench.workflows.reporting import stored_results

RESULTS = Path(__file__).parents[1] / "data" / "results" / "from-runs"
FINISHED, INTERRUPTED = "20261130-035206-host-alpha-e554", "20261130-035652-host-run-8c8a"

_LISTENERS: list[Counter[str]] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    """Count opened documents; a hook of the interpreter stays until it ends."""
    if event == "open" and isinstance(path := arguments[0], (str, os.PathLike)):
        for counts in _LISTENERS:
            if (name := os.fspath(path)).endswith(".json") and str(RESULTS) in str(Path(name).resolve()):
                counts[str(Path(name).resolve().relative_to(RESULTS))] += 1


sys.addaudithook(_hear)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    _LISTENERS.append(counts := Counter())
    try:
        yield counts
    finally:
        _LISTENERS.remove(counts)


def test_a_report_of_all_sessions_reads_each_document_once():
    with counted() as counts:
        stored_results([], everything=True, root=RESULTS)
    assert {f"{name}/plan.json" for name in list_sessions(RESULTS)} <= counts.keys()
    assert set(counts.values()) == {1}


def test_a_session_that_is_named_twice_is_read_and_shown_once(monkeypatch):
    monkeypatch.chdir(RESULTS.parent)
    with counted() as counts:
        found = stored_results(
            [FINISHED, f"from-runs/{FINISHED}", INTERRUPTED, FINISHED[:15]], everything=False, root=RESULTS
        )
    assert set(counts.values()) == {1}
    assert found == stored_results([FINISHED, INTERRUPTED], everything=False, root=RESULTS)


def test_a_session_that_goes_on_reads_each_document_once():
    store = open_session(RESULTS / INTERRUPTED)
    with counted() as counts:
        store.refuse_other_runs()
        for _ in range(2):
            assert len(store.results()) == len(store.plan.jobs)
    assert counts
    assert set(counts.values()) == {1}


def test_a_document_of_all_suites_reads_each_document_once(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    with counted() as counts:
        write_document(tmp_path / "paper.md", [FINISHED], root=RESULTS, build=False, progress=SilentProgress())
    assert f"{FINISHED}/plan.json" in counts
    assert set(counts.values()) == {1}
