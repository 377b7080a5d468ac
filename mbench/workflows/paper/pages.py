"""Pages of the paper's tables and figures: `mbench suite report` and `mbench suite document` with `--format html`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mbench.core.ports import Progress
from mbench.core.results import JobResult
from mbench.report.pages.paper_page import PaperPart, paper_page
from mbench.report.pages.shell_words import shell_text
from mbench.report.paper.measured_columns import Measured
from mbench.report.results.hidden_serials import without_serials
from mbench.store.stored_sessions import StoredSessions
from mbench.workflows.paper.document import FIGURES, TABLES
from mbench.workflows.paper.figures import suite_figure
from mbench.workflows.paper.suites import slug, suite_results
from mbench.workflows.paper.tables import Shown, suite_sheets, suite_shown

_PAPER: Final = (
    "Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications (arXiv "
    "1704.04861v1, 2017): what the paper prints, what mbench counts from the files that it builds, and what it "
    "measured."
)
_COUNTING: Final = (
    "Multiply-adds are those of convolutions, depthwise convolutions and fully connected layers; parameters are "
    "weights and biases without batch norm, in millions. Where the paper counts a cell otherwise, a note says how. "
    "Networks without trained weights are timed with weights drawn from a seed and have no accuracy."
)


def suite_page(shown: Shown, *, options: Sequence[str] = ()) -> bytes:
    """Return the page of one suite.

    Args:
        shown: the suite with what was counted and measured of it.
        options: that made it, for the command that makes the page again.
    """
    results = _measured(shown)
    sessions = dict.fromkeys(result.session for result in results)
    command = ["mbench", "suite", "report", shown.name, *sessions, "--format", "html", *options]
    return paper_page([_part(shown, results)], title=shown.suite.title, command=shell_text(command))


def document_page(sessions: Sequence[str], *, root: Path, build: bool, hide_serials: bool, progress: Progress) -> bytes:
    """Return the page of all tables and figures of the paper.

    Args:
        sessions: whose measurements it shows; none: of each suite the last session that ran it.
        root: the results folder.
        build: whether networks that are in no cache are built to be counted.
        hide_serials: whether serials are replaced.
        progress: gets news of what is built.

    Raises:
        StoreError: no such session.
        DiskError: the cache cannot be used.
    """
    stored, parts = StoredSessions(), []
    for name in (*TABLES, *FIGURES):
        results = suite_results(name, sessions, root=root, stored=stored)
        results = without_serials(results) if hide_serials else results
        shown = suite_shown(name, results, build=build, progress=progress)
        parts.append(_part(shown, _measured(shown)))
    asked = [Path(session).name for session in sessions]
    options = [*([] if build else ["--no-build"]), *(["--hide-serials"] if hide_serials else [])]
    return paper_page(
        parts,
        title="MobileNets, table by table",
        command=shell_text(["mbench", "suite", "document", *asked, "--format", "html", *options]),
        about=(_PAPER, _COUNTING),
    )


def default_page(name: str) -> str:
    """Return what the page of a suite is called where no file was named."""
    return f"{slug(name)}.html"


def _part(shown: Shown, results: Sequence[JobResult]) -> PaperPart:
    return PaperPart(
        name=slug(shown.name),
        title=shown.suite.title,
        sheets=suite_sheets(shown),
        commands=(
            ("Measure it", shell_text(["mbench", "run", "--suite", shown.name, "--device", "host"])),
            ("Show it", shell_text(["mbench", "suite", "report", shown.name])),
        ),
        is_figure=shown.suite.figure is not None,
        figure=None if shown.suite.figure is None else suite_figure(shown),
        results=tuple(results),
    )


def _measured(shown: Shown) -> tuple[JobResult, ...]:
    """Return what was measured of the suite's networks, and of no other."""
    table = shown.table
    networks = dict.fromkeys([*shown.networks, *(table.networks if table is not None else ())])
    return Measured(shown.results, [(network,) for network in networks]).results
