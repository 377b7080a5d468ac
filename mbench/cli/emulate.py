"""`mbench emulate`: phones that are not there, for trying and testing."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli.errors import one_line_errors
from mbench.cli.farm.farm_hosts import need_farm
from mbench.cli.options import device_options
from mbench.cli.streams import write_line
from mbench.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mbench.emulator.farm import Phone
    from mbench.emulator.phone.faults import Fault
    from mbench.emulator.serving import Serving
    from mbench.workflows.farm.emulated import EmulatedFarm


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
    faults: Annotated[
        int | None,
        typer.Option(
            help="Seed of faults: one phone of four is not well, another fails once.",
            metavar="SEED",
            show_default="all phones are well",
        ),
    ] = None,
    hosts: Annotated[
        int | None,
        typer.Option(
            help="Number of hosts with --count phones each, lent to a farm with its scheduler.",
            min=1,
            max=64,
            metavar="N",
            show_default="phones of this host",
        ),
    ] = None,
    farm: Annotated[
        Path, typer.Option(help="Folder of the farm of --hosts; its farm.toml is written.", metavar="DIR")
    ] = Path("emulated-farm"),
    scheduler_port: Annotated[
        int, typer.Option(help="TCP port of the scheduler of --hosts; 0 for any free one.", min=0, max=65535)
    ] = 8786,
    adb_server: device_options.AdbServers = None,
) -> None:
    """Run emulated phones behind the adb server, until Ctrl-C.

    Their timings are those of this machine, and every row says so.
    """
    if hosts is not None:
        if port or serial or adb_server:
            raise UsageError(
                "--port, --serial and --adb-server are of phones of this host; leave them out, or --hosts."
            )
        need_farm()
        from mbench.workflows.farm.emulated import emulate_farm

        emulate_farm(
            profile,
            hosts=hosts,
            count=count,
            synthetic=synthetic,
            faults=faults,
            folder=farm,
            port=scheduler_port,
            announce=_announce_farm,
        )
        return
    from mbench.workflows.devices.emulate import emulate as workflow

    workflow(
        profile,
        count=count,
        ports=port or [],
        serials=serial or [],
        servers=adb_server or [],
        synthetic=synthetic,
        faults=faults,
        announce=_announce,
    )


def _announce_farm(farm: "EmulatedFarm") -> None:
    for host, phones in farm.hosts.items():
        for phone in phones:
            write_line(f"{host}  {_line(phone, farm.faults)}")
    left = "written" if farm.written else "there already, left as it is"
    write_line(f"scheduler {farm.scheduler}; {farm.file} is {left}: mbench nightly {shlex.quote(str(farm.file))}")
    write_line(f"faults are armed at {farm.serving.control}; Ctrl-C ends.")
    sys.stdout.flush()


def _line(phone: "Phone", faults: "Mapping[str, Fault]") -> str:
    from mbench.emulator.seeded_faults import in_words

    fault = f"  fault: {in_words(faults[phone.serial])}" if phone.serial in faults else ""
    return f"{phone.serial}  {phone.facts.model}  {phone.address}{fault}"


def _announce(serving: "Serving", faults: "Mapping[str, Fault]") -> None:
    for phone in serving.phones:
        write_line(_line(phone, faults))
    write_line(f"faults are armed at {serving.control}; Ctrl-C ends.")
    sys.stdout.flush()
