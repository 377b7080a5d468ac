"""Reporting: `mbench report`."""

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mbench.core.errors import UsageError
from mbench.core.results import JobResult
from mbench.report.model_files.operators import operator_tables
from mbench.report.render.markdown import table_markdown
from mbench.store.documents import schema
from mbench.store.packs import is_unpacked
from mbench.store.session import find_session, list_sessions
from mbench.store.session_store import REPORT_FILE
from mbench.store.stored_sessions import StoredSessions
from mbench.workflows.table_results import all_short_results


def stored_results(names: Sequence[str], *, everything: bool, root: Path) -> tuple[JobResult, ...]:
    """Return the results of the named sessions, of all, or of the latest.

    Raises:
        StoreError: no such session, or one that cannot be read.
    """
    if everything:
        names = list_sessions(root)
    paths = [find_session(root, name) for name in names] if names or everything else [find_session(root, None)]
    with _without_collecting():
        return StoredSessions().results(paths)


def all_table_results(root: Path) -> tuple[JobResult, ...]:
    """Return the results of all sessions of a folder for tables alone, which show nothing of most runs.

    Raises:
        StoreError: one that cannot be read.
    """
    with _without_collecting():
        return all_short_results(root)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Look for no garbage among what is read in the block: all of it is needed to the end, and there are millions.

    It took a third of the time of a report over ten thousand jobs.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def places_of_whole_foot(names: Sequence[str], *, everything: bool, root: Path) -> tuple[str, ...]:
    """Return where the whole foot of a table of these sessions is: the report of a single one, and another format."""
    reports = [] if everything or len(names) > 1 else [report_place(find_session(root, next(iter(names), None)))]
    return (*(place for place in reports if place is not None), "--format md")


def report_place(session: Path) -> str | None:
    """Return how a person here calls the report that lies in a session's folder; None where there is none."""
    path = session / REPORT_FILE
    if not path.is_file() or is_unpacked(session):
        return None
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def pivoted(results: Sequence[JobResult], axes: str, value: str) -> str:
    """Return one value of all results in a grid of two axes, as markdown.

    Raises:
        UsageError: `axes` is not two axes, or the results do not fill a grid.
    """
    rows, colon, columns = axes.partition(":")
    if not colon:
        raise UsageError(f"--pivot {axes!r} does not name two axes; it looks like alpha:resolution.")
    from mbench.report.results.tables.pivot import pivot  # brings pandas, which nothing else needs

    return pivot(results, index=rows, columns=columns, value=value)


def operators(results: Sequence[JobResult]) -> str:
    """Return the operator profiles of all jobs that have one, operator by operator, as markdown.

    Raises:
        UsageError: none has one.
    """
    tables = operator_tables(results, one_by_one=True)
    if not tables:
        raise UsageError("no job here has an operator profile; mbench run --profile ops takes one.")
    return "\n".join(map(table_markdown, tables))


def schema_json() -> str:
    """Return the JSON schema of all stored documents."""
    return json.dumps(schema(), indent=1)
