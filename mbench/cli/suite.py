"""`mbench suite`: named lists of workloads, the paper's tables and figures among them."""

import shlex
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli import pages, streams
from mbench.cli.driving import drive
from mbench.cli.errors import one_line_errors
from mbench.cli.options import build_options, output_options
from mbench.cli.options.formats import Format
from mbench.cli.progress import progress_for
from mbench.cli.streams import write, write_line
from mbench.cli.tables import print_results, print_tables
from mbench.core.errors import UsageError

if TYPE_CHECKING:
    from mbench.core.ports import Progress
    from mbench.core.results import JobResult
    from mbench.report.render.text_table import TableValues
    from mbench.store.session_store import SessionStore
    from mbench.workflows.paper.tables import Shown


class SuiteFormat(StrEnum):
    """How a suite's tables are printed; those for machines are refused with where they are."""

    MD = "md"
    TABLE = "table"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


class DocumentFormat(StrEnum):
    """How the document of the paper is written."""

    MD = "md"
    HTML = "html"


LEAST_RUNS = 5

MORE_RUNS = 3
"""Beyond the least, for networks whose interval is still wide: as mbench run has it."""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List and report suites, the paper's tables among them.",
)

Name = Annotated[
    str, typer.Argument(help="Name of a suite, such as mobilenets/table-6, or a .toml file.", metavar="NAME")
]
Sessions = Annotated[
    list[str] | None,
    typer.Argument(
        help="Sessions by name, beginning of a name, or path.", show_default="the last one that ran the suite"
    ),
]
NoBuild = Annotated[bool, typer.Option("--no-build", help="Count cached files only; build nothing.")]
References = Annotated[
    bool, typer.Option("--references", help="Add columns of what others published for phones and checkpoints.")
]


@app.command("list")
@one_line_errors
def list_(
    format_: Annotated[Format, typer.Option("--format", help="Format: md or table.")] = Format.TABLE,
) -> None:
    """List all suites, and what their accuracies need."""
    from mbench.workflows.paper.suites import listed

    _print([listed()], format_, whole_foot="mbench suite list --format md")


@app.command("show")
@one_line_errors
def show(name: Name) -> None:
    """Print what a suite runs, and what it needs for that."""
    from mbench.workflows.paper.suites import shown

    for line in shown(name):
        write_line(line)


@app.command("report")
@one_line_errors
def report(
    name: Name,
    sessions: Sessions = None,
    all_: Annotated[bool, typer.Option("--all", help="Take every session in the folder.")] = False,
    references: References = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File of --format html; or folder for a figure's pictures: SVG, PNG and HTML.",
            metavar="PATH",
            show_default="of html: stdout, in a terminal SUITE.html here",
        ),
    ] = None,
    no_build: NoBuild = False,
    format_: Annotated[
        SuiteFormat | None,
        typer.Option(
            "--format",
            help="Format: md, table, or html for a page of one file with tables and pictures.",
            show_default="md",
        ),
    ] = None,
    open_: pages.Open = False,
    hide_serials: pages.HideSerials = False,
    results: output_options.Results = None,
    quiet: output_options.Quiet = False,
) -> None:
    """Print a suite's tables from stored sessions.

    They show what the paper printed, what the files count, and what was measured here.

    This is how a table of the paper is rendered; mbench report prints sessions as they are. What no session measured
    stays unknown, and the rest is shown.
    """
    from mbench.files.targets import refuse_taken_folder
    from mbench.workflows.home import results_root
    from mbench.workflows.paper import figures as paper_figures
    from mbench.workflows.paper import pages as paper_pages
    from mbench.workflows.paper import tables as paper_tables

    if all_ and sessions:
        raise UsageError("name sessions, or ask for --all of them.")
    pages.refuse_other_format(format_, open_=open_, output=None)
    paged = open_ or format_ is SuiteFormat.HTML
    shape = Format.MD if paged or format_ is None else Format(format_)
    _refuse_data(shape)
    if output is not None and not paged:
        refuse_taken_folder(output, option="--output")
    root = results_root(results)

    def shown() -> "Shown":
        return paper_tables.stored(
            name,
            sessions or [],
            root=root,
            everything=all_,
            build=not no_build,
            references=references,
            progress=progress_for(quiet=quiet),
            hide_serials=hide_serials,
        )

    if paged:
        asked = {"--references": references, "--no-build": no_build, "--hide-serials": hide_serials}
        used = [option for option, wanted in asked.items() if wanted]
        pages.put_page(
            lambda: paper_pages.suite_page(shown(), options=used),
            output=output,
            name=paper_pages.default_page(name),
            show=open_,
        )
        return
    found = shown()
    _print(paper_tables.suite_tables(found), shape, whole_foot="--format md")
    if own := paper_tables.own_results(found):
        print_results(own, shape, columns=None, whole_foot=("--format md",))
    if output is not None:
        _report_written(paper_figures.write_figure(found, output), quiet=quiet)


