"""`mbench gate`: is a session worse than its past?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli import pages, streams
from mbench.cli.errors import one_line_errors
from mbench.cli.options import output_options
from mbench.cli.options.formats import Format, format_of
from mbench.cli.report import ReportFormat
from mbench.cli.tables import print_verdict
from mbench.core.errors import UsageError

if TYPE_CHECKING:
    from mbench.workflows.nightly.judging_stored import JudgedByName


@one_line_errors
def gate(
    session: Annotated[
        str | None,
        typer.Argument(
            help="Session by name, beginning of a name or path.", metavar="[SESSION]", show_default="the latest"
        ),
    ] = None,
    farm: Annotated[
        Path | None,
        typer.Option(
            help="Farm file whose results, accepted changes, renamed cells and outputs are meant.", metavar="FARM.toml"
        ),
    ] = None,
    accepted: Annotated[
        Path | None,
        typer.Option(help="File of accepted changes.", metavar="FILE", show_default="the farm file's, else none"),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Branch of the project whose past it is judged by, and which it never enters.",
            metavar="BRANCH",
            show_default="its own",
        ),
    ] = None,
    format_: Annotated[
        ReportFormat | None,
        typer.Option(
            "--format",
            help="Format of the verdict; html is a page of one file with evidence, phones and all cells.",
            show_default="table in a terminal, else md",
        ),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON, as --format json does.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File of --format html.",
            metavar="FILE",
            show_default="stdout, in a terminal SESSION-verdict.html here",
        ),
    ] = None,
    open_: pages.Open = False,
    hide_serials: pages.HideSerials = False,
    results: output_options.Results = None,
) -> None:
    """Judge a session by the nights before it.

    The exit code is 1 where it is worse. Nothing is measured: suspects stay suspects, which mbench nightly measures
    again the same night. The verdict is kept beside the session, for mbench accept and the next night.
    """
    from mbench.workflows.nightly.judging_stored import judge_by_name

    if farm is not None and results is not None:
        raise UsageError("--farm names the results; leave --results out.")
    html = open_ or format_ is ReportFormat.HTML
    pages.refuse_other_format(format_, open_=open_, output=output)
    if hide_serials and not html:
        raise UsageError("--hide-serials is of the page; ask for --format html, or leave it out.")
    if html and json_:
        raise UsageError("--json and a page are two answers; leave one of them out.")
    shape = None if html else format_of(None if format_ is None else Format(format_), json=json_)
    found = judge_by_name(session, farm=farm, results=results, accepted=accepted, against=against, note=streams.tell)
    judged = found.judged
    for path in found.written:
        streams.tell(f"wrote {path}")
    if html:
        named = {"--farm": farm, "--results": results, "--accepted": accepted, "--against": against}
        words = [word for name, said in named.items() if said is not None for word in (name, str(said))]
        _put_page(found, words, output=output, show=open_, hide_serials=hide_serials)
    else:
        print_verdict(judged, shape)
    if judged.document.exit_codes[0]:
        raise typer.Exit(judged.document.exit_codes[0])


def _put_page(found: "JudgedByName", words: list[str], *, output: Path | None, show: bool, hide_serials: bool) -> None:
    """Write the page of a judged session, and show it where that was asked for."""
    from mbench.workflows.nightly.night_page import PageRequest, night_page_of

    asked = PageRequest(root=found.root, file=found.file, options=words, hide_serials=hide_serials)
    pages.put_page(
        lambda: night_page_of(found.judged, found.store, asked, note=streams.tell),
        output=output,
        name=f"{found.store.plan.session}-verdict.html",
        show=show,
    )
