"""`mbench gate`: is a session worse than its past?"""

from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import options, streams
from mbench.cli.errors import one_line_errors
from mbench.cli.tables import print_verdict
from mbench.core.errors import UsageError


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
    format_: options.TableFormat = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON, as --format json does.")] = False,
    results: options.Results = None,
) -> None:
    """Judge a session by the nights before it.

    The exit code is 1 where it is worse. Nothing is measured: suspects stay suspects, which mbench nightly measures
    again the same night. The verdict is kept beside the session, for mbench accept and the next night.
    """
    from mbench.workflows.nightly.judging_stored import judge_by_name

    if farm is not None and results is not None:
        raise UsageError("--farm names the results; leave --results out.")
    shape = options.format_of(format_, json=json_)
    judged, written = judge_by_name(
        session, farm=farm, results=results, accepted=accepted, against=against, note=streams.tell
    )
    for path in written:
        streams.tell(f"wrote {path}")
    print_verdict(judged, shape)
    if judged.document.exit_codes[0]:
        raise typer.Exit(judged.document.exit_codes[0])