@app.command("document")
@one_line_errors
def document(
    sessions: Annotated[
        list[str] | None,
        typer.Argument(
            help="Sessions by name, beginning of a name, or path.", show_default="the last that ran each suite"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write; pictures of markdown are written beside it.",
            metavar="FILE",
            show_default="paper.md, or paper.html",
        ),
    ] = None,
    format_: Annotated[
        DocumentFormat | None,
        typer.Option(
            "--format", help="Format: md, or html for a page of one file with tables and pictures.", show_default="md"
        ),
    ] = None,
    open_: pages.Open = False,
    hide_serials: pages.HideSerials = False,
    no_build: NoBuild = False,
    results: output_options.Results = None,
    quiet: output_options.Quiet = False,
) -> None:
    """Write one document of all fourteen tables and three figures.

    Each comes with the command for it. The same sessions give the same bytes.
    """
    from mbench.workflows.home import results_root
    from mbench.workflows.paper import document as paper_document
    from mbench.workflows.paper import pages as paper_pages

    root, progress = results_root(results), progress_for(quiet=quiet)
    pages.refuse_other_format(format_, open_=open_, output=None)
    if not open_ and format_ is not DocumentFormat.HTML:
        written = paper_document.write_document(
            output or Path("paper.md"),
            sessions or [],
            root=root,
            build=not no_build,
            progress=progress,
            hide_serials=hide_serials,
        )
        _report_written(written, quiet=quiet)
        return

    def page() -> bytes:
        return paper_pages.document_page(
            sessions or [], root=root, build=not no_build, hide_serials=hide_serials, progress=progress
        )

    pages.put_page(page, output=output or Path("paper.html"), name="paper.html", show=open_)


@app.command("measure")
@one_line_errors
def measure(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Suites, such as mobilenets/table-13.", metavar="[NAME]...", show_default="the whole paper"
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Markdown file to write; pictures are written beside it.", metavar="FILE"),
    ] = Path("paper.md"),
    device: Annotated[
        str | None,
        typer.Option(help="Device to measure on, a profile's name or a serial.", metavar="NAME", show_default="host"),
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(help="Minimum runs per network, at least 5.", min=5, max=1000, metavar="N", show_default="5"),
    ] = None,
    max_runs: Annotated[
        int | None,
        typer.Option(help="Maximum runs per network.", min=5, max=1000, metavar="N", show_default="--runs and 3 more"),
    ] = None,
    resume: Annotated[
        str | None, typer.Option(help="Session to go on with; last: the latest.", metavar="SESSION")
    ] = None,
    workers: build_options.Workers = None,
    results: output_options.Results = None,
    quiet: output_options.Quiet = False,
) -> None:
    """Time the whole paper in one session, and write its document.

    Every network of the tables and figures is timed, the networks in turn, with at least 5 runs each. On a machine that
    has other work nothing is begun. What was interrupted goes on with --resume.
    """
    from mbench.core.results import Status
    from mbench.workflows.home import results_root
    from mbench.workflows.paper import document as paper_document
    from mbench.workflows.paper import measuring
    from mbench.workflows.run import session as running

    suites = measuring.paper_suites(names or [])
    root = results_root(results)
    least = LEAST_RUNS if runs is None else runs
    most = least + MORE_RUNS if max_runs is None else max_runs
    if most < least:
        raise UsageError(f"--max-runs {most} is less than --runs {least}.")
    asked = {"--device": device, "--runs": runs, "--max-runs": max_runs}
    if resume is not None and (settled := [name for name, value in asked.items() if value is not None]):
        raise UsageError(f"--resume goes on with what the session's plan says; leave {', '.join(settled)} out.")
    if device in (None, measuring.HOST):
        measuring.refuse_loaded()

    def work(started: "Callable[[SessionStore], None]", progress: "Progress") -> "SessionStore":
        if resume is not None:
            name = None if resume == "last" else resume
            return running.resume(name, results=root, adb_servers=[], progress=progress, started=started)
        request, notes = measuring.paper_request(
            suites,
            device=device or measuring.HOST,
            min_runs=least,
            max_runs=most,
            results=root,
            command=("mbench", *sys.argv[1:]),
            workers=workers,
        )
        for note in () if quiet else notes:
            streams.tell(f"{note}.")
        return running.run(request, progress=progress, started=started)

    def write_document(store: "SessionStore") -> None:
        if any(result.status is Status.ABORTED for result in store.results()):
            return
        written = paper_document.write_document(
            output, [str(store.path)], root=root, build=True, progress=progress_for(quiet=quiet), suites=suites
        )
        _report_written(written, quiet=quiet)

    again = shlex.join(["mbench", "suite", "measure", *(names or []), "-o", str(output), "--resume"])
    drive(work, write_document, quiet=quiet, resumed=resume is not None, go_on=again)


def print_suite(name: str, session: str, results: "Sequence[JobResult]", shape: Format) -> None:
    """Print a suite's tables of a session's results; what was not run is not built for them."""
    from mbench.core.ports import SilentProgress
    from mbench.workflows.paper import tables as paper_tables

    shown = paper_tables.suite_shown(name, results, build=False, progress=SilentProgress())
    _print(paper_tables.suite_tables(shown), shape, whole_foot=f"mbench suite report {name} {session} --format md")
    write("")


def _print(tables: "Sequence[TableValues]", shape: Format, *, whole_foot: str) -> None:
    _refuse_data(shape)
    if shape is Format.TABLE:
        print_tables(tables, whole_foot=(whole_foot,))
        return
    from mbench.report.render.markdown import table_markdown

    write("\n".join(map(table_markdown, tables)))


def _refuse_data(shape: Format) -> None:
    if shape not in (Format.MD, Format.TABLE):
        raise UsageError(f"--format {shape}: a suite's tables are for people; mbench report --format {shape} has rows.")


def _report_written(paths: Sequence[Path], *, quiet: bool) -> None:
    for path in () if quiet else paths:
        streams.tell(f"wrote {path}")
