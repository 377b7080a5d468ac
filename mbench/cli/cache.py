"""`mbench cache`: what is kept on this host to be faster."""

import sys
from typing import Annotated

import typer

from mbench.cli.errors import one_line_errors
from mbench.cli.streams import tell, write_json, write_line
from mbench.cli.tables import print_table
from mbench.core.errors import UsageError

app = typer.Typer(help="Show, prune and empty the caches of this host.", rich_markup_mode=None)

Kinds = Annotated[
    str | None,
    typer.Option(
        "--kind",
        help="Kinds, such as artifacts,pictures; mbench cache lists them.",
        metavar="NAMES",
        show_default="all",
    ),
]


@app.callback(invoke_without_command=True)
@one_line_errors
def cache(
    context: typer.Context,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Show the size of each kind of cache; all of it can be made or fetched again."""
    if context.invoked_subcommand is not None:
        return
    from mbench.workflows.cache import command

    found = command.uses(command.chosen_kinds(None))
    if json_:
        write_json(command.as_json(found))
    else:
        print_table(command.as_table(found))


@app.command("prune")
@one_line_errors
def prune(
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than",
            help="Minimum age of what is removed, in days since its last use.",
            min=0,
            metavar="DAYS",
            show_default="any",
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            help="Cache quota, such as 20GB; what was not used for longest is removed first.",
            metavar="SIZE",
            show_default="any",
        ),
    ] = None,
    kind: Kinds = None,
) -> None:
    """Remove what is old, or too much; what is in use or pinned stays.

    An interrupted session whose artifacts are removed cannot be resumed; those of the results folder are named.
    """
    from mbench.workflows.cache import command
    from mbench.workflows.home import results_root

    chosen = command.chosen_kinds(kind)
    size_bytes = None if size is None else command.parse_size(size)
    removals = command.prune(chosen, older_than_days=older_than, size_bytes=size_bytes)
    for line in command.removal_lines(removals, results=results_root(None)):
        write_line(line)


@app.command("empty")
@one_line_errors
def empty(
    kind: Kinds = None,
    pinned: Annotated[bool, typer.Option("--pinned", help="Remove pinned artifacts, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove all of it, after asking; what is in use or pinned stays.

    An interrupted session whose artifacts are removed cannot be resumed; those of the results folder are named.
    """
    from mbench.workflows.cache import command
    from mbench.workflows.home import results_root

    chosen = command.chosen_kinds(kind)
    found = command.uses(chosen)
    if any(use.entries for use in found) and not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"{command.question(found)} Nobody can be asked here; say --yes.")
        tell(f"{command.question(found)} [y/N]")
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            write_line("nothing was removed.")
            return
    for line in command.removal_lines(command.empty(chosen, pinned=pinned), results=results_root(None)):
        write_line(line)
