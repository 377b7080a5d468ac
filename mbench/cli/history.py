"""`mbench history`: the past of every cell; imports and deletions."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from mbench.cli import pages, streams
from mbench.cli.errors import one_line_errors
from mbench.cli.options import output_options
from mbench.cli.options.formats import Format
from mbench.cli.report import ReportFormat
from mbench.cli.tables import format_or_default, print_table
from mbench.core.errors import UsageError

if TYPE_CHECKING:
    from mbench.workflows.history.command import History, HistoryRequest

SHOW: Final = "show"


class ShowByDefault(TyperGroup):
    """A group whose command `show` is meant where the first word names none."""

    default = SHOW

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `show` in front of what is not a command of the group."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = [SHOW, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ShowByDefault,
    rich_markup_mode=None,
    help="Show levels, noise and changes of cells over nights. Words without a command are of show.",
)

Project = Annotated[
    str | None,
    typer.Option(
        help="Project of the farm file; runs has the sessions of mbench run.",
        metavar="NAME",
        show_default="the only one",
    ),
]
Branch = Annotated[str | None, typer.Option(help="Branch of the project.", metavar="NAME", show_default="main")]


@app.command(SHOW)
@one_line_errors
def show(
    filters: Annotated[
        list[str] | None,
        typer.Argument(
            help="Words, or patterns with *, that workload, delegate, device or model fit.",
            metavar="[FILTER]...",
            show_default="all cells",
        ),
    ] = None,
    farm: Annotated[
        Path | None,
        typer.Option(help="Farm file whose results, project, branch and renamed cells are meant.", metavar="FARM.toml"),
    ] = None,
    project: Project = None,
    branch: Branch = None,
    against: Annotated[
        str | None, typer.Option(help="Branch whose levels stand beside, in percent.", metavar="BRANCH")
    ] = None,
    nights: Annotated[
        int | None, typer.Option(help="Number of last nights to show.", min=1, metavar="N", show_default="all")
    ] = None,
    format_: Annotated[
        ReportFormat | None,
        typer.Option(
            "--format",
            help="Format of the table; html is a page of one file with a picture of every cell and all its nights.",
            show_default="table in a terminal, else md",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File of --format html.",
            metavar="FILE",
            show_default="stdout, in a terminal history-PROJECT.html here",
        ),
    ] = None,
    open_: pages.Open = False,
    hide_serials: pages.HideSerials = False,
    results: output_options.Results = None,
) -> None:
    """Show level, noise and last change of each cell.

    Levels are medians of the nights since the last change. Nights without a number are shown as such.
    """
    from mbench.workflows.history import command

    pages.refuse_other_format(format_, open_=open_, output=output)
    asked = _request(farm, results, tuple(filters or ()), project, branch, against, nights)
    html = open_ or format_ is ReportFormat.HTML
    request = replace(asked, facts=html or format_ is ReportFormat.JSON)
    found = command.history(request, note=streams.tell)
    if hide_serials:
        from mbench.workflows.history.page import without_serials

        found = without_serials(found)
    for line in found.unread:
        streams.tell(line)
    if html:
        from mbench.workflows.history.page import history_page_of

        named = {"--farm": farm, "--results": results}
        where = [word for name, said in named.items() if said is not None for word in (name, str(said))]
        pages.put_page(
            lambda: history_page_of(found, request, where=where, hide_serials=hide_serials, tell=streams.tell),
            output=output,
            name=f"history-{found.project}.html",
            show=open_,
        )
        return
    _print(found, request, format_or_default(None if format_ is None else Format(format_)))


@app.command("import")
@one_line_errors
def import_(
    file: Annotated[Path, typer.Argument(help="CSV file, or Bencher's JSON.", metavar="FILE")],
    project: Annotated[str, typer.Option(help="Project that it becomes part of.", metavar="NAME")],
    branch: Annotated[str, typer.Option(help="Branch of rows that name none.", metavar="NAME")] = "main",
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Column of the file, or several, that one of ours is made of; may be repeated.",
            metavar="OURS=THEIRS[+THEIRS]",
        ),
    ] = None,
    device: Annotated[str | None, typer.Option(help="Device that all of it was measured on.", metavar="SERIAL")] = None,
    time: Annotated[datetime | None, typer.Option(help="Time of a file that has none, of UTC.", metavar="TIME")] = None,
    results: output_options.Results = None,
) -> None:
    """Make a file of earlier measurements part of a history."""
    from datetime import UTC

    from mbench.workflows.history.command import ImportRequest, import_file
    from mbench.workflows.home import results_root

    for name in (project, branch):
        _refuse_no_word(name)
    columns = dict(_pair(said) for said in column or ())
    request = ImportRequest(
        root=results_root(results),
        file=file,
        project=project,
        branch=branch,
        columns=columns,
        device=device,
        time=None if time is None else time.replace(tzinfo=UTC),
    )
    streams.write_line(import_file(request))


@app.command("delete")
@one_line_errors
def delete(
    phone: Annotated[
        list[str] | None, typer.Option(help="Serial of a phone; may be repeated.", metavar="SERIAL")
    ] = None,
    project: Annotated[list[str] | None, typer.Option(help="Project; may be repeated.", metavar="NAME")] = None,
    results: output_options.Results = None,
) -> None:
    """Take a phone's or a project's past out of histories for good."""
    from mbench.workflows.history import command
    from mbench.workflows.home import results_root

    if not phone and not project:
        raise UsageError("say what goes: --phone SERIAL or --project NAME.")
    done = command.delete(results_root(results), phones=phone or [], projects=project or [], note=streams.tell)
    streams.write_line(done)


def _request(
    farm: Path | None,
    results: Path | None,
    filters: tuple[str, ...],
    project: str | None,
    branch: str | None,
    against: str | None,
    nights: int | None,
) -> "HistoryRequest":
    from mbench.workflows.history.command import HistoryRequest
    from mbench.workflows.home import results_root

    accepted: Path | None = None
    if farm is None:
        root, renamed = results_root(results), dict[str, str]()
    else:
        from mbench.workflows.nightly.farm_file import read_farm_file

        file = read_farm_file(farm)
        root, renamed = results or file.results, file.farm.renamed
        accepted = file.resolved(file.farm.gate.accepted)
        project, branch = project or file.farm.project, branch or file.farm.branch
    return HistoryRequest(
        root=root,
        filters=filters,
        project=project,
        branch=branch,
        against=against,
        renamed=renamed,
        nights=nights,
        accepted=accepted,
    )


def _print(found: "History", request: "HistoryRequest", shape: Format) -> None:
    from mbench.report.history import history_table as shown

    if shape is Format.CSV:
        streams.write(shown.history_csv(found.series))
        return
    if shape is Format.JSON:
        streams.write_json(shown.history_json(found.series))
        return
    table = shown.history_table(found.series, against=request.against, foot=found.notes)
    if shape is Format.TABLE:
        print_table(table)
        return
    from mbench.report.render.markdown import table_markdown

    streams.write(table_markdown(table))


def _pair(said: str) -> tuple[str, str]:
    ours, equals, theirs = said.partition("=")
    if not equals or not theirs:
        raise UsageError(f"--column {said!r} does not name two columns; it looks like latency_ms=time.")
    return ours.strip(), theirs


def _refuse_no_word(name: str) -> None:
    """Refuse what cannot name a project or a branch.

    Raises:
        UsageError: it cannot.
    """
    from mbench.core.numbers.bounds import WORD

    if not re.fullmatch(WORD, name):
        raise UsageError(f"{name!r} is not a name: letters, digits and ._/+-, the first a letter or digit, at most 80.")
