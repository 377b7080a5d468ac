"""Names that a terminal would obey, that are markup, or that a spreadsheet would compute: shown, and no more."""

import json
import logging
import re

import pytest
from command_line import ONCE, model_called, of_terminal

from mbench.cli.logs import log_to_stderr
from mbench.core.plain_text import plain_lines

TITLE = "\x1b]0;taken\x07"
"""What sets the title of a terminal's window."""
HOSTILE = f"{TITLE}\x1b[31m\x9b2J\r\x08\u202e\u2066\u2028[red][link=x]|`<img src=x>`![i](j)\n:heart:"


@pytest.fixture
def hostile(mbench, home):
    """Return a model file with a hostile name."""
    return model_called(HOSTILE, home=home, folder=mbench.folder)


def clean(text):
    return plain_lines(text) == text


def test_a_run_shows_the_name_and_obeys_nothing_in_it(mbench, hostile):
    done = mbench("run", "--model", hostile, *ONCE, "--format", "table")
    assert done.returncode == 0, done.stderr
    assert clean(done.stdout)
    assert clean(done.stderr)
    assert ":heart:" in done.stdout  # no picture of one
    assert mbench("report", "--format", "table").stdout == done.stdout
    markdown = mbench("report", "--format", "md").stdout
    assert clean(markdown)
    assert r"\|\`\<img src=x>\`![i]\(j)" in markdown
    (kept,) = mbench.folder.glob("results/*/report.md")
    assert kept.read_text(encoding="utf-8") == markdown


def test_json_is_exact_and_nothing_in_it_is_obeyed(mbench, hostile):
    done = mbench("inspect", hostile, "--json")
    assert clean(done.stdout)
    assert HOSTILE in json.loads(done.stdout)["name"]


@pytest.mark.slow
def test_what_a_terminal_shows_of_a_run_has_no_escape_sequence_of_a_name(mbench, hostile):
    code, shown = of_terminal(mbench, "run", "--model", hostile, *ONCE, "--format", "table")
    assert code == 0, shown
    assert not {"\x07", "\x08", "\x9b", "\u202e", "\u2066", "\u2028"} & {*shown}
    assert "\x1b]" not in shown
    assert "[red]" in shown


@pytest.mark.parametrize("arguments", [("report",), ("parse",), ("suite", "show"), ("binary", "add"), ("inspect",), ()])
def test_an_error_is_one_line_that_obeys_nothing(bare, arguments):
    done = bare(*arguments, HOSTILE)
    assert done.returncode == 2
    assert clean(done.stderr)
    assert len(done.stderr.splitlines()) == 1


def test_a_traceback_obeys_nothing(bare):
    done = bare("--debug", "parse", HOSTILE)
    assert "Traceback" in done.stderr
    assert clean(done.stderr)


def test_a_log_that_was_sent_is_quoted_cleaned_and_on_a_line_of_its_own(bare):
    (bare.folder / "log").write_text(f"STARTING!\nLog parameter values verbosely: [0]\nERROR: {TITLE}\x1b[2K\n")
    done = bare("parse", "log")
    assert done.returncode == 4
    assert clean(done.stdout)


def test_a_log_line_is_one_line(capsys):
    log_to_stderr(logging.INFO)
    logging.getLogger("mbench.tried").warning("%s could not be read", HOSTILE)
    logging.basicConfig(force=True)
    said = capsys.readouterr().err
    assert clean(said)
    assert re.fullmatch(r"mbench: .* could not be read\n", said)
