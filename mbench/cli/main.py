"""The `mbench` command: its sub-commands, the options that all of them share, and how it ends.

A sub-command is imported when it is asked for, so that help and other commands load none.
"""

import gc
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from mbench import __version__
from mbench.cli import streams, usage
from mbench.cli.grouped import GroupedCommand

COLLECT = (50_000, 20, 20)
"""For `gc.set_threshold`: what a command imports all stays, and looking for garbage in it is a tenth of starting up."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a command is declared, and what `mbench --help` says of it: the first sentence of its own help.

    Attributes:
        summary: of at most 64 characters.
        module: below `mbench.cli`.
        name: in it, of a function that is a command or of a `typer.Typer` with commands.
        headings: whether the command's options stand below headings.
    """

    summary: str
    module: str
    name: str
    headings: bool = False


ENTRIES: Final = {
    "run": _Entry("Build variants, measure them on devices, and print the table.", "run", "run", headings=True),
    "build": _Entry("Build and quantize variants into the cache, or into a folder.", "build", "build", headings=True),
    "train": _Entry("Train networks on a data set, and print their accuracies.", "train", "train", headings=True),
    "evaluate": _Entry(
        "Evaluate files on a labelled data set, on this machine.", "evaluate", "evaluate", headings=True
    ),
    "inspect": _Entry("Print layers, multiply-adds and parameters of a .tflite file.", "inspect", "inspect"),
    "nightly": _Entry(
        "Measure tonight what a farm file says, on all of its phones.", "farm.nightly", "nightly", headings=True
    ),
    "gate": _Entry("Judge a session by the nights before it.", "gate", "gate"),
    "accept": _Entry("Accept what a night found worse, at its level.", "accept", "accept"),
    "report": _Entry("Print tables of stored sessions.", "report", "report"),
    "compare": _Entry("Compare two sessions, nights, phones, delegates or programs.", "compare", "compare"),
    "parse": _Entry("Read a benchmark_model log that somebody sent you.", "parse", "parse"),
    "doctor": _Entry("Check this machine and its phones, and say what to mend.", "doctor", "doctor"),
    "emulate": _Entry("Run emulated phones behind the adb server, until Ctrl-C.", "emulate", "emulate"),
    "devices": _Entry("Show attached phones, their state and what to do about it.", "devices", "app"),
    "binary": _Entry("Keep benchmark_model binaries for phones, by ABI and SHA-256.", "binary", "app"),
    "suite": _Entry("List and report suites, the paper's tables among them.", "suite", "app"),
    "farm": _Entry("Show and steer nights, and look after their phones.", "farm.farm", "app"),
    "history": _Entry("Show levels, noise and changes of cells over nights.", "history", "app"),
    "cache": _Entry("Show, prune and empty the caches of this host.", "cache", "app"),
}
"""In the order of `mbench --help`."""


class Commands(TyperGroup):
    """`mbench` itself, whose commands are made from `ENTRIES` when they are looked up."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = _Made()

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, in order."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a line for each command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in ENTRIES.items()])


class _Made(Mapping[str, Any]):
    """Commands by name; one that is looked up is imported and made, once."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _make(name, ENTRIES[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(ENTRIES)

    def __len__(self) -> int:
        return len(ENTRIES)


def _make(name: str, entry: _Entry) -> Any:
    found = getattr(import_module(f"mbench.cli.{entry.module}"), entry.name)
    if isinstance(found, typer.Typer):
        group = typer.main.get_group(found)
        group.name = name
        return group
    alone = typer.Typer(rich_markup_mode=None, add_completion=False)
    alone.command(name, cls=GroupedCommand if entry.headings else None)(found)
    return typer.main.get_command(alone)


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
