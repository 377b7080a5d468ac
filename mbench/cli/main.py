"""The `mbench` command: the options that all of its sub-commands share, and how it ends."""

import gc
import os
import signal
import sys
from typing import Annotated

import typer

from mbench import __version__
from mbench.cli import streams, usage
from mbench.cli.commands import Commands

COLLECT = (50_000, 20, 20)
"""For `gc.set_threshold`: what a command imports all stays, and looking for garbage in it is a tenth of starting up."""

app = typer.Typer(
    name="mbench",
    cls=Commands,
    help="Build MobileNet variants, time them on phones or on this machine, and print honest tables of the results.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help needs no import of rich and answers twice as fast
)


def _version(asked: bool) -> None:
    if asked:
        streams.write(f"mbench {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Print tracebacks of errors, and log to stderr.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options that stand before the command."""
    import logging

    from mbench.cli.logs import log_to_stderr

    log_to_stderr(logging.DEBUG if debug else logging.WARNING)
    if debug:
        os.environ["MBENCH_DEBUG"] = "1"


def main() -> None:
    """Run the command line, and end with its exit code once all that it said is written."""
    gc.set_threshold(*COLLECT)
    streams.open_closed()
    streams.speak_utf8()
    streams.forget_odd_sizes()
    try:
        code = usage.run(app)
    except OSError as error:  # help and version are printed outside of any command
        code = streams.unwritten(error)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the exit code stands
    sys.exit(streams.end(code))


if __name__ == "__main__":
    main()
