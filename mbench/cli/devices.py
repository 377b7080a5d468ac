"""`mbench devices`: what is attached; profiles of phones; cleaning up on them."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli.errors import one_line_errors
from mbench.cli.options import device_options
from mbench.cli.streams import write, write_json, write_line
from mbench.cli.tables import print_table

NO_DEVICE = 3
NOT_ALL = 5
WATCH_S = 2.0

app = typer.Typer(help="Show attached phones, their state and what to do about it.", rich_markup_mode=None)
profile_app = typer.Typer(help="Draft and check device profiles.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(profile_app, name="profile")


@app.callback(invoke_without_command=True)
@one_line_errors
def devices(
    context: typer.Context,
    adb_server: device_options.AdbServers = None,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Print again when something changes, until Ctrl-C.")] = False,
) -> None:
    """Show attached phones, their state and what to do about it."""
    if context.invoked_subcommand is not None:
        return
    from mbench.workflows.devices.any_attached import HOW_TO_ATTACH, nothing_is_attached

    none = f"no phone is attached. {HOW_TO_ATTACH.format(profile='pixel4')}"
    if not watch and nothing_is_attached(adb_server or []):
        write("[]" if json_ else none)
        raise typer.Exit(NO_DEVICE)
    from mbench.workflows.devices import device_list as workflow

    shown = None
    while True:
        statuses = workflow.list_statuses(adb_server or [])
        text = workflow.as_json(statuses)
        if text != shown:
            shown = text
            if json_:
                write_json(text)
            elif statuses:
                print_table(workflow.as_table(statuses))
            else:
                write(none)
        if not watch:
            break
        sys.stdout.flush()  # who watches through a pipe waits for no full buffer
        time.sleep(WATCH_S)
    if not statuses:
        raise typer.Exit(NO_DEVICE)


@app.command("clean")
@one_line_errors
def clean(
    device: Annotated[str, typer.Argument(help="Serial, or profile.")],
    every: Annotated[bool, typer.Option("--every", help="Clean all phones of that profile.")] = False,
    adb_server: device_options.AdbServers = None,
) -> None:
    """Remove everything that mbench keeps on a phone."""
    from mbench.workflows.devices import device_list as workflow

    ended = workflow.clean_devices(adb_server or [], device, every=every)
    for one in ended:
        write_line(one.said)
    if any(one.error is not None or one.left for one in ended):
        raise typer.Exit(NOT_ALL)


@profile_app.command("new")
@one_line_errors
def new(
    device: Annotated[str, typer.Argument(help="Serial of an attached phone, or its generic profile.")],
    adb_server: device_options.AdbServers = None,
) -> None:
    """Print a draft of a profile from an attached phone's facts.

    Keep it in the folder device_profiles below MBENCH_HOME.
    """
    from mbench.workflows.devices import device_list as workflow

    write(workflow.draft(adb_server or [], device))


@profile_app.command("check")
@one_line_errors
def check(file: Annotated[Path, typer.Argument(help="Profile to check, a .toml file.", metavar="FILE")]) -> None:
    """Check a profile, and print its faults with their lines."""
    from mbench.workflows.devices import device_list as workflow

    faults = workflow.faults_of(file)
    for fault in faults:
        write_line(fault)
    if faults:
        raise typer.Exit(2)
    write_line(f"{file}: ok")
