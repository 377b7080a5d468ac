"""Options under the heading of output: where results lie, which are taken up again, and how a table is printed."""

import re
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import grouped
from mbench.cli.options.formats import Format
from mbench.core.errors import UsageError

Results = Annotated[
    Path | None,
    typer.Option(
        "--results",
        help="Folder of sessions.",
        metavar="FOLDER",
        rich_help_panel=grouped.OUTPUT,
        show_default="$MBENCH_RESULTS, else ./results",
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        help="Name of the state that is measured, such as a git commit; mbench history shows it.",
        metavar="TEXT",
        rich_help_panel=grouped.OUTPUT,
    ),
]
Resume = Annotated[
    str | None,
    typer.Option(
        help="Session to resume; last is the latest. Its plan decides what is run, and it takes --results, "
        "--adb-server, --wait-for-phone, --failed, --predictions, --format, --columns, --json and --quiet only. A "
        "session begun with --binary FILE or --delegate external:PATH needs it again: code that a plan alone names is "
        "not run.",
        metavar="SESSION",
        rich_help_panel=grouped.OUTPUT,
    ),
]
Failed = Annotated[
    bool, typer.Option("--failed", help="With --resume: run failed jobs again, too.", rich_help_panel=grouped.OUTPUT)
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the plan and the commands; do nothing.", rich_help_panel=grouped.OUTPUT)
]
TableFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="Format of the table.",
        show_default="table in a terminal, else md",
        rich_help_panel=grouped.OUTPUT,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        help="Columns of the table, such as variant,latency,memory, in this order; all shows every column.",
        metavar="NAMES",
        show_default="the key ones in a terminal, else all",
        rich_help_panel=grouped.OUTPUT,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON, as --format json does.", rich_help_panel=grouped.OUTPUT)
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but errors on stderr.", rich_help_panel=grouped.OUTPUT)
]


def label_of(said: str | None) -> str | None:
    """Return a label that can be kept.

    Raises:
        UsageError: it is none.
    """
    if said is None:
        return None
    from mbench.core.numbers.bounds import LABEL  # brings pydantic, which help does without

    if not re.fullmatch(LABEL, said):
        raise UsageError(f"--label {said!r}: a label is one line of at most 120 ASCII characters.")
    return said
