"""Options under the heading of where to run: devices, and how phones are reached."""

from typing import Annotated

import typer

from mbench.cli import grouped

Device = Annotated[
    list[str] | None,
    typer.Option(
        help="Device: a profile, a serial, an address, or host (this machine); may be repeated.",
        metavar="DEVICE",
        rich_help_panel=grouped.DEVICES,
        show_default="host",
    ),
]
Every = Annotated[
    bool, typer.Option("--every", help="Run on all phones of the profile.", rich_help_panel=grouped.DEVICES)
]
AnyOf = Annotated[
    int | None,
    typer.Option(
        "--any", help="Run on any N phones of the profile.", metavar="N", min=1, rich_help_panel=grouped.DEVICES
    ),
]
WaitForPhone = Annotated[
    float | None,
    typer.Option(
        "--wait-for-phone",
        help="Timeout for the return of a lost phone, in seconds.",
        metavar="SECONDS",
        min=0,
        max=86_400,
        rich_help_panel=grouped.DEVICES,
        show_default="the profile's, mostly 120",
    ),
]
AdbServers = Annotated[
    list[str] | None,
    typer.Option(
        "--adb-server",
        help="Address of an adb server; may be repeated.",
        metavar="HOST:PORT",
        rich_help_panel=grouped.DEVICES,
        show_default="adb's own",
    ),
]
