"""`mbench farm certs|scheduler|host`: many hosts that lend their phones to one farm."""

import logging
import os
import platform
import sys
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli.errors import one_line_errors
from mbench.cli.options import device_options
from mbench.cli.streams import write_line
from mbench.core.errors import UsageError

Tls = Annotated[
    Path | None,
    typer.Option(
        help="Folder of this process' certificate, as `mbench farm certs` made it; needed beyond loopback.",
        metavar="DIR",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `mbench farm`."""
    app.command("certs")(certs)
    app.command("scheduler")(scheduler)
    app.command("host")(host)
    app.command("drain")(drain)


@one_line_errors
def certs(
    folder: Annotated[Path, typer.Argument(help="Folder of the farm's certificates.", metavar="DIR")],
    host: Annotated[
        list[str] | None, typer.Option(help="Name of a host that lends phones; may be repeated.", metavar="NAME")
    ] = None,
    days: Annotated[int, typer.Option(help="Days that new certificates are good.", min=1, max=1825)] = 365,
) -> None:
    """Make the farm's certificates that are not there yet.

    DIR/NAME goes to the host NAME, DIR/scheduler and DIR/driver likewise; DIR/ca stays where it is, and private. Each
    of them lets its holder run any code on every host of the farm.
    """
    need_farm()
    from mbench.workflows.farm.certify import certify

    for made in certify(folder, host or [], days=days):
        write_line(f"{made.folder}  {'made' if made.new else 'is there already, left as it is'}")


@one_line_errors
def scheduler(
    host: Annotated[str, typer.Option(help="Address to listen at; others than loopback need --tls.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port; 0 for any free one.", min=0, max=65535)] = 8786,
    tls: Tls = None,
    absent: Annotated[
        float, typer.Option(help="Longest wait of a part for a phone that no host lends, in seconds.", min=0.1)
    ] = 300.0,
) -> None:
    """Run the scheduler that hosts and drivers meet at, until Ctrl-C."""
    need_farm()
    from mbench.workflows.farm.serve import serve_scheduler

    _log_changes()
    serve_scheduler(host, port, tls=tls, absent_s=absent, ready=_announce)


@one_line_errors
def host(
    address: Annotated[str, typer.Argument(help="Scheduler, such as tls://lab-1:8786.", metavar="ADDRESS")],
    store: Annotated[
        str,
        typer.Option(
            help="Store that all hosts share: a folder, or a URL such as s3://BUCKET/FOLDER.",
            metavar="URL",
            envvar="MBENCH_STORE",
        ),
    ],
    tls: Tls = None,
    name: Annotated[
        str | None, typer.Option(help="Name of this host.", metavar="NAME", show_default="the system's")
    ] = None,
    adb_server: device_options.AdbServers = None,
    wait: Annotated[
        float | None,
        typer.Option(
            help="Longest wait for a phone that is lost, in seconds.",
            min=0,
            metavar="SECONDS",
            show_default="as its profile says",
        ),
    ] = None,
) -> None:
    """Lend the phones of this host to a farm, until Ctrl-C.

    Phones come and go as adb sees them; scheduler and store may, too. What is measured is on this host's disk first.
    """
    need_farm()
    from mbench.workflows.farm.host import lend

    _log_changes()
    lend(
        address,
        tls=tls,
        name=name or platform.node() or "host",
        store=store,
        servers=adb_server or [],
        wait_s=wait,
    )


@one_line_errors
def drain(
    host: Annotated[str, typer.Argument(help="Name of the host, as of `mbench farm host --name`.", metavar="HOST")],
    scheduler: Annotated[
        str, typer.Option(help="Scheduler of the farm, such as tls://lab-1:8786.", metavar="ADDRESS")
    ] = "127.0.0.1",
    tls: Tls = None,
) -> None:
    """Let a host end after the parts that it has.

    It takes no new one; `mbench farm status` says so.
    """
    need_farm()
    from mbench.workflows.farm.draining import drain_host

    write_line(drain_host(host, scheduler, tls=tls))


def _announce(address: str) -> None:
    write_line(f"listening at {address}")
    sys.stdout.flush()


def need_farm() -> None:
    """Refuse where the extra is not installed.

    Raises:
        UsageError: how to install it.
    """
    from importlib.util import find_spec

    if missing := [name for name in ("distributed", "cryptography") if find_spec(name) is None]:
        raise UsageError(f"{' and '.join(missing)} not installed; many hosts need: pip install 'mbench[farm]'")


def _log_changes() -> None:
    """Log what changes, for whoever reads it in the morning."""
    from mbench.cli.logs import log_to_stderr

    if "MBENCH_DEBUG" not in os.environ:
        log_to_stderr(logging.INFO)
