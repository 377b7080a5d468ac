"""`mbench doctor`: what is wrong here, and how to mend it."""

from typing import Annotated

import typer

from mbench.cli.errors import one_line_errors
from mbench.cli.options import output_options
from mbench.cli.streams import write, write_json

NO_DEVICE = 3


@one_line_errors
def doctor(
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    results: output_options.Results = None,
) -> None:
    """Check this machine and its phones, and say what to mend.

    Looks at tools, folders, disk space, adb, attached phones, and runs the benchmark program once.
    """
    from mbench.workflows.doctor.host import as_json, as_text, check
    from mbench.workflows.home import results_root

    findings = check(results=results_root(results))
    if json_:
        write_json(as_json(findings))
    else:
        write(as_text(findings))
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(NO_DEVICE)
