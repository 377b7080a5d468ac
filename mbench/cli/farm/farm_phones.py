"""`mbench farm check`, `hold` and `release`: the health of this host's phones."""

from typing import Annotated

import typer

from mbench.cli.errors import one_line_errors
from mbench.cli.options import device_options
from mbench.cli.streams import write_json, write_line
from mbench.cli.tables import print_table

UNFIT = 5

_Serial = Annotated[str, typer.Argument(help="Serial of the phone, attached or not.", metavar="SERIAL")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of `mbench farm`."""
    app.command("check")(check)
    app.command("hold")(hold)
    app.command("release")(release)


@one_line_errors
def check(
    device: Annotated[
        list[str] | None,
        typer.Option(
            "--device",
            help="Serial or profile of a phone to check; may be repeated.",
            metavar="NAME",
            show_default="every attached phone",
        ),
    ] = None,
    adb_server: device_options.AdbServers = None,
    json_: Annotated[bool, typer.Option("--json", help="Print all readings and checks as a JSON object.")] = False,
) -> None:
    """Check the health of attached phones; nothing is changed.

    Exit code: 0 all well, or warnings alone; 5 a phone is unfit or in quarantine, or this host's adb is; 3 no phone.
    """
    from mbench.core.errors import NoDevice
    from mbench.workflows.devices.any_attached import HOW_TO_ATTACH, nothing_is_attached

    if nothing_is_attached(adb_server or []):
        raise NoDevice(f"no phone is attached. {HOW_TO_ATTACH.format(profile='pixel4')}")
    from mbench.workflows.farm.health_table import as_json, as_table, is_unfit
    from mbench.workflows.farm.phone_health import check_attached

    health = check_attached(adb_server or [], wanted=device or [])
    if json_:
        write_json(as_json(health))
    elif (table := as_table(health)).rows:
        print_table(table)
    else:
        for line in table.foot:
            write_line(line)
    if is_unfit(health):
        raise typer.Exit(UNFIT)


@one_line_errors
def hold(
    serial: _Serial,
    until: Annotated[
        str,
        typer.Option(
            help="Local time when the hold ends by itself: 18:00, the next one, or 2026-12-01T06:00.", metavar="TIME"
        ),
    ],
    reason: Annotated[str | None, typer.Option(help="Reason, for those who find it held.", metavar="TEXT")] = None,
) -> None:
    """Keep a phone out of this host's nights until a time."""
    from mbench.workflows.farm.holding import hold_phone

    write_line(hold_phone(serial, until, reason=reason))


@one_line_errors
def release(serial: _Serial) -> None:
    """End a phone's hold and its quarantine."""
    from mbench.workflows.farm.holding import release_phone

    write_line(release_phone(serial))
