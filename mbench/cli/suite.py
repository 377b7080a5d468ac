"""`mbench suite`: named lists of workloads, the paper's tables and figures among them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli import options, streams
from mbench.cli.errors import one_line_errors
from mbench.cli.progress import progress_for
from mbench.cli.streams import write, write_line
from mbench.cli.tables import print_tables
from mbench.core.errors import UsageError

if TYPE_CHECKING:
    from mbench.core.results import JobResult
    from mbench.report.render.text_table import TableValues

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
    format_: Annotated[options.Format, typer.Option("--format", help="Format: md or table.")] = options.Format.TABLE,
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
        typer.Option("--output", "-o", help="Folder for a figure's pictures: SVG, PNG and HTML.", metavar="FOLDER"),
    ] = None,
    no_build: NoBuild = False,
    format_: Annotated[options.Format, typer.Option("--format", help="Format: md or table.")] = options.Format.MD,
    results: options.Results = None,
    quiet: options.Quiet = False,
) -> None:
    """Print a suite's tables from stored sessions.

    They show what the paper printed, what the files count, and what was measured here.

    This is how a table of the paper is rendered; mbench report prints sessions as they are. What no session measured
    stays unknown, and the rest is shown.
    """
    from mbench.files.targets import refuse_taken_folder
    from mbench.workflows.home import results_root
    from mbench.workflows.paper import figures as paper_figures
    from mbench.workflows.paper import tables as paper_tables

    if all_ and sessions:
        raise UsageError("name sessions, or ask for --all of them.")
    _refuse_data(format_)
    if output is not None:
        refuse_taken_folder(output, option="--output")
    shown = paper_tables.stored(
        name,
        sessions or [],
        root=results_root(results),
        everything=all_,
        build=not no_build,
        references=references,
        progress=progress_for(quiet=quiet),
    )
    _print(paper_tables.suite_tables(shown), format_, whole_foot="--format md")
    if output is not None:
        _report_written(paper_figures.write_figure(shown, output), quiet=quiet)


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
        Path,
        typer.Option("--output", "-o", help="Markdown file to write; pictures are written beside it.", metavar="FILE"),
    ] = Path("paper.md"),
    no_build: NoBuild = False,
    results: options.Results = None,
    quiet: options.Quiet = False,
) -> None:
    """Write one document of all fourteen tables and three figures.

    Each comes with the command for it. The same sessions give the same bytes.
    """
    from mbench.workflows.home import results_root
    from mbench.workflows.paper import document as paper_document

    progress = progress_for(quiet=quiet)
    written = paper_document.write_document(
        output, sessions or [], root=results_root(results), build=not no_build, progress=progress
    )
    _report_written(written, quiet=quiet)


def print_suite(name: str, session: str, results: "Sequence[JobResult]", shape: options.Format) -> None:
    """Print a suite's tables of a session's results; what was not run is not built for them."""
    from mbench.core.ports import SilentProgress
    from mbench.workflows.paper import tables as paper_tables

    shown = paper_tables.suite_shown(name, results, build=False, progress=SilentProgress())
    _print(paper_tables.suite_tables(shown), shape, whole_foot=f"mbench suite report {name} {session} --format md")
    write("")


def _print(tables: "Sequence[TableValues]", shape: options.Format, *, whole_foot: str) -> None:
    _refuse_data(shape)
    if shape is options.Format.TABLE:
        print_tables(tables, whole_foot=(whole_foot,))
        return
    from mbench.report.render.markdown import table_markdown

    write("\n".join(map(table_markdown, tables)))


def _refuse_data(shape: options.Format) -> None:
    if shape not in (options.Format.MD, options.Format.TABLE):
        raise UsageError(f"--format {shape}: a suite's tables are for people; mbench report --format {shape} has rows.")


def _report_written(paths: Sequence[Path], *, quiet: bool) -> None:
    for path in () if quiet else paths:
        streams.tell(f"wrote {path}")
