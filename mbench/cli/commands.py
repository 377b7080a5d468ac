"""The sub-commands of `mbench`: each is imported when it is asked for, so that help and other commands load none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

from mbench.cli.grouped import GroupedCommand


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
