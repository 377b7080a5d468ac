"""Commands and options that the documents name: each is read by the command line as it stands."""

import ast
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from command_line import ROOT

from mbench.cli.grouped import GroupedCommand
from mbench.cli.main import app
from mbench.cli.usage import _NAMES, WrongUsage

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "results" / "README.md"]

MBENCH = typer.main.get_command(app)


def commands_below(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from commands_below(each, (*path, name))


OPTIONS = {
    option for _, command in commands_below(MBENCH) for parameter in command.params for option in parameter.opts
} | {"--help", "--install-completion", "--show-completion"}


def lines_of(text: str) -> Iterator[str]:
    """Yield the commands of a document: lines of code blocks, and code within sentences."""
    for line in text.splitlines():
        if line.startswith("    "):
            for part in re.split(r"&&|; |\$ ", line.partition(" #")[0]):
                command = part.strip().removesuffix("&").strip()
                if re.match(r"(\.venv/bin/)?mbench ", command):
                    yield command.removeprefix(".venv/bin/")
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    yield from (" ".join(found.split()) for found in re.findall(r"`(mbench [^`]+)`", prose))


DOCUMENTED = sorted({(document.name, line) for document in DOCUMENTS for line in lines_of(document.read_text("utf-8"))})


def leaf(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that words name, and what is left of them."""
    command = MBENCH
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    if (default := getattr(command, "default", None)) and words != ["--help"]:
        command = command.commands[default]
    return command, words


@pytest.mark.parametrize(("document", "line"), DOCUMENTED)
def test_a_documented_command_is_read(document, line):
    _, *words = shlex.split(line)
    words = [word for word in words if word != "--debug"]
    if not words or words[0].startswith("--"):
        assert words[0] in OPTIONS, (document, line)
        return
    if words[0] == "COMMAND":
        assert words[1:] == ["--help"]
        return
    command, rest = leaf(words)
    assert command is not MBENCH, (document, line)
    if getattr(command, "commands", None) and rest:
        assert rest == ["--help"], (document, line)
        return
    if "…" in line or "|" in line or "..." in line:  # a form, not a command
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, (document, line)
        return
    try:
        command.make_context(words[0], list(rest))
    except typer.Exit:
        pass
    except WrongUsage as error:
        if not error.format_message().startswith("Missing"):  # a sentence may leave out what is not its matter
            raise


BENCHMARKS = "\n".join(path.read_text("utf-8") for path in (ROOT / "benchmarks").rglob("*.py"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_option_that_a_document_names_is_one(document):
    text = re.sub(r"\]\([^)]*\)", "]", document.read_text("utf-8"))
    others = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - OPTIONS
    theirs = {"--pdb", "--user", "--now"}  # pytest's, systemctl's
    assert [each for each in others - theirs if f'"{each}"' not in BENCHMARKS] == []


SPEAKING = ("accuracy", "artifacts", "binaries", "cli", "files", "models", "report", "store", "workflows")
"""Rooms whose messages advise options of mbench; other rooms speak of other programs' flags."""

OTHERS = {"--force-reinstall", "--always", "--dirty", *GroupedCommand.old_names, *_NAMES}
"""Options of pip and git, and names that are read, or answered, as others."""


def texts_of(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a module, those aside that stand there for whoever reads the code."""
    comments = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in comments:
            yield node.value


def test_each_option_that_a_message_advises_is_one():
    named = {
        (path.name, found)
        for room in SPEAKING
        for path in (ROOT / "mbench" / room).rglob("*.py")
        for text in texts_of(ast.parse(path.read_text("utf-8")))
        for found in re.findall(r"(?<!\S)--[a-z]+(?:-[a-z]+)*+(?![\w=<>-])", text)
    }
    assert len(named) > 100
    assert [each for each in sorted(named) if each[1] not in OPTIONS | OTHERS] == []
