"""`mbench accept`: changes that are meant."""

from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import streams
from mbench.cli.errors import one_line_errors
from mbench.cli.options import output_options
from mbench.core.errors import UsageError


@one_line_errors
def accept(
    cells: Annotated[
        list[str],
        typer.Argument(
            help="Cells as a verdict names them, such as 'detector gpu x4 on Pixel 4', on a model or a serial; or "
            "patterns with *.",
            metavar="CELL...",
        ),
    ],
    because: Annotated[str, typer.Option(help="Reason, for those who review the file.", metavar="TEXT")],
    file: Annotated[
        Path, typer.Option(help="File of accepted changes, for version control; made if need be.", metavar="FILE")
    ] = Path("accepted.toml"),
    who: Annotated[
        str | None,
        typer.Option(help="Name of whoever accepts.", metavar="NAME", show_default="git's user.name, else the account"),
    ] = None,
    session: Annotated[
        str | None, typer.Option(help="Judged session.", metavar="SESSION", show_default="the last judged night")
    ] = None,
    class_: Annotated[
        str | None,
        typer.Option(
            "--class",
            help="Class of the findings to accept: failed, fallback, accuracy, size, memory or latency.",
            metavar="CLASS",
            show_default="any",
        ),
    ] = None,
    whole_model: Annotated[
        bool, typer.Option("--whole-model", help="Accept it on all devices of the model, up to the worst ratio seen.")
    ] = False,
    results: output_options.Results = None,
) -> None:
    """Accept what a night found worse, at its level.

    It is written to a file for version control. What then grows, or goes away and comes back, is reported again.
    """
    from mbench.workflows.accepting import accepting
    from mbench.workflows.clock import SystemClock
    from mbench.workflows.home import results_root

    reason = accepting.plain_text(because)
    if not reason:
        raise UsageError("--because is empty; say why the change is meant.")
    name = accepting.whoever() if who is None else accepting.plain_text(who)
    if not name:
        raise UsageError("--who is empty; name whoever accepts it.")
    verdict = accepting.judged_night(results_root(results), session).verdict
    kind = None if class_ is None else accepting.acceptable_class(class_)
    findings = accepting.chosen_findings(verdict, cells, kind)
    today = SystemClock().now().astimezone().date()
    changes = accepting.changes_of(findings, verdict, because=reason, who=name, on=today, whole_model=whole_model)
    added = accepting.add_accepted(file, changes, findings)
    for change in changes:
        level = f" up to {change.level:.10g} {change.unit}" if change.level is not None else ""
        ratio = f" up to {change.ratio:.3f} times the level before" if change.ratio is not None else ""
        where = change.device or f"all {change.model}"
        streams.write_line(f"{change.kind} of {change.workload} {change.delegate} on {where}{level}{ratio}")
    streams.write_line(f"{added} added to {file}" if added else f"{file} has them already; nothing was added")
