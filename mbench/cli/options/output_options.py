"""Options under the heading of output: where results lie, which are taken up again, and how a table is printed."""

import re
from functools import partial
from pathlib import Path
from typing import Annotated

from mbench.cli import grouped
from mbench.cli.options.declared import option
from mbench.cli.options.formats import Format
from mbench.core.errors import UsageError

_option = partial(option, grouped.OUTPUT)


Results = Annotated[
    Path | None, _option("--results", "Folder of sessions.", "FOLDER", default="$MBENCH_RESULTS, else ./results")
]
Label = Annotated[
    str | None,
    _option("--label", "Name of the state that is measured, such as a git commit; mbench history shows it.", "TEXT"),
]
Resume = Annotated[
    str | None,
    _option(
        "--resume",
        "Session to resume; last is the latest. Its plan decides what is run, and it takes --results, "
        "--adb-server, --wait-for-phone, --failed, --predictions, --format, --columns, --json and --quiet only. A "
        "session begun with --binary FILE or --delegate external:PATH needs it again: code that a plan alone names is "
        "not run.",
        "SESSION",
    ),
]
Failed = Annotated[bool, _option("--failed", "With --resume: run failed jobs again, too.")]
DryRun = Annotated[bool, _option("--dry-run", "Print the plan and the commands; do nothing.")]
TableFormat = Annotated[
    Format | None, _option("--format", "Format of the table.", default="table in a terminal, else md")
]
Columns = Annotated[
    str | None,
    _option(
        "--columns",
        "Columns of the table, such as variant,latency,memory, in this order; all shows every column.",
        "NAMES",
        default="the key ones in a terminal, else all",
    ),
]
Json = Annotated[bool, _option("--json", "Print JSON, as --format json does.")]
Quiet = Annotated[bool, _option("--quiet", "Print nothing but errors on stderr.", short="-q")]


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
