"""`mbench emulate`: phones that are not there, for trying and testing."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli import options
from mbench.cli.errors import one_line_errors
from mbench.cli.streams import write_line

if TYPE_CHECKING:
    from mbench.emulator.serving import Serving


@one_line_errors
def emulate(
    profile: Annotated[str, typer.Option(help="Which phone.")] = "pixel4",
    count: Annotated[int, typer.Option(help="How many.", min=1)] = 1,
    port: Annotated[
        list[int] | None, typer.Option(help="TCP port of a phone; may be repeated.", min=1, max=65535)
    ] = None,
    serial: Annotated[
        list[str] | None,
        typer.Option(help="Serial of a phone; may be repeated.  [default: EMULATED01, … that no phone has]"),
    ] = None,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Invent latencies by a law instead of running the models; says so.")
    ] = False,
    adb_server: options.AdbServers = None,
) -> None:
    """Run emulated phones behind the adb server, until Ctrl-C; their timings are this machine's and are labelled so."""
    from mbench.workflows.devices.emulate import emulate as workflow

    workflow(
        profile,
        count=count,
        ports=port or [],
        serials=serial or [],
        servers=adb_server or [],
        synthetic=synthetic,
        announce=_announce,
    )


def _announce(serving: "Serving") -> None:
    for phone in serving.phones:
        write_line(f"{phone.serial}  {phone.facts.model}  {phone.address}")
    write_line(f"faults are armed at {serving.control}; Ctrl-C ends.")
    sys.stdout.flush()
