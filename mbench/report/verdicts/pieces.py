"""Lines in pieces: what mbench says, and what it only repeats, so that each output makes harmless what it would obey.

Names of models and phones, and messages of programs, may hold what a terminal, a markdown page or a CI runner obeys:
`::error`, `##[group]`, `@somebody`, `</details>`, a link. They begin no line, and each output treats them its way.
"""

import re
from dataclasses import dataclass
from typing import Final

from mbench.core.plain_text import cut, one_line
from mbench.report.render.markdown import escape_markdown

LONGEST_NAME: Final = 120
"""Characters of a name in a verdict's text."""
LONGEST_PROSE: Final = 300
"""Characters of a sentence that is repeated."""
LONGEST_COMMAND: Final = 600

UNNAMED: Final = "(no name)"
"""What nothing, or blanks alone, is called."""


@dataclass(frozen=True, slots=True)
class Name:
    """What somebody else called a model, a phone, a cell."""

    text: str


@dataclass(frozen=True, slots=True)
class Prose:
    """A sentence that may repeat what others wrote."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command to be copied, its arguments quoted for a shell."""

    text: str


Piece = str | Name | Prose | Command
"""A plain text is mbench's own."""

Line = tuple[Piece, ...]

_RUNNER: Final = re.compile(r"##(?=[\w.-]*\[)")
"""`##[error]` of GitHub's runner, `##vso[…]` of Azure's, `##teamcity[…]`: obeyed wherever they stand in a line of a log
(actions/runner, `src/Runner.Common/ActionCommand.cs`, `TryParse`)."""

_ALIVE: Final = re.compile(r"@(?=\S)|#(?=\d)|(?<=:)//|(?i:\bwww(?=\.))|(?i:\bgh(?=-\d))")
"""What GitHub makes a link or a message to somebody of, in text that is escaped as markdown."""

_APART: Final = "&#8203;"
"""A blank without width, between what would be read together."""


def as_text(line: Line) -> str:
    """Return a line for a terminal or a log; no runner takes it for a command."""
    text = one_line("".join(piece if isinstance(piece, str) else _shown(piece) for piece in line))
    text = _RUNNER.sub("# #", text)
    return f"· {text.lstrip()}" if text.lstrip().startswith("::") else text


def plain_piece(piece: Piece) -> str:
    """Return the text of a piece, for an output that shows all text as text, such as a page."""
    return piece if isinstance(piece, str) else _shown(piece)


def as_markdown(line: Line) -> str:
    """Return a line as markdown: names and commands as code, which is shown as it is and calls nobody."""
    return "".join(map(_piece_markdown, line))


def code_span(text: str) -> str:
    """Return text as code; it may hold backticks itself (CommonMark, "Code spans")."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _piece_markdown(piece: Piece) -> str:
    if isinstance(piece, str):
        return escape_markdown(piece)
    text = _shown(piece)
    if isinstance(piece, Prose):
        return _ALIVE.sub(lambda found: _apart(found[0]), escape_markdown(text))
    return code_span(_RUNNER.sub("# #", text))


def _apart(text: str) -> str:
    return _APART + text if text == "//" else text + _APART


def _shown(piece: Name | Prose | Command) -> str:
    longest = {Name: LONGEST_NAME, Prose: LONGEST_PROSE, Command: LONGEST_COMMAND}[type(piece)]
    return cut(" ".join(one_line(piece.text).split()), longest) or UNNAMED
