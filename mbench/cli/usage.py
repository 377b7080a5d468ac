"""Wrong command lines become one line on stderr with what to do, in our words and not in those of typer's parts."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import typer

from mbench.cli import streams
from mbench.cli.errors import INTERRUPTED

WRONG_USAGE = 2

WrongUsage: type[Exception] = typer.BadParameter.__mro__[2]
"""What all errors of a command line are; typer has it under a name of its own, or click's."""

_WORDS = (
    (re.compile(r"Input should be greater than or equal to (\S+)"), r"it must be at least \1"),
    (re.compile(r"Input should be less than or equal to (\S+)"), r"it must be at most \1"),
    (re.compile(r"Input should be a valid integer.*"), "it must be a whole number"),
    (re.compile(r"Input should be a valid number.*|Input should be a finite number.*"), "it must be a number"),
    (re.compile(r"'\S*' is not a valid int(eger)?( range)?"), "it must be a whole number"),
    (re.compile(r"'\S*' is not a valid float( range)?"), "it must be a number"),
    (re.compile(r"\S+ is not in the range x>=(\S+)"), r"it must be at least \1"),
    (re.compile(r"\S+ is not in the range (\S+)<=x<=([0-9.]*[0-9])"), r"it must be from \1 to \2"),
    (re.compile(r"Value error, (.*)"), r"\1"),
    (re.compile(r"[Ii]nvalid value for '([^']*)'"), r"\1"),
    (re.compile(r"No such option: (\S+)"), r"there is no option \1"),
    (re.compile(r"No such command '(\S*)'"), r"there is no command \1"),
    (re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)"), r"\1 is one too many"),
    (re.compile(r"Option '(\S+)' requires (an argument|\d+ arguments)"), r"\1 needs a value"),
    (re.compile(r"Missing (argument|parameter|option) '(\S+?)'"), r"\2 is missing"),
)
"""Words of typer, click and pydantic, and ours."""

_NAMES = {"--min-runs": "--runs", "--min-inferences": "--num-runs", "--iterations": "--num-runs"}
"""What other tools or our own words would call an option, where another one is spelt more alike."""


def run(app: typer.Typer) -> int:
    """Run the command line to its end, and return its exit code."""
    try:
        code = app(prog_name="mbench", standalone_mode=False)
    except WrongUsage as error:
        return _report(error)
    except (typer.Abort, KeyboardInterrupt):
        with suppress(KeyboardInterrupt):  # another one
            streams.tell("interrupted.")
        return INTERRUPTED
    return code or 0


def in_our_words(message: str) -> str:
    """Return what is wrong with a command line, without the words of the libraries that found it.

    >>> in_our_words("Invalid value for '--runs': Input should be greater than or equal to 1")
    '--runs: it must be at least 1'
    """
    for form, words in _WORDS:
        message = form.sub(words, message)
    return message.strip().rstrip(".")


def _report(error: Any) -> int:
    """Say what is wrong and where help is; return the exit code. A command without arguments shows its help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return WRONG_USAGE
    said = error.format_message()
    context = getattr(error, "ctx", None)
    message = " ".join(in_our_words(said.split(" (Possible options:")[0].split(" Did you mean")[0]).split())
    where = context.command_path if context is not None else "mbench"
    streams.tell(f"{message}.{_meant(said, _known(context))} See {where} --help.")
    return WRONG_USAGE


def _meant(said: str, known: Iterator[str]) -> str:
    """Return what may have been meant in the place of an unknown option, command or value; else nothing."""
    from mbench.core.suggestions import did_you_mean

    if found := re.search(r"'(\S+)' is not one of (.+)", said):
        meant = did_you_mean(found[1], re.findall(r"'([^']+)'", found[2]))
    elif found := re.search(r"No such (?:option: |command ')(\S+?)(?:'|\s|$)", said):
        meant = did_you_mean(_NAMES.get(found[1].rstrip("."), found[1].rstrip(".")), [*known])
    else:
        return ""
    return meant if meant.startswith(" Did you mean") else ""


def _known(context: Any) -> Iterator[str]:
    """Yield the options and commands that there are."""
    if context is not None:
        for parameter in context.command.params:
            yield from (each for each in parameter.opts if each.startswith("-"))
        yield from getattr(context.command, "commands", {})
