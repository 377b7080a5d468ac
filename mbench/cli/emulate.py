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
    profile: Annotated[str, typer.Option(help="Profile of the phones.", metavar="PROFILE")] = "pixel4",
    count: Annotated[int, typer.Option(help="Number of phones.", min=1, metavar="N")] = 1,
    port: Annotated[
        list[int] | None,
        typer.Option(
            help="TCP port of a phone; may be repeated.", min=1, max=65535, metavar="PORT", show_default="any free one"
        ),
    ] = None,
    serial: Annotated[
        list[str] | None,
        typer.Option(
            help="Serial of a phone; may be repeated.",
            metavar="SERIAL",
            show_default="EMULATED01 or the next that no phone has",
        ),
    ] = None,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Print synthetic latencies instead of running the models; rows say so.")
    ] = False,
    adb_server: options.AdbServers = None,
) -> None:
    """Run emulated phones behind the adb server, until Ctrl-C.

    Their timings are those of this machine, and every row says so.
    """
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
