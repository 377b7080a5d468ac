"""The `mbench` command: its sub-commands and the options that all of them share."""

import io
import os
import sys
from typing import Annotated

import typer

from mbench import __version__
from mbench.cli import (
    binary,
    build,
    devices,
    doctor,
    emulate,
    evaluate,
    inspect,
    parse,
    report,
    run,
    suite,
    train,
    usage,
)

app = typer.Typer(
    name="mbench",
    help="Builds MobileNet variants, times them on phones or on this host, and prints tables that can be believed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help needs no import of rich and answers twice as fast
)


def _version(asked: bool) -> None:
    if asked:
        print(f"mbench {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from, and log to stderr.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options that stand before the command."""
    import logging

    logging.basicConfig(level=logging.WARNING, format="mbench: %(message)s", stream=sys.stderr, force=True)
    logging.getLogger("mbench").setLevel(logging.DEBUG if debug else logging.WARNING)
    if debug:
        os.environ["MBENCH_DEBUG"] = "1"


app.command("run")(run.run)
app.command("build")(build.build)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("inspect")(inspect.inspect)
app.command("report")(report.report)
app.command("parse")(parse.parse)
app.command("doctor")(doctor.doctor)
app.command("emulate")(emulate.emulate)
app.add_typer(devices.app, name="devices")
app.add_typer(binary.app, name="binary")
app.add_typer(suite.app, name="suite")


def main() -> None:
    """Run the command line; what it prints is UTF-8 whatever the locale says, as the files that it writes are."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    usage.run(app)


if __name__ == "__main__":
    main()
