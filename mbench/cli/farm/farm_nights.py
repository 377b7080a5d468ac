"""`mbench farm status` and `cancel`: how nights stand, and an end to one that goes on."""

import json
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import streams
from mbench.cli.errors import fail, one_line_errors
from mbench.cli.farm.nightly import AFTER_FAILED

FarmPath = Annotated[Path, typer.Argument(help="Farm file.", metavar="FARM.toml")]


def register(app: typer.Typer) -> None:
    """Add the commands to `mbench farm`."""
    app.command("status")(status)
    app.command("cancel")(cancel)


@one_line_errors
def status(farm: FarmPath, json_: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False) -> None:
    """Show how far the night is, or how the last one ended."""
    from mbench.core.ports import utc_now
    from mbench.workflows.nightly.farm_file import read_farm_file
    from mbench.workflows.nightly.status import night_state, status_lines

    state = night_state(read_farm_file(farm), now=utc_now())
    if json_:
        streams.write_json(json.dumps(state.as_object(), indent=1))
        return
    for line in status_lines(state):
        streams.write_line(line)


@one_line_errors
def cancel(farm: FarmPath) -> None:
    """End the night that goes on, after the runs at hand.

    What was measured is kept; the rest of its cells is missing. One that nobody drives is concluded here, its [after]
    command included.
    """
    from mbench.cli.progress import progress_for
    from mbench.workflows.clock import SystemClock
    from mbench.workflows.nightly.cancelling import cancel as cancel_night
    from mbench.workflows.nightly.farm_file import read_farm_file

    cancelled = cancel_night(read_farm_file(farm), clock=SystemClock(), progress=progress_for(quiet=False))
    streams.write_line(cancelled.message)
    if cancelled.failed is not None:
        fail(cancelled.failed, AFTER_FAILED)
