"""The table of sub-commands: what it says of each is what the command itself says, and nothing else is imported."""

import subprocess
import sys

import pytest
import typer
from command_line import ROOT

from mbench.cli.main import ENTRIES, app

MBENCH = typer.main.get_command(app)


@pytest.mark.parametrize("name", ENTRIES)
def test_help_says_of_a_command_the_first_sentence_of_its_own_help(name):
    command = MBENCH.commands[name]
    assert command.name == name
    assert command.get_short_help_str(64) == ENTRIES[name].summary


def imported_by(*arguments: str) -> set[str]:
    """Return the modules of the command line that `mbench ARGUMENTS` imports."""
    code = "import sys; from mbench.cli.main import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_help_of_all_imports_no_command_and_help_of_one_no_other():
    of_commands = {f"mbench.cli.{entry.module}" for entry in ENTRIES.values()}
    assert imported_by("--help").isdisjoint(of_commands)
    assert imported_by("run", "--help") & of_commands == {"mbench.cli.run"}


def test_an_unknown_command_is_met_with_one_that_is_spelt_alike(bare):
    done = bare("repor")
    assert done.returncode == 2
    assert "Did you mean 'report'?" in done.stderr
