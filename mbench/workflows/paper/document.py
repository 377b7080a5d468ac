"""The document of the whole paper: fourteen tables and three figures, each with the command that gives it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mbench.core.ports import Progress
from mbench.files.disk import disk_errors
from mbench.files.targets import refuse_foreign_file
from mbench.files.whole import write_whole
from mbench.report.charts.figures import write_svg
from mbench.report.paper.compute_rate import DEFINITION
from mbench.report.paper.paper_table import LEGEND, UNKNOWN_LEGEND
from mbench.report.render.markdown import escape_markdown, table_markdown
from mbench.report.render.text_table import TableValues
from mbench.report.results.feet.foot_lines import LATENCY_DEFINITION
from mbench.report.results.hidden_serials import without_serials
from mbench.store.stored_sessions import StoredSessions
from mbench.workflows.paper.figures import suite_figure
from mbench.workflows.paper.suites import PAPER_FOLDER, slug, suite_results
from mbench.workflows.paper.tables import Shown, suite_shown, suite_tables, table_title

TABLES: Final = tuple(f"{PAPER_FOLDER}/table-{number}" for number in range(1, 15))
FIGURES: Final = tuple(f"{PAPER_FOLDER}/{name}" for name in ("figure-4", "figure-5", "grid"))

INTRODUCTION: Final = """\
# MobileNets, table by table

The fourteen tables of Howard et al., *MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
Applications* (arXiv 1704.04861v1, 2017): what the paper prints, what mbench counts from the files that it builds, and
what it measured. This file is written by `mbench suite measure`, which times all of it in one session, or by `mbench
suite document` from stored sessions; the same sessions give the same bytes. `mbench suite document --open` shows all of
it as a page that sorts and filters.

Multiply-adds are those of convolutions, depthwise convolutions and fully connected layers; parameters are weights and
biases without batch norm, in millions. Where the paper counts a cell otherwise, a note says how. Networks without
trained weights are timed with weights drawn from a seed and have no accuracy.

How to read the tables:

"""

_BEGINS: Final = INTRODUCTION.partition("\n")[0].encode()

SAID_ONCE: Final = (LEGEND, UNKNOWN_LEGEND, LATENCY_DEFINITION, DEFINITION)
"""Lines that stand under the introduction and not under every table."""


def write_document(
    output: Path,
    sessions: Sequence[str],
    *,
    root: Path,
    build: bool,
    progress: Progress,
    suites: Sequence[str] = (*TABLES, *FIGURES),
    hide_serials: bool = False,
) -> tuple[Path, ...]:
    """Write the document and its pictures, SVG files beside it; return their paths.

    Args:
        output: the markdown file.
        sessions: whose measurements it shows; none: of each suite the last session that ran it.
        root: the results folder.
        build: whether networks that are in no cache are built to be counted.
        progress: gets news of what is built.
        suites: which of them it shows.
        hide_serials: whether serials are replaced by names that last.

    Raises:
        UsageError: another file has that name.
        StoreError: no such session, or the document cannot be written.
        DiskError: the cache cannot be used.
    """
    parts = [INTRODUCTION + "".join(f"- {escape_markdown(line)}\n" for line in SAID_ONCE)]
    written, stored = [output], StoredSessions()
    refuse_foreign_file(output, option="--output", begins=_BEGINS, what="such a document")
    with disk_errors("write", output, otherwise="name another file with --output"):
        output.parent.mkdir(parents=True, exist_ok=True)
    for name in suites:
        results = suite_results(name, sessions, root=root, stored=stored)
        results = without_serials(results) if hide_serials else results
        shown = suite_shown(name, results, build=build, progress=progress)
        parts.extend(_section(shown))
        if shown.suite.figure is not None:
            picture = output.with_name(f"{output.stem}-{slug(name)}.svg")
            if (figure := suite_figure(shown)) is not None:
                write_svg(figure, picture)
                written.append(picture)
                parts.append(f"![{escape_markdown(figure.title)}]({_link(picture.name)})\n")
    with disk_errors("write", output, otherwise="name another file with --output"):
        write_whole(output, "\n".join(parts).encode(), fsync=False)
    return tuple(written)


def _link(name: str) -> str:
    """Return a file's name as a link has it: `a b` as `a%20b`."""
    return quote(name, errors="surrogateescape")


def _section(shown: Shown) -> Iterator[str]:
    yield f"## {shown.suite.title}\n"
    yield f"    mbench run --suite {shown.name} --device host\n    mbench suite report {shown.name}\n"
    for table in suite_tables(shown):
        yield table_markdown(_in_section(table, shown))


def _in_section(table: TableValues, shown: Shown) -> TableValues:
    """Return a table without what its section says already."""
    known = {shown.suite.title, table_title(shown.table) if shown.table is not None else ""}
    foot = tuple(line for line in table.foot if line not in SAID_ONCE)
    return replace(table, title=None if table.title in known else table.title, foot=foot)
