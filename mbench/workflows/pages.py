"""Pages: `mbench report --format html`, written whole or not at all."""

import gc
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mbench.core.results import JobResult
from mbench.files.disk import disk_errors
from mbench.files.targets import refuse_foreign_file
from mbench.files.whole import write_whole
from mbench.report.pages.session_page import session_page
from mbench.report.pages.shell_words import shell_text
from mbench.report.pages.templates import BEGINS

_SEVERAL: Final = "mbench-report"
"""Name of a page of several sessions."""

_OTHERWISE: Final = "name another file with --output"


def page_of(results: Sequence[JobResult], names: Sequence[str], *, everything: bool, hide_serials: bool) -> bytes:
    """Return the page of stored results.

    Args:
        results: of the sessions.
        names: of the sessions as they were asked for; none: the latest.
        everything: whether all sessions of a folder were asked for.
        hide_serials: whether serials were replaced.
    """
    sessions = [*dict.fromkeys(result.session for result in results)]
    asked = ["--all"] if everything else sessions
    hidden = ["--hide-serials"] if hide_serials else []
    with _without_looking_for_garbage():
        return session_page(
            results,
            title=_title(results, sessions),
            command=shell_text(["mbench", "report", *asked, "--format", "html", *hidden]),
            by_session=len(names) > 1 or everything,
        )


def default_page(results: Sequence[JobResult]) -> Path:
    """Return the file that a page gets where none was named: in this folder, called as its session."""
    sessions = {result.session for result in results}
    return Path(f"{sessions.pop() if len(sessions) == 1 else _SEVERAL}.html")


def refuse_page(path: Path) -> None:
    """Refuse a path at which a page would replace what mbench did not write.

    Raises:
        UsageError: something else is there, such as a folder.
    """
    refuse_foreign_file(path, option="--output", begins=BEGINS, what="a page of mbench")


def write_page(page: bytes, path: Path) -> None:
    """Write a page, whole or not at all.

    Raises:
        DiskError: it could not be written; what was there before still is.
    """
    with disk_errors("write a page to", path, otherwise=_OTHERWISE):
        write_whole(path, page, fsync=False)


def open_page(path: Path) -> bool:
    """Show a page in the user's browser; return whether one was found."""
    return webbrowser.open(path.resolve().as_uri())


@contextmanager
def _without_looking_for_garbage() -> Iterator[None]:
    """Leave the garbage collector out: among thousands of results, which all stay, it takes a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _title(results: Sequence[JobResult], sessions: Sequence[str]) -> str:
    if len(sessions) == 1:
        return f"Session {sessions[0]}"
    return f"{len(sessions)} sessions" if results else "No results"
